//! `metrics.report_run`, `report_reject` and `view_version`: what ran, what it could not use, what readers may cache.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use tokio_postgres::{Client, Row, Transaction};

use super::Changes;
use crate::coldroom::Reject;
use crate::db::DbError;
use crate::view::View;

/// First half of the number of every advisory lock of ours; the view's own number is the second.
const LOCK_CLASS: i32 = 0x6d65_7472;

/// How a run ended, or that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Under way.
    Running,
    /// Everything was computed.
    Done,
    /// Computed, but something was rejected.
    Partial,
    /// Ended by an error; what was committed before stays.
    Failed,
    /// Ended by a signal; what was committed before stays.
    Interrupted,
}

impl Outcome {
    /// The word in the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Who holds the lock of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockHolder {
    /// Process id of its database session.
    pub session: i32,
    /// Name under which it connected.
    pub application: String,
    /// Address that it connected from; `local` for a socket.
    pub address: String,
    /// When it connected.
    pub since: Option<DateTime<Utc>>,
    /// Its run.
    pub run: Option<i64>,
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(run) = self.run {
            write!(f, "run {run}, ")?;
        }
        write!(f, "{} from {} (database session {}", self.application, self.address, self.session)?;
        if let Some(since) = self.since {
            write!(f, ", connected {}", since.format("%F %T UTC"))?;
        }
        f.write_str(")")
    }
}

/// What only one process does at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock {
    name: &'static str,
    number: i32,
}

impl Lock {
    /// The lock of this name. The number never changes, and is that of no other: views have those below 100.
    pub const fn new(name: &'static str, number: i32) -> Self {
        Self { name, number }
    }

    /// Its name; of a view, that of the view.
    pub const fn name(self) -> &'static str {
        self.name
    }
}

impl From<View> for Lock {
    fn from(view: View) -> Self {
        Self::new(view.as_str(), view.lock_number())
    }
}

/// Takes `lock` for the session, or says who has it.
pub async fn lock(client: &Client, lock: impl Into<Lock>) -> Result<Result<(), LockHolder>, DbError> {
    let Lock { name, number } = lock.into();
    let taken: bool =
        client.query_one("SELECT pg_try_advisory_lock($1, $2)", &[&LOCK_CLASS, &number]).await?.try_get(0)?;
    if taken {
        return Ok(Ok(()));
    }
    let holder = client.query_opt(include_str!("lock_holder.sql"), &[&LOCK_CLASS, &number, &name]).await?;
    Ok(Err(match holder {
        Some(row) => LockHolder {
            session: row.try_get(0)?,
            application: row.try_get(1)?,
            address: row.try_get(2)?,
            since: row.try_get(3)?,
            run: row.try_get(4)?,
        },
        // It ended between the two statements.
        None => LockHolder {
            session: 0,
            application: "a run that just ended".into(),
            address: "local".into(),
            since: None,
            run: None,
        },
    }))
}

/// Gives the lock of `view` back.
pub async fn unlock(client: &Client, view: View) -> Result<(), DbError> {
    client.execute("SELECT pg_advisory_unlock($1, $2)", &[&LOCK_CLASS, &view.lock_number()]).await?;
    Ok(())
}

/// Marks runs of `view` that are still called running, though the lock is ours, as abandoned.
pub async fn abandon_others(client: &mut Client, view: View, now: DateTime<Utc>) -> Result<Vec<i64>, DbError> {
    let transaction = client.transaction().await?;
    let sql = "UPDATE metrics.report_run SET outcome = 'abandoned', computed_at = $2 \
               WHERE view = $1 AND outcome = 'running' RETURNING id";
    let abandoned: Vec<i64> = transaction
        .query(sql, &[&view.as_str(), &now])
        .await?
        .iter()
        .map(|row| row.try_get(0))
        .collect::<Result<_, _>>()?;
    // Readers show the outcome of the run that last changed the data.
    let sql = "UPDATE metrics.view_version SET version = version + 1, computed_at = $3 \
               WHERE view = $1 AND run = ANY ($2)";
    transaction.execute(sql, &[&view.as_str(), &abandoned, &now]).await?;
    transaction.commit().await?;
    Ok(abandoned)
}

/// The newest as-of of a successful run of `view` whose scope meets `scope` (absent: everything).
pub async fn newest_as_of(
    client: &Client,
    view: View,
    scope: Option<&[i64]>,
) -> Result<Option<DateTime<Utc>>, DbError> {
    let sql = "SELECT max(as_of) FROM metrics.report_run \
               WHERE view = $1 AND outcome IN ('done', 'partial') \
                 AND ($2::bigint[] IS NULL OR scope IS NULL OR scope && $2)";
    Ok(client.query_one(sql, &[&view.as_str(), &scope]).await?.try_get(0)?)
}

/// What is known of a run when it starts.
#[derive(Debug, Clone, Serialize)]
pub struct NewRun {
    /// The view.
    pub view: View,
    /// First day, when one was asked for.
    pub range_from: Option<NaiveDate>,
    /// Last day, when one was asked for.
    pub range_to: Option<NaiveDate>,
    /// Instant of which the run speaks.
    pub as_of: DateTime<Utc>,
    /// `unit`, or the zone forced on all.
    pub zone_mode: String,
    /// `--company`.
    pub company_filter: Option<Vec<i64>>,
    /// `--cooling-unit`.
    pub cooling_unit_filter: Option<Vec<i64>>,
    /// Ids that the filters came to.
    pub scope: Option<Vec<i64>>,
    /// Everything is computed again.
    pub rebuild: bool,
    /// An earlier as-of was allowed.
    pub allow_past: bool,
    /// Version of the literature values.
    pub parameter_set: String,
    /// Version of the program.
    pub program_version: String,
    /// When it started.
    pub started_at: DateTime<Utc>,
}

/// Inserts a run as running; its number comes back.
pub async fn start(client: &Client, run: &NewRun) -> Result<i64, DbError> {
    let row = client
        .query_one(
            include_str!("report_run_insert.sql"),
            &[
                &run.view.as_str(),
                &run.range_from,
                &run.range_to,
                &run.as_of,
                &run.zone_mode,
                &run.company_filter,
                &run.cooling_unit_filter,
                &run.scope,
                &run.rebuild,
                &run.allow_past,
                &run.parameter_set,
                &run.program_version,
                &run.started_at,
            ],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// Notes in a batch's own transaction that it changed rows of `view`, so that readers let go of what they cached.
pub async fn data_changed(
    transaction: &Transaction<'_>,
    view: View,
    run: i64,
    changes: Changes,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    if changes.any() {
        let sql = "INSERT INTO metrics.view_version AS stored (view, version, run, computed_at) \
                   VALUES ($1, 1, $2, $3) ON CONFLICT (view) DO UPDATE \
                   SET version = stored.version + 1, run = excluded.run, computed_at = excluded.computed_at";
        transaction.execute(sql, &[&view.as_str(), &run, &now]).await?;
    }
    Ok(())
}

/// How a run ended.
#[derive(Debug, Clone, Serialize)]
pub struct Ending {
    /// How.
    pub outcome: Outcome,
    /// What went wrong.
    pub error: Option<String>,
    /// What else it was asked and found, by the view.
    pub details: Option<serde_json::Value>,
    /// Rows read from the source.
    pub rows_read: i64,
    /// Rows added, changed and deleted.
    #[serde(skip)]
    pub changes: Changes,
    /// When.
    pub finished_at: DateTime<Utc>,
    /// Duration, milliseconds.
    pub duration_ms: i64,
}

/// Closes a run and stores its rejects, in one transaction.
pub async fn finish(
    client: &mut Client,
    view: View,
    run: i64,
    ending: &Ending,
    rejects: &[Reject],
) -> Result<(), DbError> {
    let transaction = client.transaction().await?;
    let subjects: Vec<&str> = rejects.iter().map(|reject| reject.subject.as_str()).collect();
    let reasons: Vec<&str> = rejects.iter().map(|reject| reject.reason.as_str()).collect();
    let sql = "INSERT INTO metrics.report_reject (run, subject, reason, computed_at) \
               SELECT $1, subject, reason, $4 FROM unnest($2::text[], $3::text[]) AS rejected(subject, reason) \
               ON CONFLICT DO NOTHING";
    let rejected = transaction.execute(sql, &[&run, &subjects, &reasons, &ending.finished_at]).await?;
    transaction
        .execute(
            include_str!("report_run_finish.sql"),
            &[
                &run,
                &ending.outcome.as_str(),
                &ending.error,
                &ending.rows_read,
                &count(ending.changes.written),
                &count(ending.changes.deleted),
                &count(rejected),
                &ending.finished_at,
                &ending.duration_ms,
                &ending.details,
            ],
        )
        .await?;
    // Readers show the outcome of the run that last changed the data; it changes now.
    let sql = "UPDATE metrics.view_version SET version = version + 1, computed_at = $3 WHERE view = $1 AND run = $2";
    transaction.execute(sql, &[&view.as_str(), &run, &ending.finished_at]).await?;
    transaction.commit().await?;
    Ok(())
}

fn count(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// A stored run; fields as the columns of `report_run`.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the columns carry the comments")]
pub struct StoredRun {
    pub id: i64,
    pub view: String,
    pub range_from: Option<NaiveDate>,
    pub range_to: Option<NaiveDate>,
    pub as_of: DateTime<Utc>,
    pub zone_mode: String,
    pub company_filter: Option<Vec<i64>>,
    pub cooling_unit_filter: Option<Vec<i64>>,
    pub scope: Option<Vec<i64>>,
    pub rebuild: bool,
    pub allow_past: bool,
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
    pub details: Option<serde_json::Value>,
    pub computed_at: DateTime<Utc>,
}

fn stored_run(row: &Row) -> Result<StoredRun, DbError> {
    Ok(StoredRun {
        id: row.try_get("id")?,
        view: row.try_get("view")?,
        range_from: row.try_get("range_from")?,
        range_to: row.try_get("range_to")?,
        as_of: row.try_get("as_of")?,
        zone_mode: row.try_get("zone_mode")?,
        company_filter: row.try_get("company_filter")?,
        cooling_unit_filter: row.try_get("cooling_unit_filter")?,
        scope: row.try_get("scope")?,
        rebuild: row.try_get("rebuild")?,
        allow_past: row.try_get("allow_past")?,
        parameter_set: row.try_get("parameter_set")?,
        program_version: row.try_get("program_version")?,
        started_at: row.try_get("started_at")?,
        finished_at: row.try_get("finished_at")?,
        duration_ms: row.try_get("duration_ms")?,
        rows_read: row.try_get("rows_read")?,
        rows_written: row.try_get("rows_written")?,
        rows_deleted: row.try_get("rows_deleted")?,
        rows_rejected: row.try_get("rows_rejected")?,
        outcome: row.try_get("outcome")?,
        error: row.try_get("error")?,
        details: row.try_get("details")?,
        computed_at: row.try_get("computed_at")?,
    })
}

/// The newest runs, at most `limit`, of one view or of all.
pub async fn list(client: &Client, view: Option<&str>, limit: i64) -> Result<Vec<StoredRun>, DbError> {
    let sql = "SELECT * FROM metrics.report_run WHERE $1::text IS NULL OR view = $1 ORDER BY id DESC LIMIT $2";
    client.query(sql, &[&view, &limit]).await?.iter().map(stored_run).collect()
}

/// One run.
pub async fn get(client: &Client, run: i64) -> Result<Option<StoredRun>, DbError> {
    client
        .query_opt("SELECT * FROM metrics.report_run WHERE id = $1", &[&run])
        .await?
        .as_ref()
        .map(stored_run)
        .transpose()
}

/// The first `limit` rejects of a run, by subject and reason.
pub async fn rejects(client: &Client, run: i64, limit: i64) -> Result<Vec<Reject>, DbError> {
    let sql = "SELECT subject, reason FROM metrics.report_reject WHERE run = $1 ORDER BY subject, reason LIMIT $2";
    let rows = client.query(sql, &[&run, &limit]).await?;
    rows.iter().map(|row| Ok(Reject { subject: row.try_get(0)?, reason: row.try_get(1)? })).collect()
}
