//! How a command ends.

use metrics_core::db::DbError;
use metrics_core::db::metrics::report_run::LockHolder;
pub use metrics_core::exit::Exit;

use crate::csv::ReadError;

/// Why a command did not end well.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The command line is well formed but cannot be meant.
    #[error("{0}")]
    Usage(String),
    /// Configuration or database cannot be used; nothing was done.
    #[error("nothing was done: {0:#}")]
    NotUsable(anyhow::Error),
    /// Another run of the same is under way.
    #[error("another run of {what} is under way: {holder}")]
    Locked {
        /// The view, or another command of which there is one at a time.
        what: String,
        /// Who holds its lock.
        holder: LockHolder,
    },
    /// Whoever read the output stopped reading; there is nobody to tell.
    #[error("the output was closed")]
    OutputClosed,
    /// A signal ended it.
    #[error("interrupted; what was committed before stays, run it again to complete")]
    Interrupted,
    /// It failed.
    #[error("{0:#}")]
    Failed(anyhow::Error),
}

impl CommandError {
    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::NotUsable(_) => Exit::NotUsable,
            Self::Locked { .. } => Exit::Locked,
            Self::OutputClosed => Exit::Done,
            Self::Interrupted | Self::Failed(_) => Exit::Failed,
        }
    }
}

impl From<std::io::Error> for CommandError {
    /// An error of writing the output.
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe { Self::OutputClosed } else { Self::Failed(error.into()) }
    }
}

impl From<ReadError> for CommandError {
    fn from(error: ReadError) -> Self {
        Self::NotUsable(error.into())
    }
}

impl From<DbError> for CommandError {
    /// A database error of a command that has not begun to change anything.
    fn from(error: DbError) -> Self {
        Self::NotUsable(error.into())
    }
}
