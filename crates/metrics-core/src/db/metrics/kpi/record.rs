//! Writing: runs, their results, and where these went.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use chrono::{DateTime, SubsecRound as _, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::read::StoredKpi;
use super::{JsonText, changed};
use crate::db::schema::{kpi, kpi_deliveries, kpi_results, kpi_runs};
use crate::db::{Connection, DbError};
use crate::kpi::{Form, Outcome, ResultStatus, RunStatus, free_slug, storable_error};

/// Rows per INSERT. A statement takes 65,535 binds, and a row is 14 of them.
const ROWS_PER_INSERT: usize = 2_000;

/// What is known of a run when it starts.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Environment of the definitions.
    pub environment: String,
    /// Instant of which the values speak.
    pub as_of: DateTime<Utc>,
    /// When it started; kept in whole seconds, as sheets have it.
    pub started_at: DateTime<Utc>,
    /// What started it.
    pub trigger: String,
    /// Name of the machine.
    pub host: String,
    /// Hash of the definitions.
    pub definition_hash: String,
    /// KPIs that are to run.
    pub kpis: usize,
}

/// A run that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Its number.
    pub run: i64,
    /// Runs of the environment that were still called running, and are interrupted from now on.
    pub interrupted: Vec<i64>,
}

/// Inserts a run as running. The lock of the environment is held, so others that are called running have no process.
pub async fn begin(conn: &mut Connection, new: &NewRun) -> Result<Begun, DbError> {
    let started_at = new.started_at.trunc_subsecs(0);
    conn.transaction(async |conn| {
        let interrupted = diesel::update(kpi_runs::table)
            .filter(kpi_runs::environment.eq(&new.environment))
            .filter(kpi_runs::status.eq(RunStatus::Running.as_str()))
            .set((kpi_runs::status.eq(RunStatus::Interrupted.as_str()), kpi_runs::computed_at.eq(new.started_at)))
            .returning(kpi_runs::id)
            .get_results(conn)
            .await?;
        let run = diesel::insert_into(kpi_runs::table)
            .values((
                kpi_runs::environment.eq(&new.environment),
                kpi_runs::as_of.eq(new.as_of),
                kpi_runs::started_at.eq(started_at),
                kpi_runs::trigger.eq(&new.trigger),
                kpi_runs::host.eq(&new.host),
                kpi_runs::definition_hash.eq(&new.definition_hash),
                kpi_runs::kpis.eq(count(new.kpis)),
                kpi_runs::status.eq(RunStatus::Running.as_str()),
                kpi_runs::computed_at.eq(new.started_at),
            ))
            .returning(kpi_runs::id)
            .get_result(conn)
            .await?;
        changed(conn, new.started_at).await?;
        Ok(Begun { run, interrupted })
    })
    .await
}

/// What a definition says of a KPI besides its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KpiEntry {
    /// The key.
    pub name: String,
    /// What the value counts or measures.
    pub unit: Option<String>,
    /// What it tells.
    pub description: Option<String>,
    /// Its place in the definitions, from 0.
    pub position: usize,
}

#[derive(Insertable)]
#[diesel(table_name = kpi)]
struct KpiRecord<'a> {
    environment: &'a str,
    id: String,
    name: &'a str,
    unit: Option<&'a str>,
    description: Option<&'a str>,
    position: i32,
    computed_at: DateTime<Utc>,
    sheet_order: i32,
}

/// Brings `metrics.kpi` up to date with the definitions of `environment`; a KPI that is new gets its id. Others stay.
/// The lock of the environment is held.
pub async fn upsert_kpis(
    conn: &mut Connection,
    environment: &str,
    entries: &[KpiEntry],
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    conn.transaction(async |conn| {
        let stored: Vec<(StoredKpi, i32, i32)> = kpi::table
            .filter(kpi::environment.eq(environment))
            .select((StoredKpi::as_select(), kpi::position, kpi::sheet_order))
            .load(conn)
            .await?;
        let mut taken: BTreeSet<String> = stored.iter().map(|(stored, ..)| stored.id.clone()).collect();
        let mut last_order = stored.iter().map(|(.., order)| *order).max().unwrap_or(0);
        let stored: HashMap<&str, _> = stored.iter().map(|found| (found.0.name.as_str(), found)).collect();
        let mut rows = Vec::new();
        for entry in entries {
            let (unit, description) = (entry.unit.as_deref(), entry.description.as_deref());
            let position = count(entry.position);
            let (id, sheet_order) = match stored.get(entry.name.as_str()) {
                None => {
                    last_order = last_order.saturating_add(1);
                    (free_slug(&entry.name, &mut taken), last_order)
                }
                Some((stored, at, _))
                    if *at == position
                        && stored.unit.as_deref() == unit
                        && stored.description.as_deref() == description =>
                {
                    continue;
                }
                Some((stored, _, order)) => (stored.id.clone(), *order),
            };
            let name = &entry.name;
            rows.push(KpiRecord { environment, id, name, unit, description, position, computed_at: now, sheet_order });
        }
        if rows.is_empty() {
            return Ok(());
        }
        for rows in rows.chunks(ROWS_PER_INSERT) {
            diesel::insert_into(kpi::table)
                .values(rows)
                .on_conflict((kpi::environment, kpi::name))
                .do_update()
                .set((
                    kpi::unit.eq(excluded(kpi::unit)),
                    kpi::description.eq(excluded(kpi::description)),
                    kpi::position.eq(excluded(kpi::position)),
                    kpi::computed_at.eq(excluded(kpi::computed_at)),
                ))
                .execute(conn)
                .await?;
        }
        changed(conn, now).await?;
        Ok(())
    })
    .await
}

/// What came of one KPI.
#[derive(Debug, Clone)]
pub struct NewResult<'a> {
    /// Name of the KPI.
    pub name: &'a str,
    /// Its place in the definitions, from 0.
    pub position: usize,
    /// What its result is.
    pub form: Form,
    /// Hash of the text of its query.
    pub sql_hash: &'a str,
    /// What came of it.
    pub outcome: &'a Outcome,
}

#[derive(Insertable)]
#[diesel(table_name = kpi_results)]
struct ResultRecord<'a> {
    run_id: i64,
    name: &'a str,
    position: i32,
    form: &'static str,
    status: &'static str,
    value: Option<JsonText>,
    value_num: Option<f64>,
    rows: Option<i32>,
    is_truncated: bool,
    duration_ms: i32,
    error_kind: Option<&'static str>,
    error: Option<String>,
    sql_hash: &'a str,
    computed_at: DateTime<Utc>,
}

impl<'a> ResultRecord<'a> {
    fn new(run_id: i64, result: &NewResult<'a>, computed_at: DateTime<Utc>) -> Self {
        let answer = result.outcome.result.as_ref();
        let failure = answer.err();
        let answer = answer.ok();
        Self {
            run_id,
            name: result.name,
            position: count(result.position),
            form: result.form.as_str(),
            status: ResultStatus::from(result.outcome).as_str(),
            value: answer.map(|answer| JsonText::from(answer.value.clone())),
            value_num: answer.and_then(|answer| answer.value_num),
            rows: answer.and_then(|answer| answer.rows).map(count),
            is_truncated: answer.is_some_and(|answer| answer.is_truncated),
            duration_ms: milliseconds(result.outcome.duration),
            error_kind: failure.map(|failure| failure.kind.as_str()),
            error: failure.map(|failure| storable_error(&failure.message)),
            sql_hash: result.sql_hash,
            computed_at,
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// Whether a signal stopped it; what it has is stored all the same.
    pub is_interrupted: bool,
    /// When.
    pub finished_at: DateTime<Utc>,
}

/// Stores the results of a run and closes it, in one transaction; how it ended comes back. One that is not running any
/// more, as another run took it for dead, stays as it is: an error.
pub async fn finish(
    conn: &mut Connection,
    run: i64,
    results: &[NewResult<'_>],
    ending: Ending,
) -> Result<RunStatus, DbError> {
    let at = ending.finished_at;
    let records: Vec<_> = results.iter().map(|result| ResultRecord::new(run, result, at)).collect();
    let ok = results.iter().filter(|result| result.outcome.result.is_ok()).count();
    let failed = results.len() - ok;
    let status = if ending.is_interrupted { RunStatus::Interrupted } else { RunStatus::of_counts(ok, failed) };
    conn.transaction(async |conn| {
        for records in records.chunks(ROWS_PER_INSERT) {
            diesel::insert_into(kpi_results::table).values(records).execute(conn).await?;
        }
        let closed = diesel::update(kpi_runs::table.find(run))
            .filter(kpi_runs::status.eq(RunStatus::Running.as_str()))
            .set((
                kpi_runs::finished_at.eq(at),
                kpi_runs::ok.eq(count(ok)),
                kpi_runs::failed.eq(count(failed)),
                kpi_runs::status.eq(status.as_str()),
                kpi_runs::computed_at.eq(at),
            ))
            .execute(conn)
            .await?;
        if closed == 0 {
            return Err(DbError::Inconsistent(format!(
                "run {run} is not running any more: its results are not stored"
            )));
        }
        changed(conn, at).await?;
        Ok(status)
    })
    .await
}

/// What became of the row of a run at one sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Name of the sink.
    pub sink: String,
    /// Attempts of this delivery, retries included.
    pub attempts: u32,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// When it ended.
    pub at: DateTime<Utc>,
}

/// Notes a delivery. One that was noted before is replaced, its attempts are added, and the instant of its last success
/// stays.
pub async fn record_delivery(conn: &mut Connection, run: i64, delivery: &Delivery) -> Result<(), DbError> {
    use diesel::dsl::sql;
    use diesel::sql_types::{Nullable, Timestamptz};

    let is_ok = delivery.error.is_none();
    conn.transaction(async |conn| {
        diesel::insert_into(kpi_deliveries::table)
            .values((
                kpi_deliveries::run_id.eq(run),
                kpi_deliveries::sink.eq(&delivery.sink),
                kpi_deliveries::status.eq(if is_ok { "ok" } else { "failed" }),
                kpi_deliveries::attempts.eq(i32::try_from(delivery.attempts).unwrap_or(i32::MAX)),
                kpi_deliveries::error.eq(delivery.error.as_deref().map(storable_error)),
                kpi_deliveries::delivered_at.eq(is_ok.then_some(delivery.at)),
                kpi_deliveries::computed_at.eq(delivery.at),
            ))
            .on_conflict((kpi_deliveries::run_id, kpi_deliveries::sink))
            .do_update()
            .set((
                kpi_deliveries::status.eq(excluded(kpi_deliveries::status)),
                kpi_deliveries::attempts.eq(kpi_deliveries::attempts + excluded(kpi_deliveries::attempts)),
                kpi_deliveries::error.eq(excluded(kpi_deliveries::error)),
                kpi_deliveries::delivered_at
                    .eq(sql::<Nullable<Timestamptz>>("COALESCE(excluded.delivered_at, kpi_deliveries.delivered_at)")),
                kpi_deliveries::computed_at.eq(excluded(kpi_deliveries::computed_at)),
            ))
            .execute(conn)
            .await?;
        changed(conn, delivery.at).await?;
        Ok(())
    })
    .await
}

/// What [`prune`] deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Runs, with their results.
    pub runs: usize,
    /// KPIs of which no result is left.
    pub kpis: usize,
}

/// Deletes runs that started before `before`, of `environment` or of all, with all that belongs to them, and KPIs that
/// have no result any more. A run that is called running stays.
pub async fn prune(
    conn: &mut Connection,
    environment: Option<&str>,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Pruned, DbError> {
    use diesel::sql_types::{Nullable, Text};

    conn.transaction(async |conn| {
        let mut old = diesel::delete(kpi_runs::table)
            .filter(kpi_runs::started_at.lt(before))
            .filter(kpi_runs::status.ne(RunStatus::Running.as_str()))
            .into_boxed();
        if let Some(environment) = environment {
            old = old.filter(kpi_runs::environment.eq(environment));
        }
        let runs = old.execute(conn).await?;
        let kpis = diesel::sql_query(include_str!("prune_kpis.sql"))
            .bind::<Nullable<Text>, _>(environment)
            .execute(conn)
            .await?;
        if runs + kpis > 0 {
            changed(conn, now).await?;
        }
        Ok(Pruned { runs, kpis })
    })
    .await
}

/// A number as the tables have it.
fn count(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

fn milliseconds(duration: Duration) -> i32 {
    count(duration.as_millis())
}
