//! Stores, and the stored uptime of one.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use crate::db::connect::Connection;
use crate::db::error::DbError;
use crate::db::schema::{store, store_uptime as t};
use crate::uptime::{Figures, Policy, StoreFigures};

/// A store.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = store, check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "fields are columns of metrics.store, described there")]
pub struct ListedStore {
    pub ext_id: String,
    pub tz: Option<String>,
    pub first_poll: Option<DateTime<Utc>>,
}

/// A page of stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorePage {
    /// Stores of the page, by the bytes of their ids.
    pub stores: Vec<ListedStore>,
    /// Whether there are stores after them.
    pub has_more: bool,
    /// Stores on all pages.
    pub total: i64,
}

/// Stores whose ids come after `after`, at most `limit`.
pub async fn stores(conn: &mut Connection, after: &str, limit: u32) -> Result<StorePage, DbError> {
    let total = store::table.count().get_result(conn).await?;
    let limit = limit as usize;
    // The database keeps no NUL, and what it keeps is after this text exactly if it is after the part before a NUL.
    let after = after.split('\0').next().unwrap_or_default();
    let mut stores: Vec<ListedStore> = store::table
        .filter(store::ext_id.gt(after))
        .order(store::ext_id)
        .limit(i64::try_from(limit + 1).unwrap_or(i64::MAX))
        .select(ListedStore::as_select())
        .load(conn)
        .await?;
    let has_more = stores.len() > limit;
    stores.truncate(limit);
    Ok(StorePage { stores, has_more, total })
}

/// The uptime of a store as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredUptime {
    /// Instant of which the figures speak.
    pub as_of: DateTime<Utc>,
    /// Instant at which they last changed.
    pub computed_at: DateTime<Utc>,
    /// Per window.
    pub figures: StoreFigures,
}

/// The columns of figures.
#[derive(Queryable, Selectable, QueryableByName)]
#[diesel(table_name = t, check_for_backend(diesel::pg::Pg))]
pub(super) struct FiguresRecord {
    business_us: Vec<i64>,
    up_us: Vec<i64>,
    down_us: Vec<i64>,
    observed_us: Vec<i64>,
    lo_us: Vec<i64>,
    hi_us: Vec<i64>,
    polls: Vec<i32>,
}

impl TryFrom<FiguresRecord> for StoreFigures {
    type Error = DbError;

    fn try_from(record: FiguresRecord) -> Result<Self, DbError> {
        let inconsistent = || DbError::Inconsistent("a row of metrics.store_uptime has not three windows".to_owned());
        let mut figures = Self::default();
        for (window, figures) in figures.iter_mut().enumerate() {
            let of = |column: &[i64]| column.get(window).copied().ok_or_else(inconsistent);
            let polls = record.polls.get(window).and_then(|polls| u32::try_from(*polls).ok());
            *figures = Figures {
                business_us: of(&record.business_us)?,
                up_us: of(&record.up_us)?,
                down_us: of(&record.down_us)?,
                observed_us: of(&record.observed_us)?,
                lo_us: of(&record.lo_us)?,
                hi_us: of(&record.hi_us)?,
                polls: polls.ok_or_else(inconsistent)?,
            };
        }
        Ok(figures)
    }
}

#[derive(QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct Newest {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    as_of: Option<DateTime<Utc>>,
}

/// The newest uptime of a store by a policy, if there is one; `None` if there is no such store.
pub async fn store_uptime(
    conn: &mut Connection,
    ext_id: &str,
    policy: &Policy,
) -> Result<Option<Option<StoredUptime>>, DbError> {
    // The database keeps no NUL.
    if ext_id.contains('\0') {
        return Ok(None);
    }
    let found: Option<i32> =
        store::table.filter(store::ext_id.eq(ext_id)).select(store::id).first(conn).await.optional()?;
    let Some(store) = found else { return Ok(None) };
    let policy = policy.to_string();
    let newest: Option<Newest> = diesel::sql_query(include_str!("store_uptime_newest.sql"))
        .bind::<Text, _>(&policy)
        .bind::<Integer, _>(store)
        .get_result(conn)
        .await
        .optional()?;
    let Some(as_of) = newest.and_then(|newest| newest.as_of) else { return Ok(Some(None)) };
    let (computed_at, record): (_, FiguresRecord) =
        t::table.find((as_of, policy, store)).select((t::computed_at, FiguresRecord::as_select())).first(conn).await?;
    Ok(Some(Some(StoredUptime { as_of, computed_at, figures: record.try_into()? })))
}
