//! The operational database, which only reports read.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use metrics_core::db::{Client, ConnectOptions, DbError, connect};
use metrics_core::parameters::Parameters;
use metrics_core::settings::{DatabaseUrl, Settings};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::ApiError;

/// Reports at once: they are long, and the operational database has other things to do.
const REPORTS_AT_ONCE: usize = 2;

/// Longest wait for a turn.
const WAIT: Duration = Duration::from_secs(5);

/// How to reach the operational database.
pub struct Source {
    url: DatabaseUrl,
    options: ConnectOptions,
    turns: Semaphore,
    forced_zone: Option<Tz>,
    parameters: Parameters,
    earliest: DateTime<Utc>,
}

impl Source {
    /// Of the database at `url`. Nothing is opened yet.
    pub fn new(settings: &Settings, parameters: Parameters, url: &DatabaseUrl) -> Self {
        Self {
            url: url.clone(),
            options: ConnectOptions {
                application_name: "metrics-api reports".to_owned(),
                read_only: true,
                statement_timeout: settings.api.query_timeout,
                connect_timeout: settings.database.connect_timeout.min(WAIT),
            },
            turns: Semaphore::new(REPORTS_AT_ONCE),
            forced_zone: settings.reporting.time_zone,
            parameters,
            earliest: settings.reporting.earliest_date.and_time(NaiveTime::MIN).and_utc(),
        }
    }

    /// Waits for a turn and opens a connection, which cannot write. The turn lasts as long as it is kept.
    pub async fn connect(&self) -> Result<(SemaphorePermit<'_>, Client), ApiError> {
        let busy = || DbError::Pool("as many reports as may be are being made".to_owned());
        let Ok(Ok(turn)) = tokio::time::timeout(WAIT, self.turns.acquire()).await else {
            return Err(ApiError::SourceUnavailable(busy()));
        };
        let client = connect::connect(&self.url, &self.options).await.map_err(ApiError::SourceUnavailable)?;
        Ok((turn, client))
    }

    /// Zone of a company in `country`: forced by the settings, else of the country, else UTC.
    pub fn zone(&self, country: Option<&str>) -> Tz {
        self.forced_zone.or_else(|| self.parameters.time_zone(country)).unwrap_or(Tz::UTC)
    }

    /// Movements before it are unusable.
    pub fn earliest(&self) -> DateTime<Utc> {
        self.earliest
    }
}
