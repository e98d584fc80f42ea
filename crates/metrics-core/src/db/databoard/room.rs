//! Making room: dashboards that were not read for longest go.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use super::versions::{self, Ending};
use super::{Deadline, Limits, Refusal, Totals, transaction, unsigned};
use crate::dashboard::{Candidate, choose};
use crate::db::connect::Connection;

/// Candidates that are looked at together.
const PAGE: i64 = 1000;

/// A dashboard that went, or would go.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Evicted {
    /// Its id.
    #[diesel(sql_type = Text)]
    pub id: String,
    /// Its length in BSON, bytes.
    #[diesel(sql_type = BigInt)]
    pub size_bytes: i64,
    /// When it was last read or changed.
    #[diesel(sql_type = Timestamptz)]
    pub last_access: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

/// Makes room now, if dashboards take too much. With `is_dry` only tells which would go.
pub async fn evict(
    conn: &mut Connection,
    limits: &Limits,
    is_dry: bool,
    now: impl FnOnce() -> DateTime<Utc>,
) -> Result<Vec<Evicted>, Refusal> {
    transaction(conn, Deadline::NONE, async |conn| {
        let mut totals = Totals::lock(conn, Deadline::NONE).await?;
        if is_dry {
            return would_go(conn, totals, limits).await;
        }
        let now = now();
        let evicted = make_room(conn, &mut totals, limits, now, Deadline::NONE).await?;
        versions::prune(conn, &mut totals, limits, now).await?;
        totals.store(conn, now).await?;
        Ok(evicted)
    })
    .await
}

/// Deletes what has to go, and keeps its bodies as earlier ones.
///
/// A hundred thousand dashboards take longer than a writer has: it ends in time, so that it succeeds, and the next ones go
/// on.
pub(super) async fn make_room(
    conn: &mut Connection,
    totals: &mut Totals,
    limits: &Limits,
    now: DateTime<Utc>,
    deadline: Deadline,
) -> Result<Vec<Evicted>, Refusal> {
    let mut all = Vec::new();
    let Some(target) = limits.quota.target_bytes(unsigned(totals.dashboards_bytes)) else { return Ok(all) };
    let enough = deadline.left().map(|left| left / 2);
    let mut after = None;
    loop {
        let oldest = oldest(conn, after.as_ref()).await?;
        let chosen: Vec<_> = chosen(&oldest, unsigned(totals.dashboards_bytes), target).collect();
        let Some(last) = chosen.last() else { return Ok(all) };
        if deadline.left() < enough {
            tracing::warn!(
                "dashboards take {} bytes, more than {target}: the next writers make room",
                totals.dashboards_bytes
            );
            return Ok(all);
        }
        after = Some((*last).clone());
        deadline.bound(conn).await?;
        let gone = delete(conn, &chosen, now).await?;
        let gone: HashSet<_> = gone.into_iter().map(|gone| gone.id).collect();
        for evicted in chosen.into_iter().filter(|candidate| gone.contains(&candidate.id)) {
            totals.dashboards_bytes -= evicted.size_bytes;
            totals.versions_bytes += evicted.size_bytes;
            all.push(evicted.clone());
        }
        // One that was read after it was chosen is still there, and is now younger than those of this round.
    }
}

/// What would go, by the same choice.
async fn would_go(conn: &mut Connection, totals: Totals, limits: &Limits) -> Result<Vec<Evicted>, Refusal> {
    let mut all = Vec::new();
    let mut total = unsigned(totals.dashboards_bytes);
    let Some(target) = limits.quota.target_bytes(total) else { return Ok(all) };
    loop {
        let oldest = oldest(conn, all.last()).await?;
        let chosen: Vec<_> = chosen(&oldest, total, target).cloned().collect();
        if chosen.is_empty() {
            return Ok(all);
        }
        total = total.saturating_sub(chosen.iter().map(|candidate| unsigned(candidate.size_bytes)).sum());
        all.extend(chosen);
    }
}

/// Those that may go, in the order in which they would: the first ones, or those that follow `after`.
async fn oldest(conn: &mut Connection, after: Option<&Evicted>) -> Result<Vec<Evicted>, Refusal> {
    let oldest = diesel::sql_query(include_str!("oldest.sql"))
        .bind::<Nullable<Timestamptz>, _>(after.map(|after| after.last_access))
        .bind::<Nullable<Timestamptz>, _>(after.map(|after| after.created_at))
        .bind::<Nullable<Text>, _>(after.map(|after| after.id.as_str()))
        .bind::<BigInt, _>(PAGE)
        .load(conn)
        .await?;
    Ok(oldest)
}

fn chosen(oldest: &[Evicted], total: u64, target: u64) -> impl Iterator<Item = &Evicted> {
    let candidates = oldest.iter().map(|id| Candidate { id, size_bytes: unsigned(id.size_bytes) });
    choose(total, target, candidates).map(|candidate| candidate.id)
}

#[derive(QueryableByName)]
struct Gone {
    #[diesel(sql_type = Text)]
    id: String,
}

/// Deletes those of `chosen` that are still as they were when they were chosen.
async fn delete(conn: &mut Connection, chosen: &[&Evicted], now: DateTime<Utc>) -> Result<Vec<Gone>, Refusal> {
    let ids: Vec<_> = chosen.iter().map(|candidate| candidate.id.as_str()).collect();
    let last_accesses: Vec<_> = chosen.iter().map(|candidate| candidate.last_access).collect();
    let gone = diesel::sql_query(include_str!("evict.sql"))
        .bind::<Array<Text>, _>(ids)
        .bind::<Array<Timestamptz>, _>(last_accesses)
        .bind::<Text, _>(Ending::Evicted.word())
        .bind::<Timestamptz, _>(now)
        .load(conn)
        .await?;
    Ok(gone)
}
