//! Values of cells.

use std::fmt::{self, Write as _};

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use rust_decimal::Decimal;
use serde_json::value::RawValue;

/// What the values of a column are. Any of them may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers.
    Integer,
    /// Floats.
    Float,
    /// Decimals of any scale: exact as text, else the nearest float.
    Number,
    /// Decimals with so many places: exact in every form.
    Money(u32),
    /// Texts.
    Text,
    /// True or false.
    Flag,
    /// Civil days.
    Date,
    /// Instants.
    Instant,
    /// Times of a civil calendar, whose zone the column states as its unit.
    LocalTime,
    /// Lists of whole numbers.
    Integers,
    /// Lists of texts.
    Texts,
    /// Dictionaries.
    Json,
}

/// The value of a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Unknown, or not there.
    Null,
    /// Of [`Kind::Integer`].
    Integer(i64),
    /// Of [`Kind::Float`].
    Float(f64),
    /// Of [`Kind::Number`] or [`Kind::Money`].
    Number(Decimal),
    /// Of [`Kind::Text`].
    Text(String),
    /// Of [`Kind::Flag`].
    Flag(bool),
    /// Of [`Kind::Date`].
    Date(NaiveDate),
    /// Of [`Kind::Instant`].
    Instant(DateTime<Utc>),
    /// Of [`Kind::LocalTime`].
    LocalTime(NaiveDateTime),
    /// Of [`Kind::Integers`].
    Integers(Vec<i64>),
    /// Of [`Kind::Texts`].
    Texts(Vec<String>),
    /// Of [`Kind::Json`]: a JSON document.
    Json(String),
}

/// A piece of JSON that is not of the kind that its column has.
#[derive(Debug, thiserror::Error)]
#[error("{json} is no {kind:?}")]
pub struct MalformedValue {
    json: String,
    kind: Kind,
}

impl Kind {
    /// The value of this kind that `json` states.
    pub fn from_json(self, json: &RawValue) -> Result<Value, MalformedValue> {
        let text = json.get();
        if text == "null" {
            return Ok(Value::Null);
        }
        let string = || serde_json::from_str::<String>(text).ok();
        let value = match self {
            Self::Integer => text.parse().ok().map(Value::Integer),
            Self::Float => serde_json::from_str(text).ok().map(Value::Float),
            Self::Number | Self::Money(_) => text.parse().ok().map(Value::Number),
            Self::Text => string().map(Value::Text),
            Self::Flag => text.parse().ok().map(Value::Flag),
            Self::Date => string().and_then(|text| text.parse().ok()).map(Value::Date),
            Self::Instant => string().and_then(|text| text.parse().ok()).map(Value::Instant),
            Self::LocalTime => string().and_then(|text| text.parse().ok()).map(Value::LocalTime),
            Self::Integers => serde_json::from_str(text).ok().map(Value::Integers),
            Self::Texts => serde_json::from_str(text).ok().map(Value::Texts),
            Self::Json => Some(Value::Json(text.to_owned())),
        };
        value.ok_or_else(|| MalformedValue { json: text.to_owned(), kind: self })
    }
}

impl Value {
    /// Of something that may be absent.
    pub fn of<T>(value: Option<T>, make: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Null, make)
    }

    /// Appends the value as JSON. Floats that no number names are null.
    pub(super) fn push_json(&self, json: &mut String) -> fmt::Result {
        match self {
            Self::Null => json.write_str("null"),
            Self::Float(number) if !number.is_finite() => json.write_str("null"),
            Self::Text(text) => push_json_text(text, json),
            Self::Date(_) | Self::Instant(_) | Self::LocalTime(_) => {
                json.push('"');
                self.push_text(json)?;
                json.push('"');
                Ok(())
            }
            _ => self.push_text(json),
        }
    }

    /// Appends the value as text: numbers exactly, times as ISO 8601, lists and dictionaries as JSON, what is absent as
    /// nothing.
    pub(super) fn push_text(&self, text: &mut String) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Integer(number) => write!(text, "{number}"),
            Self::Float(number) if !number.is_finite() => Ok(()),
            // Always with a point, as JSON bodies have it: 80.0.
            Self::Float(number) => write!(text, "{number:?}"),
            Self::Number(number) => write!(text, "{number}"),
            Self::Text(value) | Self::Json(value) => text.write_str(value),
            Self::Flag(flag) => write!(text, "{flag}"),
            Self::Date(date) => write!(text, "{date}"),
            Self::Instant(at) => text.write_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            Self::LocalTime(at) => write!(text, "{}", at.format("%Y-%m-%dT%H:%M:%S%.f")),
            Self::Integers(numbers) => push_list(numbers, text, |number, text| write!(text, "{number}")),
            Self::Texts(texts) => push_list(texts, text, |value, text| push_json_text(value, text)),
        }
    }
}

fn push_list<T>(list: &[T], text: &mut String, push: impl Fn(&T, &mut String) -> fmt::Result) -> fmt::Result {
    text.push('[');
    for (position, element) in list.iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        push(element, text)?;
    }
    text.push(']');
    Ok(())
}

pub(super) fn push_json_text(value: &str, json: &mut String) -> fmt::Result {
    json.push_str(&serde_json::to_string(value).map_err(|_| fmt::Error)?);
    Ok(())
}
