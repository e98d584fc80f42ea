//! Earlier bodies: what a dashboard held before, and what was in those that are gone.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};
use diesel_async::RunQueryDsl;

use super::dashboards::Whole;
use super::{Deadline, Limits, Refusal, Totals, transaction, unsigned};
use crate::db::connect::Connection;
use crate::db::error::DbError;
use crate::db::schema::{databoard_bodies as bodies, databoard_dashboards as dashboards, databoard_versions as table};

/// Earlier bodies of one dashboard that are kept.
const KEPT_BODIES: i64 = 20;
/// How long one is kept.
const KEPT_DAYS: i64 = 30;
/// Bodies that are looked at together when there are too many.
const PAGE: i64 = 1000;
/// What one writer lets go of, bytes.
const PRUNED_BYTES: i64 = 64 * 1024 * 1024;

/// What ended a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Replaced,
    Deleted,
    Evicted,
}

impl Ending {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::Deleted => "deleted",
            Self::Evicted => "evicted",
        }
    }
}

/// An earlier body, without its text.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = table, check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "fields are columns of metrics.databoard_versions, described there")]
pub struct Version {
    pub version: i64,
    pub size_bytes: i64,
    pub ended_by: String,
    pub ended_at: DateTime<Utc>,
}

/// Earlier bodies of a dashboard, the newest first; `None` when there is no such dashboard.
pub async fn versions(conn: &mut Connection, id: &str, now: DateTime<Utc>) -> Result<Option<Vec<Version>>, DbError> {
    let found = dashboards::table.find(id).select(dashboards::version).get_result::<i64>(conn).await.optional()?;
    if found.is_none() {
        return Ok(None);
    }
    let versions = table::table
        .filter(table::dashboard_id.eq(id))
        .filter(table::ended_at.ge(too_old(now)))
        .order(table::version.desc())
        .limit(KEPT_BODIES)
        .select(Version::as_select())
        .load(conn)
        .await?;
    Ok(Some(versions))
}

/// Bodies that ended before are not kept, also where no writer has let go of them yet.
fn too_old(now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::days(KEPT_DAYS)
}

/// The text of an earlier body.
pub async fn body_of_version(
    conn: &mut Connection,
    id: &str,
    version: i64,
    now: DateTime<Utc>,
) -> Result<Option<String>, DbError> {
    // The current body has a number, too, but is no earlier one.
    let earlier = table::table.find((id, version)).filter(table::ended_at.ge(too_old(now)));
    let is_earlier = diesel::select(diesel::dsl::exists(earlier));
    if !is_earlier.get_result::<bool>(conn).await? {
        return Ok(None);
    }
    Ok(bodies::table.find((id, version)).select(bodies::body).get_result(conn).await.optional()?)
}

/// Number of the newest earlier body.
pub(super) async fn newest(conn: &mut Connection, id: &str) -> Result<Option<i64>, DbError> {
    let newest = table::table.filter(table::dashboard_id.eq(id)).select(diesel::dsl::max(table::version));
    Ok(newest.get_result(conn).await?)
}

/// The last body of a dashboard that is gone, and what comes back with it.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = table, check_for_backend(diesel::pg::Pg))]
struct Last {
    version: i64,
    size_bytes: i64,
    widgets: Option<i32>,
    whitelisted: bool,
    protected: bool,
    whitelisted_at: Option<DateTime<Utc>>,
    protected_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

/// Brings a dashboard back that was deleted or evicted, with the body, the number and the flags that it had last. It makes
/// no room for it.
pub async fn undelete(conn: &mut Connection, id: &str, now: impl FnOnce() -> DateTime<Utc>) -> Result<i64, Refusal> {
    transaction(conn, Deadline::NONE, async |conn| {
        let mut totals = Totals::lock(conn, Deadline::NONE).await?;
        let now = now();
        let exists = diesel::select(diesel::dsl::exists(dashboards::table.find(id)));
        if exists.get_result(conn).await? {
            return Err(Refusal::Exists);
        }
        let last: Option<Last> = table::table
            .filter(table::dashboard_id.eq(id))
            .filter(table::ended_at.ge(too_old(now)))
            .order(table::version.desc())
            .select(Last::as_select())
            .first(conn)
            .await
            .optional()?;
        let last = last.ok_or(Refusal::NotFound)?;
        diesel::delete(table::table.find((id, last.version))).execute(conn).await?;
        diesel::insert_into(dashboards::table)
            .values((
                dashboards::id.eq(id),
                dashboards::size_bytes.eq(last.size_bytes),
                dashboards::version.eq(last.version),
                dashboards::widgets.eq(last.widgets),
                dashboards::last_access.eq(now),
                dashboards::whitelisted.eq(last.whitelisted),
                dashboards::protected.eq(last.protected),
                dashboards::whitelisted_at.eq(last.whitelisted_at),
                dashboards::protected_at.eq(last.protected_at),
                dashboards::created_at.eq(last.created_at),
                dashboards::computed_at.eq(now),
            ))
            .execute(conn)
            .await?;
        totals.dashboards_bytes += last.size_bytes;
        totals.versions_bytes -= last.size_bytes;
        totals.store(conn, now).await?;
        Ok(last.version)
    })
    .await
}

/// Keeps the body of a dashboard that is about to change or go, and lets go of its oldest.
pub(super) async fn keep(
    conn: &mut Connection,
    totals: &mut Totals,
    whole: &Whole,
    ending: Ending,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    diesel::insert_into(table::table)
        .values((
            table::dashboard_id.eq(&whole.id),
            table::version.eq(whole.version),
            table::size_bytes.eq(whole.size_bytes),
            table::ended_by.eq(ending.word()),
            table::ended_at.eq(now),
            table::created_at.eq(whole.created_at),
            table::computed_at.eq(now),
            table::widgets.eq(whole.widgets),
            table::whitelisted.eq(whole.whitelisted),
            table::protected.eq(whole.protected),
            table::whitelisted_at.eq(whole.whitelisted_at),
            table::protected_at.eq(whole.protected_at),
        ))
        .execute(conn)
        .await?;
    totals.versions_bytes += whole.size_bytes;
    let older = table::dashboard_id.eq(&whole.id).and(table::version.le(whole.version - KEPT_BODIES));
    let older: Vec<Oldest> = table::table.filter(older).select(Oldest::as_select()).load(conn).await?;
    let_go(conn, totals, &older).await
}

/// A version that may go.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = table, check_for_backend(diesel::pg::Pg))]
struct Oldest {
    dashboard_id: String,
    version: i64,
    size_bytes: i64,
    ended_at: DateTime<Utc>,
}

/// Lets go of bodies that are too old, and of the oldest when all take too much.
///
/// Deleting takes as long as what is deleted is large: one writer lets go of [`PRUNED_BYTES`], the next ones of the rest.
pub(super) async fn prune(
    conn: &mut Connection,
    totals: &mut Totals,
    limits: &Limits,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let oldest: Vec<Oldest> = table::table
        .order((table::ended_at, table::dashboard_id, table::version))
        .limit(PAGE)
        .select(Oldest::as_select())
        .load(conn)
        .await?;
    let too_old = too_old(now);
    let (mut total, mut pruned) = (totals.versions_bytes, 0);
    let goes = |version: &Oldest| {
        let goes = version.ended_at < too_old || unsigned(total) > limits.history_max_bytes;
        let goes = goes && pruned < PRUNED_BYTES;
        total -= version.size_bytes;
        pruned += version.size_bytes;
        goes
    };
    let count = oldest.iter().map(goes).take_while(|goes| *goes).count();
    let_go(conn, totals, &oldest[..count]).await
}

async fn let_go(conn: &mut Connection, totals: &mut Totals, versions: &[Oldest]) -> Result<(), Refusal> {
    if versions.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = versions.iter().map(|version| version.dashboard_id.as_str()).collect();
    let numbers: Vec<_> = versions.iter().map(|version| version.version).collect();
    diesel::sql_query(include_str!("let_go.sql"))
        .bind::<Array<Text>, _>(ids)
        .bind::<Array<BigInt>, _>(numbers)
        .execute(conn)
        .await?;
    totals.versions_bytes -= versions.iter().map(|version| version.size_bytes).sum::<i64>();
    Ok(())
}
