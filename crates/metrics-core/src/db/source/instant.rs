//! Instants as PostgreSQL stores them, infinities included.

use std::error::Error;

use chrono::{DateTime, Utc};
use tokio_postgres::types::{FromSql, Type};

/// Microseconds from the Unix epoch to 2000-01-01T00:00Z, PostgreSQL's own.
const POSTGRES_EPOCH_US: i64 = 946_684_800_000_000;

/// A `timestamptz` of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instant {
    /// An instant that a calendar knows.
    At(DateTime<Utc>),
    /// `infinity`, or beyond what the calendar library represents.
    Infinite,
    /// `-infinity`.
    MinusInfinite,
}

impl Instant {
    /// The instant, when there is one.
    pub fn finite(self) -> Option<DateTime<Utc>> {
        match self {
            Self::At(at) => Some(at),
            Self::Infinite | Self::MinusInfinite => None,
        }
    }
}

impl<'a> FromSql<'a> for Instant {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let microseconds = i64::from_be_bytes(raw.try_into()?);
        Ok(match microseconds {
            i64::MAX => Self::Infinite,
            i64::MIN => Self::MinusInfinite,
            finite => finite
                .checked_add(POSTGRES_EPOCH_US)
                .and_then(DateTime::from_timestamp_micros)
                .map_or(Self::Infinite, Self::At),
        })
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::TIMESTAMPTZ
    }
}
