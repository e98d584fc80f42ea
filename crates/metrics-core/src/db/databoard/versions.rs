//! Earlier bodies: what a dashboard held before, and what was in those that are gone.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::dashboards::Whole;
use super::{Deadline, Limits, Refusal, Totals, transaction, unsigned};
use crate::dashboard::{Candidate, choose};
use crate::db::connect::Connection;
use crate::db::error::DbError;
use crate::db::schema::{databoard_dashboards as dashboards, databoard_versions as table};

/// Earlier bodies of one dashboard that are kept.
const KEPT_BODIES: i64 = 20;
/// How long one is kept.
const KEPT_DAYS: i64 = 30;
/// Bodies that are looked at together when there are too many.
const PAGE: i64 = 1000;

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
pub async fn versions(conn: &mut Connection, id: &str) -> Result<Option<Vec<Version>>, DbError> {
    let found = dashboards::table.find(id).select(dashboards::version).get_result::<i64>(conn).await.optional()?;
    if found.is_none() {
        return Ok(None);
    }
    let versions = table::table
        .filter(table::dashboard_id.eq(id))
        .order(table::version.desc())
        .select(Version::as_select())
        .load(conn)
        .await?;
    Ok(Some(versions))
}

/// The text of an earlier body.
pub async fn body_of_version(conn: &mut Connection, id: &str, version: i64) -> Result<Option<String>, DbError> {
    Ok(table::table.find((id, version)).select(table::body).get_result(conn).await.optional()?)
}

/// Number of the newest earlier body.
pub(super) async fn newest(conn: &mut Connection, id: &str) -> Result<Option<i64>, DbError> {
    let newest = table::table.filter(table::dashboard_id.eq(id)).select(diesel::dsl::max(table::version));
    Ok(newest.get_result(conn).await?)
}

/// Brings a dashboard back that was deleted or evicted, with the body and the number that it had last. It makes no room
/// for it.
pub async fn undelete(conn: &mut Connection, id: &str, now: DateTime<Utc>) -> Result<i64, Refusal> {
    transaction(conn, async |conn| {
        let mut totals = Totals::lock(conn, Deadline::NONE).await?;
        let exists = diesel::select(diesel::dsl::exists(dashboards::table.find(id)));
        if exists.get_result(conn).await? {
            return Err(Refusal::Exists);
        }
        let last: Option<(i64, String, i64, DateTime<Utc>)> = table::table
            .filter(table::dashboard_id.eq(id))
            .order(table::version.desc())
            .select((table::version, table::body, table::size_bytes, table::created_at))
            .first(conn)
            .await
            .optional()?;
        let (version, body, size_bytes, created_at) = last.ok_or(Refusal::NotFound)?;
        diesel::delete(table::table.find((id, version))).execute(conn).await?;
        diesel::insert_into(dashboards::table)
            .values((
                dashboards::id.eq(id),
                dashboards::body.eq(body),
                dashboards::size_bytes.eq(size_bytes),
                dashboards::version.eq(version),
                dashboards::last_access.eq(now),
                dashboards::created_at.eq(created_at),
                dashboards::computed_at.eq(now),
            ))
            .execute(conn)
            .await?;
        totals.dashboards_bytes += size_bytes;
        totals.versions_bytes -= size_bytes;
        totals.store(conn, now).await?;
        Ok(version)
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
            table::body.eq(&whole.body),
            table::size_bytes.eq(whole.size_bytes),
            table::ended_by.eq(ending.word()),
            table::ended_at.eq(now),
            table::created_at.eq(whole.created_at),
            table::computed_at.eq(now),
        ))
        .execute(conn)
        .await?;
    totals.versions_bytes += whole.size_bytes;
    let older = table::dashboard_id.eq(&whole.id).and(table::version.le(whole.version - KEPT_BODIES));
    let gone: Vec<i64> =
        diesel::delete(table::table.filter(older)).returning(table::size_bytes).get_results(conn).await?;
    totals.versions_bytes -= gone.iter().sum::<i64>();
    Ok(())
}

/// Lets go of bodies that are too old, and of the oldest when all take too much.
pub(super) async fn prune(
    conn: &mut Connection,
    totals: &mut Totals,
    limits: &Limits,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let too_old = table::ended_at.lt(now - TimeDelta::days(KEPT_DAYS));
    let gone: Vec<i64> =
        diesel::delete(table::table.filter(too_old)).returning(table::size_bytes).get_results(conn).await?;
    totals.versions_bytes -= gone.iter().sum::<i64>();
    loop {
        let total = unsigned(totals.versions_bytes);
        if total <= limits.history_max_bytes {
            return Ok(());
        }
        let oldest: Vec<(String, i64, i64)> = table::table
            .order((table::ended_at, table::dashboard_id, table::version))
            .limit(PAGE)
            .select((table::dashboard_id, table::version, table::size_bytes))
            .load(conn)
            .await?;
        if oldest.is_empty() {
            return Ok(());
        }
        let candidates =
            oldest.iter().map(|(id, version, size)| Candidate { id: (id, *version), size_bytes: unsigned(*size) });
        for Candidate { id: (id, version), size_bytes } in choose(total, limits.history_max_bytes, candidates) {
            diesel::delete(table::table.find((id, version))).execute(conn).await?;
            totals.versions_bytes -= super::signed(size_bytes);
        }
    }
}
