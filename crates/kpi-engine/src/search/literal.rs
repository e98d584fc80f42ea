//! Values of SQL as the server takes them.

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use serde_json::{Number, Value};

use super::column::{Exact, ExactKind};

/// One side of a range.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bound {
    /// `gt`, `gte`, `lt` or `lte`.
    pub(super) operator: &'static str,
    pub(super) value: Value,
    /// Of a date.
    pub(super) format: Option<&'static str>,
    /// Whether it cuts where SQL does; otherwise it leaves more in.
    pub(super) is_exact: bool,
}

impl Bound {
    pub(super) fn new(operator: Operator, value: Value) -> Self {
        let operator = match operator {
            Operator::Gt => "gt",
            Operator::GtEq => "gte",
            Operator::Lt => "lt",
            _ => "lte",
        };
        Self { operator, value, format: None, is_exact: true }
    }
}

pub(super) fn text(value: &ScalarValue) -> Option<&str> {
    value.try_as_str().flatten()
}

/// A value of keywords or numbers; `None` if the index cannot hold it as it is.
pub(super) fn term(value: &ScalarValue, exact: &Exact) -> Option<Value> {
    match exact.kind {
        ExactKind::Keyword | ExactKind::Own => {
            let text = text(value)?;
            let is_held = exact.ignore_above.is_none_or(|limit| text.encode_utf16().count() <= limit);
            is_held.then(|| text.into())
        }
        ExactKind::Number | ExactKind::Rounded => number(value),
        ExactKind::Boolean | ExactKind::Milliseconds | ExactKind::Nanoseconds => None,
    }
}

fn number(value: &ScalarValue) -> Option<Value> {
    match value {
        ScalarValue::Int32(Some(value)) => Some((*value).into()),
        ScalarValue::Int64(Some(value)) => Some((*value).into()),
        // −0 is less than 0 for some, and equal to it for others.
        ScalarValue::Float64(Some(value)) if *value != 0.0 => Number::from_f64(*value).map(Value::Number),
        ScalarValue::Decimal128(Some(value), _, 0) => u64::try_from(*value).ok().map(Value::from),
        _ => None,
    }
}

/// The pattern of `LIKE` as one of the server: `%` is `*`, `_` is `?`, and what has a meaning there is made plain.
pub(super) fn wildcard(pattern: &str) -> String {
    let mut wildcard = String::with_capacity(pattern.len());
    for character in pattern.chars() {
        match character {
            '%' => wildcard.push('*'),
            '_' => wildcard.push('?'),
            '*' | '?' => wildcard.extend(['\\', character]),
            other => wildcard.push(other),
        }
    }
    wildcard
}

/// Instants in an index are cut to milliseconds: 12.3456 s are there as 12.345 s. So `>=` and `<` are exact at a whole
/// millisecond, and everything else is widened to the next one.
pub(super) fn milliseconds(operator: Operator, value: &ScalarValue) -> Option<Bound> {
    let at = instant(value)?;
    let (floor, is_whole) = (at.div_euclid(1_000_000), at.rem_euclid(1_000_000) == 0);
    let (operator, milliseconds, is_exact) = match operator {
        Operator::GtEq => (Operator::GtEq, floor, is_whole),
        Operator::Gt => (Operator::GtEq, floor, false),
        Operator::Lt if is_whole => (Operator::Lt, floor, true),
        Operator::Lt | Operator::LtEq => (Operator::Lt, floor + 1, false),
        _ => return None,
    };
    let at = DateTime::from_timestamp_millis(i64::try_from(milliseconds).ok()?)?;
    let text = written(at, SecondsFormat::Millis)?;
    Some(Bound { format: Some("strict_date_optional_time"), is_exact, ..Bound::new(operator, text) })
}

pub(super) fn nanoseconds(operator: Operator, value: &ScalarValue) -> Option<Bound> {
    let at = DateTime::from_timestamp_nanos(i64::try_from(instant(value)?).ok()?);
    let text = written(at, SecondsFormat::Nanos)?;
    Some(Bound { format: Some("strict_date_optional_time_nanos"), ..Bound::new(operator, text) })
}

/// Years of another length are not in the format.
fn written(at: DateTime<Utc>, precision: SecondsFormat) -> Option<Value> {
    (1..=9_999).contains(&at.year()).then(|| at.to_rfc3339_opts(precision, true).into())
}

/// Nanoseconds since 1970.
fn instant(value: &ScalarValue) -> Option<i128> {
    if !matches!(value.data_type(), DataType::Timestamp(_, _)) {
        return None;
    }
    match value {
        ScalarValue::TimestampSecond(Some(at), _) => Some(i128::from(*at) * 1_000_000_000),
        ScalarValue::TimestampMillisecond(Some(at), _) => Some(i128::from(*at) * 1_000_000),
        ScalarValue::TimestampMicrosecond(Some(at), _) => Some(i128::from(*at) * 1_000),
        ScalarValue::TimestampNanosecond(Some(at), _) => Some(i128::from(*at)),
        _ => None,
    }
}
