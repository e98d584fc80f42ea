//! The form that all parameter files share, and what the loader refuses.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::catalogue::{ParameterFile, ParameterRow, ParameterSource, ParameterValue};

/// Key of the row that stands for every key without a row of its own.
const FALLBACK: &str = "*";

/// Component of a value that has no parts.
pub(super) const SCALAR: &str = "value";

/// Why a parameter file was refused. `row` is the row's key, or its number when it has none.
#[derive(Debug, Error)]
pub enum ParameterError {
    /// Not TOML, a field is missing, or one is not known.
    #[error("parameters/{file} does not have the form of a parameter file")]
    Form {
        /// The file.
        file: &'static str,
        /// What the parser says.
        source: Box<toml::de::Error>,
    },
    /// A row whose value is not of the kind that the parameter has, or with a missing or an unknown field.
    #[error("parameters/{file}: row {row} cannot be read")]
    Row {
        /// The file.
        file: &'static str,
        /// The row.
        row: String,
        /// What the parser says.
        source: Box<toml::de::Error>,
    },
    /// Another parameter than the file is for.
    #[error("parameters/{file}: the parameter is `{found}`, expected `{expected}`")]
    WrongParameter {
        /// The file.
        file: &'static str,
        /// The parameter that the file is for.
        expected: &'static str,
        /// The parameter that it names.
        found: String,
    },
    /// Units other than the algorithms expect.
    #[error("parameters/{file}: the unit is {found}, expected {expected}")]
    WrongUnit {
        /// The file.
        file: &'static str,
        /// The units that the algorithms expect.
        expected: String,
        /// The units that the file states.
        found: String,
    },
    /// A row without its key, or with a key where the parameter has a single value.
    #[error("parameters/{file}: row {row} should have {expected}")]
    WrongKey {
        /// The file.
        file: &'static str,
        /// The row.
        row: String,
        /// The key that is expected.
        expected: String,
    },
    /// A source without an entry of its own in the file.
    #[error("parameters/{file}: row {row} names the source `{name}`, which the file does not list")]
    UnlistedSource {
        /// The file.
        file: &'static str,
        /// The row.
        row: String,
        /// The source that is not listed.
        name: String,
    },
    /// A locator or the title of a source without text.
    #[error("parameters/{file}: {what} is empty")]
    Blank {
        /// The file.
        file: &'static str,
        /// What is empty.
        what: String,
    },
    /// Two rows for the same key and date.
    #[error("parameters/{file}: row {row} stands twice for {valid_from}")]
    Duplicate {
        /// The file.
        file: &'static str,
        /// The row.
        row: String,
        /// The date of both.
        valid_from: NaiveDate,
    },
    /// A number that is not finite, or not one that the parameter can have.
    #[error("parameters/{file}: row {row}: {component} is {value}, expected {low} to {high}")]
    OutOfRange {
        /// The file.
        file: &'static str,
        /// The row.
        row: String,
        /// The part of the value.
        component: &'static str,
        /// The number, as it stands there.
        value: String,
        /// The least that is possible.
        low: f64,
        /// The most that is possible.
        high: f64,
    },
    /// A row that the algorithms cannot do without.
    #[error("parameters/{file}: there is no row {row}")]
    MissingRow {
        /// The file.
        file: &'static str,
        /// The row.
        row: String,
    },
    /// A crop whose group of food has no footprint.
    #[error("parameters/{file}: crop {crop} is in the group `{group}`, which has no footprint")]
    UnknownFoodGroup {
        /// The file.
        file: &'static str,
        /// The crop.
        crop: String,
        /// The group.
        group: String,
    },
}

/// What the code expects of one file.
pub(super) struct Definition {
    /// Name of the file.
    pub file: &'static str,
    /// Its text.
    pub text: &'static str,
    /// The parameter that it must name.
    pub parameter: &'static str,
    /// The column that tells its rows apart; `None` for a single value.
    pub key: Option<&'static str>,
    /// The parts of a value; one called [`SCALAR`] when it has none.
    pub components: &'static [Component],
}

/// One number, or text, of a value.
pub(super) struct Component {
    /// Its name in the file.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// The least and the most that it can be; `None` for text.
    pub range: Option<(f64, f64)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    parameter: String,
    unit: Unit,
    method: Option<String>,
    value: Vec<toml::Table>,
    source: BTreeMap<String, Source>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Unit {
    OfScalar(String),
    OfComponents(BTreeMap<String, String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    title: String,
    url: Option<String>,
    licence: Option<String>,
    retrieved: Option<NaiveDate>,
}

/// The fields of a row besides its key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRow {
    valid_from: NaiveDate,
    value: toml::Value,
    source: String,
    locator: String,
    note: Option<String>,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Name of the source, as listed in the file.
    pub source: String,
    /// Place in the source.
    pub locator: String,
}

/// A value with its origin.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry<V> {
    pub value: V,
    pub origin: Origin,
}

/// What a look-up found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found<'a, V> {
    /// The value.
    pub value: V,
    /// Whether it is that of the row `*`, for want of a row for the key.
    pub is_fallback: bool,
    /// Where the value comes from.
    pub origin: &'a Origin,
}

/// Values by key. A key without a row has no value.
#[derive(Debug, Clone)]
pub(super) struct Table<V> {
    pub rows: BTreeMap<String, Entry<V>>,
}

/// Values by key, and one for every other key and for none.
#[derive(Debug, Clone)]
pub(super) struct TableWithFallback<V> {
    pub rows: BTreeMap<String, Entry<V>>,
    pub fallback: Entry<V>,
}

impl<V: DeserializeOwned + Copy> Table<V> {
    pub fn load(definition: &Definition) -> Result<Self, ParameterError> {
        let rows = rows(definition)?;
        if rows.contains_key(FALLBACK) {
            let expected = "a key: this parameter has no fallback".to_owned();
            return Err(ParameterError::WrongKey { file: definition.file, row: FALLBACK.to_owned(), expected });
        }
        Ok(Self { rows })
    }

    pub fn get(&self, key: &str) -> Option<V> {
        self.rows.get(key).map(|entry| entry.value)
    }
}

impl<V: DeserializeOwned> TableWithFallback<V> {
    pub fn load(definition: &Definition) -> Result<Self, ParameterError> {
        let mut rows = rows(definition)?;
        let fallback = rows.remove(FALLBACK).ok_or_else(|| missing_row(definition, FALLBACK))?;
        Ok(Self { rows, fallback })
    }
}

impl<V: Copy> TableWithFallback<V> {
    pub fn get(&self, key: Option<&str>) -> Found<'_, V> {
        let own = key.and_then(|key| self.rows.get(key));
        let entry = own.unwrap_or(&self.fallback);
        Found { value: entry.value, is_fallback: own.is_none(), origin: &entry.origin }
    }
}

/// The value of a parameter that has only one.
pub(super) fn single<V: DeserializeOwned>(definition: &Definition) -> Result<V, ParameterError> {
    let first = rows(definition)?.into_values().next();
    first.map(|entry| entry.value).ok_or_else(|| missing_row(definition, SCALAR))
}

pub(super) fn missing_row(definition: &Definition, row: &str) -> ParameterError {
    ParameterError::MissingRow { file: definition.file, row: row.to_owned() }
}

/// The rows of a file by key, the newest where a key has several. The key of a single value is empty.
fn rows<V: DeserializeOwned>(definition: &Definition) -> Result<BTreeMap<String, Entry<V>>, ParameterError> {
    let file = definition.file;
    let parsed = parse(definition)?;
    if parsed.parameter != definition.parameter {
        let (expected, found) = (definition.parameter, parsed.parameter);
        return Err(ParameterError::WrongParameter { file, expected, found });
    }
    check_units(definition, &parsed.unit)?;
    for (name, source) in &parsed.source {
        not_blank(definition, &source.title, || format!("the title of the source `{name}`"))?;
    }

    let mut by_date = BTreeMap::new();
    for (index, table) in parsed.value.into_iter().enumerate() {
        let (key, raw) = read_row(definition, index, table)?;
        let row = if key.is_empty() { (index + 1).to_string() } else { key.clone() };
        if !parsed.source.contains_key(&raw.source) {
            return Err(ParameterError::UnlistedSource { file, row, name: raw.source });
        }
        not_blank(definition, &raw.locator, || format!("the locator of row {row}"))?;
        check_ranges(definition, &row, &raw.value)?;
        let value = raw.value.try_into().map_err(|error| unreadable(definition, &row, error))?;
        let entry = Entry { value, origin: Origin { source: raw.source, locator: raw.locator } };
        if by_date.insert((key, raw.valid_from), entry).is_some() {
            return Err(ParameterError::Duplicate { file, row, valid_from: raw.valid_from });
        }
    }
    // Dates of a key come in ascending order, so the newest is the one that stays.
    Ok(by_date.into_iter().map(|((key, _), entry)| (key, entry)).collect())
}

/// The file as it stands, for readers.
pub(super) fn describe(definition: &Definition) -> Result<ParameterFile, ParameterError> {
    let parsed = parse(definition)?;
    let rows = parsed.value.into_iter().enumerate().map(|(index, table)| {
        let (key, raw) = read_row(definition, index, table)?;
        let values = definition.components.iter().filter_map(|component| {
            let part = if component.name == SCALAR { Some(&raw.value) } else { raw.value.get(component.name) };
            part.map(|part| describe_value(part, component))
        });
        let values = values.collect();
        let RawRow { valid_from, source, locator, note, .. } = raw;
        Ok(ParameterRow { key, valid_from, values, source, locator, note })
    });
    Ok(ParameterFile {
        file: definition.file,
        parameter: definition.parameter,
        method: parsed.method,
        key: definition.key,
        components: definition
            .components
            .iter()
            .map(|component| (if component.name == SCALAR { "" } else { component.name }, component.unit))
            .collect(),
        rows: rows.collect::<Result<_, ParameterError>>()?,
        sources: parsed
            .source
            .into_iter()
            .map(|(name, Source { title, url, licence, retrieved })| ParameterSource {
                name,
                title,
                url,
                licence,
                retrieved,
            })
            .collect(),
    })
}

fn describe_value(part: &toml::Value, component: &Component) -> ParameterValue {
    let text = match part {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    // A decimal stands as text in the file, but its component has a range.
    if component.range.is_some() { ParameterValue::Number(text) } else { ParameterValue::Text(text) }
}

fn parse(definition: &Definition) -> Result<File, ParameterError> {
    toml::from_str(definition.text)
        .map_err(|error| ParameterError::Form { file: definition.file, source: Box::new(error) })
}

/// Takes the key out of a row, under the name that the definition gives it.
fn read_row(definition: &Definition, index: usize, mut table: toml::Table) -> Result<(String, RawRow), ParameterError> {
    let file = definition.file;
    let key = match definition.key {
        None => String::new(),
        Some(column) => match table.remove(column) {
            Some(toml::Value::String(key)) if !key.is_empty() => key,
            _ => {
                let (row, expected) = ((index + 1).to_string(), format!("a key `{column}`"));
                return Err(ParameterError::WrongKey { file, row, expected });
            }
        },
    };
    let row = if key.is_empty() { (index + 1).to_string() } else { key.clone() };
    let raw = table.try_into().map_err(|error| unreadable(definition, &row, error))?;
    Ok((key, raw))
}

fn unreadable(definition: &Definition, row: &str, error: toml::de::Error) -> ParameterError {
    ParameterError::Row { file: definition.file, row: row.to_owned(), source: Box::new(error) }
}

fn check_units(definition: &Definition, unit: &Unit) -> Result<(), ParameterError> {
    let expected: BTreeMap<&str, &str> = definition.components.iter().map(|part| (part.name, part.unit)).collect();
    let found: BTreeMap<&str, &str> = match unit {
        Unit::OfScalar(unit) => BTreeMap::from([(SCALAR, unit.as_str())]),
        Unit::OfComponents(units) => units.iter().map(|(name, unit)| (name.as_str(), unit.as_str())).collect(),
    };
    if found == expected {
        return Ok(());
    }
    let (expected, found) = (format!("{expected:?}"), format!("{found:?}"));
    Err(ParameterError::WrongUnit { file: definition.file, expected, found })
}

fn check_ranges(definition: &Definition, row: &str, value: &toml::Value) -> Result<(), ParameterError> {
    for Component { name, range, .. } in definition.components {
        let part = if *name == SCALAR { Some(value) } else { value.get(name) };
        // A part that is missing or of another kind is reported where the value is read.
        let (Some((low, high)), Some(part)) = (*range, part) else { continue };
        let number = match part {
            toml::Value::Float(number) => *number,
            toml::Value::Integer(number) => *number as f64,
            toml::Value::String(decimal) => decimal.parse().unwrap_or(f64::NAN),
            _ => f64::NAN,
        };
        if !(low..=high).contains(&number) {
            let (file, row, value) = (definition.file, row.to_owned(), part.to_string());
            return Err(ParameterError::OutOfRange { file, row, component: name, value, low, high });
        }
    }
    Ok(())
}

fn not_blank(definition: &Definition, text: &str, what: impl Fn() -> String) -> Result<(), ParameterError> {
    if text.trim().is_empty() {
        return Err(ParameterError::Blank { file: definition.file, what: what() });
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "values must come through unchanged, so they are compared exactly")]
mod tests;
