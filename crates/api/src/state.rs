//! What all requests share.

use std::path::PathBuf;
use std::time::Duration;

use metrics_core::db::reader::Snapshot;
use metrics_core::db::{ConnectOptions, DbError, Pool, connect};
use metrics_core::settings::{ApiSettings, DatabaseUrl, Settings};

use crate::error::ApiError;

/// Longest wait for a connection while all are in use: a client is better told than kept waiting.
const POOL_WAIT: Duration = Duration::from_secs(5);

/// What all requests share.
pub struct AppState {
    /// Settings of the API.
    pub settings: ApiSettings,
    /// Folder of the embedded PostgreSQL, when it holds the metrics.
    pub embedded_dir: Option<PathBuf>,
    pool: Pool,
    /// A connection of its own: that all others are busy does not make the API unready.
    pub(crate) health_pool: Pool,
}

impl AppState {
    /// State over the metrics in `metrics`. Connections are opened when first needed, and cannot write.
    pub fn new(settings: &Settings, metrics: &DatabaseUrl, embedded_dir: Option<PathBuf>) -> Result<Self, DbError> {
        let api = &settings.api;
        let options = ConnectOptions {
            application_name: "metrics-api".to_owned(),
            read_only: true,
            statement_timeout: api.query_timeout,
            connect_timeout: settings.database.connect_timeout,
        };
        Ok(Self {
            pool: connect::pool(metrics, &options, api.pool_size, POOL_WAIT)?,
            health_pool: connect::pool(metrics, &options, 1, POOL_WAIT)?,
            settings: api.clone(),
            embedded_dir,
        })
    }

    /// A snapshot to read one response from.
    pub async fn snapshot(&self) -> Result<Snapshot, ApiError> {
        Ok(Snapshot::open(&self.pool).await?)
    }
}
