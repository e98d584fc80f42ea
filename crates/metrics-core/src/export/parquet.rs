//! Apache Parquet: row groups of bounded size, compressed with Snappy.
//!
//! Every column may be absent. Lists are lists of elements that are there; dictionaries are JSON texts. Key-value
//! metadata holds the facts about the file and, under `columns`, name, unit and description of each column.

use std::io::Write;
use std::mem;
use std::sync::Arc;

use ::parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use ::parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, Int32Type,
    Int64Type,
};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use ::parquet::schema::types::Type;
use chrono::NaiveDate;
use num_traits::ToPrimitive as _;
use rust_decimal::Decimal;
use serde_json::json;

use super::{About, Column, ExportError, Kind, Value};

/// Rows of a row group at most, as readers like them.
const MAX_GROUP_ROWS: usize = 1 << 17;
/// Bytes that wait for a row group, about, at most.
const MAX_GROUP_BYTES: usize = 8 << 20;
/// Digits of a decimal: what 16 bytes hold, of which the numbers here use 29 at most.
const DECIMAL_DIGITS: i32 = 38;
const DECIMAL_BYTES: i32 = 16;

/// Writes a Parquet file.
pub(super) struct ParquetWriter<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    columns: Vec<Column>,
    chunks: Vec<Chunk>,
    rows: usize,
    bytes: usize,
}

/// Values of one column that wait for their row group.
struct Chunk {
    values: Values,
    /// 0: absent; of a list 1: empty. The largest: a value.
    definition: Vec<i16>,
    /// Of a list, 1: a further element.
    repetition: Option<Vec<i16>>,
}

enum Values {
    Flags(Vec<bool>),
    Days(Vec<i32>),
    Integers(Vec<i64>),
    Floats(Vec<f64>),
    Texts(Vec<ByteArray>),
    Decimals(Vec<FixedLenByteArray>),
}

impl<W: Write + Send> ParquetWriter<W> {
    pub(super) fn new(columns: &[Column], about: &About, sink: W) -> Result<Self, ExportError> {
        let fields: Vec<_> = columns.iter().map(|column| field(column).map(Arc::new)).collect::<Result<_, _>>()?;
        let schema = Type::group_type_builder("schema").with_fields(fields).build()?;
        let described: Vec<_> = columns
            .iter()
            .map(|column| json!({"name": column.name, "unit": column.unit, "description": column.description}))
            .collect();
        let mut facts: Vec<_> =
            about.facts.iter().map(|(name, text)| KeyValue::new(name.clone(), text.clone())).collect();
        facts.push(KeyValue::new("columns".to_owned(), json!(described).to_string()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            // Indexes of pages are kept in memory to the end.
            .set_offset_index_disabled(true)
            .set_created_by(concat!("metrics ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_key_value_metadata(Some(facts))
            .build();
        Ok(Self {
            writer: SerializedFileWriter::new(sink, Arc::new(schema), Arc::new(properties))?,
            chunks: columns.iter().map(|column| Chunk::new(column.kind)).collect(),
            columns: columns.to_vec(),
            rows: 0,
            bytes: 0,
        })
    }

    pub(super) fn row(&mut self, row: &[Value]) -> Result<(), ExportError> {
        for ((chunk, column), value) in self.chunks.iter_mut().zip(&self.columns).zip(row) {
            self.bytes += chunk.push(value, column)?;
        }
        self.rows += 1;
        if self.rows >= MAX_GROUP_ROWS || self.bytes >= MAX_GROUP_BYTES {
            self.write_group()?;
        }
        Ok(())
    }

    fn write_group(&mut self) -> Result<(), ExportError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        let mut chunks = self.chunks.iter_mut();
        while let (Some(mut column), Some(chunk)) = (group.next_column()?, chunks.next()) {
            chunk.write(&mut column)?;
            column.close()?;
        }
        group.close()?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<W, ExportError> {
        self.write_group()?;
        let mut sink = self.writer.into_inner()?;
        sink.flush()?;
        Ok(sink)
    }
}

/// The schema of a column.
fn field(column: &Column) -> Result<Type, ParquetError> {
    let name = column.name.as_str();
    let (physical, logical) = match column.kind {
        Kind::Integer => (Physical::INT64, None),
        Kind::Float | Kind::Number => (Physical::DOUBLE, None),
        Kind::Money(scale) => {
            return Type::primitive_type_builder(name, Physical::FIXED_LEN_BYTE_ARRAY)
                .with_repetition(Repetition::OPTIONAL)
                .with_logical_type(Some(LogicalType::decimal(places(scale), DECIMAL_DIGITS)))
                .with_length(DECIMAL_BYTES)
                .with_precision(DECIMAL_DIGITS)
                .with_scale(places(scale))
                .build();
        }
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Flag => (Physical::BOOLEAN, None),
        Kind::Date => (Physical::INT32, Some(LogicalType::Date)),
        Kind::Instant => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        Kind::LocalTime => (Physical::INT64, Some(LogicalType::timestamp(false, TimeUnit::MICROS))),
        Kind::Integers => return list(name, Physical::INT64, None),
        Kind::Texts => return list(name, Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Json => (Physical::BYTE_ARRAY, Some(LogicalType::Json)),
    };
    Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}

fn places(scale: u32) -> i32 {
    // A decimal has 28 places at most.
    i32::try_from(scale).unwrap_or(DECIMAL_DIGITS)
}

/// A list in the three levels of the format.
fn list(name: &str, physical: Physical, logical: Option<LogicalType>) -> Result<Type, ParquetError> {
    let element = Type::primitive_type_builder("element", physical)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(logical)
        .build()?;
    let middle = Type::group_type_builder("list")
        .with_repetition(Repetition::REPEATED)
        .with_fields(vec![Arc::new(element)])
        .build()?;
    Type::group_type_builder(name)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(Some(LogicalType::List))
        .with_converted_type(ConvertedType::LIST)
        .with_fields(vec![Arc::new(middle)])
        .build()
}

impl Chunk {
    fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Integer | Kind::Instant | Kind::LocalTime | Kind::Integers => Values::Integers(Vec::new()),
            Kind::Float | Kind::Number => Values::Floats(Vec::new()),
            Kind::Money(_) => Values::Decimals(Vec::new()),
            Kind::Text | Kind::Texts | Kind::Json => Values::Texts(Vec::new()),
            Kind::Flag => Values::Flags(Vec::new()),
            Kind::Date => Values::Days(Vec::new()),
        };
        let is_list = matches!(kind, Kind::Integers | Kind::Texts);
        Self { values, definition: Vec::new(), repetition: is_list.then(Vec::new) }
    }

    /// Takes a value in and returns about how many bytes it takes while it waits.
    fn push(&mut self, value: &Value, column: &Column) -> Result<usize, ExportError> {
        const LEVELS: usize = 4;
        let misfit = || ExportError::Misfit { column: column.name.clone(), kind: column.kind, value: value.clone() };
        let definition = match (&mut self.values, value) {
            (_, Value::Null) => 0,
            (Values::Flags(values), Value::Flag(flag)) => {
                values.push(*flag);
                1
            }
            (Values::Days(values), Value::Date(date)) => {
                values.push(unix_day(*date).ok_or_else(misfit)?);
                1
            }
            (Values::Integers(values), Value::Integer(number)) => {
                values.push(*number);
                1
            }
            (Values::Integers(values), Value::Instant(at)) => {
                values.push(at.timestamp_micros());
                1
            }
            (Values::Integers(values), Value::LocalTime(at)) => {
                values.push(at.and_utc().timestamp_micros());
                1
            }
            (Values::Floats(values), Value::Float(number)) => {
                values.push(*number);
                1
            }
            (Values::Floats(values), Value::Number(number)) => {
                values.push(number.to_f64().ok_or_else(misfit)?);
                1
            }
            (Values::Decimals(values), Value::Number(number)) => {
                let Kind::Money(scale) = column.kind else { return Err(misfit()) };
                values.push(fixed_decimal(*number, scale).ok_or_else(misfit)?);
                1
            }
            (Values::Texts(values), Value::Text(text) | Value::Json(text)) => {
                values.push(ByteArray::from(text.as_str()));
                self.definition.push(1);
                return Ok(text.len() + mem::size_of::<ByteArray>() + LEVELS);
            }
            (Values::Integers(values), Value::Integers(numbers)) if self.repetition.is_some() => {
                values.extend_from_slice(numbers);
                self.push_levels(numbers.len());
                return Ok((numbers.len() + 1) * (mem::size_of::<i64>() + LEVELS));
            }
            (Values::Texts(values), Value::Texts(texts)) if self.repetition.is_some() => {
                values.extend(texts.iter().map(|text| ByteArray::from(text.as_str())));
                self.push_levels(texts.len());
                let bytes: usize = texts.iter().map(String::len).sum();
                return Ok(bytes + (texts.len() + 1) * (mem::size_of::<ByteArray>() + LEVELS));
            }
            _ => return Err(misfit()),
        };
        self.definition.push(definition);
        if let Some(repetition) = &mut self.repetition {
            repetition.push(0);
        }
        Ok(DECIMAL_BYTES.unsigned_abs() as usize + LEVELS)
    }

    /// Levels of a list with so many elements.
    fn push_levels(&mut self, elements: usize) {
        let Some(repetition) = &mut self.repetition else { return };
        if elements == 0 {
            self.definition.push(1);
            repetition.push(0);
            return;
        }
        self.definition.extend(std::iter::repeat_n(2, elements));
        repetition.push(0);
        repetition.extend(std::iter::repeat_n(1, elements - 1));
    }

    /// Writes what waits, and leaves this empty.
    fn write(&mut self, column: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = (&self.definition[..], self.repetition.as_deref());
        match &mut self.values {
            Values::Flags(values) => write_values::<BoolType>(column, values, levels)?,
            Values::Days(values) => write_values::<Int32Type>(column, values, levels)?,
            Values::Integers(values) => write_values::<Int64Type>(column, values, levels)?,
            Values::Floats(values) => write_values::<DoubleType>(column, values, levels)?,
            Values::Texts(values) => write_values::<ByteArrayType>(column, values, levels)?,
            Values::Decimals(values) => write_values::<FixedLenByteArrayType>(column, values, levels)?,
        }
        self.definition.clear();
        if let Some(repetition) = &mut self.repetition {
            repetition.clear();
        }
        Ok(())
    }
}

fn write_values<T: DataType>(
    column: &mut SerializedColumnWriter<'_>,
    values: &mut Vec<T::T>,
    (definition, repetition): (&[i16], Option<&[i16]>),
) -> Result<(), ParquetError> {
    column.typed::<T>().write_batch(values, Some(definition), repetition)?;
    values.clear();
    Ok(())
}

/// Days since 1970-01-01.
fn unix_day(date: NaiveDate) -> Option<i32> {
    i32::try_from((date - NaiveDate::from_ymd_opt(1970, 1, 1)?).num_days()).ok()
}

/// A number with so many places as the format stores it; absent when it has more of them.
fn fixed_decimal(number: Decimal, scale: u32) -> Option<FixedLenByteArray> {
    let number = number.normalize();
    let factor = 10_i128.checked_pow(scale.checked_sub(number.scale())?)?;
    let scaled = number.mantissa().checked_mul(factor)?;
    Some(ByteArray::from(scaled.to_be_bytes().to_vec()).into())
}
