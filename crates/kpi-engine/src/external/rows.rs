//! Rows of JSON → columns.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray as _, RecordBatch, StringArray};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use serde_json::value::RawValue;

use super::ExternalError;
use crate::remote::Kind;

/// A value as it is written: a number keeps all its digits.
pub(super) type Cell = Option<Box<RawValue>>;

/// Columns by their names and the engine's names of their types.
pub(super) fn schema<'a>(columns: impl Iterator<Item = (&'a str, DataType)>) -> SchemaRef {
    Arc::new(Schema::new(columns.map(|(name, kind)| Field::new(name, kind, true)).collect::<Vec<_>>()))
}

/// The type of a name like `bigint`, `DECIMAL` or `decimal(10, 2)`; what has no type of its own here is text.
pub(super) fn value_type(name: &str, precision: Option<u8>, scale: Option<i8>) -> DataType {
    let name = name.to_ascii_lowercase();
    let (word, arguments) = name.split_once('(').map_or((name.as_str(), ""), |(word, rest)| (word, rest));
    let is_zoned = name.ends_with("with time zone");
    match word.trim() {
        "boolean" => DataType::Boolean,
        "tinyint" | "smallint" | "integer" | "int" => DataType::Int32,
        "bigint" => DataType::Int64,
        "real" | "float" | "double" => DataType::Float64,
        "decimal" => {
            let mut numbers = arguments.trim_end_matches(')').split(',').map(|number| number.trim().parse().ok());
            let precision = precision.or_else(|| numbers.next().flatten()).unwrap_or(38);
            let scale = scale.or_else(|| numbers.next().flatten().and_then(|scale: u8| i8::try_from(scale).ok()));
            DataType::Decimal128(precision.clamp(1, 38), scale.unwrap_or(0))
        }
        "date" => DataType::Date32,
        "timestamp" if !is_zoned => DataType::Timestamp(TimeUnit::Microsecond, None),
        _ => DataType::Utf8,
    }
}

/// Whether texts of the type of this name come filled up with blanks, which are no part of them.
pub(super) fn is_padded(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "char" || name.starts_with("char(")
}

/// What is in a column of a table with the type of this name.
pub(super) fn kind(name: &str, precision: Option<u8>, scale: Option<i8>) -> Kind {
    let word = name.to_ascii_lowercase();
    let is_text = word.starts_with("varchar") || word.starts_with("character varying");
    match value_type(name, precision, scale) {
        DataType::Boolean => Kind::Boolean,
        DataType::Int32 | DataType::Int64 => Kind::Integer,
        DataType::Float64 => Kind::Float,
        DataType::Decimal128(precision, scale) => Kind::Decimal { precision, scale, is_exact: true },
        DataType::Date32 => Kind::Date,
        DataType::Timestamp(..) => {
            let digits = word.split_once('(').and_then(|(_, rest)| rest.split_once(')')?.0.trim().parse::<u8>().ok());
            Kind::Timestamp { is_exact: digits.is_none_or(|digits| digits <= 6) }
        }
        // Texts of a fixed length compare there as if their blanks were there, or not; here they have none.
        _ if is_text => Kind::Text,
        _ => Kind::Other,
    }
}

/// A batch of rows, each with one cell a column.
pub(super) fn batch(schema: &SchemaRef, rows: &[Vec<Cell>]) -> Result<RecordBatch, ExternalError> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for (number, field) in schema.fields().iter().enumerate() {
        let texts: StringArray = rows.iter().map(|row| row.get(number).and_then(text)).collect();
        let array = cast_with_options(&texts, field.data_type(), &options)
            .map_err(|error| ExternalError::Value { column: field.name().clone(), reason: error.to_string() })?;
        arrays.push(array);
    }
    Ok(RecordBatch::try_new(Arc::clone(schema), arrays)?)
}

/// The batch with the blanks at the end of texts taken away in those columns that are `padded`.
pub(super) fn unpadded(batch: RecordBatch, padded: &[bool]) -> Result<RecordBatch, ExternalError> {
    if !padded.contains(&true) {
        return Ok(batch);
    }
    let (schema, mut arrays, _) = batch.into_parts();
    for (array, _) in arrays.iter_mut().zip(padded).filter(|(_, is_padded)| **is_padded) {
        if let Some(texts) = array.as_string_opt::<i32>() {
            *array = Arc::new(texts.iter().map(|text| Some(text?.trim_end_matches(' '))).collect::<StringArray>());
        }
    }
    Ok(RecordBatch::try_new(schema, arrays)?)
}

/// A text without its quotes, anything else as it is written.
fn text(cell: &Cell) -> Option<String> {
    let json = cell.as_ref()?.get();
    match json.as_bytes().first()? {
        b'n' => None,
        b'"' => serde_json::from_str(json).ok(),
        _ => Some(json.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::util::display::array_value_to_string;

    use super::*;

    #[test]
    fn values_keep_their_digits_and_types() {
        let names = [
            ("a", "bigint"),
            ("b", "decimal(20, 3)"),
            ("c", "timestamp(3)"),
            ("d", "date"),
            ("e", "boolean"),
            ("f", "array(varchar)"),
            ("g", "timestamp(3) with time zone"),
            ("h", "double"),
        ];
        let schema = schema(names.iter().map(|(name, kind)| (*name, value_type(kind, None, None))));
        let row: Vec<Cell> = serde_json::from_str(
            r#"[9007199254740993, "12345678901234567.125", "2026-11-21 12:00:00.250", "2026-11-21", true, ["x", 1],
                "2026-11-21 12:00:00.250 UTC", 0.5]"#,
        )
        .expect("JSON");
        let empty: Vec<Cell> = serde_json::from_str("[null, null, null, null, null, null, null, null]").expect("JSON");
        let batch = batch(&schema, &[row, empty]).expect("values of their types");
        let shown: Vec<String> =
            batch.columns().iter().map(|column| array_value_to_string(column, 0).expect("shown")).collect();
        let expected = [
            "9007199254740993",
            "12345678901234567.125",
            "2026-11-21T12:00:00.250",
            "2026-11-21",
            "true",
            r#"["x", 1]"#,
            "2026-11-21 12:00:00.250 UTC",
            "0.5",
        ];
        assert_eq!(shown, expected);
        assert!(batch.columns().iter().all(|column| column.is_null(1)));
    }

    #[test]
    fn a_value_that_does_not_fit_names_its_column() {
        let schema = schema([("n", DataType::Int32)].into_iter());
        let row: Vec<Cell> = serde_json::from_str("[3000000000]").expect("JSON");
        let error = batch(&schema, &[row]).expect_err("too large").to_string();
        assert!(error.starts_with("column `n`"), "{error}");
    }
}
