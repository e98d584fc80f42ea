//! How the stored rows came about, and what limits them: runs, rejects, flags, rates.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Nullable, Text};
use diesel_async::RunQueryDsl;

use crate::db::connect::Connection;
use crate::db::error::DbError;
use crate::db::schema::{report_reject, report_run};

/// One run of the reporter.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = report_run, check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "fields are columns of metrics.report_run, described there")]
pub struct RunDetail {
    pub id: i64,
    pub view: String,
    pub range_from: Option<NaiveDate>,
    pub range_to: Option<NaiveDate>,
    pub as_of: DateTime<Utc>,
    pub parameter_set: String,
    pub program_version: String,
    pub started_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    pub duration_ms: Option<i64>,
    pub rows_read: i64,
    pub rows_written: i64,
    pub rows_deleted: i64,
    pub rows_rejected: i64,
    pub outcome: String,
    pub error: Option<String>,
}

/// The newest runs, the newest first.
pub async fn newest_runs(conn: &mut Connection, limit: u32) -> Result<Vec<RunDetail>, DbError> {
    let runs = report_run::table
        .order(report_run::id.desc())
        .limit(limit.into())
        .select(RunDetail::as_select())
        .load(conn)
        .await?;
    Ok(runs)
}

/// The newest run of each view, by name.
pub async fn newest_run_of_each_view(conn: &mut Connection) -> Result<Vec<RunDetail>, DbError> {
    let runs = report_run::table
        .distinct_on(report_run::view)
        .order((report_run::view, report_run::id.desc()))
        .select(RunDetail::as_select())
        .load(conn)
        .await?;
    Ok(runs)
}

/// What a run could not use.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = report_reject, check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "fields are columns of metrics.report_reject, described there")]
pub struct Reject {
    pub run: i64,
    pub subject: String,
    pub reason: String,
}

/// Rejects of the given runs, by run and subject, at most `limit`.
pub async fn rejects(conn: &mut Connection, runs: &[i64], limit: u32) -> Result<Vec<Reject>, DbError> {
    let rejects = report_reject::table
        .filter(report_reject::run.eq_any(runs))
        .order((report_reject::run.desc(), report_reject::subject, report_reject::reason))
        .limit(limit.into())
        .select(Reject::as_select())
        .load(conn)
        .await?;
    Ok(rejects)
}

/// How often a flag stands in `data_quality`.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct FlagCount {
    /// The flag.
    #[diesel(sql_type = Text)]
    pub flag: String,
    /// Cooling units that have it on their newest day.
    #[diesel(sql_type = BigInt)]
    pub cooling_units: i64,
    /// The newest of these days.
    #[diesel(sql_type = Date)]
    pub last_date: NaiveDate,
}

/// Flags on the newest day of each cooling unit, where that is one of the last `days` stored dates; by name.
pub async fn flag_counts(conn: &mut Connection, days: i32) -> Result<Vec<FlagCount>, DbError> {
    let counts = diesel::sql_query(include_str!("flag_counts.sql")).bind::<Integer, _>(days).load(conn).await?;
    Ok(counts)
}

/// Fees of one currency that could not be converted.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct MissingRates {
    /// Currency of the cooling units; absent when they have none.
    #[diesel(sql_type = Nullable<Text>)]
    pub currency: Option<String>,
    /// Unit-days whose fees lack a rate.
    #[diesel(sql_type = BigInt)]
    pub unit_days: i64,
    /// First of them.
    #[diesel(sql_type = Date)]
    pub first_date: NaiveDate,
    /// Last of them.
    #[diesel(sql_type = Date)]
    pub last_date: NaiveDate,
    /// Rates of the currency that are set aside as doubtful.
    #[diesel(sql_type = BigInt)]
    pub quarantined: i64,
}

/// Where rates are missing in the last `days` stored dates, by currency.
pub async fn missing_rates(conn: &mut Connection, days: i32) -> Result<Vec<MissingRates>, DbError> {
    let missing = diesel::sql_query(include_str!("missing_rates.sql")).bind::<Integer, _>(days).load(conn).await?;
    Ok(missing)
}
