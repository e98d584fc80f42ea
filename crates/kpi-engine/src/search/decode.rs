//! Documents → columns.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayBuilder, ArrayRef, BooleanBuilder, Decimal128Builder, Float64Builder, Int32Builder, Int64Builder, ListBuilder,
    RecordBatch, RecordBatchOptions, StringBuilder, TimestampMicrosecondBuilder, TimestampNanosecondBuilder,
    make_builder,
};
use datafusion::arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::error::DataFusionError;
use metrics_core::kpi::MultiValue;
use serde_json::Value;

use super::column::{Column, Kind};
use super::date::DateFormats;
use super::error::SearchError;
use super::pages::Hit;

/// Characters of a value in a message.
const LONGEST_SHOWN: usize = 60;

/// One row for each document.
pub(super) fn batch(columns: &[Arc<Column>], schema: &SchemaRef, hits: &[Hit]) -> Result<RecordBatch, DataFusionError> {
    let arrays = columns.iter().map(|column| array(column, hits)).collect::<Result<Vec<_>, _>>()?;
    // Without a column, the number of rows is all there is.
    let options = RecordBatchOptions::new().with_row_count(Some(hits.len()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)?)
}

fn array(column: &Column, hits: &[Hit]) -> Result<ArrayRef, DataFusionError> {
    let value_type = column.value_type();
    if column.is_list {
        let field = Arc::new(Field::new_list_field(value_type.clone(), true));
        let mut lists = ListBuilder::new(make_builder(&value_type, hits.len())).with_field(field);
        for hit in hits {
            let Some(values) = list(column, hit) else {
                lists.append_null();
                continue;
            };
            for value in values {
                append(column, hit, Some(value), lists.values())?;
            }
            lists.append(true);
        }
        return Ok(Arc::new(lists.finish()));
    }
    let mut values = make_builder(&value_type, hits.len());
    for hit in hits {
        match &column.kind {
            Kind::Id => text_of(&mut values)?.append_value(&hit.id),
            Kind::Index => text_of(&mut values)?.append_value(&hit.index),
            Kind::Json => text_of(&mut values)?.append_option(json(column, hit)),
            _ => match single(column, hit)? {
                Single::Value(value) => append(column, hit, value, &mut values)?,
                Single::Text(text) => text_of(&mut values)?.append_value(text),
            },
        }
    }
    Ok(values.finish())
}

/// What is in a field of a document that is to hold one value.
enum Single<'a> {
    Value(Option<&'a Value>),
    Text(String),
}

fn single<'a>(column: &Column, hit: &'a Hit) -> Result<Single<'a>, SearchError> {
    let mut found = Vec::new();
    look_up(&hit.source, &column.path, &mut found);
    let mut values = Vec::new();
    for value in found {
        flatten(value, &mut values);
    }
    values.retain(|value| !value.is_null());
    if values.len() <= 1 {
        return Ok(Single::Value(values.pop()));
    }
    match column.multi_value {
        MultiValue::First => Ok(Single::Value(values.into_iter().next())),
        MultiValue::Json if column.value_type() == DataType::Utf8 => {
            let values: Vec<&Value> = values;
            Ok(Single::Text(serde_json::to_string(&values).unwrap_or_default()))
        }
        MultiValue::Json | MultiValue::Error => {
            Err(SearchError::SeveralValues { field: column.name.clone(), id: hit.id.clone(), index: hit.index.clone() })
        }
    }
}

/// All values of a field; `None` where it is null or absent.
fn list<'a>(column: &Column, hit: &'a Hit) -> Option<Vec<&'a Value>> {
    let mut found = Vec::new();
    look_up(&hit.source, &column.path, &mut found);
    found.retain(|value| !value.is_null());
    if found.is_empty() {
        return None;
    }
    let mut values = Vec::new();
    for value in found {
        flatten(value, &mut values);
    }
    Some(values)
}

/// The field as it is written in the document; several, under a list of objects, as a list.
fn json(column: &Column, hit: &Hit) -> Option<String> {
    let mut found = Vec::new();
    look_up(&hit.source, &column.path, &mut found);
    found.retain(|value| !value.is_null());
    match found.as_slice() {
        [] => None,
        [one] => Some(one.to_string()),
        several => serde_json::to_string(several).ok(),
    }
}

/// Finds what is at a path. A document may write `{"a": {"b": 1}}` or `{"a.b": 1}`; both mean the same.
fn look_up<'a>(value: &'a Value, path: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(map) => {
            if let Some(value) = map.get(path) {
                found.push(value);
            }
            for (dot, _) in path.match_indices('.') {
                if let Some(value) = map.get(&path[..dot]) {
                    look_up(value, &path[dot + 1..], found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| look_up(item, path, found)),
        _ => {}
    }
}

/// A list in a list is one list for the index.
fn flatten<'a>(value: &'a Value, values: &mut Vec<&'a Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| flatten(item, values)),
        value => values.push(value),
    }
}

fn append(
    column: &Column,
    hit: &Hit,
    value: Option<&Value>,
    builder: &mut Box<dyn ArrayBuilder>,
) -> Result<(), DataFusionError> {
    let value = value.filter(|value| !value.is_null());
    match &column.kind {
        Kind::Id | Kind::Index | Kind::Text | Kind::Json => text_of(builder)?.append_option(value.map(text)),
        Kind::Constant(values) => {
            let constant = || values.get(&hit.index).cloned();
            text_of(builder)?.append_option(value.map(text).or_else(constant));
        }
        Kind::Long => {
            let value = typed(column, hit, value, "a whole number", |value| i64::try_from(whole(value)?).ok())?;
            of::<Int64Builder>(builder)?.append_option(value);
        }
        Kind::Integer => {
            let value =
                typed(column, hit, value, "a whole number of 32 bits", |value| i32::try_from(whole(value)?).ok())?;
            of::<Int32Builder>(builder)?.append_option(value);
        }
        Kind::UnsignedLong => {
            let is_fit = |value: &i128| u64::try_from(*value).is_ok();
            let value = typed(column, hit, value, "a whole number of 64 bits", |value| whole(value).filter(is_fit))?;
            of::<Decimal128Builder>(builder)?.append_option(value);
        }
        Kind::Double => {
            let value = typed(column, hit, value, "a number", number)?;
            of::<Float64Builder>(builder)?.append_option(value);
        }
        Kind::Boolean => {
            let value = value.filter(|value| value.as_str() != Some(""));
            let value = typed(column, hit, value, "true or false", boolean)?;
            of::<BooleanBuilder>(builder)?.append_option(value);
        }
        Kind::Date(formats) => {
            let microseconds = |value: &Value| i64::try_from(instant(formats, value)?.div_euclid(1_000)).ok();
            let value = typed(column, hit, value, "a date in the format of its mapping", microseconds)?;
            of::<TimestampMicrosecondBuilder>(builder)?.append_option(value);
        }
        Kind::DateNanos(formats) => {
            let nanoseconds = |value: &Value| i64::try_from(instant(formats, value)?).ok();
            let value = typed(column, hit, value, "a date in the format of its mapping", nanoseconds)?;
            of::<TimestampNanosecondBuilder>(builder)?.append_option(value);
        }
        Kind::Unreadable(reason) => {
            let (field, reason) = (column.name.clone(), reason.clone());
            return Err(SearchError::Unreadable { field, reason }.into());
        }
    }
    Ok(())
}

/// The value by `read`, or what it is not.
fn typed<T>(
    column: &Column,
    hit: &Hit,
    value: Option<&Value>,
    wanted: &'static str,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Option<T>, SearchError> {
    let Some(value) = value else { return Ok(None) };
    match read(value) {
        Some(value) => Ok(Some(value)),
        // Kept in the document, left out of the index: no value for whoever searches.
        None if column.indexed.ignores_malformed => Ok(None),
        None => Err(SearchError::Value {
            field: column.name.clone(),
            id: hit.id.clone(),
            index: hit.index.clone(),
            wanted,
            found: value.to_string().chars().take(LONGEST_SHOWN).collect(),
        }),
    }
}

/// A text may be written as a number or a truth value.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A number may be written as text, and one with a fraction loses it, as in the index.
fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => number.as_i128().or_else(|| truncated(number.as_f64()?)),
        Value::String(text) => text.parse().ok().or_else(|| truncated(text.parse().ok()?)),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the fraction goes; the range is checked")]
fn truncated(number: f64) -> Option<i128> {
    // 2^64: no type here holds more.
    (number.abs() < 18_446_744_073_709_551_616.0).then(|| number.trunc() as i128)
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}

fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Nanoseconds since 1970.
fn instant(formats: &DateFormats, value: &Value) -> Option<i128> {
    match value {
        Value::String(text) => formats.instant(text),
        Value::Number(number) => formats.instant_of_number(&number.to_string()),
        _ => None,
    }
}

fn text_of(builder: &mut Box<dyn ArrayBuilder>) -> Result<&mut StringBuilder, DataFusionError> {
    of(builder)
}

/// The builder, which [`make_builder`] made by the same type.
fn of<B: ArrayBuilder>(builder: &mut Box<dyn ArrayBuilder>) -> Result<&mut B, DataFusionError> {
    let wrong = || DataFusionError::Internal("a column's builder is of another type".to_owned());
    builder.as_any_mut().downcast_mut().ok_or_else(wrong)
}
