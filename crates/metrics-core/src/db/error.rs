//! What can go wrong with a database.

use tokio_postgres::error::SqlState;

use super::embedded::EmbeddedError;

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
    /// The operational database lacks something that a run reads.
    #[error(
        "the operational database does not fit: {0}; check that source.url names the right database, and that this \
         program knows its version"
    )]
    Source(String),
    /// The settings name no database.
    #[error(
        "no database is configured and database.embedded is never: set METRICS_DATABASE__URL, DATABASE_URL or DB_HOST"
    )]
    NoDatabase,
    /// The embedded server cannot be used.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The server is older than the migrations need.
    #[error("{target} runs PostgreSQL {version}: version 15 or newer is needed")]
    OldServer {
        /// Database, host and port.
        target: String,
        /// The server's version.
        version: String,
    },
    /// A migration failed; those before it are in place.
    #[error("the database could not be migrated: {0}")]
    Migration(String),
    /// The schema is not that of this program.
    #[error("the schema metrics in {database} is not that of this program ({what}): run reporter migrate")]
    SchemaNotCurrent {
        /// Name of the database.
        database: String,
        /// What is missing or unknown.
        what: String,
    },
    /// The tables that a view reads are not in the database of the metrics.
    #[error(
        "{view} reads {table}, which is not in {target}: the view needs the operational tables in the same database"
    )]
    NoSourceTables {
        /// The view.
        view: &'static str,
        /// The first missing table.
        table: String,
        /// Database, host and port.
        target: String,
    },
    /// Something else has the name that a view needs.
    #[error("{name} exists and is not ours: rename or drop it")]
    Occupied {
        /// Schema and name.
        name: String,
    },
}

impl DbError {
    /// True when the server ended a statement because its time was over.
    pub fn is_statement_timeout(&self) -> bool {
        match self {
            Self::Statement(error) => error.code() == Some(&SqlState::QUERY_CANCELED),
            // Diesel passes on what the server says, and not its code. A server that says it in another language is taken
            // for one that does not answer.
            Self::Query(diesel::result::Error::DatabaseError(_, said)) => {
                said.message() == "canceling statement due to statement timeout"
            }
            _ => false,
        }
    }

    /// True when the database is not usable as it is, and nothing was done: exit code 3.
    pub fn is_unusable(&self) -> bool {
        !matches!(self, Self::Query(_) | Self::Statement(_) | Self::Inconsistent(_) | Self::Migration(_))
    }
}
