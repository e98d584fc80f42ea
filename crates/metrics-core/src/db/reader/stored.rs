//! Stored dictionaries, decoded straight from the bytes of a `jsonb` value.

use std::collections::BTreeMap;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::Jsonb;

use crate::coldroom::slice::{CropEmissions, NumbersByName};

/// `{name: number or null}`.
#[derive(Debug, Default, FromSqlRow)]
#[diesel(sql_type = Jsonb)]
pub struct StoredNumbers(pub(super) NumbersByName);

/// `{crop: {"coldroom": number, "no-coldroom": number, …}}`.
#[derive(Debug, FromSqlRow)]
#[diesel(sql_type = Jsonb)]
pub struct StoredEmissions(pub(super) BTreeMap<String, CropEmissions>);

/// The differences in `{name: {"difference": number, …}}`.
#[derive(Debug, FromSqlRow)]
#[diesel(sql_type = Jsonb)]
pub struct StoredDifferences(pub(super) NumbersByName);

impl FromSql<Jsonb, Pg> for StoredNumbers {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_slice(json(&value)?)?))
    }
}

impl FromSql<Jsonb, Pg> for StoredEmissions {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_slice(json(&value)?)?))
    }
}

impl FromSql<Jsonb, Pg> for StoredDifferences {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let mut deserializer = serde_json::Deserializer::from_slice(json(&value)?);
        Ok(Self(NumbersByName::differences(&mut deserializer)?))
    }
}

/// The text of a `jsonb` value: in PostgreSQL's binary form it follows a byte with the version, 1.
fn json<'a>(value: &'a PgValue<'_>) -> Result<&'a [u8], &'static str> {
    match value.as_bytes() {
        [1, json @ ..] => Ok(json),
        _ => Err("a jsonb value of an unknown version"),
    }
}
