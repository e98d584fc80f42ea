//! `reporter explain`: what is behind one row, computed again from the source.

use std::io::Write;

use serde_json::{Map, Value, json};

mod cooling_unit;
mod impact;

pub use cooling_unit::explain as cooling_unit;
pub use impact::explain as impact;

/// Columns that differ from run to run without meaning anything for the figures.
const NOT_COMPARED: [&str; 2] = ["computed_at", "report_date"];

/// Columns whose stored value is not what the source gives now.
fn differences(computed: Option<&Value>, stored: Option<&Value>) -> Vec<Value> {
    let empty = Map::new();
    let fields = |row: Option<&Value>| row.and_then(Value::as_object).unwrap_or(&empty).clone();
    let (computed, stored) = (fields(computed), fields(stored));
    if computed.is_empty() || stored.is_empty() {
        return Vec::new();
    }
    computed
        .iter()
        .filter(|(column, value)| !NOT_COMPARED.contains(&column.as_str()) && stored.get(*column) != Some(value))
        .map(|(column, value)| json!({"column": column, "stored": stored.get(column), "computed": value}))
        .collect()
}

/// The computed row, one column a line.
fn print_columns(out: &mut impl Write, explanation: &Value) -> std::io::Result<()> {
    let Some(columns) = explanation["computed"].as_object() else { return Ok(()) };
    let width = columns.keys().map(String::len).max().unwrap_or(0);
    writeln!(out, "\nColumns")?;
    for (name, value) in columns {
        writeln!(out, "  {name:<width$} {value}")?;
    }
    Ok(())
}

/// How the stored row differs from the computed one.
fn print_differences(out: &mut impl Write, explanation: &Value) -> std::io::Result<()> {
    let differences = explanation["differences"].as_array().map(Vec::as_slice).unwrap_or_default();
    match (explanation["stored"].is_null(), explanation["computed"].is_null()) {
        (true, _) => writeln!(out, "\nThere is no stored row."),
        (false, true) => writeln!(out, "\nThere is a stored row all the same; computing its range again deletes it."),
        (false, false) if differences.is_empty() => writeln!(out, "\nThe stored row has the same values."),
        (false, false) => {
            writeln!(out, "\nThe stored row differs; computing its range again replaces it:")?;
            for difference in differences {
                writeln!(
                    out,
                    "  {:<24} stored {}, computed {}",
                    difference["column"].as_str().unwrap_or_default(),
                    difference["stored"],
                    difference["computed"]
                )?;
            }
            Ok(())
        }
    }
}

/// An object's fields in one line, without those that are absent.
fn one_line(row: &Value) -> String {
    let fields = row.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    fields.map(|(name, value)| format!("{name} {}", text(value))).collect::<Vec<_>>().join(", ")
}
