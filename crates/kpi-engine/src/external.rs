//! Other engines of SQL: Dremio by its REST interface, Trino, and, with the feature `external-engine`, whatever speaks
//! Flight SQL. They run a query as it is written, or have tables that queries here read.
//!
//! A query whose result nobody waits for any more, because its deadline has passed, is cancelled at the engine.

mod dremio;
#[cfg(feature = "external-engine")]
mod flight;
mod information;
mod rows;
mod scan;
mod tables;
mod trino;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use futures_util::stream::BoxStream;
use metrics_core::kpi::{ErrorKind, ExternalKind, ExternalSource, Failure};
use serde::de::DeserializeOwned;

pub(crate) use self::tables::tables;
use crate::failure::failure;
use crate::http::{HttpError, Reply};
use crate::remote::{Column, Dialect};

/// Of one request; queries last as long as their deadline lets them.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// An engine somebody already has.
#[async_trait]
pub trait SqlEngine: Debug + Send + Sync {
    /// Starts a query, of whose result no more than `most_rows` rows are wanted.
    async fn query(&self, sql: &str, most_rows: usize) -> Result<Rows, ExternalError>;

    /// Those of the tables, each given by its schema and name, that there are, whatever the case of the letters.
    async fn tables(&self, named: &[[String; 2]]) -> Result<Vec<ExternalTable>, ExternalError>;

    /// What it speaks.
    fn dialect(&self) -> Dialect;

    /// Waits until all queries that were given up are cancelled at the engine.
    async fn settle(&self);
}

/// The result of a query. When it is dropped before its end, the query is cancelled at the engine.
pub struct Rows {
    /// Its columns.
    pub schema: SchemaRef,
    /// Its rows, as they come.
    pub batches: BoxStream<'static, Result<RecordBatch, ExternalError>>,
}

/// A table of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalTable {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its whole name, as the engine takes it.
    pub path: Vec<String>,
    /// Its columns, in their order.
    pub columns: Vec<Column>,
}

/// Why an external engine gives no result.
#[derive(Debug, thiserror::Error)]
pub enum ExternalError {
    /// No answer at all.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// An answer with an error in it.
    #[error("{request}: {status}: {reason}")]
    Refused {
        /// Method and path.
        request: String,
        /// Of HTTP.
        status: u16,
        /// In the engine's words.
        reason: String,
    },
    /// An answer that is not what the interface describes.
    #[error("{request}: the answer is not understood: {reason}")]
    Malformed {
        /// Method and path.
        request: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The query failed there.
    #[error("the engine says: {0}")]
    Failed(String),
    /// The query was cancelled there, by somebody else.
    #[error("the query was cancelled at the engine")]
    Cancelled,
    /// A value that is not of its column's type.
    #[error("column `{column}`: {reason}")]
    Value {
        /// Its name.
        column: String,
        /// What does not fit.
        reason: String,
    },
    /// No connection, or it broke.
    #[error("{target} cannot be reached: {reason}")]
    Unreachable {
        /// Host and port.
        target: String,
        /// What the system says.
        reason: String,
    },
    /// It does not let us in.
    #[error("the log-in failed: {0}")]
    LogIn(String),
    /// A setting of the source is missing.
    #[error("the source has no {0}, which its tables need")]
    Unset(&'static str),
    /// A kind of engine that this program cannot speak to.
    #[error("this program is built without {0}")]
    NotBuilt(&'static str),
    /// The program itself: a task was aborted.
    #[error("the query was interrupted: {0}")]
    Interrupted(String),
}

impl ExternalError {
    /// Which kind of failure of a KPI this is.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Http(HttpError::Timeout { .. }) => ErrorKind::Timeout,
            Self::Http(_) | Self::Unreachable { .. } | Self::LogIn(_) | Self::NotBuilt(_) => {
                ErrorKind::SourceUnavailable
            }
            Self::Unset(_) => ErrorKind::Plan,
            Self::Value { .. } => ErrorKind::Value,
            Self::Refused { .. }
            | Self::Malformed { .. }
            | Self::Failed(_)
            | Self::Cancelled
            | Self::Interrupted(_) => ErrorKind::Execution,
        }
    }
}

impl ExternalError {
    /// The failure of a KPI that uses the source `name`.
    pub(crate) fn failure(&self, name: &str) -> Failure {
        failure(self.kind(), format!("{name}: {self}"))
    }
}

impl From<ArrowError> for ExternalError {
    fn from(error: ArrowError) -> Self {
        Self::Value { column: String::new(), reason: error.to_string() }
    }
}

/// Logs in, where the engine wants that.
pub async fn connect(source: &ExternalSource) -> Result<Arc<dyn SqlEngine>, ExternalError> {
    Ok(match source.kind {
        ExternalKind::DremioRest => Arc::new(dremio::Dremio::connect(source).await?),
        ExternalKind::Trino => Arc::new(trino::Trino::connect(source)?),
        #[cfg(feature = "external-engine")]
        ExternalKind::FlightSql => Arc::new(flight::FlightSql::connect(source).await?),
        #[cfg(not(feature = "external-engine"))]
        ExternalKind::FlightSql => return Err(ExternalError::NotBuilt(FLIGHT_SQL)),
    })
}

/// What a program that is built without it is to be built with.
const FLIGHT_SQL: &str = "Flight SQL; with it: cargo build -p kpi-engine --features external-engine";

/// Refuses a kind of engine that this program cannot speak to.
pub(crate) fn require(kind: ExternalKind) -> Result<(), ExternalError> {
    if kind == ExternalKind::FlightSql && !cfg!(feature = "external-engine") {
        return Err(ExternalError::NotBuilt(FLIGHT_SQL));
    }
    Ok(())
}

/// The body of a good answer.
fn understood<T: DeserializeOwned>(request: &str, reply: &Reply) -> Result<T, ExternalError> {
    let request = || request.to_owned();
    if !reply.status.is_success() {
        let reason = cut(&String::from_utf8_lossy(&reply.body));
        return Err(ExternalError::Refused { request: request(), status: reply.status.as_u16(), reason });
    }
    serde_json::from_slice(&reply.body)
        .map_err(|error| ExternalError::Malformed { request: request(), reason: error.to_string() })
}

/// Foreign text made fit for a message.
fn cut(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).take(500).collect()
}
