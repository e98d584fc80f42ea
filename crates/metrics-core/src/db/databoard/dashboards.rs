//! Dashboards: made, read, changed, deleted, marked.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use super::versions::{self, Ending};
use super::{Body, Deadline, Limits, Refusal, Totals, Written, room, signed, write};
use crate::db::connect::Connection;
use crate::db::error::DbError;
use crate::db::schema::{
    databoard_bodies as bodies, databoard_dashboards as table, databoard_totals, databoard_versions,
};

/// What a reader gets.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Current {
    /// JSON.
    #[diesel(sql_type = Text)]
    pub body: String,
    /// Number of the body.
    #[diesel(sql_type = BigInt)]
    pub version: i64,
}

/// A dashboard that is about to change or go.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = table, check_for_backend(diesel::pg::Pg))]
pub(super) struct Whole {
    pub(super) id: String,
    pub(super) size_bytes: i64,
    pub(super) version: i64,
    pub(super) widgets: Option<i32>,
    pub(super) whitelisted: bool,
    pub(super) protected: bool,
    pub(super) whitelisted_at: Option<DateTime<Utc>>,
    pub(super) protected_at: Option<DateTime<Utc>>,
    pub(super) created_at: DateTime<Utc>,
}

/// All of a dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = table, check_for_backend(diesel::pg::Pg))]
pub struct Record {
    /// Its id.
    pub id: String,
    /// JSON.
    #[diesel(select_expression = bodies::body)]
    pub body: String,
    /// Length of the body in BSON, bytes.
    pub size_bytes: i64,
    /// When it was last read or changed.
    pub last_access: DateTime<Utc>,
    whitelisted: bool,
    protected: bool,
    whitelisted_at: Option<DateTime<Utc>>,
    protected_at: Option<DateTime<Utc>>,
}

impl Record {
    /// Whether it is never evicted; `None` when nobody ever said.
    pub fn whitelisted(&self) -> Option<bool> {
        self.whitelisted_at.map(|_| self.whitelisted)
    }

    /// Whether only maintenance changes it; `None` when nobody ever said.
    pub fn protected(&self) -> Option<bool> {
        self.protected_at.map(|_| self.protected)
    }
}

/// Dashboards beside what they hold.
#[diesel::dsl::auto_type]
pub(super) fn with_bodies() -> _ {
    let current = bodies::dashboard_id.eq(table::id).and(bodies::version.eq(table::version));
    table::table.inner_join(bodies::table.on(current))
}

/// Stores a body, which its dashboard then names.
pub(super) async fn put_body(
    conn: &mut Connection,
    id: &str,
    version: i64,
    json: &str,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let body =
        (bodies::dashboard_id.eq(id), bodies::version.eq(version), bodies::body.eq(json), bodies::computed_at.eq(now));
    diesel::insert_into(bodies::table).values(body).execute(conn).await?;
    Ok(())
}

/// Reads a body, and remembers that it was read.
pub async fn read(conn: &mut Connection, id: &str, now: DateTime<Utc>) -> Result<Option<Current>, DbError> {
    let touched = diesel::sql_query(include_str!("read.sql")).bind::<Text, _>(id).bind::<Timestamptz, _>(now);
    Ok(touched.get_result(conn).await.optional()?)
}

/// All of a dashboard, which does not count as reading it.
pub async fn record(conn: &mut Connection, id: &str) -> Result<Option<Record>, DbError> {
    let found = with_bodies().filter(table::id.eq(id)).select(Record::as_select());
    Ok(found.get_result(conn).await.optional()?)
}

/// Whether a dashboard is protected; `None` when there is none.
pub async fn is_protected(conn: &mut Connection, id: &str) -> Result<Option<bool>, DbError> {
    Ok(table::table.find(id).select(table::protected).get_result(conn).await.optional()?)
}

/// Stores a new dashboard, and makes room. `now` is asked when the other writers have ended: what was read while this one
/// waited was read before it.
pub async fn create(
    conn: &mut Connection,
    id: &str,
    body: Body<'_>,
    limits: &Limits,
    now: impl FnOnce() -> DateTime<Utc>,
    deadline: Deadline,
) -> Result<Written, Refusal> {
    write(conn, deadline, async |conn| {
        let mut totals = Totals::lock(conn, deadline).await?;
        let now = now();
        put_body(conn, id, 1, body.json, now).await?;
        diesel::insert_into(table::table)
            .values((
                table::id.eq(id),
                table::size_bytes.eq(signed(body.size_bytes)),
                table::widgets.eq(body.widgets()),
                table::version.eq(1),
                table::last_access.eq(now),
                table::created_at.eq(now),
                table::computed_at.eq(now),
            ))
            .execute(conn)
            .await?;
        totals.dashboards_bytes += signed(body.size_bytes);
        finish(conn, totals, id, 1, limits, now, deadline).await
    })
    .await
}

/// Puts `body` in the place of the one that a dashboard has, and makes room. `expected`: the version that it must have.
pub async fn replace(
    conn: &mut Connection,
    id: &str,
    body: Body<'_>,
    expected: Option<i64>,
    limits: &Limits,
    now: impl FnOnce() -> DateTime<Utc>,
    deadline: Deadline,
) -> Result<Written, Refusal> {
    write(conn, deadline, async |conn| {
        let mut totals = Totals::lock(conn, deadline).await?;
        let now = now();
        let whole = hold(conn, id, expected).await?;
        versions::keep(conn, &mut totals, &whole, Ending::Replaced, now).await?;
        let version = whole.version + 1;
        put_body(conn, id, version, body.json, now).await?;
        diesel::update(table::table.find(id))
            .set((
                table::size_bytes.eq(signed(body.size_bytes)),
                table::widgets.eq(body.widgets()),
                table::version.eq(version),
                table::last_access.eq(now),
                table::computed_at.eq(now),
            ))
            .execute(conn)
            .await?;
        totals.dashboards_bytes += signed(body.size_bytes) - whole.size_bytes;
        finish(conn, totals, id, version, limits, now, deadline).await
    })
    .await
}

/// Deletes a dashboard, and gives the body that it had. `expected`: the version that it must have.
pub async fn remove(
    conn: &mut Connection,
    id: &str,
    expected: Option<i64>,
    limits: &Limits,
    now: impl FnOnce() -> DateTime<Utc>,
    deadline: Deadline,
) -> Result<String, Refusal> {
    write(conn, deadline, async |conn| {
        let mut totals = Totals::lock(conn, deadline).await?;
        let now = now();
        let whole = hold(conn, id, expected).await?;
        let body = bodies::table.find((id, whole.version)).select(bodies::body).get_result(conn).await?;
        versions::keep(conn, &mut totals, &whole, Ending::Deleted, now).await?;
        diesel::delete(table::table.find(id)).execute(conn).await?;
        totals.dashboards_bytes -= whole.size_bytes;
        versions::prune(conn, &mut totals, limits, now).await?;
        totals.store(conn, now).await?;
        Ok(body)
    })
    .await
}

/// The dashboard, kept from others until the transaction ends, if it may be changed.
async fn hold(conn: &mut Connection, id: &str, expected: Option<i64>) -> Result<Whole, Refusal> {
    let whole: Option<Whole> =
        table::table.find(id).select(Whole::as_select()).for_update().get_result(conn).await.optional()?;
    let whole = whole.ok_or(Refusal::NotFound)?;
    if whole.protected {
        return Err(Refusal::Protected);
    }
    match expected {
        Some(expected) if expected != whole.version => Err(Refusal::OtherVersion(whole.version)),
        _ => Ok(whole),
    }
}

/// What follows a stored body: room is made, earlier bodies are let go, and the totals stored.
async fn finish(
    conn: &mut Connection,
    mut totals: Totals,
    id: &str,
    version: i64,
    limits: &Limits,
    now: DateTime<Utc>,
    deadline: Deadline,
) -> Result<Written, Refusal> {
    let evicted = room::make_room(conn, &mut totals, limits, now, deadline).await?;
    let is_evicted = evicted.iter().any(|evicted| evicted.id == id);
    if is_evicted && limits.is_strict {
        return Err(Refusal::NoRoom);
    }
    versions::prune(conn, &mut totals, limits, now).await?;
    deadline.bound(conn).await?;
    totals.store(conn, now).await?;
    Ok(Written { version, is_evicted })
}

/// What operators mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// Never evicted.
    Whitelisted,
    /// Neither changed nor deleted but by maintenance. Setting it sets [`Flag::Whitelisted`] too.
    Protected,
}

/// Sets a flag or takes it away; false when there is no such dashboard.
pub async fn set(
    conn: &mut Connection,
    id: &str,
    flag: Flag,
    value: bool,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let dashboard = diesel::update(table::table.find(id));
    let whitelisted = (table::whitelisted.eq(value), table::whitelisted_at.eq(now), table::computed_at.eq(now));
    let protected = (table::protected.eq(value), table::protected_at.eq(now), table::computed_at.eq(now));
    let changed = match (flag, value) {
        (Flag::Whitelisted, _) => dashboard.set(whitelisted).execute(conn).await?,
        (Flag::Protected, false) => dashboard.set(protected).execute(conn).await?,
        (Flag::Protected, true) => {
            let both = (table::whitelisted.eq(true), table::whitelisted_at.eq(now), protected);
            dashboard.set(both).execute(conn).await?
        }
    };
    Ok(changed == 1)
}

/// What an operator sees of a dashboard in a list.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = table, check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "fields are columns of metrics.databoard_dashboards, described there")]
pub struct Summary {
    pub id: String,
    pub widgets: Option<i32>,
    pub size_bytes: i64,
    pub version: i64,
    pub last_access: DateTime<Utc>,
    pub whitelisted: bool,
    pub protected: bool,
    pub created_at: DateTime<Utc>,
}

/// Dashboards after the id `after`, at most `limit`, in the order of their ids.
pub async fn list(conn: &mut Connection, after: &str, limit: u32) -> Result<Vec<Summary>, DbError> {
    let dashboards = table::table
        .filter(table::id.gt(after))
        .order(table::id)
        .limit(limit.into())
        .select(Summary::as_select())
        .load(conn)
        .await?;
    Ok(dashboards)
}

/// How much is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Number of dashboards.
    pub dashboards: i64,
    /// Of them those that are never evicted.
    pub whitelisted: i64,
    /// Of all those that only maintenance changes.
    pub protected: i64,
    /// What all take, bytes of BSON.
    pub dashboards_bytes: i64,
    /// Number of earlier bodies.
    pub versions: i64,
    /// What these take, bytes of BSON.
    pub versions_bytes: i64,
}

/// What dashboards take, bytes of BSON.
pub async fn dashboards_bytes(conn: &mut Connection) -> Result<i64, DbError> {
    Ok(databoard_totals::table.select(databoard_totals::dashboards_bytes).get_result(conn).await?)
}

/// How much is stored.
pub async fn stats(conn: &mut Connection) -> Result<Stats, DbError> {
    let (dashboards_bytes, versions_bytes) = databoard_totals::table
        .select((databoard_totals::dashboards_bytes, databoard_totals::versions_bytes))
        .get_result(conn)
        .await?;
    Ok(Stats {
        dashboards: table::table.count().get_result(conn).await?,
        whitelisted: table::table.filter(table::whitelisted).count().get_result(conn).await?,
        protected: table::table.filter(table::protected).count().get_result(conn).await?,
        dashboards_bytes,
        versions: databoard_versions::table.count().get_result(conn).await?,
        versions_bytes,
    })
}
