//! `metrics.databoard_series`: names and ids of our own channels.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};
use diesel_async::{AsyncConnection as _, RunQueryDsl};

use crate::channel::catalogue::{Described, Series};
use crate::channel::names::{Backend, Metric, Named, Subject, new_names};
use crate::db::connect::Connection;
use crate::db::error::DbError;
use crate::db::schema::databoard_series as t;

/// Number of the advisory lock under which names are given: "channels" in ASCII.
const LOCK: i64 = 0x6368_616e_6e65_6c73;
/// Channels that get their ids in one transaction.
const PART: usize = 10_000;

/// The channels of `backend` that have an id, those of subjects that are gone too.
pub async fn all(conn: &mut Connection, backend: Backend) -> Result<Vec<Series>, DbError> {
    after(conn, backend, 0).await
}

/// Those whose ids come after `id`, by their ids.
async fn after(conn: &mut Connection, backend: Backend, id: i64) -> Result<Vec<Series>, DbError> {
    let rows: Vec<(i64, String, String, String, String)> = t::table
        .filter(t::backend.eq(backend.name()).and(t::series_id.gt(id)))
        .order(t::series_id)
        .select((t::series_id, t::name, t::environment, t::subject, t::metric))
        .load(conn)
        .await?;
    let series = rows.into_iter().filter_map(|(series_id, name, environment, subject, metric)| {
        let subject = Subject::stored(backend, &environment, &subject)?;
        // A metric of a newer program is not this one's to show.
        let metric = Metric::stored(&subject, &metric)?;
        Some(Series { series_id, named: Named { subject, metric, name } })
    });
    Ok(series.collect())
}

/// The channels of `subjects`, all of `backend`, that have no id among `series`.
pub fn missing(series: &[Series], subjects: &[Described]) -> Vec<Named> {
    new_names(series.iter().map(|series| &series.named), subjects.iter().map(|described| &described.subject))
}

/// Gives ids to those channels of `subjects` that have none, and reads [`all`] of them.
///
/// Parts of them are a transaction each: when this is given up or fails, what has been given stays, and the next one goes
/// on from there. Call it outside of a transaction.
pub async fn complete(conn: &mut Connection, backend: Backend, subjects: &[Described]) -> Result<Vec<Series>, DbError> {
    let mut series = all(conn, backend).await?;
    'again: loop {
        for part in missing(&series, subjects).chunks(PART) {
            let last = series.last().map_or(0, |series| series.series_id);
            let (new, is_given) = conn.transaction(async |conn| give(conn, backend, part, last).await).await?;
            series.extend(new);
            if !is_given {
                // Their names may be those that were found for the rest.
                continue 'again;
            }
        }
        return Ok(series);
    }
}

/// Gives ids to `part`, unless others were given after the id `last`; the channels after it, and whether ids were given.
///
/// Until the transaction ends, no other one gives ids, so that they come in the order of transactions.
async fn give(
    conn: &mut Connection,
    backend: Backend,
    part: &[Named],
    last: i64,
) -> Result<(Vec<Series>, bool), DbError> {
    diesel::sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(LOCK).execute(conn).await?;
    let others = after(conn, backend, last).await?;
    if !others.is_empty() {
        return Ok((others, false));
    }
    let column = |of: fn(&Named) -> &str| part.iter().map(of).collect::<Vec<_>>();
    let keys: Vec<_> = part.iter().map(|named| named.subject.key()).collect();
    diesel::sql_query(include_str!("series_insert.sql"))
        .bind::<Text, _>(backend.name())
        .bind::<Array<Text>, _>(column(|named| &named.name))
        .bind::<Array<Text>, _>(column(|named| named.subject.environment()))
        .bind::<Array<Text>, _>(keys)
        .bind::<Array<Text>, _>(column(|named| named.metric.name()))
        .execute(conn)
        .await?;
    Ok((after(conn, backend, last).await?, true))
}
