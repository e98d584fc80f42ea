//! A column of a frame whose kind only its entries tell.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

use crate::channel::events::Values;

/// Entries of one kind. Whole numbers become floats where one of them is none, and missing numbers are not a number.
#[derive(Debug, PartialEq)]
pub(super) enum Column {
    /// So many entries, all missing.
    Absent(usize),
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
    Texts(Vec<String>),
    Lists(Vec<Vec<f64>>),
}

/// One entry.
enum Cell {
    Absent,
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<f64>),
}

impl Column {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Absent(count) => *count,
            Self::Integers(entries) => entries.len(),
            Self::Numbers(entries) => entries.len(),
            Self::Texts(entries) => entries.len(),
            Self::Lists(entries) => entries.len(),
        }
    }

    /// How many numbers and texts they are, those in lists each by itself.
    pub(super) fn points(&self) -> usize {
        match self {
            Self::Lists(entries) => entries.iter().map(|entry| entry.len().max(1)).sum(),
            _ => self.len(),
        }
    }

    /// Bytes of the texts among them.
    pub(super) fn text_bytes(&self) -> usize {
        match self {
            Self::Texts(entries) => entries.iter().map(String::len).sum(),
            _ => 0,
        }
    }

    /// Appends the entries of a later frame; false where the two do not go together.
    pub(super) fn append(&mut self, other: Self) -> bool {
        match (&mut *self, other) {
            (Self::Integers(entries), Self::Integers(other)) => entries.extend(other),
            (Self::Numbers(entries), Self::Numbers(other)) => entries.extend(other),
            (Self::Numbers(entries), Self::Integers(other)) => entries.extend(other.into_iter().map(float)),
            (Self::Integers(entries), Self::Numbers(other)) => {
                let mut numbers = floats(entries);
                numbers.extend(other);
                *self = Self::Numbers(numbers);
            }
            (Self::Texts(entries), Self::Texts(other)) => entries.extend(other),
            (Self::Lists(entries), Self::Lists(other)) => entries.extend(other),
            (_, Self::Absent(count)) => (0..count).for_each(|_| self.push_absent()),
            (Self::Absent(count), mut other) => {
                other.put_absent_first(*count);
                *self = other;
            }
            _ => return false,
        }
        true
    }

    /// As values of events.
    pub(super) fn into_values(self) -> Values {
        match self {
            Self::Absent(count) => Values::Numbers(vec![f64::NAN; count]),
            Self::Integers(entries) => Values::Integers(entries),
            Self::Numbers(entries) => Values::Numbers(entries),
            Self::Texts(entries) => Values::Texts(entries),
            Self::Lists(entries) => Values::Waveforms(entries),
        }
    }

    fn push(&mut self, cell: Cell) -> Result<(), &'static str> {
        match (&mut *self, cell) {
            (_, Cell::Absent) => self.push_absent(),
            (Self::Integers(entries), Cell::Integer(integer)) => entries.push(integer),
            (Self::Integers(entries), Cell::Number(number)) => {
                let mut numbers = floats(entries);
                numbers.push(number);
                *self = Self::Numbers(numbers);
            }
            (Self::Numbers(entries), Cell::Number(number)) => entries.push(number),
            (Self::Numbers(entries), Cell::Integer(integer)) => entries.push(float(integer)),
            (Self::Texts(entries), Cell::Text(text)) => entries.push(text),
            (Self::Lists(entries), Cell::List(list)) => entries.push(list),
            (Self::Absent(count), cell) => {
                let mut column = match cell {
                    Cell::Integer(integer) => Self::Integers(vec![integer]),
                    Cell::Number(number) => Self::Numbers(vec![number]),
                    Cell::Text(text) => Self::Texts(vec![text]),
                    Cell::List(list) => Self::Lists(vec![list]),
                    Cell::Absent => Self::Absent(1),
                };
                column.put_absent_first(*count);
                *self = column;
            }
            _ => return Err("values of several kinds"),
        }
        Ok(())
    }

    fn push_absent(&mut self) {
        match self {
            Self::Absent(count) => *count += 1,
            Self::Integers(entries) => {
                let mut numbers = floats(entries);
                numbers.push(f64::NAN);
                *self = Self::Numbers(numbers);
            }
            Self::Numbers(entries) => entries.push(f64::NAN),
            Self::Texts(entries) => entries.push(String::new()),
            Self::Lists(entries) => entries.push(Vec::new()),
        }
    }

    fn put_absent_first(&mut self, missing: usize) {
        match self {
            Self::Absent(count) => *count += missing,
            Self::Integers(entries) if missing > 0 => {
                *self = Self::Numbers([vec![f64::NAN; missing], floats(entries)].concat());
            }
            Self::Integers(_) => {}
            Self::Numbers(entries) => drop(entries.splice(..0, std::iter::repeat_n(f64::NAN, missing))),
            Self::Texts(entries) => drop(entries.splice(..0, std::iter::repeat_n(String::new(), missing))),
            Self::Lists(entries) => drop(entries.splice(..0, std::iter::repeat_n(Vec::new(), missing))),
        }
    }
}

fn float(integer: i64) -> f64 {
    integer as f64
}

fn floats(integers: &[i64]) -> Vec<f64> {
    integers.iter().copied().map(float).collect()
}

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Column;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of values")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Column, A::Error> {
                let mut column = Column::Absent(0);
                while let Some(cell) = entries.next_element()? {
                    column.push(cell).map_err(A::Error::custom)?;
                }
                Ok(column)
            }
        }
        deserializer.deserialize_seq(Entries)
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;
        impl<'de> Visitor<'de> for Entry {
            type Value = Cell;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number, a text or a list of numbers")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Cell, E> {
                Ok(Cell::Integer(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Cell, E> {
                Ok(Cell::Integer(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Cell, E> {
                Ok(i64::try_from(value).map_or(Cell::Number(value as f64), Cell::Integer))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Cell, E> {
                Ok(Cell::Number(value))
            }

            fn visit_str<E>(self, value: &str) -> Result<Cell, E> {
                Ok(Cell::Text(value.to_owned()))
            }

            fn visit_string<E>(self, value: String) -> Result<Cell, E> {
                Ok(Cell::Text(value))
            }

            fn visit_unit<E>(self) -> Result<Cell, E> {
                Ok(Cell::Absent)
            }

            fn visit_none<E>(self) -> Result<Cell, E> {
                Ok(Cell::Absent)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Cell, A::Error> {
                let mut list = Vec::new();
                while let Some(cell) = entries.next_element()? {
                    list.push(match cell {
                        Cell::Integer(integer) => float(integer),
                        Cell::Number(number) => number,
                        Cell::Absent => f64::NAN,
                        Cell::Text(_) | Cell::List(_) => {
                            return Err(A::Error::custom("a list of other things than numbers"));
                        }
                    });
                }
                Ok(Cell::List(list))
            }
        }
        deserializer.deserialize_any(Entry)
    }
}
