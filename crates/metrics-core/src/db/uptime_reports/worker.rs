//! What computes the reports of the queue.

use std::num::NonZeroUsize;
use std::time::Duration;

use chrono::DateTime;
use serde_json::Value;
use tokio_postgres::Client;

use super::Asked;
use crate::db::error::DbError;
use crate::db::metrics::store_uptime;
use crate::db::stores::read::read;
use crate::db::{ConnectOptions, connect};
use crate::settings::DatabaseUrl;
use crate::uptime::{Bounds, Options, Policy, Report};

/// First half of the advisory lock on a report; its number is the second.
const LOCK_CLASS: i32 = 0x7265_706f;
/// Workers that may die over a report before it is taken for the cause.
const ATTEMPTS: i32 = 3;

/// What a worker did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It computed a report, or found out that it cannot be.
    Worked,
    /// Nothing waits.
    Idle,
}

/// One worker: it computes one report at a time, in a session of its own.
pub struct Worker {
    client: Client,
}

/// A report that is the worker's.
struct Claimed {
    number: i32,
    policy: String,
    options: Value,
}

impl Worker {
    /// A worker over the metrics at `url`.
    pub async fn connect(url: &DatabaseUrl, connect_timeout: Duration) -> Result<Self, DbError> {
        let options = ConnectOptions {
            application_name: "metrics-reports".to_owned(),
            read_only: false,
            // A statement reads as many polls as there are.
            statement_timeout: Duration::ZERO,
            connect_timeout,
        };
        let client = connect::connect(url, &options).await?;
        Ok(Self { client })
    }

    /// Looks after reports whose worker died, lets go of those older than the retention, and computes the oldest that
    /// waits. An error means that the session cannot be relied on: connect again.
    pub async fn step(&mut self, retention_hours: u32) -> Result<Step, DbError> {
        for row in self.client.query(include_str!("recover.sql"), &[&LOCK_CLASS, &ATTEMPTS]).await? {
            let (number, status): (i32, &str) = (row.try_get(0)?, row.try_get(1)?);
            tracing::warn!(report = number, "report {number} was left by its worker; it is {status}");
        }
        let prune = "DELETE FROM metrics.report \
                     WHERE requested_at < clock_timestamp() - make_interval(hours => $1) AND status <> 'Running'";
        self.client.execute(prune, &[&i32::try_from(retention_hours).unwrap_or(i32::MAX)]).await?;
        let Some(claimed) = self.claim().await? else { return Ok(Step::Idle) };
        let number = claimed.number;
        if let Err(error) = self.compute(&claimed).await {
            // A session that is gone has given its lock back, and the report waits for the next worker.
            let sql = "UPDATE metrics.report SET status = 'Failed', error = $2, finished_at = clock_timestamp(), \
                       computed_at = clock_timestamp() WHERE number = $1";
            let reason = "it could not be computed; the log of the server says why";
            self.client.execute(sql, &[&number, &reason]).await?;
            tracing::error!(report = number, "report {number} failed: {}", connect::chain(&error));
        }
        self.client.execute("SELECT pg_advisory_unlock($1, $2)", &[&LOCK_CLASS, &number]).await?;
        Ok(Step::Worked)
    }

    /// One statement is one transaction: when it is seen that the report is running, its lock is held.
    async fn claim(&mut self) -> Result<Option<Claimed>, DbError> {
        let Some(row) = self.client.query_opt(include_str!("claim.sql"), &[&LOCK_CLASS]).await? else {
            return Ok(None);
        };
        Ok(Some(Claimed { number: row.try_get(0)?, policy: row.try_get(1)?, options: row.try_get(2)? }))
    }

    async fn compute(&mut self, claimed: &Claimed) -> Result<(), DbError> {
        let inconsistent = |error: &dyn std::error::Error| DbError::Inconsistent(error.to_string());
        let policy: Policy = claimed.policy.parse().map_err(|error| inconsistent(&error))?;
        let asked: Asked = serde_json::from_value(claimed.options.clone()).map_err(|error| inconsistent(&error))?;
        let bounds = Bounds { as_of_us: asked.as_of_us, not_after_us: None };
        let options = Options { bounds, policy, stores: asked.stores };
        let stored = read(&mut self.client, bounds, asked.store_id.as_deref()).await?;
        // On a thread of its own: whoever else runs on this one goes on. One: the others answer requests.
        let compute = move || Report::compute(stored.ids, &stored.fleet, stored.intake, options, NonZeroUsize::MIN);
        let report = tokio::task::spawn_blocking(compute).await.map_err(|error| inconsistent(&error))?;

        store_uptime::prepare(&self.client).await?;
        let transaction = self.client.transaction().await?;
        store_uptime::stage(&transaction, &report).await?;
        transaction.execute(include_str!("store.sql"), &[&claimed.number]).await?;
        let as_of = report.head.as_of_us.and_then(DateTime::from_timestamp_micros);
        let rows = i64::try_from(report.len()).unwrap_or(i64::MAX);
        let diagnostics = serde_json::to_value(report.head.diagnostics).map_err(|error| inconsistent(&error))?;
        let complete = include_str!("complete.sql");
        transaction
            .execute(complete, &[&claimed.number, &as_of, &rows, &diagnostics, &chrono_tz::IANA_TZDB_VERSION])
            .await?;
        transaction.commit().await?;
        Ok(())
    }
}
