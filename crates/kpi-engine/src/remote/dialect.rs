//! Where stores that are asked in SQL differ.

use datafusion::sql::sqlparser::ast::{CastKind, DataType as SqlType, ExactNumberInfo, Expr, TimezoneInfo};

use super::column::{Column, Kind};

/// What a store speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// Trino.
    Trino,
    /// Dremio.
    Dremio,
    /// Whatever stands behind a server of Flight SQL: only what all of them know.
    FlightSql,
}

impl Dialect {
    /// What is asked for: the column, in a form that is read here.
    pub(crate) fn selected(self, column: &Column) -> Expr {
        match (self, column.kind) {
            (Self::Postgres, Kind::Float) => cast(column.ident(), SqlType::DoublePrecision),
            (Self::Postgres, Kind::Decimal { .. } | Kind::Other) => cast(column.ident(), SqlType::Text),
            _ => column.ident(),
        }
    }

    /// Whether texts are equal there only if they are here. Other engines leave comparing to the store below them, which
    /// may take `a` for `A`: more rows come then than are meant, and are filtered again.
    pub(crate) const fn compares_texts(self) -> bool {
        matches!(self, Self::Postgres)
    }

    /// Whether a floating point number is the same there, to its last digit, when it is written.
    pub(crate) const fn compares_floats(self) -> bool {
        matches!(self, Self::Postgres)
    }

    /// Digits of a second that a literal may have.
    pub(crate) const fn fraction_digits(self) -> u32 {
        match self {
            Self::Postgres | Self::Trino => 6,
            Self::Dremio => 3,
            Self::FlightSql => 0,
        }
    }

    /// The type of a literal without a zone.
    pub(crate) const fn timestamp(self) -> SqlType {
        match self {
            // Without its digits it has three.
            Self::Trino => SqlType::Timestamp(Some(6), TimezoneInfo::None),
            _ => SqlType::Timestamp(None, TimezoneInfo::None),
        }
    }

    /// The type of a decimal literal.
    pub(crate) fn decimal(self, precision: u8, scale: i8) -> SqlType {
        match self {
            Self::Postgres => SqlType::Numeric(ExactNumberInfo::None),
            // Without its digits it is rounded to none after the point.
            _ => SqlType::Decimal(ExactNumberInfo::PrecisionAndScale(precision.into(), scale.into())),
        }
    }
}

/// `CAST(expr AS data_type)`.
pub(crate) fn cast(expr: Expr, data_type: SqlType) -> Expr {
    Expr::Cast { kind: CastKind::Cast, expr: Box::new(expr), data_type, array: false, format: None }
}
