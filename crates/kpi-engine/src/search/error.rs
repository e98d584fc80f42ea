//! What goes wrong at a search server.

use datafusion::error::DataFusionError;
use metrics_core::kpi::ErrorKind;

use crate::http::HttpError;

/// Why a search server gives no answer, or none that can be trusted.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// No answer at all.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// An answer with an error in it.
    #[error("{request}: {status} {kind}: {reason}")]
    Refused {
        /// Method and path.
        request: String,
        /// Of HTTP.
        status: u16,
        /// `error.type`.
        kind: String,
        /// `error.reason`.
        reason: String,
    },
    /// An answer that is not what the interface describes.
    #[error("{request}: the answer is not understood: {reason}")]
    Malformed {
        /// Method and path.
        request: String,
        /// What is missing.
        reason: String,
    },
    /// Something else than Elasticsearch or OpenSearch answers.
    #[error("{target} is neither Elasticsearch nor OpenSearch: {reason}")]
    Product {
        /// Host and port.
        target: String,
        /// How that shows.
        reason: String,
    },
    /// The index does not exist.
    #[error("there is no index `{index}`")]
    NoIndex {
        /// Index, alias or pattern.
        index: String,
    },
    /// The index is one that cannot be read as a table.
    #[error("index `{index}`: {reason}")]
    Index {
        /// Its name.
        index: String,
        /// Why.
        reason: String,
    },
    /// The server gave up: the documents that came are not all.
    #[error("the search in `{index}` timed out at the server, so its result is not complete")]
    TimedOut {
        /// Index, alias or pattern.
        index: String,
    },
    /// Shards failed: the documents that came are not all.
    #[error("{failed} of {total} shards of `{index}` failed, so the result is not complete: {reason}")]
    Shards {
        /// Index, alias or pattern.
        index: String,
        /// How many failed.
        failed: u64,
        /// Of how many.
        total: u64,
        /// The first one's.
        reason: String,
    },
    /// Several values where one is expected.
    #[error(
        "field `{field}` of document `{id}` in `{index}` holds several values: list it in `arrays`, or set `multi_value`"
    )]
    SeveralValues {
        /// Path of the field.
        field: String,
        /// The document's.
        id: String,
        /// The document's.
        index: String,
    },
    /// A value that is not of the field's type.
    #[error("field `{field}` of document `{id}` in `{index}` is not {wanted}: {found}")]
    Value {
        /// Path of the field.
        field: String,
        /// The document's.
        id: String,
        /// The document's.
        index: String,
        /// What the mapping says.
        wanted: &'static str,
        /// The value, cut.
        found: String,
    },
    /// A field that the mapping leaves without one meaning.
    #[error("field `{field}`: {reason}")]
    Unreadable {
        /// Path of the field.
        field: String,
        /// Why.
        reason: String,
    },
    /// The program itself: a task was aborted.
    #[error("the search was interrupted: {0}")]
    Interrupted(String),
}

impl SearchError {
    /// Which kind of failure of a KPI this is.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Http(HttpError::Timeout { .. }) | Self::TimedOut { .. } => ErrorKind::Timeout,
            Self::Http(_) | Self::Product { .. } => ErrorKind::SourceUnavailable,
            Self::NoIndex { .. } | Self::Index { .. } | Self::Unreadable { .. } => ErrorKind::Plan,
            Self::SeveralValues { .. } | Self::Value { .. } => ErrorKind::Value,
            Self::Refused { .. } | Self::Malformed { .. } | Self::Shards { .. } | Self::Interrupted(_) => {
                ErrorKind::Execution
            }
        }
    }

    /// The one of these at the root of an error of the engine, if it is one.
    pub(super) fn of(error: &DataFusionError) -> Option<&Self> {
        match error.find_root() {
            DataFusionError::External(error) => error.downcast_ref(),
            _ => None,
        }
    }
}

impl From<SearchError> for DataFusionError {
    fn from(error: SearchError) -> Self {
        Self::External(Box::new(error))
    }
}
