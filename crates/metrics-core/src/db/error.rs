//! What can go wrong with a database.

use crate::settings::SettingsError;

/// Why something could not be read from or written to a database. No variant shows a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// No connection could be made.
    #[error("cannot connect to {target}: {hint}")]
    Connect {
        /// Database, host and port.
        target: String,
        /// What to check.
        hint: &'static str,
        /// What the driver met.
        source: tokio_postgres::Error,
    },
    /// The server did not answer in time.
    #[error(
        "cannot connect to {target}: no answer within {seconds} s; check that the server runs and no firewall drops packets"
    )]
    ConnectTimeout {
        /// Database, host and port.
        target: String,
        /// The time given, `database.connect_timeout_s`.
        seconds: u64,
    },
    /// TLS cannot be set up.
    #[error("cannot set up TLS")]
    Tls(#[source] rustls::Error),
    /// No connection of the pool became free, or a new one could not be made.
    #[error("no database connection: {0}")]
    Pool(String),
    /// A statement failed.
    #[error("the database refused a statement")]
    Query(#[from] diesel::result::Error),
    /// A statement outside of Diesel failed.
    #[error("the database refused a statement")]
    Statement(#[from] tokio_postgres::Error),
    /// A row that the program cannot have written.
    #[error("{0}")]
    Inconsistent(String),
    /// The settings do not name a usable database.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

impl DbError {
    /// True when no statement reached the database: nothing was done, and it may work later.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Connect { .. } | Self::ConnectTimeout { .. } | Self::Tls(_) | Self::Pool(_))
    }
}
