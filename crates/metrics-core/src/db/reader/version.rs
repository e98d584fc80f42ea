//! Data versions and runs.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::connect::Connection;
use crate::db::error::DbError;
use crate::db::schema::{report_run, view_version};
use crate::view::View;

/// Which data of a view a reader sees.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DataVersion {
    /// Grows whenever a row of the view changes; 0 before the first.
    pub version: i64,
    /// The run that last changed a row, if it is still recorded.
    pub last_run: Option<LastRun>,
}

/// The run that last changed a view.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct LastRun {
    /// The view.
    pub view: String,
    /// Instant of which the run speaks.
    pub as_of: DateTime<Utc>,
    /// How it ended: done, partial, …
    pub outcome: String,
}

/// Data version of `view`.
pub async fn data_version(conn: &mut Connection, view: View) -> Result<DataVersion, DbError> {
    let found: Option<(i64, Option<LastRun>)> = view_version::table
        .left_join(report_run::table)
        .filter(view_version::view.eq(view.as_str()))
        .select((view_version::version, (report_run::view, report_run::as_of, report_run::outcome).nullable()))
        .first(conn)
        .await
        .optional()?;
    Ok(found.map_or_else(DataVersion::default, |(version, last_run)| DataVersion { version, last_run }))
}

/// The newest run of a view.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = report_run, check_for_backend(diesel::pg::Pg))]
pub struct RunSummary {
    /// The view.
    pub view: String,
    /// Instant of which the run speaks.
    pub as_of: DateTime<Utc>,
    /// When it ended; absent while it runs.
    pub finished_at: Option<DateTime<Utc>>,
    /// How it ended: done, partial, …
    pub outcome: String,
    /// Subjects that it rejected by name.
    pub rows_rejected: i64,
}

/// The newest run of each view, by name.
pub async fn last_runs(conn: &mut Connection) -> Result<Vec<RunSummary>, DbError> {
    let runs = report_run::table
        .distinct_on(report_run::view)
        .order((report_run::view, report_run::id.desc()))
        .select(RunSummary::as_select())
        .load(conn)
        .await?;
    Ok(runs)
}
