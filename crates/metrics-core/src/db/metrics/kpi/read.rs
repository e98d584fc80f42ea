//! Reading: KPIs, their history, and whole runs.

use chrono::{DateTime, Utc};
use diesel::dsl::{case_when, exists, max};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Text};
use diesel_async::RunQueryDsl;
use futures_util::{Stream, StreamExt as _};

use super::JsonText;
use crate::db::reader::Page;
use crate::db::schema::{kpi, kpi_deliveries, kpi_results, kpi_runs};
use crate::db::{Connection, DbError};
use crate::kpi::{Form, RunStatus};

/// A KPI that ran.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = kpi, check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "fields are columns of metrics.kpi, described there")]
pub struct StoredKpi {
    pub environment: String,
    pub id: String,
    pub name: String,
    pub unit: Option<String>,
    pub description: Option<String>,
}

/// A page of KPIs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KpiPage {
    /// By environment, then as the definitions have them.
    pub kpis: Vec<StoredKpi>,
    /// KPIs on all pages.
    pub total: i64,
}

/// KPIs of `environment`, or of all.
pub async fn kpis(conn: &mut Connection, environment: Option<&str>, page: Page) -> Result<KpiPage, DbError> {
    let mut counted = kpi::table.into_boxed();
    let mut wanted = kpi::table.into_boxed();
    if let Some(environment) = environment {
        counted = counted.filter(kpi::environment.eq(environment));
        wanted = wanted.filter(kpi::environment.eq(environment));
    }
    let total = counted.count().get_result(conn).await?;
    let kpis = wanted
        .order((kpi::environment, kpi::position, kpi::name))
        .limit(page.limit.into())
        .offset(page.offset)
        .select(StoredKpi::as_select())
        .load(conn)
        .await?;
    Ok(KpiPage { kpis, total })
}

/// Environments with KPIs, by name.
pub async fn environments(conn: &mut Connection) -> Result<Vec<String>, DbError> {
    Ok(kpi::table.select(kpi::environment).distinct().order(kpi::environment).load(conn).await?)
}

/// KPIs with this id, at most one per environment, by environment.
pub async fn kpis_by_id(conn: &mut Connection, id: &str) -> Result<Vec<StoredKpi>, DbError> {
    let found =
        kpi::table.filter(kpi::id.eq(id)).order(kpi::environment).select(StoredKpi::as_select()).load(conn).await?;
    Ok(found)
}

/// The KPI with this name.
pub async fn kpi_by_name(conn: &mut Connection, environment: &str, name: &str) -> Result<Option<StoredKpi>, DbError> {
    let found = kpi::table
        .filter(kpi::environment.eq(environment))
        .filter(kpi::name.eq(name))
        .select(StoredKpi::as_select())
        .first(conn)
        .await
        .optional()?;
    Ok(found)
}

/// KPIs of `environment` that have one of these names, by id.
pub async fn kpis_by_name<'a>(
    conn: &mut Connection,
    environment: &str,
    names: impl Iterator<Item = &'a str>,
) -> Result<Vec<StoredKpi>, DbError> {
    let names: Vec<_> = names.collect();
    let found = kpi::table
        .filter(kpi::environment.eq(environment))
        .filter(kpi::name.eq_any(names))
        .order(kpi::id)
        .select(StoredKpi::as_select())
        .load(conn)
        .await?;
    Ok(found)
}

/// What came of a KPI in one run.
#[derive(Debug, Clone, PartialEq, Queryable, QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "fields are columns of metrics.kpi_runs and kpi_results, described there")]
pub struct HistoryPoint {
    #[diesel(sql_type = BigInt)]
    pub run_id: i64,
    #[diesel(sql_type = diesel::sql_types::Timestamptz)]
    pub started_at: DateTime<Utc>,
    #[diesel(sql_type = diesel::sql_types::Timestamptz)]
    pub as_of: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    pub form: String,
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Json>)]
    pub value: Option<JsonText>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Double>)]
    pub value_num: Option<f64>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Integer>)]
    pub rows: Option<i32>,
    #[diesel(sql_type = Bool)]
    pub is_truncated: bool,
    #[diesel(sql_type = diesel::sql_types::Integer)]
    pub duration_ms: i32,
    #[diesel(sql_type = diesel::sql_types::Nullable<Text>)]
    pub error_kind: Option<String>,
    #[diesel(sql_type = diesel::sql_types::Nullable<Text>)]
    pub error: Option<String>,
    #[diesel(sql_type = Text)]
    pub sql_hash: String,
}

/// A KPI's part of the history: from an instant on, and before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Period {
    /// Runs that started then or later; absent: all.
    pub from: Option<DateTime<Utc>>,
    /// Runs that started earlier; absent: all.
    pub before: Option<DateTime<Utc>>,
}

/// Which results of a KPI.
#[derive(Debug, Clone, Copy)]
pub struct HistoryPart {
    /// Of runs that started then.
    pub period: Period,
    /// So many, the newest.
    pub limit: i64,
    /// Whether the values of rows come along: they are large.
    pub has_rows: bool,
}

/// The history of a KPI, the oldest first; as it is read, because it may be large.
pub async fn history<'a>(
    conn: &'a mut Connection,
    environment: &str,
    name: &str,
    part: HistoryPart,
) -> Result<impl Stream<Item = Result<HistoryPoint, DbError>> + 'a, DbError> {
    let HistoryPart { period, limit, has_rows } = part;
    let left_out = history_length(conn, environment, name, period).await?.saturating_sub(limit).max(0);
    let is_shown = kpi_results::form.eq(Form::Count.as_str()).or(has_rows.into_sql::<Bool>());
    let mut wanted = kpi_results::table
        .inner_join(kpi_runs::table)
        .filter(kpi_runs::environment.eq(environment.to_owned()))
        .filter(kpi_results::name.eq(name.to_owned()))
        .select((
            kpi_runs::id,
            kpi_runs::started_at,
            kpi_runs::as_of,
            kpi_results::form,
            kpi_results::status,
            case_when(is_shown, kpi_results::value),
            kpi_results::value_num,
            kpi_results::rows,
            kpi_results::is_truncated,
            kpi_results::duration_ms,
            kpi_results::error_kind,
            kpi_results::error,
            kpi_results::sql_hash,
        ))
        .into_boxed();
    if let Some(from) = period.from {
        wanted = wanted.filter(kpi_runs::started_at.ge(from));
    }
    if let Some(before) = period.before {
        wanted = wanted.filter(kpi_runs::started_at.lt(before));
    }
    let wanted = wanted.order((kpi_runs::started_at, kpi_runs::id)).offset(left_out);
    let points = wanted.load_stream::<HistoryPoint>(conn).await?;
    Ok(points.map(|point| point.map_err(DbError::from)))
}

/// Results of a KPI in `period`.
pub async fn history_length(
    conn: &mut Connection,
    environment: &str,
    name: &str,
    period: Period,
) -> Result<i64, DbError> {
    let mut wanted = kpi_results::table
        .inner_join(kpi_runs::table)
        .filter(kpi_runs::environment.eq(environment))
        .filter(kpi_results::name.eq(name))
        .into_boxed();
    if let Some(from) = period.from {
        wanted = wanted.filter(kpi_runs::started_at.ge(from));
    }
    if let Some(before) = period.before {
        wanted = wanted.filter(kpi_runs::started_at.lt(before));
    }
    Ok(wanted.count().get_result(conn).await?)
}

/// Which of the newest results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newest {
    /// The last one, with its value.
    Last,
    /// The last one that has a value.
    LastOk,
    /// So many, without `value`: those of rows are large.
    Numbers(u32),
}

#[derive(QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct PlacedPoint {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(embed)]
    point: HistoryPoint,
}

/// The newest results of each of `kpis`, in their order; of each the oldest first.
pub async fn newest(
    conn: &mut Connection,
    kpis: &[StoredKpi],
    which: Newest,
) -> Result<Vec<Vec<HistoryPoint>>, DbError> {
    let environments: Vec<&str> = kpis.iter().map(|kpi| kpi.environment.as_str()).collect();
    let names: Vec<&str> = kpis.iter().map(|kpi| kpi.name.as_str()).collect();
    let all = |limit: i64, with_value: bool| {
        diesel::sql_query(include_str!("newest_points.sql"))
            .bind::<Array<Text>, _>(environments.clone())
            .bind::<Array<Text>, _>(names.clone())
            .bind::<BigInt, _>(limit)
            .bind::<Bool, _>(with_value)
    };
    let found: Vec<PlacedPoint> = match which {
        Newest::Last => all(1, true).load(conn).await?,
        Newest::Numbers(limit) => all(limit.into(), false).load(conn).await?,
        Newest::LastOk => {
            diesel::sql_query(include_str!("newest_ok.sql"))
                .bind::<Array<Text>, _>(environments)
                .bind::<Array<Text>, _>(names)
                .load(conn)
                .await?
        }
    };
    let mut points = vec![Vec::new(); kpis.len()];
    for PlacedPoint { place, point } in found {
        // Places count from 1.
        let kpi = usize::try_from(place - 1).ok().and_then(|place| points.get_mut(place));
        kpi.ok_or_else(|| DbError::Inconsistent(format!("a result of KPI {place} of {}", kpis.len())))?.push(point);
    }
    Ok(points)
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = kpi_runs, check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "fields are columns of metrics.kpi_runs, described there")]
pub struct StoredRun {
    pub id: i64,
    pub environment: String,
    pub as_of: DateTime<Utc>,
    pub started_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    pub trigger: String,
    pub host: String,
    pub definition_hash: String,
    pub kpis: i32,
    pub ok: i32,
    pub failed: i32,
    pub status: String,
    pub computed_at: DateTime<Utc>,
}

/// The run with this number.
pub async fn run(conn: &mut Connection, id: i64) -> Result<Option<StoredRun>, DbError> {
    Ok(kpi_runs::table.find(id).select(StoredRun::as_select()).first(conn).await.optional()?)
}

/// The newest run of each environment, by its name.
pub async fn newest_runs(conn: &mut Connection) -> Result<Vec<StoredRun>, DbError> {
    let runs = kpi_runs::table
        .distinct_on(kpi_runs::environment)
        .order((kpi_runs::environment, kpi_runs::started_at.desc(), kpi_runs::id.desc()))
        .select(StoredRun::as_select())
        .load(conn)
        .await?;
    Ok(runs)
}

/// The newest as-of of the runs of an environment that came to results.
pub async fn newest_as_of(conn: &mut Connection, environment: &str) -> Result<Option<DateTime<Utc>>, DbError> {
    let runs = kpi_runs::table
        .filter(kpi_runs::environment.eq(environment))
        .filter(kpi_runs::status.eq_any([RunStatus::Ok.as_str(), RunStatus::Partial.as_str()]))
        .select(max(kpi_runs::as_of));
    Ok(runs.first(conn).await?)
}

/// Whether a run of an environment started in one of these seconds.
pub async fn has_started(conn: &mut Connection, environment: &str, seconds: &[DateTime<Utc>]) -> Result<bool, DbError> {
    let runs =
        kpi_runs::table.filter(kpi_runs::environment.eq(environment)).filter(kpi_runs::started_at.eq_any(seconds));
    Ok(diesel::select(exists(runs)).get_result(conn).await?)
}

/// What came of one KPI of a run.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = kpi_results, check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "fields are columns of metrics.kpi_results, described there")]
pub struct StoredResult {
    pub name: String,
    pub position: i32,
    pub form: String,
    pub status: String,
    pub value: Option<JsonText>,
    pub value_num: Option<f64>,
    pub rows: Option<i32>,
    pub is_truncated: bool,
    pub duration_ms: i32,
    pub error_kind: Option<String>,
    pub error: Option<String>,
    pub sql_hash: String,
}

/// Results of a run, as the definitions had them.
pub async fn results(conn: &mut Connection, run: i64) -> Result<Vec<StoredResult>, DbError> {
    let results = kpi_results::table
        .filter(kpi_results::run_id.eq(run))
        .order((kpi_results::position, kpi_results::name))
        .select(StoredResult::as_select())
        .load(conn)
        .await?;
    Ok(results)
}

/// What became of the row of a run at one sink.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = kpi_deliveries, check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "fields are columns of metrics.kpi_deliveries, described there")]
pub struct StoredDelivery {
    pub sink: String,
    pub status: String,
    pub attempts: i32,
    pub error: Option<String>,
    pub delivered_at: Option<DateTime<Utc>>,
}

/// Deliveries of a run, by sink.
pub async fn deliveries(conn: &mut Connection, run: i64) -> Result<Vec<StoredDelivery>, DbError> {
    let deliveries = kpi_deliveries::table
        .filter(kpi_deliveries::run_id.eq(run))
        .order(kpi_deliveries::sink)
        .select(StoredDelivery::as_select())
        .load(conn)
        .await?;
    Ok(deliveries)
}

/// Names of the KPIs of `environment` in the order in which they came: that of the columns of a sheet.
pub async fn sheet_columns(conn: &mut Connection, environment: &str) -> Result<Vec<String>, DbError> {
    let names = kpi::table.filter(kpi::environment.eq(environment)).order((kpi::sheet_order, kpi::name));
    Ok(names.select(kpi::name).load(conn).await?)
}

/// A result as a sheet of all runs has it.
#[derive(Debug, Clone, PartialEq, Queryable)]
#[expect(missing_docs, reason = "fields are columns of metrics.kpi_runs and kpi_results, described there")]
pub struct SheetCell {
    pub run_id: i64,
    pub as_of: DateTime<Utc>,
    pub started_at: DateTime<Utc>,
    pub name: String,
    pub form: String,
    pub status: String,
    pub value: Option<JsonText>,
}

/// Results of all finished runs of `environment`, run after run as they began, each as the definitions had them. Of runs
/// that were interrupted, only those whose rows were sent all the same, or are being sent: `sent`.
pub async fn sheet_cells<'a>(
    conn: &'a mut Connection,
    environment: &str,
    sent: i64,
) -> Result<impl Stream<Item = Result<SheetCell, DbError>> + 'a, DbError> {
    let sent_ones = kpi_deliveries::table.select(kpi_deliveries::run_id);
    let cells = kpi_results::table
        .inner_join(kpi_runs::table)
        .filter(kpi_runs::environment.eq(environment.to_owned()))
        .filter(kpi_runs::status.ne(RunStatus::Running.as_str()))
        .filter(
            kpi_runs::status
                .ne(RunStatus::Interrupted.as_str())
                .or(kpi_runs::id.eq(sent))
                .or(kpi_runs::id.eq_any(sent_ones)),
        )
        .order((kpi_results::run_id, kpi_results::position, kpi_results::name))
        .select((
            kpi_runs::id,
            kpi_runs::as_of,
            kpi_runs::started_at,
            kpi_results::name,
            kpi_results::form,
            kpi_results::status,
            kpi_results::value,
        ))
        .load_stream::<SheetCell>(conn)
        .await?;
    Ok(cells.map(|cell| cell.map_err(DbError::from)))
}
