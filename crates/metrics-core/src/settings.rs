//! Settings: what an operator may choose, read once when a program starts.
//!
//! `config/base.toml` holds every key, its default and its meaning, and is compiled in. It is overridden by the
//! file of the environment, then by variables, then by flags. No other module reads the environment.

mod database_url;
mod databoard;
mod error;
mod layers;
mod values;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::Deserialize;

pub use crate::secret::Secret;
pub use database_url::DatabaseUrl;
pub use databoard::DataboardSettings;
pub use error::SettingsError;
pub use layers::{Flag, Origin, Setting};
pub use values::{EmbeddedUse, FxProvider, LogFormat, LogLevel};

use crate::lca::{FoodLossBoundary, LcaModel};

/// All settings, checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the metrics are stored.
    pub database: DatabaseSettings,
    /// The operational database.
    pub source: SourceSettings,
    /// What a run computes.
    pub reporting: ReportingSettings,
    /// Exchange rates.
    pub fx: FxSettings,
    /// Life-cycle assessment.
    pub lca: LcaSettings,
    /// Uptime of stores.
    pub uptime: UptimeSettings,
    /// KPIs.
    pub kpi: KpiSettings,
    /// The HTTP API.
    pub api: ApiSettings,
    /// Saved dashboards and channels.
    pub databoard: DataboardSettings,
    /// Logging.
    pub log: LogSettings,
    #[serde(skip)]
    described: Vec<Setting>,
}

/// Section `database`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// Database of the metrics, from any of the variables that may name it; `None`: the embedded server.
    #[serde(deserialize_with = "values::optional")]
    pub url: Option<DatabaseUrl>,
    /// When the embedded server is used.
    pub embedded: EmbeddedUse,
    /// Folder of the embedded server, relative to the working directory.
    pub embedded_dir: PathBuf,
    /// Folder of PostgreSQL's programs for it; `None`: searched for.
    #[serde(deserialize_with = "values::optional")]
    pub embedded_bin_dir: Option<PathBuf>,
    /// Time until an attempt to connect is given up.
    #[serde(rename = "connect_timeout_s", deserialize_with = "values::seconds")]
    pub connect_timeout: Duration,
    /// Time after which the server cancels a statement; zero: never.
    #[serde(rename = "statement_timeout_s", deserialize_with = "values::seconds_or_zero")]
    pub statement_timeout: Duration,
}

/// Section `source`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSettings {
    /// The operational database; `None`: the same database as the metrics.
    #[serde(deserialize_with = "values::optional")]
    pub url: Option<DatabaseUrl>,
    /// Time after which the server cancels a statement; zero: never.
    #[serde(rename = "statement_timeout_s", deserialize_with = "values::seconds_or_zero")]
    pub statement_timeout: Duration,
}

/// Section `reporting`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportingSettings {
    /// Zone forced on all cooling units; `None`: each in its own.
    #[serde(deserialize_with = "values::optional")]
    pub time_zone: Option<Tz>,
    /// Days before today from which a run without dates computes again; at least 1.
    #[serde(deserialize_with = "values::at_least_one")]
    pub trailing_days: u32,
    /// First day that is ever computed.
    pub earliest_date: NaiveDate,
    /// Rows per transaction, rounded up to whole cooling units; at least 1.
    #[serde(deserialize_with = "values::at_least_one")]
    pub batch_rows: usize,
}

/// Section `fx`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FxSettings {
    /// Where rates are fetched from.
    pub provider: FxProvider,
    /// Address instead of the provider's own.
    #[serde(deserialize_with = "values::optional")]
    pub base_url: Option<String>,
    /// Key of the provider.
    #[serde(deserialize_with = "values::optional")]
    pub api_key: Option<Secret>,
    /// Time for one request.
    #[serde(rename = "timeout_s", deserialize_with = "values::seconds")]
    pub timeout: Duration,
    /// Time for all requests of a run together.
    #[serde(rename = "total_timeout_s", deserialize_with = "values::seconds")]
    pub total_timeout: Duration,
    /// Further attempts after a failed request.
    pub retries: u32,
    /// Days after its date for which a rate still serves.
    pub max_age_days: u32,
    /// Relative change above which a rate is quarantined, above 0.
    #[serde(deserialize_with = "values::positive_ratio")]
    pub quarantine_ratio: f64,
}

/// Section `lca`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LcaSettings {
    /// Model of a room's emissions.
    pub model: LcaModel,
    /// What a kilogram of lost food stands for.
    pub food_loss: FoodLossBoundary,
}

/// Section `uptime`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UptimeSettings {
    /// Days for which polls are kept, at least 1.
    #[serde(deserialize_with = "values::at_least_one")]
    pub polls_retention_days: u32,
    /// Hours for which the uptime of stores is kept, at least 1.
    #[serde(deserialize_with = "values::at_least_one")]
    pub history_hours: u32,
    /// Hours for which reports on request are kept, at least 1.
    #[serde(deserialize_with = "values::at_least_one")]
    pub reports_retention_hours: u32,
    /// Where polls, opening hours and zones come from.
    pub ingest: UptimeIngestSettings,
}

/// Section `uptime.ingest`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UptimeIngestSettings {
    /// Sources of polls.
    pub status: Vec<String>,
    /// Source of opening hours.
    #[serde(deserialize_with = "values::optional")]
    pub hours: Option<String>,
    /// Source of zones.
    #[serde(deserialize_with = "values::optional")]
    pub zones: Option<String>,
    /// Time for all that one source takes.
    #[serde(rename = "timeout_s", deserialize_with = "values::seconds")]
    pub timeout: Duration,
    /// Largest transfer of one source, at least 1.
    #[serde(deserialize_with = "values::at_least_one")]
    pub max_bytes: u64,
    /// Folder of what was fetched, relative to the working directory.
    pub cache_dir: PathBuf,
    /// Key file of a service account, for files on Google Drive.
    #[serde(deserialize_with = "values::optional")]
    pub google_credentials: Option<PathBuf>,
    /// Address instead of Google Drive's own.
    #[serde(deserialize_with = "values::optional")]
    pub drive_url: Option<String>,
}

/// Section `kpi`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KpiSettings {
    /// File of definitions.
    #[serde(deserialize_with = "values::optional")]
    pub file: Option<PathBuf>,
}

/// Section `api`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiSettings {
    /// Address of the API.
    pub listen: SocketAddr,
    /// Address of the health and maintenance pages.
    pub maintenance_listen: SocketAddr,
    /// Origins of browsers that may call the API; `*` for all.
    pub cors_allowed_origins: Vec<String>,
    /// Threads; 0: one per core.
    pub workers: usize,
    /// Connections to the database, at least 1.
    #[serde(deserialize_with = "values::at_least_one")]
    pub pool_size: usize,
    /// Time for one request.
    #[serde(rename = "request_timeout_s", deserialize_with = "values::seconds")]
    pub request_timeout: Duration,
    /// Time for one statement of a request.
    #[serde(rename = "query_timeout_s", deserialize_with = "values::seconds")]
    pub query_timeout: Duration,
    /// Largest body of a request, bytes; at least 1.
    #[serde(deserialize_with = "values::at_least_one")]
    pub max_body_bytes: usize,
    /// Reports of uptime that are computed at a time by one process; 0: `reporter work` does it.
    pub report_workers: usize,
    /// Reports of uptime that may wait, at least 1.
    #[serde(deserialize_with = "values::at_least_one")]
    pub report_queue: u32,
    /// Time that running requests get at shutdown.
    #[serde(rename = "shutdown_timeout_s", deserialize_with = "values::seconds")]
    pub shutdown_timeout: Duration,
}

/// Section `log`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// Least severe level that is logged.
    pub level: LogLevel,
    /// Form of a line.
    pub format: LogFormat,
}

impl Settings {
    /// Settings of this process.
    pub fn load() -> Result<Self, SettingsError> {
        Self::load_with(&[])
    }

    /// Settings of this process with `flags` of its command line above all else.
    pub fn load_with(flags: &[Flag]) -> Result<Self, SettingsError> {
        // A variable that is not Unicode cannot be one of ours with a valid value: the replacement characters
        // make it fail where it is checked.
        let environment = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
        Self::from_environment(environment, flags)
    }

    /// Settings from the given variables and flags. Files that they name are read; the process's own environment
    /// is not.
    pub fn from_environment(
        environment: impl IntoIterator<Item = (String, String)>,
        flags: &[Flag],
    ) -> Result<Self, SettingsError> {
        let layers = layers::merge(environment, flags)?;
        let mut settings: Self = layers.deserialize()?;
        settings.databoard.quota().map_err(|error| layers.invalid(databoard::QUOTA_KEY, error.to_string()))?;
        settings.described = layers.describe();
        Ok(settings)
    }

    /// The variable of that name, for files of an operator that name variables; nothing when it is not Unicode.
    pub fn variable(name: &str) -> Option<String> {
        std::env::var_os(name)?.into_string().ok()
    }

    /// The folders in which the operating system looks for programs.
    pub fn search_path() -> Option<OsString> {
        std::env::var_os("PATH")
    }

    /// Every setting with its value (secrets masked) and where that came from, by key.
    pub fn describe(&self) -> &[Setting] {
        &self.described
    }
}
