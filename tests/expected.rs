//! Holds rows of a database against expected rows (`fixtures/coldroom/expected`), as `compare.py` there does.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::support::{TestDb, fixture};

/// Relative and absolute difference of floats that counts as none: sums in another order differ by less.
const TOLERANCE: f64 = 1e-9;

/// Columns that say when and with what a row was computed, not what.
const NOT_COMPARED: [&str; 5] = ["_exact", "computed_at", "time_zone", "parameter_set", "report_date"];

/// Half of the last digit of figures that are stored rounded; they are held against the exact value.
fn half_digit(column: &str) -> Option<f64> {
    match column {
        "room_revenue" | "comp_revenue" | "comp_revenue_usd" | "comp_average_room_occupancy" => Some(0.005),
        "room_revenue_usd" => Some(5e-7),
        _ => None,
    }
}

fn read(path: &str) -> Vec<Map<String, Value>> {
    let mut text = String::new();
    let file = std::fs::File::open(fixture(path)).unwrap();
    if std::path::Path::new(path).extension().is_some_and(|extension| extension == "gz") {
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    } else {
        std::io::BufReader::new(file).read_to_string(&mut text).unwrap();
    }
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn key(row: &Map<String, Value>, columns: &[&str]) -> String {
    columns.iter().map(|column| row[*column].to_string()).collect::<Vec<_>>().join(" ")
}

fn is_close(expected: f64, actual: f64, tolerance: f64) -> bool {
    actual.is_finite() && (expected - actual).abs() <= tolerance + TOLERANCE * expected.abs() + TOLERANCE
}

fn is_tiny(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_f64().is_some_and(|number| number.abs() <= TOLERANCE),
        Value::Object(fields) => fields.values().all(is_tiny),
        _ => false,
    }
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    text.parse().ok()
}

fn is_same(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Number(e), Value::Number(a)) => is_close(e.as_f64().unwrap(), a.as_f64().unwrap(), 0.0),
        (Value::Object(e), Value::Object(a)) => {
            let names: BTreeSet<&String> = e.keys().chain(a.keys()).collect();
            names.into_iter().all(|name| match (e.get(name), a.get(name)) {
                (Some(e), Some(a)) => is_same(e, a),
                // An entry that is a numeric residue of 0 may be left out.
                (Some(one), None) | (None, Some(one)) => is_tiny(one),
                (None, None) => true,
            })
        }
        // One instant has many spellings.
        (Value::String(e), Value::String(a)) => e == a || instant(e).is_some_and(|e| Some(e) == instant(a)),
        (Value::Array(e), Value::Array(a)) => e.len() == a.len() && e.iter().zip(a).all(|(e, a)| is_same(e, a)),
        _ => expected == actual,
    }
}

fn is_same_column(column: &str, row: &Map<String, Value>, actual: &Value) -> bool {
    let expected = &row[column];
    if column == "co2_model" {
        let model = |value: &Value| value.as_str().map(|text| text.split('@').next().unwrap().to_owned());
        return model(expected) == model(actual);
    }
    if let (Some(tolerance), Some(_), Some(actual)) = (half_digit(column), expected.as_f64(), actual.as_f64()) {
        let exact = row.get("_exact").and_then(|exact| exact[column].as_f64()).or(expected.as_f64()).unwrap();
        return is_close(exact, actual, tolerance);
    }
    is_same(expected, actual)
}

/// Fails with every difference between the expected rows of `path` and those that `sql` gives.
pub fn assert_rows(db: &TestDb, path: &str, key_columns: &[&str], sql: &str) {
    let expected = read(path);
    let actual: BTreeMap<String, Map<String, Value>> = db
        .query(sql)
        .into_iter()
        .map(|row| row.as_object().unwrap().clone())
        .map(|row| (key(&row, key_columns), row))
        .collect();
    let mut problems = Vec::new();
    for row in &expected {
        let key = key(row, key_columns);
        let Some(actual) = actual.get(&key) else {
            problems.push(format!("{key}: there is no such row"));
            continue;
        };
        for column in row.keys().filter(|column| !NOT_COMPARED.contains(&column.as_str())) {
            let value = actual.get(column).unwrap_or_else(|| panic!("there is no column {column}"));
            if !is_same_column(column, row, value) {
                problems.push(format!("{key}, {column}: expected {}, got {value}", row[column]));
            }
        }
    }
    if actual.len() != expected.len() {
        problems.push(format!("expected {} rows, got {}", expected.len(), actual.len()));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
