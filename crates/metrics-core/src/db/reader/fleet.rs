//! All stores together: sums, the distribution of their uptime, and those with the least.
//!
//! The share of a store's uptime in a window is up ÷ (up + down). It is absent where both are 0, and where the store
//! had no business time.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use super::store::FiguresRecord;
use crate::db::connect::Connection;
use crate::db::error::DbError;
use crate::db::schema::store;
use crate::uptime::StoreFigures;

/// A policy with stored rows.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct StoredPolicy {
    /// Its canonical text.
    #[diesel(sql_type = Text)]
    pub policy: String,
    /// Its newest instant.
    #[diesel(sql_type = Timestamptz)]
    pub as_of: DateTime<Utc>,
}

/// Policies with stored rows, by their texts.
pub async fn stored_policies(conn: &mut Connection) -> Result<Vec<StoredPolicy>, DbError> {
    Ok(diesel::sql_query(include_str!("fleet_policies.sql")).load(conn).await?)
}

/// Sums of one window over all stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "durations are sums of columns of metrics.store_uptime, described there")]
pub struct FleetWindow {
    /// Stores.
    #[diesel(sql_type = BigInt)]
    pub stores: i64,
    /// Stores with business time.
    #[diesel(sql_type = BigInt)]
    pub open: i64,
    /// Of these, stores without a poll in it.
    #[diesel(sql_type = BigInt)]
    pub unpolled: i64,
    #[diesel(sql_type = BigInt)]
    pub business_us: i64,
    #[diesel(sql_type = BigInt)]
    pub up_us: i64,
    #[diesel(sql_type = BigInt)]
    pub down_us: i64,
    #[diesel(sql_type = BigInt)]
    pub observed_us: i64,
    #[diesel(sql_type = BigInt)]
    pub lo_us: i64,
    #[diesel(sql_type = BigInt)]
    pub hi_us: i64,
}

/// Sums of the hour, the day and the week.
pub type Fleet = [FleetWindow; 3];

/// Sums over all stores at an instant that is stored.
pub async fn fleet(conn: &mut Connection, stored: &StoredPolicy) -> Result<Fleet, DbError> {
    let windows: Vec<FleetWindow> = diesel::sql_query(include_str!("fleet_totals.sql"))
        .bind::<Timestamptz, _>(stored.as_of)
        .bind::<Text, _>(&stored.policy)
        .load(conn)
        .await?;
    let windows: Result<Fleet, _> = windows.try_into();
    windows.map_err(|_| DbError::Inconsistent("metrics.store_uptime has no rows of an instant of its own".to_owned()))
}

/// Stores of one step of the distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Step {
    /// Twentieths of the week that they were up for at least; 20: for all of it; absent: no share.
    #[diesel(sql_type = Nullable<Integer>)]
    pub step: Option<i32>,
    /// Stores with a poll in the week.
    #[diesel(sql_type = BigInt)]
    pub polled: i64,
    /// Stores without.
    #[diesel(sql_type = BigInt)]
    pub unpolled: i64,
}

/// The distribution of the last week's shares; steps without stores are left out.
pub async fn fleet_steps(conn: &mut Connection, stored: &StoredPolicy) -> Result<Vec<Step>, DbError> {
    let steps = diesel::sql_query(include_str!("fleet_steps.sql"))
        .bind::<Timestamptz, _>(stored.as_of)
        .bind::<Text, _>(&stored.policy)
        .load(conn)
        .await?;
    Ok(steps)
}

/// A store that was up for little.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LowStore {
    /// Its id.
    pub ext_id: String,
    /// Its figures.
    pub figures: StoreFigures,
}

#[derive(QueryableByName)]
#[diesel(table_name = store, check_for_backend(diesel::pg::Pg))]
struct LowRecord {
    ext_id: String,
    #[diesel(embed)]
    figures: FiguresRecord,
}

/// Of the stores that were polled in the last week, those that were up for the least share of it, the least first.
pub async fn lowest_stores(conn: &mut Connection, stored: &StoredPolicy, limit: u32) -> Result<Vec<LowStore>, DbError> {
    let found: Vec<LowRecord> = diesel::sql_query(include_str!("fleet_lowest.sql"))
        .bind::<Timestamptz, _>(stored.as_of)
        .bind::<Text, _>(&stored.policy)
        .bind::<BigInt, _>(i64::from(limit))
        .load(conn)
        .await?;
    found.into_iter().map(|low| Ok(LowStore { ext_id: low.ext_id, figures: low.figures.try_into()? })).collect()
}
