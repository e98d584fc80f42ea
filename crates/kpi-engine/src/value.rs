//! Values as JSON text. Numbers keep all their digits; what has no form in JSON is an error.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use datafusion::arrow::array::{Array, ArrayRef, AsArray as _};
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Date64Type, Decimal128Type, Decimal256Type, Float16Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use metrics_core::kpi::{ErrorKind, Failure};

use crate::failure::failure;

/// Writes the value of a row.
pub(crate) fn write(out: &mut String, array: &dyn Array, row: usize) -> Result<(), Failure> {
    if array.is_null(row) {
        out.push_str("null");
        return Ok(());
    }
    match array.data_type() {
        DataType::Null => out.push_str("null"),
        DataType::Boolean => out.push_str(if array.as_boolean().value(row) { "true" } else { "false" }),
        DataType::Int8 => display(out, array.as_primitive::<Int8Type>().value(row)),
        DataType::Int16 => display(out, array.as_primitive::<Int16Type>().value(row)),
        DataType::Int32 => display(out, array.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => display(out, array.as_primitive::<Int64Type>().value(row)),
        DataType::UInt8 => display(out, array.as_primitive::<UInt8Type>().value(row)),
        DataType::UInt16 => display(out, array.as_primitive::<UInt16Type>().value(row)),
        DataType::UInt32 => display(out, array.as_primitive::<UInt32Type>().value(row)),
        DataType::UInt64 => display(out, array.as_primitive::<UInt64Type>().value(row)),
        DataType::Float16 => number(out, &format!("{:?}", array.as_primitive::<Float16Type>().value(row).to_f32()))?,
        DataType::Float32 => number(out, &format!("{:?}", array.as_primitive::<Float32Type>().value(row)))?,
        DataType::Float64 => number(out, &format!("{:?}", array.as_primitive::<Float64Type>().value(row)))?,
        DataType::Decimal128(..) => number(out, &array.as_primitive::<Decimal128Type>().value_as_string(row))?,
        DataType::Decimal256(..) => number(out, &array.as_primitive::<Decimal256Type>().value_as_string(row))?,
        DataType::Utf8 => text(out, array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => text(out, array.as_string::<i64>().value(row)),
        DataType::Utf8View => text(out, array.as_string_view().value(row)),
        DataType::Date32 => date(out, Date32Type::to_naive_date_opt(array.as_primitive::<Date32Type>().value(row)))?,
        DataType::Date64 => {
            let milliseconds = array.as_primitive::<Date64Type>().value(row);
            date(out, DateTime::from_timestamp_millis(milliseconds).map(|at| at.date_naive()))?;
        }
        DataType::Timestamp(unit, zone) => {
            let instant = match unit {
                TimeUnit::Second => DateTime::from_timestamp(array.as_primitive::<TimestampSecondType>().value(row), 0),
                TimeUnit::Millisecond => {
                    DateTime::from_timestamp_millis(array.as_primitive::<TimestampMillisecondType>().value(row))
                }
                TimeUnit::Microsecond => {
                    DateTime::from_timestamp_micros(array.as_primitive::<TimestampMicrosecondType>().value(row))
                }
                TimeUnit::Nanosecond => {
                    Some(DateTime::from_timestamp_nanos(array.as_primitive::<TimestampNanosecondType>().value(row)))
                }
            };
            let instant = instant.ok_or_else(|| failure(ErrorKind::Value, "an instant is out of range"))?;
            timestamp(out, instant.naive_utc(), zone.is_some());
        }
        DataType::List(_) => list(out, &array.as_list::<i32>().value(row))?,
        DataType::LargeList(_) => list(out, &array.as_list::<i64>().value(row))?,
        DataType::FixedSizeList(..) => list(out, &array.as_fixed_size_list().value(row))?,
        DataType::Struct(fields) => {
            let columns = array.as_struct();
            out.push('{');
            for (at, field) in fields.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                text(out, field.name());
                out.push(':');
                write(out, columns.column(at), row)?;
            }
            out.push('}');
        }
        other => {
            let shown = ArrayFormatter::try_new(array, &FormatOptions::default())
                .and_then(|formatter| formatter.value(row).try_to_string());
            let shown = shown.map_err(|_| failure(ErrorKind::Value, format!("a value of type {other} has no text")))?;
            text(out, &shown);
        }
    }
    Ok(())
}

fn list(out: &mut String, values: &ArrayRef) -> Result<(), Failure> {
    out.push('[');
    for at in 0..values.len() {
        if at > 0 {
            out.push(',');
        }
        write(out, values.as_ref(), at)?;
    }
    out.push(']');
    Ok(())
}

fn display(out: &mut String, value: impl std::fmt::Display) {
    // Writing into a String cannot fail.
    let _ = write!(out, "{value}");
}

fn date(out: &mut String, date: Option<NaiveDate>) -> Result<(), Failure> {
    let date = date.ok_or_else(|| failure(ErrorKind::Value, "a date is out of range"))?;
    let _ = write!(out, "\"{}\"", date.format("%Y-%m-%d"));
    Ok(())
}

/// An instant after ISO 8601, with as many digits of the second as it has.
fn timestamp(out: &mut String, at: NaiveDateTime, is_utc: bool) {
    let _ = write!(out, "\"{}", at.format("%Y-%m-%dT%H:%M:%S"));
    let nanoseconds = at.and_utc().timestamp_subsec_nanos();
    if nanoseconds > 0 {
        let _ = write!(out, ".{}", format!("{nanoseconds:09}").trim_end_matches('0'));
    }
    out.push_str(if is_utc { "Z\"" } else { "\"" });
}

/// Text in quotes.
pub(crate) fn text(out: &mut String, text: &str) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if u32::from(control) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// A number as an engine writes it, as one of JSON: without zeros that say nothing, so that all engines write alike.
pub(crate) fn number(out: &mut String, written: &str) -> Result<(), Failure> {
    let rest = written.strip_prefix('-').unwrap_or(written);
    if !rest.starts_with(|char: char| char.is_ascii_digit()) {
        return Err(failure(ErrorKind::Value, format!("{written} has no form in JSON")));
    }
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (rest, None),
    };
    let mantissa = if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    // There is no negative zero.
    if written.starts_with('-') && mantissa != "0" {
        out.push('-');
    }
    out.push_str(mantissa);
    if let Some(exponent) = exponent.filter(|_| mantissa != "0") {
        out.push('e');
        out.push_str(exponent.strip_prefix('+').unwrap_or(exponent));
    }
    Ok(())
}

/// A timestamp as PostgreSQL writes it under `DateStyle = ISO`: `2026-11-21 10:00:00.5`, `… 12:00:00+02`.
pub(crate) fn postgres_timestamp(out: &mut String, written: &str, has_zone: bool) -> Result<(), Failure> {
    let unusable = || failure(ErrorKind::Value, format!("the instant {written} has no form in ISO 8601"));
    if has_zone {
        let at = DateTime::parse_from_str(written, "%Y-%m-%d %H:%M:%S%.f%#z").map_err(|_| unusable())?;
        timestamp(out, at.naive_utc(), true);
    } else {
        let at = NaiveDateTime::parse_from_str(written, "%Y-%m-%d %H:%M:%S%.f").map_err(|_| unusable())?;
        timestamp(out, at, false);
    }
    Ok(())
}

/// A date as PostgreSQL writes it under `DateStyle = ISO`.
pub(crate) fn postgres_date(out: &mut String, written: &str) -> Result<(), Failure> {
    let unusable = || failure(ErrorKind::Value, format!("the date {written} has no form in ISO 8601"));
    date(out, Some(NaiveDate::parse_from_str(written, "%Y-%m-%d").map_err(|_| unusable())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits_and_lose_empty_ones() {
        for (written, expected) in [
            ("4.0000", "4"),
            ("-0.50", "-0.5"),
            ("-0.0", "0"),
            ("123456789012345678901234567890.10", "123456789012345678901234567890.1"),
            ("1e+300", "1e300"),
            ("1.5e-7", "1.5e-7"),
            ("100", "100"),
        ] {
            let mut out = String::new();
            number(&mut out, written).unwrap();
            assert_eq!(out, expected);
        }
        for written in ["NaN", "inf", "-inf", "Infinity", "-Infinity", ""] {
            assert_eq!(number(&mut String::new(), written).unwrap_err().kind, ErrorKind::Value, "{written}");
        }
    }

    #[test]
    fn instants_are_in_iso_8601() {
        let mut out = String::new();
        postgres_timestamp(&mut out, "2026-11-21 10:00:00.5", false).unwrap();
        postgres_timestamp(&mut out, "2026-11-21 10:00:00+05:30", true).unwrap();
        postgres_timestamp(&mut out, "2026-11-21 10:00:00-02", true).unwrap();
        assert_eq!(out, "\"2026-11-21T10:00:00.5\"\"2026-11-21T04:30:00Z\"\"2026-11-21T12:00:00Z\"");
        assert!(postgres_timestamp(&mut out, "infinity", false).is_err());
        assert!(postgres_date(&mut out, "0044-03-15 BC").is_err());
    }

    #[test]
    fn texts_are_escaped() {
        let mut out = String::new();
        text(&mut out, "a\"\\\n\u{1}é");
        assert_eq!(serde_json::from_str::<String>(&out).unwrap(), "a\"\\\n\u{1}é");
    }
}
