//! What goes wrong, in the kinds that are stored with a result.

use std::error::Error;

use datafusion::error::DataFusionError;
use metrics_core::kpi::{ErrorKind, Failure};
use tokio_postgres::error::SqlState;

/// A query that cannot be planned.
pub(crate) fn plan(message: impl Into<String>) -> Failure {
    failure(ErrorKind::Plan, message)
}

/// A failure of a kind.
pub(crate) fn failure(kind: ErrorKind, message: impl Into<String>) -> Failure {
    Failure { kind, message: message.into() }
}

/// A failure on its way through the engine, which gives it back in [`of_engine`].
pub(crate) fn through(failure: Failure) -> DataFusionError {
    DataFusionError::External(Box::new(failure))
}

/// What an error of the engine is; `otherwise` if it does not say.
pub(crate) fn of_engine(error: &DataFusionError, otherwise: ErrorKind) -> Failure {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(failure) = error.downcast_ref::<Failure>() {
            return failure.clone();
        }
        cause = error.source();
    }
    let root = error.find_root();
    let kind = if matches!(root, DataFusionError::ResourcesExhausted(_)) { ErrorKind::Memory } else { otherwise };
    failure(kind, error.strip_backtrace())
}

/// What an error of the source `name` is.
pub(crate) fn of_postgres(name: &str, error: &tokio_postgres::Error) -> Failure {
    let kind = match error.code() {
        None => ErrorKind::SourceUnavailable,
        Some(code) if *code == SqlState::QUERY_CANCELED => ErrorKind::Timeout,
        Some(code) if is_unavailable(code) => ErrorKind::SourceUnavailable,
        Some(_) => ErrorKind::Execution,
    };
    failure(kind, format!("{name}: {}", text_of_postgres(error)))
}

/// What PostgreSQL said, with detail and hint.
pub(crate) fn text_of_postgres(error: &tokio_postgres::Error) -> String {
    let Some(said) = error.as_db_error() else { return chain(error) };
    let mut text = said.message().to_owned();
    for more in [said.detail(), said.hint()].into_iter().flatten() {
        text.push_str("; ");
        text.push_str(more);
    }
    text
}

/// Whether the server is going away or never was there.
fn is_unavailable(code: &SqlState) -> bool {
    code.code().starts_with("08")
        || [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW].contains(code)
}

/// An error with its sources in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
