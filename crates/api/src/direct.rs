//! Connections outside of the pools, a few at a time: for what Diesel cannot read.

use std::time::Duration;

use metrics_core::db::{Client, ConnectOptions, DbError, connect};
use metrics_core::settings::{DatabaseUrl, Settings};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Longest wait for a turn.
const WAIT: Duration = Duration::from_secs(5);

/// How to reach a database, and how often at once.
pub struct Direct {
    url: DatabaseUrl,
    options: ConnectOptions,
    turns: Semaphore,
}

impl Direct {
    /// Read-only connections to the database at `url` under a name, at most so many at once. Nothing is opened yet.
    pub fn new(settings: &Settings, url: &DatabaseUrl, application_name: &str, at_once: usize) -> Self {
        Self {
            url: url.clone(),
            options: ConnectOptions {
                application_name: application_name.to_owned(),
                read_only: true,
                statement_timeout: settings.api.query_timeout,
                connect_timeout: settings.database.connect_timeout.min(WAIT),
            },
            turns: Semaphore::new(at_once),
        }
    }

    /// Waits for a turn and opens a connection, which cannot write. The turn lasts as long as it is kept.
    pub async fn connect(&self) -> Result<(SemaphorePermit<'_>, Client), DbError> {
        self.connect_for(self.options.statement_timeout).await
    }

    /// The same, where a statement may take another time than the settings give it.
    pub async fn connect_for(&self, statement_timeout: Duration) -> Result<(SemaphorePermit<'_>, Client), DbError> {
        let busy = || DbError::Pool(format!("all connections of {} are in use", self.options.application_name));
        let Ok(Ok(turn)) = tokio::time::timeout(WAIT, self.turns.acquire()).await else { return Err(busy()) };
        let options = ConnectOptions { statement_timeout, ..self.options.clone() };
        Ok((turn, connect::connect(&self.url, &options).await?))
    }
}
