//! What requests for dashboards and channels share.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use chrono::{DateTime, SubsecRound as _, Utc};
use metrics_core::dashboard::Schema;
use metrics_core::db::databoard::{Deadline, Limits};
use metrics_core::db::{ConnectOptions, DbError, Pool, PooledConnection, connect};
use metrics_core::settings::{DatabaseUrl, DataboardSettings, Settings};
use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};

use super::channels::internal::Internal;
use super::error::Refused;
use super::upstream::Upstream;

/// Longest wait for a connection, below what any route may take.
const POOL_WAIT: Duration = Duration::from_secs(4);

/// What all requests for dashboards and channels share.
pub struct Databoard {
    /// Settings of this part.
    pub settings: DataboardSettings,
    /// What dashboards are held against; `None`: nothing.
    pub(super) schema: Option<Schema>,
    /// How much may be stored.
    pub(super) limits: Limits,
    /// Channels of ours.
    pub(super) internal: Internal,
    /// The data-api whose channels are shown beside ours, if there is one.
    pub(super) upstream: Option<Upstream>,
    /// Writes its own tables, and no metrics.
    pool: Pool,
    /// Writers wait for each other; of the connections one is left for readers.
    writers: Semaphore,
    /// Large documents that are checked at once: a tree takes far more memory than its text.
    large: Arc<Semaphore>,
}

/// Documents checked at once of those that are larger than [`LARGE_BYTES`].
const LARGE_AT_ONCE: usize = 2;
/// What a text has to have to wait for its turn.
const LARGE_BYTES: usize = 1024 * 1024;

/// A connection for a writer, of whom there are fewer than connections.
pub struct Writer<'a> {
    /// Until the end.
    connection: Option<PooledConnection>,
    _permit: SemaphorePermit<'a>,
}

impl Writer<'_> {
    /// The connection.
    pub(super) fn connection(&mut self) -> Result<&mut PooledConnection, Refused> {
        self.connection.as_mut().ok_or_else(|| Refused::Internal(anyhow::anyhow!("the connection was given back")))
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            connect::give_back(connection);
        }
    }
}

impl Databoard {
    /// Over the database `url`; connections are opened when first needed.
    pub fn new(
        settings: &Settings,
        url: &DatabaseUrl,
        schema: Option<Schema>,
        upstream: Option<Upstream>,
    ) -> Result<Self, DbError> {
        let own = &settings.databoard;
        let options = ConnectOptions {
            application_name: "metrics-api dashboards".to_owned(),
            read_only: false,
            statement_timeout: settings.api.query_timeout,
            connect_timeout: settings.database.connect_timeout,
        };
        let quota = own.quota().map_err(|error| DbError::Inconsistent(error.to_string()))?;
        Ok(Self {
            limits: Limits { quota, is_strict: own.dashboard_strict_quota, history_max_bytes: own.history_max_bytes() },
            schema,
            internal: Internal::new(settings, url)?,
            upstream,
            pool: connect::pool(url, &options, own.pool_size, POOL_WAIT)?,
            writers: Semaphore::new(own.pool_size.saturating_sub(1).max(1)),
            large: Arc::new(Semaphore::new(LARGE_AT_ONCE)),
            settings: own.clone(),
        })
    }

    /// Where the public routes answer.
    pub fn public_paths(&self) -> Vec<String> {
        let DataboardSettings { mount, root_path, .. } = &self.settings;
        let mut paths = vec![mount.clone()];
        if !root_path.is_empty() {
            paths.push(format!("{root_path}{mount}"));
        }
        paths
    }

    /// Whether a path is one of the public ones.
    pub fn is_public_path(&self, path: &str) -> bool {
        let DataboardSettings { mount, root_path, .. } = &self.settings;
        let is_below =
            |path: &str| path.strip_prefix(mount.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        is_below(path) || path.strip_prefix(root_path.as_str()).is_some_and(is_below)
    }

    /// A connection that may write the tables of this part.
    pub(super) async fn connection(&self) -> Result<PooledConnection, Refused> {
        Ok(connect::get(&self.pool).await?)
    }

    /// A connection, if one comes before `deadline`.
    pub(super) async fn connection_until(&self, deadline: Deadline) -> Result<PooledConnection, Refused> {
        let left = deadline.left().unwrap_or(POOL_WAIT);
        super::within(left, self.connection()).await
    }

    /// A connection for a writer, if its turn comes before `deadline`.
    pub(super) async fn writer_until(&self, deadline: Deadline) -> Result<Writer<'_>, Refused> {
        let permit = within(deadline, async { self.writers.acquire().await.map_err(closed) }).await?;
        Ok(Writer { connection: Some(self.connection_until(deadline).await?), _permit: permit })
    }

    /// Does what takes a while for a large document, `bytes` long, where no other request waits for it.
    pub(super) async fn off_the_worker<T: Send + 'static>(
        &self,
        bytes: usize,
        deadline: Deadline,
        work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Refused> {
        within(deadline, async {
            let permit = match bytes {
                LARGE_BYTES.. => Some(self.large.clone().acquire_owned().await.map_err(closed)?),
                _ => None,
            };
            let work = move || {
                // What has begun goes on when nobody waits for it any more, and so does its memory.
                let _permit = permit;
                work()
            };
            web::block(work).await.map_err(|error| Refused::Internal(error.into()))?
        })
        .await
    }
}

async fn within<T>(deadline: Deadline, work: impl Future<Output = Result<T, Refused>>) -> Result<T, Refused> {
    match deadline.left() {
        Some(left) => super::within(left, work).await,
        None => work.await,
    }
}

/// Nothing ever closes a semaphore of ours.
fn closed(error: AcquireError) -> Refused {
    Refused::Internal(error.into())
}

/// Now, to the millisecond that is stored, and never after it.
pub fn now() -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "the instant of a request, read where it comes in")]
    let now = Utc::now();
    now.trunc_subsecs(3)
}
