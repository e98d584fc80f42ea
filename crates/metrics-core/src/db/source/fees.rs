//! Which currencies were charged in when: what exchange rates are needed for.

use chrono::{DateTime, Utc};
use futures_util::{TryStreamExt, pin_mut};
use tokio_postgres::types::ToSql;

use super::Snapshot;
use crate::db::DbError;
use crate::ids::CoolingUnitId;

/// A fee other than 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fee {
    /// Unit of its crate.
    pub cooling_unit: CoolingUnitId,
    /// When it was charged.
    pub at: DateTime<Utc>,
    /// Its currency; absent when it is the company's.
    pub currency: Option<String>,
}

/// Fees of `cooling_units` in `[since, as_of)`; movements before `earliest` are unusable.
pub async fn load(
    snapshot: &Snapshot<'_>,
    cooling_units: &[i64],
    since: Option<DateTime<Utc>>,
    as_of: DateTime<Utc>,
    earliest: DateTime<Utc>,
    mut each: impl FnMut(Fee),
) -> Result<(), DbError> {
    let binds: [&(dyn ToSql + Sync); 4] = [&cooling_units, &since, &as_of, &earliest];
    let statement = snapshot.transaction().prepare(include_str!("fees.sql")).await?;
    let rows = snapshot.transaction().query_raw(&statement, binds).await?;
    pin_mut!(rows);
    while let Some(row) = rows.try_next().await? {
        each(Fee { cooling_unit: CoolingUnitId(row.try_get(0)?), at: row.try_get(1)?, currency: row.try_get(2)? });
    }
    Ok(())
}
