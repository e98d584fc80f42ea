//! Which columns lines of JSON have. All lines are read: a field may come late, and types must hold for every value.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use datafusion::arrow::datatypes::{DataType, Field, TimeUnit};
use metrics_core::kpi::{ErrorKind, Failure};
use serde_json::Value;

use crate::failure::failure;

/// A column: where it is in an object, and what is read there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    /// Names of the fields that lead to it, joined by points.
    pub name: String,
    /// What its values are.
    pub kind: Kind,
}

/// What values are.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// Truth values.
    Boolean,
    /// Whole numbers of 64 bits.
    Integer,
    /// Numbers.
    Float,
    /// Texts; of anything else, its JSON.
    Text,
    /// Days.
    Date,
    /// Instants.
    Timestamp,
    /// Lists.
    List(Box<Kind>),
    /// Several values, which nobody has announced, first here.
    Several(Place),
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    /// The file.
    pub path: PathBuf,
    /// Its line, from 1.
    pub line: usize,
}

impl Column {
    /// Its type; instants with a zone have `zone`.
    pub fn field(&self, zone: Option<&str>) -> Field {
        Field::new(&self.name, data_type(&self.kind, zone), true)
    }
}

fn data_type(kind: &Kind, zone: Option<&str>) -> DataType {
    match kind {
        Kind::Boolean => DataType::Boolean,
        Kind::Integer => DataType::Int64,
        Kind::Float => DataType::Float64,
        Kind::Text | Kind::Several(_) => DataType::Utf8,
        Kind::Date => DataType::Date32,
        Kind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into)),
        Kind::List(item) => DataType::new_list(data_type(item, zone), true),
    }
}

/// What was seen of a field.
#[expect(clippy::struct_excessive_bools, reason = "one for each kind of value, all of which may be seen")]
#[derive(Debug, Default)]
struct Facts {
    booleans: bool,
    integers: bool,
    floats: bool,
    dates: bool,
    instants: bool,
    texts: bool,
    several: Option<Place>,
    items: Option<Box<Facts>>,
    fields: BTreeMap<String, Facts>,
    objects: bool,
}

/// Reads all lines of the files.
pub(super) fn columns(table: &str, paths: &[PathBuf], arrays: &[String]) -> Result<Vec<Column>, Failure> {
    let mut facts = BTreeMap::new();
    for path in paths {
        for_each_object(table, path, |object, line| {
            let place = || Place { path: path.clone(), line };
            for (name, value) in &object {
                see(field(&mut facts, name), value, &place);
            }
            Ok(true)
        })?;
    }
    let mut columns = Vec::new();
    collect("", &facts, arrays, &mut columns);
    Ok(columns)
}

fn field<'a>(facts: &'a mut BTreeMap<String, Facts>, name: &str) -> &'a mut Facts {
    if !facts.contains_key(name) {
        facts.insert(name.to_owned(), Facts::default());
    }
    facts.entry(name.to_owned()).or_default()
}

fn see(facts: &mut Facts, value: &Value, place: &impl Fn() -> Place) {
    match value {
        Value::Null => {}
        Value::Bool(_) => facts.booleans = true,
        Value::Number(number) if number.is_i64() => facts.integers = true,
        // Digits are kept: a number that 64 bits do not hold stays a text.
        Value::Number(number) if number.is_u64() => facts.texts = true,
        Value::Number(_) => facts.floats = true,
        Value::String(text) if date(text).is_some() => facts.dates = true,
        Value::String(text) if instant(text).is_some() => facts.instants = true,
        Value::String(_) => facts.texts = true,
        Value::Array(items) => {
            facts.several.get_or_insert_with(place);
            let known = facts.items.get_or_insert_default();
            for item in items {
                see(known, item, place);
            }
        }
        Value::Object(object) => {
            facts.objects = true;
            for (name, value) in object {
                see(field(&mut facts.fields, name), value, place);
            }
        }
    }
}

fn collect(before: &str, facts: &BTreeMap<String, Facts>, arrays: &[String], columns: &mut Vec<Column>) {
    for (name, facts) in facts {
        let name = format!("{before}{name}");
        let kind = match &facts.several {
            _ if arrays.contains(&name) => {
                let item = facts.items.as_deref().map_or(Kind::Text, |items| kind(items, true));
                // One value without brackets is a list of one.
                let alone = kind(facts, false);
                Kind::List(Box::new(if has_values(facts) && alone != item { Kind::Text } else { item }))
            }
            Some(place) => Kind::Several(place.clone()),
            None => kind(facts, false),
        };
        columns.push(Column { name: name.clone(), kind });
        collect(&format!("{name}."), &facts.fields, arrays, columns);
    }
}

fn has_values(facts: &Facts) -> bool {
    facts.booleans || facts.integers || facts.floats || facts.dates || facts.instants || facts.texts || facts.objects
}

/// The one kind that holds all that was seen; `is_item`: lists in lists are texts.
fn kind(facts: &Facts, is_item: bool) -> Kind {
    let numbers = facts.integers || facts.floats;
    let times = facts.dates || facts.instants;
    let kinds = [facts.booleans, numbers, times, facts.texts || facts.objects || (is_item && facts.several.is_some())];
    if kinds.iter().filter(|seen| **seen).count() != 1 {
        return Kind::Text;
    }
    match (facts.booleans, numbers, times) {
        (true, ..) => Kind::Boolean,
        (_, true, _) if facts.floats => Kind::Float,
        (_, true, _) => Kind::Integer,
        (.., true) if facts.instants => Kind::Timestamp,
        (.., true) => Kind::Date,
        _ => Kind::Text,
    }
}

/// A day, as ISO 8601 writes it.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    (text.len() == 10).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()
}

/// An instant, as ISO 8601 writes it; without a zone it is in UTC.
pub(super) fn instant(text: &str) -> Option<NaiveDateTime> {
    if !(16..=40).contains(&text.len()) || !text.as_bytes()[0].is_ascii_digit() {
        return None;
    }
    let parsed = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f"))
        .or_else(|_| DateTime::parse_from_rfc3339(text).map(|at| at.naive_utc()));
    parsed.ok()
}

/// Gives each object of a file, with its line, until `take` says false.
pub(super) fn for_each_object(
    table: &str,
    path: &Path,
    mut take: impl FnMut(serde_json::Map<String, Value>, usize) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let failed = |error: std::io::Error| super::unreadable(table, path, &error);
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path).map_err(failed)?);
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        if reader.read_until(b'\n', &mut text).map_err(failed)? == 0 {
            break;
        }
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let object = serde_json::from_slice(&text).map_err(|error| {
            failure(
                ErrorKind::Execution,
                format!("{table}: {} line {line}: not a JSON object: {error}", path.display()),
            )
        })?;
        if !take(object, line)? {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn types_hold_for_every_line() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(
            br#"{"n": 1, "m": 1, "t": "2026-11-21T10:00:00", "d": "2026-11-21", "r": [], "o": {"x": 1}, "big": 18446744073709551615}
{"n": 2.5, "m": "x", "t": "2026-11-21T10:00:00.5Z", "d": "2026-11-22", "r": ["a"], "u": ["a"], "late": true}

{"t": null, "d": "2026-11-21T00:00:00"}
"#,
        )
        .unwrap();
        let found = columns("t", &[file.path().to_owned()], &["r".to_owned()]).unwrap();
        let kind = |name: &str| found.iter().find(|column| column.name == name).unwrap().kind.clone();
        assert_eq!(kind("n"), Kind::Float);
        assert_eq!(kind("m"), Kind::Text);
        assert_eq!(kind("t"), Kind::Timestamp);
        assert_eq!(kind("d"), Kind::Timestamp);
        assert_eq!(kind("r"), Kind::List(Box::new(Kind::Text)));
        assert_eq!(kind("u"), Kind::Several(Place { path: file.path().to_owned(), line: 2 }));
        assert_eq!(kind("o"), Kind::Text);
        assert_eq!(kind("o.x"), Kind::Integer);
        assert_eq!(kind("big"), Kind::Text);
        assert_eq!(kind("late"), Kind::Boolean);
    }
}
