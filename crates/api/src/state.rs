//! What requests share.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use actix_web::web::Data;
use metrics_core::dashboard::Schema;
use metrics_core::db::reader::Snapshot;
use metrics_core::db::{ConnectOptions, DbError, Pool, PooledConnection, connect};
use metrics_core::parameters::Parameters;
use metrics_core::settings::{ApiSettings, DatabaseUrl, Settings};
use tokio::sync::Notify;

use crate::databoard::{Databoard, Upstream};
use crate::direct::Direct;
use crate::error::ApiError;
use crate::kept_pages::KeptPages;
use crate::source::Source;

/// Longest wait for a connection while all are in use: a client is better told than kept waiting.
const POOL_WAIT: Duration = Duration::from_secs(5);

/// Timelines of stores that are read at once.
const TIMELINES_AT_ONCE: usize = 4;

/// What all requests share.
pub struct AppState {
    /// Settings of the API.
    pub settings: ApiSettings,
    /// Folder of the embedded PostgreSQL, when it holds the metrics.
    pub embedded_dir: Option<PathBuf>,
    /// One for each worker.
    pools: Vec<Pool>,
    next_worker: AtomicUsize,
    /// The operational database, for reports.
    pub(crate) source: Source,
    /// The database of the metrics, for timelines, whose polls come by COPY.
    pub(crate) timelines: Direct,
    /// A connection of its own: that all others are busy does not make the API unready.
    pub(crate) health_pool: Pool,
    /// For requests for reports, the only thing that is written.
    writer: Pool,
    /// Tells a worker that a report waits.
    pub(crate) reports_wait: Notify,
    /// Dashboards, which have connections of their own.
    pub(crate) databoard: Data<Databoard>,
}

impl AppState {
    /// State over the metrics in `metrics` and the operational database `source`. Connections are opened when first
    /// needed, and cannot write. `schema`: what dashboards are held against.
    pub fn new(
        settings: &Settings,
        parameters: Parameters,
        metrics: &DatabaseUrl,
        source: &DatabaseUrl,
        schema: Option<Schema>,
        upstream: Option<Upstream>,
        embedded_dir: Option<PathBuf>,
    ) -> Result<Self, DbError> {
        let api = &settings.api;
        let options = ConnectOptions {
            application_name: "metrics-api".to_owned(),
            read_only: true,
            statement_timeout: api.query_timeout,
            connect_timeout: settings.database.connect_timeout,
        };
        let workers = match api.workers {
            0 => thread::available_parallelism().map_or(1, NonZero::get),
            workers => workers,
        };
        let pool = |size| connect::pool(metrics, &options, size, POOL_WAIT);
        Ok(Self {
            pools: (0..workers).map(|_| pool(api.pool_size.div_ceil(workers))).collect::<Result<_, _>>()?,
            next_worker: AtomicUsize::new(0),
            source: Source::new(settings, parameters, source),
            timelines: Direct::new(settings, metrics, "metrics-api timelines", TIMELINES_AT_ONCE),
            health_pool: pool(1)?,
            writer: connect::pool(metrics, &ConnectOptions { read_only: false, ..options }, 1, POOL_WAIT)?,
            reports_wait: Notify::new(),
            databoard: Data::new(Databoard::new(settings, metrics, schema, upstream)?),
            settings: api.clone(),
            embedded_dir,
        })
    }

    /// A connection that may write.
    pub(crate) async fn writer(&self) -> Result<PooledConnection, ApiError> {
        Ok(connect::get(&self.writer).await?)
    }

    /// Threads that answer requests.
    pub(crate) fn workers(&self) -> usize {
        self.pools.len()
    }

    /// The state as the next worker sees it.
    pub(crate) fn for_worker(self: &Arc<Self>) -> Worker {
        let index = self.next_worker.fetch_add(1, Ordering::Relaxed) % self.pools.len();
        Worker { app: self.clone(), pool: self.pools[index].clone(), kept_pages: KeptPages::default() }
    }

    /// The state as the maintenance listener sees it, which asks for health only.
    pub(crate) fn for_maintenance(self: &Arc<Self>) -> Worker {
        Worker { app: self.clone(), pool: self.health_pool.clone(), kept_pages: KeptPages::default() }
    }
}

/// What the requests of one worker share.
///
/// Each worker has connections of its own: they are read on the thread that opened them, and passing every packet
/// of a slice to another thread takes longer than adding it up.
pub struct Worker {
    /// What all workers share.
    pub app: Arc<AppState>,
    pool: Pool,
    /// Pages that it made.
    pub(crate) kept_pages: KeptPages,
}

impl Worker {
    /// A snapshot to read one response from.
    pub async fn snapshot(&self) -> Result<Snapshot, ApiError> {
        Ok(self.read().await?)
    }

    /// The same, where what goes wrong is told in another form.
    pub(crate) async fn read(&self) -> Result<Snapshot, DbError> {
        Snapshot::open(&self.pool).await
    }
}
