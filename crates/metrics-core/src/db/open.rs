//! The databases that the settings name.

use std::time::Duration;

use super::connect::ConnectOptions;
use super::embedded::{Embedded, EmbeddedOptions};
use super::error::DbError;
use crate::settings::{DatabaseUrl, EmbeddedUse, Settings};

/// Name of the database that the embedded server holds for us.
const EMBEDDED_NAME: &str = "metrics";

/// Where to read and write. Keep it for as long as the databases are used: dropping it may stop the embedded
/// server.
#[derive(Debug)]
pub struct Databases {
    /// The metrics.
    pub metrics: DatabaseUrl,
    /// The operational database.
    pub source: DatabaseUrl,
    /// The embedded server, when it holds the metrics.
    pub embedded: Option<Embedded>,
}

/// Finds the databases, and starts the embedded server when it is to be used. No connection is made to others.
///
/// Works on any runtime; the first start of an embedded server takes seconds.
pub async fn open(settings: &Settings) -> Result<Databases, DbError> {
    let (metrics, embedded) = match (settings.database.embedded, &settings.database.url) {
        (EmbeddedUse::Auto | EmbeddedUse::Never, Some(url)) => (url.clone(), None),
        (EmbeddedUse::Never, None) => return Err(DbError::NoDatabase),
        (EmbeddedUse::Auto, None) | (EmbeddedUse::Always, _) => {
            let embedded = start_embedded(settings).await?;
            (embedded.url(EMBEDDED_NAME), Some(embedded))
        }
    };
    let source = settings.source.url.clone().unwrap_or_else(|| metrics.clone());
    Ok(Databases { metrics, source, embedded })
}

async fn start_embedded(settings: &Settings) -> Result<Embedded, DbError> {
    let options = EmbeddedOptions {
        bin_dir: settings.database.embedded_bin_dir.clone(),
        search_path: Settings::search_path(),
        ..EmbeddedOptions::new(&settings.database.embedded_dir)
    };
    let embedded = tokio::task::spawn_blocking(move || Embedded::start(&options))
        .await
        .map_err(|error| DbError::Inconsistent(format!("starting the embedded PostgreSQL was cut short: {error}")))??;
    tracing::info!("using the embedded PostgreSQL in {}", embedded.dir().display());
    let connection = ConnectOptions {
        application_name: "metrics".to_owned(),
        read_only: false,
        statement_timeout: Duration::ZERO,
        connect_timeout: settings.database.connect_timeout,
    };
    embedded.ensure_database(EMBEDDED_NAME, &connection).await?;
    Ok(embedded)
}
