//! Saved dashboards, their earlier bodies, and how room is made for them; channels of ours, their ids and their points.
//!
//! Whoever writes bodies holds the one row of `databoard_totals`, before any dashboard: writes come one after the other,
//! the total is always that of what is stored, and no two of them wait for each other.

pub mod catalogue;
mod dashboards;
pub mod points;
pub mod recent;
mod room;
pub mod series;
mod transfer;
mod versions;

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AnsiTransactionManager, RunQueryDsl, TransactionManager as _};

use super::connect::Connection;
use super::error::DbError;
use super::schema::databoard_totals;
use crate::dashboard::Quota;

pub use dashboards::{
    Current, Flag, Record, Stats, Summary, create, dashboards_bytes, is_protected, list, read, record, remove, replace,
    set, stats,
};
pub use room::{Evicted, evict};
pub use transfer::{Imported, ImportedRecord, export, import};
pub use versions::{Version, body_of_version, undelete, versions};

/// How much may be stored.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// What dashboards may take, and when which of them go.
    pub quota: Quota,
    /// Whether a dashboard that would go at once is refused.
    pub is_strict: bool,
    /// What earlier bodies may take together, bytes.
    pub history_max_bytes: u64,
}

/// A body to store.
#[derive(Debug, Clone, Copy)]
pub struct Body<'a> {
    /// JSON.
    pub json: &'a str,
    /// Its length in BSON, bytes.
    pub size_bytes: u64,
    /// Number of its widgets, if it is a dashboard.
    pub widgets: Option<usize>,
}

impl Body<'_> {
    fn widgets(&self) -> Option<i32> {
        i32::try_from(self.widgets?).ok()
    }
}

/// A body that was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Its number in its dashboard.
    pub version: i64,
    /// Whether it was evicted at once, because nothing else might go.
    pub is_evicted: bool,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such dashboard.
    #[error("there is no such dashboard")]
    NotFound,
    /// It is protected.
    #[error("the dashboard is protected")]
    Protected,
    /// It has not the version that the writer knows.
    #[error("the dashboard has version {0}")]
    OtherVersion(i64),
    /// It would be evicted at once.
    #[error("there is no room for the dashboard")]
    NoRoom,
    /// There is a dashboard of this id.
    #[error("there is a dashboard of this id")]
    Exists,
    /// The time was over before all was written; nothing was.
    #[error("the time was over")]
    TimedOut,
    /// The database did not say whether what was written stays.
    #[error("the database did not answer at the end of the transaction")]
    NoAnswer,
    /// The database refused.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<diesel::result::Error> for Refusal {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

/// Until when a write may take.
///
/// What is begun is ended by the server itself when the time is over: an answer that says so must be true.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// No end.
    pub const NONE: Self = Self(None);

    /// At `end`.
    pub const fn at(end: Instant) -> Self {
        Self(Some(end))
    }

    /// What is left; `None` when there is no end.
    pub fn left(self) -> Option<Duration> {
        self.0.map(|end| end.saturating_duration_since(Instant::now()))
    }

    /// Whether it is over.
    pub fn is_over(self) -> bool {
        self.left() == Some(Duration::ZERO)
    }

    /// Bounds the next statements of the transaction by what is left.
    async fn bound(self, conn: &mut Connection) -> Result<(), Refusal> {
        let Some(left) = self.left() else { return Ok(()) };
        if left.is_zero() {
            return Err(Refusal::TimedOut);
        }
        // The server takes zero for no limit, and what it ends must be over here as well.
        let milliseconds = left.as_millis() + 1;
        // A transaction that nobody goes on with, because the client has gone, keeps no others waiting either.
        let bounds = "SELECT set_config('statement_timeout', $1, true), \
                             set_config('idle_in_transaction_session_timeout', $1, true)";
        diesel::sql_query(bounds).bind::<Text, _>(milliseconds.to_string()).execute(conn).await?;
        Ok(())
    }

    /// `result`, in which a statement that the server ended for lack of time is told as that.
    fn told<T>(self, result: Result<T, Refusal>) -> Result<T, Refusal> {
        match result {
            Err(Refusal::Db(_)) if self.is_over() => Err(Refusal::TimedOut),
            result => result,
        }
    }
}

/// What is stored, bytes of BSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = databoard_totals, check_for_backend(diesel::pg::Pg))]
struct Totals {
    dashboards_bytes: i64,
    versions_bytes: i64,
}

impl Totals {
    /// Waits for other writers to end, then keeps further ones waiting until the transaction ends.
    async fn lock(conn: &mut Connection, deadline: Deadline) -> Result<Self, Refusal> {
        deadline.bound(conn).await?;
        let totals = databoard_totals::table.select(Self::as_select()).for_update().get_result(conn).await?;
        deadline.bound(conn).await?;
        Ok(totals)
    }

    async fn store(self, conn: &mut Connection, now: DateTime<Utc>) -> Result<(), Refusal> {
        diesel::update(databoard_totals::table)
            .set((
                databoard_totals::dashboards_bytes.eq(self.dashboards_bytes),
                databoard_totals::versions_bytes.eq(self.versions_bytes),
                databoard_totals::computed_at.eq(now),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }
}

/// How long after a deadline a server that ends statements itself may take to say so.
const GRACE: Duration = Duration::from_millis(500);
/// How long a server may take to say that a transaction has ended.
const ENDING: Duration = Duration::from_secs(10);

/// Runs `work`, which has until `deadline`, in a transaction.
async fn write<T>(
    conn: &mut Connection,
    deadline: Deadline,
    work: impl AsyncFnOnce(&mut Connection) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    transaction(conn, deadline, async |conn| deadline.told(work(conn).await)).await
}

/// Runs `work` in a transaction. Given up before its end, because the server answers nothing at all until the deadline is
/// over, or because the client has gone, it leaves the connection in that transaction: whoever has it must close it
/// ([`give_back`](crate::db::connect::give_back)).
async fn transaction<T, E: From<diesel::result::Error> + From<Refusal>>(
    conn: &mut Connection,
    deadline: Deadline,
    work: impl AsyncFnOnce(&mut Connection) -> Result<T, E>,
) -> Result<T, E> {
    let begun = async {
        AnsiTransactionManager::begin_transaction(conn).await?;
        work(conn).await
    };
    let result = match deadline.left() {
        None => begun.await,
        Some(left) => match tokio::time::timeout(left + GRACE, begun).await {
            Ok(result) => result,
            Err(_) => return Err(Refusal::TimedOut.into()),
        },
    };
    let ending = async {
        match &result {
            Ok(_) => AnsiTransactionManager::commit_transaction(conn).await,
            Err(_) => AnsiTransactionManager::rollback_transaction(conn).await,
        }
    };
    match (tokio::time::timeout(ENDING, ending).await, &result) {
        (Ok(ended), _) => ended?,
        // Whether it was committed nobody knows.
        (Err(_), Ok(_)) => return Err(Refusal::NoAnswer.into()),
        (Err(_), Err(_)) => {}
    }
    result
}

/// Sizes are far below 2^63.
fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Sizes are never negative (a check of the tables).
fn unsigned(bytes: i64) -> u64 {
    u64::try_from(bytes).unwrap_or(0)
}
