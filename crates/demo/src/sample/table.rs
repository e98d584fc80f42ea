//! Rows on their way into a table, in the text form of PostgreSQL's COPY.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

/// One value of one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// `boolean`
    Flag(bool),
    /// `smallint`, `integer` or `bigint`
    Whole(i64),
    /// `double precision`
    Real(f64),
    /// `varchar` or `text`
    Text(&'a str),
    /// `timestamptz`
    Instant(DateTime<Utc>),
}

impl From<bool> for Cell<'_> {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

impl From<i64> for Cell<'_> {
    fn from(value: i64) -> Self {
        Self::Whole(value)
    }
}

impl From<f64> for Cell<'_> {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Cell<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl From<DateTime<Utc>> for Cell<'_> {
    fn from(value: DateTime<Utc>) -> Self {
        Self::Instant(value)
    }
}

impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The cells of one row, each from a value that has a column type: `cells![name, true, None::<i64>]`.
macro_rules! cells {
    ($($value:expr),* $(,)?) => { &[$($crate::sample::table::Cell::from($value)),*] };
}
pub(crate) use cells;

/// The rows of one table, numbered from 1 as they are added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    copy: &'static str,
    rows: String,
    count: i64,
}

impl Table {
    /// An empty table that is loaded by the statement `copy`, whose first column is `id`.
    pub const fn new(copy: &'static str) -> Self {
        Self { copy, rows: String::new(), count: 0 }
    }

    /// Adds a row with the values of the columns after `id`, and returns its id.
    pub fn push(&mut self, cells: &[Cell<'_>]) -> i64 {
        self.count += 1;
        let mut row = self.count.to_string();
        for cell in cells {
            row.push('\t');
            write_cell(&mut row, *cell);
        }
        row.push('\n');
        self.rows.push_str(&row);
        self.count
    }

    /// The id that the next row gets.
    pub const fn next_id(&self) -> i64 {
        self.count + 1
    }

    /// The number of rows.
    pub const fn len(&self) -> i64 {
        self.count
    }

    /// True when there are no rows.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The COPY statement that takes [`rows`](Self::rows).
    pub const fn copy(&self) -> &'static str {
        self.copy
    }

    /// The rows in COPY's text form.
    pub fn rows(&self) -> &str {
        &self.rows
    }
}

fn write_cell(row: &mut String, cell: Cell<'_>) {
    // Writing to a String cannot fail.
    let _ = match cell {
        Cell::Null => write!(row, "\\N"),
        Cell::Flag(value) => write!(row, "{}", if value { 't' } else { 'f' }),
        Cell::Whole(value) => write!(row, "{value}"),
        Cell::Real(value) => write!(row, "{value}"),
        Cell::Instant(value) => write!(row, "{}", value.format("%Y-%m-%d %H:%M:%S%.6f+00")),
        Cell::Text(value) => {
            for character in value.chars() {
                match character {
                    '\\' => row.push_str("\\\\"),
                    '\t' => row.push_str("\\t"),
                    '\n' => row.push_str("\\n"),
                    '\r' => row.push_str("\\r"),
                    other => row.push(other),
                }
            }
            Ok(())
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_numbered_and_escaped() {
        let mut table = Table::new("COPY t (id, a, b, c, d) FROM STDIN");
        let day = DateTime::UNIX_EPOCH;
        assert_eq!(table.push(cells!["a\tb\\", None::<i64>, true, day]), 1);
        assert_eq!(table.push(cells!["", 7_i64, false, 0.5]), 2);
        assert_eq!(table.rows(), "1\ta\\tb\\\\\t\\N\tt\t1970-01-01 00:00:00.000000+00\n2\t\t7\tf\t0.5\n");
        assert_eq!(table.next_id(), 3);
    }
}
