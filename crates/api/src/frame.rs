//! The shape of the predecessor's bodies: column by column, each an object of values by position.
//!
//! `{"cooling_unit_id": {"0": 1, "1": 3}, "unit_name": {"0": "Room A", …}, …}`, and without rows every column is
//! the number 0. Integers print without a point and floats always with one, which strict clients rely on.

use chrono::{DateTime, NaiveDate, Utc};
use metrics_core::coldroom::slice::{NumbersByName, SumsByName};
use rust_decimal::Decimal;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::json::{Count, ExactFloat};

/// One value. What is absent stands as 0 of its kind, the text `"0"` or an empty dictionary.
#[derive(Debug)]
pub enum Cell<'a> {
    /// A whole number.
    Int(Option<i64>),
    /// A float.
    Float(Option<f64>),
    /// A decimal, printed like a float.
    Decimal(Option<Decimal>),
    /// A text.
    Text(Option<&'a str>),
    /// A date.
    Date(NaiveDate),
    /// An instant, with a fraction of the second only where it has one.
    Instant(DateTime<Utc>),
    /// A list of ids.
    Ids(&'a [i64]),
    /// Floats by name, in order of first occurrence.
    Sums(Option<&'a SumsByName>),
    /// Whole numbers by name, in stored order.
    Counts(&'a NumbersByName),
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Int(number) => number.unwrap_or(0).serialize(serializer),
            Self::Float(number) => number.unwrap_or(0.0).serialize(serializer),
            Self::Decimal(number) => ExactFloat(number.unwrap_or(Decimal::ZERO)).serialize(serializer),
            Self::Text(text) => text.unwrap_or("0").serialize(serializer),
            Self::Date(date) => date.serialize(serializer),
            Self::Instant(at) => {
                let form = if at.timestamp_subsec_micros() == 0 { "%FT%T%:z" } else { "%FT%T%.6f%:z" };
                serializer.collect_str(&at.format(form))
            }
            Self::Ids(ids) => ids.serialize(serializer),
            Self::Sums(sums) => serializer
                .collect_map(sums.into_iter().flat_map(SumsByName::iter).map(|(name, sum)| (name, sum.unwrap_or(0.0)))),
            Self::Counts(counts) => {
                serializer.collect_map(counts.iter().map(|(name, count)| (name, Count(count.unwrap_or(0.0)))))
            }
        }
    }
}

/// A column: its name and its value in a row.
pub type Column<R> = (&'static str, fn(&R) -> Cell<'_>);

/// Rows, column by column.
#[derive(Debug)]
pub struct Frame<'a, R> {
    /// The columns, in order.
    pub columns: &'a [Column<R>],
    /// The rows, in order.
    pub rows: &'a [R],
}

impl<R> Serialize for Frame<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut frame = serializer.serialize_map(Some(self.columns.len()))?;
        for (name, value) in self.columns {
            if self.rows.is_empty() {
                frame.serialize_entry(name, &0)?;
            } else {
                frame.serialize_entry(name, &Values { rows: self.rows, value })?;
            }
        }
        frame.end()
    }
}

/// The values of one column by position.
struct Values<'a, R> {
    rows: &'a [R],
    value: &'a fn(&R) -> Cell<'_>,
}

impl<R> Serialize for Values<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.rows.iter().map(self.value).enumerate())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column<Option<i64>>; 3] = [
        ("int", |row| Cell::Int(*row)),
        ("float", |row| Cell::Float(row.map(|number| number as f64))),
        ("text", |row| Cell::Text(row.map(|_| "some"))),
    ];

    fn json(rows: &[Option<i64>]) -> String {
        serde_json::to_string(&Frame { columns: &COLUMNS, rows }).expect("serializable")
    }

    #[test]
    fn values_stand_by_column_and_position() {
        let expected = r#"{"int":{"0":7,"1":0},"float":{"0":7.0,"1":0.0},"text":{"0":"some","1":"0"}}"#;
        assert_eq!(json(&[Some(7), None]), expected);
    }

    #[test]
    fn without_rows_every_column_is_zero() {
        assert_eq!(json(&[]), r#"{"int":0,"float":0,"text":0}"#);
    }

    #[test]
    fn what_is_absent_is_the_zero_of_its_kind() {
        let none: NumbersByName = NumbersByName::default();
        let cells = [Cell::Decimal(None), Cell::Sums(None), Cell::Ids(&[]), Cell::Counts(&none)];
        assert_eq!(serde_json::to_string(&cells).expect("serializable"), "[0.0,{},[],{}]");
    }
}
