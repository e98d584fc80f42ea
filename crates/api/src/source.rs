//! The operational database, which only reports read.

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use metrics_core::db::Client;
use metrics_core::parameters::Parameters;
use metrics_core::settings::{DatabaseUrl, Settings};
use tokio::sync::SemaphorePermit;

use crate::direct::Direct;
use crate::error::ApiError;

/// Reports at once: they are long, and the operational database has other things to do.
const REPORTS_AT_ONCE: usize = 2;

/// How to reach the operational database.
pub struct Source {
    connections: Direct,
    forced_zone: Option<Tz>,
    parameters: Parameters,
    earliest: DateTime<Utc>,
}

impl Source {
    /// Of the database at `url`. Nothing is opened yet.
    pub fn new(settings: &Settings, parameters: Parameters, url: &DatabaseUrl) -> Self {
        Self {
            connections: Direct::new(settings, url, "metrics-api reports", REPORTS_AT_ONCE),
            forced_zone: settings.reporting.time_zone,
            parameters,
            earliest: settings.reporting.earliest_date.and_time(NaiveTime::MIN).and_utc(),
        }
    }

    /// Waits for a turn and opens a connection, which cannot write. The turn lasts as long as it is kept.
    pub async fn connect(&self) -> Result<(SemaphorePermit<'_>, Client), ApiError> {
        self.connections.connect().await.map_err(ApiError::SourceUnavailable)
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
