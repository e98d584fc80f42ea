//! Columns: what is in them, and how what comes is read.

use std::error::Error;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use metrics_core::kpi::{ErrorKind, Failure};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use crate::failure::failure;
use crate::remote::{Column, Kind};

/// Digits after the point of a `numeric` that has no scale of its own.
const SCALE_OF_ANY: i8 = 10;
/// Digits of a decimal here.
const MAX_PRECISION: u8 = 38;
/// Days and microseconds from 1970, where they are counted here, to 2000, where PostgreSQL counts them.
const DAYS_TO_2000: i32 = 10_957;
const MICROSECONDS_TO_2000: i64 = 946_684_800_000_000;

/// A column of the type `type_name` (empty: one that is not PostgreSQL's own) with its modifier.
pub(super) fn column(name: String, type_name: &str, modifier: i32) -> Column {
    let kind = match type_name {
        "bool" => Kind::Boolean,
        "int2" | "int4" | "int8" => Kind::Integer,
        "float4" | "float8" => Kind::Float,
        "numeric" => decimal(modifier),
        "date" => Kind::Date,
        "timestamp" => Kind::Timestamp { is_exact: true },
        "timestamptz" => Kind::Instant,
        "text" | "varchar" | "name" => Kind::Text,
        "uuid" => Kind::Uuid,
        _ => Kind::Other,
    };
    Column { name, kind }
}

/// The digits of a `numeric` by its modifier, which holds precision and, in eleven bits with a sign, scale.
fn decimal(modifier: i32) -> Kind {
    let any = Kind::Decimal { precision: MAX_PRECISION, scale: SCALE_OF_ANY, is_exact: false };
    if modifier < 4 {
        return any;
    }
    let packed = modifier - 4;
    let (precision, scale) = ((packed >> 16) & 0xffff, ((packed & 0x7ff) ^ 1024) - 1024);
    // A negative scale rounds to tens and more; a scale over the precision holds small fractions.
    let (precision, scale) = (precision + (-scale).max(0), scale.max(0));
    match (u8::try_from(precision.max(scale)), i8::try_from(scale)) {
        (Ok(precision), Ok(scale)) if precision <= MAX_PRECISION => Kind::Decimal { precision, scale, is_exact: true },
        (_, Ok(scale)) if scale <= SCALE_OF_ANY => Kind::Decimal { precision: MAX_PRECISION, scale, is_exact: false },
        _ => any,
    }
}

/// A value as it came, whatever its type.
struct Raw<'a>(Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Some(raw)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Reads a column of rows.
pub(super) fn read(rows: &[Row], at: usize, column: &Column, zone: &str) -> Result<ArrayRef, Failure> {
    let read = || -> Result<ArrayRef, String> {
        Ok(match column.kind {
            Kind::Boolean => {
                let mut builder = BooleanBuilder::with_capacity(rows.len());
                each(rows, at, |raw| raw.map(boolean).transpose().map(|value| builder.append_option(value)))?;
                Arc::new(builder.finish())
            }
            Kind::Integer => {
                let mut builder = Int64Builder::with_capacity(rows.len());
                each(rows, at, |raw| raw.map(integer).transpose().map(|value| builder.append_option(value)))?;
                Arc::new(builder.finish())
            }
            Kind::Float => {
                let mut builder = Float64Builder::with_capacity(rows.len());
                let float = |raw| fixed(raw).map(f64::from_be_bytes);
                each(rows, at, |raw| raw.map(float).transpose().map(|value| builder.append_option(value)))?;
                Arc::new(builder.finish())
            }
            Kind::Decimal { precision, scale, .. } => {
                let mut builder = Decimal128Builder::with_capacity(rows.len());
                let digits = |raw| utf8(raw).and_then(|text| scaled(text, precision, scale));
                each(rows, at, |raw| raw.map(digits).transpose().map(|value| builder.append_option(value)))?;
                let array = builder.finish().with_precision_and_scale(precision, scale);
                Arc::new(array.map_err(|error| error.to_string())?)
            }
            Kind::Date => {
                let mut builder = Date32Builder::with_capacity(rows.len());
                each(rows, at, |raw| raw.map(date).transpose().map(|value| builder.append_option(value)))?;
                Arc::new(builder.finish())
            }
            Kind::Timestamp { .. } | Kind::Instant => {
                let mut builder = TimestampMicrosecondBuilder::with_capacity(rows.len());
                each(rows, at, |raw| raw.map(timestamp).transpose().map(|value| builder.append_option(value)))?;
                let array = builder.finish();
                match column.kind {
                    Kind::Instant => Arc::new(array.with_timezone(zone)),
                    _ => Arc::new(array),
                }
            }
            Kind::Text | Kind::Other => {
                let mut builder = StringBuilder::new();
                each(rows, at, |raw| raw.map(utf8).transpose().map(|value| builder.append_option(value)))?;
                Arc::new(builder.finish())
            }
            Kind::Uuid => {
                let mut builder = StringBuilder::with_capacity(rows.len(), 36 * rows.len());
                each(rows, at, |raw| {
                    raw.map(|raw| fixed::<16>(raw).map(uuid)).transpose().map(|value| builder.append_option(value))
                })?;
                Arc::new(builder.finish())
            }
        })
    };
    read().map_err(|reason| failure(ErrorKind::Value, format!("column \"{}\": {reason}", column.name)))
}

fn each<'a>(
    rows: &'a [Row],
    at: usize,
    mut append: impl FnMut(Option<&'a [u8]>) -> Result<(), String>,
) -> Result<(), String> {
    for row in rows {
        append(row.try_get::<_, Raw<'a>>(at).map_err(|error| error.to_string())?.0)?;
    }
    Ok(())
}

fn fixed<const N: usize>(raw: &[u8]) -> Result<[u8; N], String> {
    raw.try_into().map_err(|_| format!("{} bytes came for a value of {N}", raw.len()))
}

fn utf8(raw: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(raw).map_err(|error| error.to_string())
}

fn boolean(raw: &[u8]) -> Result<bool, String> {
    fixed::<1>(raw).map(|[byte]| byte != 0)
}

fn integer(raw: &[u8]) -> Result<i64, String> {
    match raw.len() {
        2 => fixed(raw).map(|raw| i64::from(i16::from_be_bytes(raw))),
        4 => fixed(raw).map(|raw| i64::from(i32::from_be_bytes(raw))),
        _ => fixed(raw).map(i64::from_be_bytes),
    }
}

fn date(raw: &[u8]) -> Result<i32, String> {
    match i32::from_be_bytes(fixed(raw)?) {
        i32::MAX | i32::MIN => Err("an infinite date cannot be read; filter it out, or cast it to text".to_owned()),
        days => days.checked_add(DAYS_TO_2000).ok_or_else(|| "a date is out of range".to_owned()),
    }
}

fn timestamp(raw: &[u8]) -> Result<i64, String> {
    match i64::from_be_bytes(fixed(raw)?) {
        i64::MAX | i64::MIN => Err("an infinite instant cannot be read; filter it out, or cast it to text".to_owned()),
        at => at.checked_add(MICROSECONDS_TO_2000).ok_or_else(|| "an instant is out of range".to_owned()),
    }
}

fn uuid(bytes: [u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text
}

/// A decimal's digits as an integer of `scale` digits after the point, rounded half away from zero.
fn scaled(text: &str, precision: u8, scale: i8) -> Result<i128, String> {
    let (is_negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let scale = usize::try_from(scale).unwrap_or(0);
    let kept = fraction.get(..scale).unwrap_or(fraction);
    let mut value = 0_i128;
    for digit in whole.bytes().chain(kept.bytes()).chain(std::iter::repeat_n(b'0', scale - kept.len())) {
        let digit = char::from(digit).to_digit(10).ok_or_else(|| format!("{text} is not a number"))?;
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(i128::from(digit)))
            .ok_or_else(|| format!("{text} has too many digits"))?;
    }
    if fraction.as_bytes().get(scale).is_some_and(|next| *next >= b'5') {
        value += 1;
    }
    if value.unsigned_abs() >= 10_u128.pow(u32::from(precision)) {
        return Err(format!("{text} has too many digits"));
    }
    Ok(if is_negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_numerics_are_read_from_their_modifier() {
        let kind = |precision: i32, scale: i32| decimal(((precision << 16) | (scale & 0x7ff)) + 4);
        assert_eq!(kind(2, 1), Kind::Decimal { precision: 2, scale: 1, is_exact: true });
        assert_eq!(kind(3, -2), Kind::Decimal { precision: 5, scale: 0, is_exact: true });
        assert_eq!(kind(2, 4), Kind::Decimal { precision: 4, scale: 4, is_exact: true });
        assert_eq!(kind(1000, 2), Kind::Decimal { precision: 38, scale: 2, is_exact: false });
        assert_eq!(decimal(-1), Kind::Decimal { precision: 38, scale: 10, is_exact: false });
    }

    #[test]
    fn decimals_are_rounded_and_never_wrap() {
        assert_eq!(scaled("1.25", 38, 1), Ok(13));
        assert_eq!(scaled("-1.25", 38, 1), Ok(-13));
        assert_eq!(scaled("7", 38, 2), Ok(700));
        assert_eq!(scaled("0.3333333333333333", 38, 10), Ok(3_333_333_333));
        for text in ["NaN", "Infinity", "-Infinity", &"9".repeat(39)] {
            assert!(scaled(text, 38, 0).is_err(), "{text}");
        }
        assert!(scaled("99.95", 3, 1).is_err());
    }
}
