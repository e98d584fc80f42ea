//! Other engines of SQL, which run a query as it is written: Dremio by its REST interface, and Trino.
//!
//! A query whose result nobody waits for any more, because its deadline has passed, is cancelled at the engine.

mod dremio;
mod rows;
mod trino;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use metrics_core::kpi::{ErrorKind, ExternalKind, ExternalSource};
use serde::de::DeserializeOwned;

use crate::http::{HttpError, Reply};

/// Of one request; queries last as long as their deadline lets them.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// An engine somebody already has.
#[async_trait]
pub trait SqlEngine: Debug + Send + Sync {
    /// The result of a query, or its first `most_rows` rows.
    async fn query(&self, sql: &str, most_rows: usize) -> Result<(SchemaRef, Vec<RecordBatch>), ExternalError>;

    /// Waits until all queries that were given up are cancelled at the engine.
    async fn settle(&self);
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
            Self::Http(_) | Self::NotBuilt(_) => ErrorKind::SourceUnavailable,
            Self::Value { .. } => ErrorKind::Value,
            Self::Refused { .. }
            | Self::Malformed { .. }
            | Self::Failed(_)
            | Self::Cancelled
            | Self::Interrupted(_) => ErrorKind::Execution,
        }
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
        ExternalKind::FlightSql => return Err(ExternalError::NotBuilt("Flight SQL")),
    })
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
