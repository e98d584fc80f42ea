//! Columns, and which type they have here.

use datafusion::arrow::datatypes::{DataType, Field, TimeUnit};
use datafusion::sql::sqlparser::ast::{Expr, Ident};

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub kind: Kind,
}

/// What is in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Yes or no.
    Boolean,
    /// Integers of any size, all as 64 bits, so that products and sums of small ones do not run over.
    Integer,
    /// Floating point, all as 64 bits.
    Float,
    /// A decimal.
    Decimal {
        /// Digits.
        precision: u8,
        /// Digits after the point.
        scale: i8,
        /// Whether the column cannot hold more digits than that.
        is_exact: bool,
    },
    /// A day.
    Date,
    /// Day and time without a zone.
    Timestamp {
        /// Whether the column cannot hold more than the six digits of a second that are read.
        is_exact: bool,
    },
    /// An instant.
    Instant,
    /// Text.
    Text,
    /// A UUID, as text.
    Uuid,
    /// Anything else, as its store writes it.
    Other,
}

impl Column {
    /// Its type here; instants are in `zone`.
    pub(crate) fn field(&self, zone: &str) -> Field {
        let data_type = match self.kind {
            Kind::Boolean => DataType::Boolean,
            Kind::Integer => DataType::Int64,
            Kind::Float => DataType::Float64,
            Kind::Decimal { precision, scale, .. } => DataType::Decimal128(precision, scale),
            Kind::Date => DataType::Date32,
            Kind::Timestamp { .. } => DataType::Timestamp(TimeUnit::Microsecond, None),
            Kind::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some(zone.into())),
            Kind::Text | Kind::Uuid | Kind::Other => DataType::Utf8,
        };
        Field::new(&self.name, data_type, true)
    }

    /// The column in SQL.
    pub(crate) fn ident(&self) -> Expr {
        Expr::Identifier(quoted(&self.name))
    }
}

/// A name in quotes. Quotes inside are doubled here: the printer of SQL leaves alone what looks escaped already.
pub(crate) fn quoted(name: &str) -> Ident {
    Ident::with_quote('"', name.replace('"', "\"\""))
}
