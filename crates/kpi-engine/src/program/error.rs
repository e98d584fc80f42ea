//! Why a command did not end well.

use metrics_core::db::DbError;
use metrics_core::db::metrics::report_run::LockHolder;
use metrics_core::exit::Exit;

use crate::definitions::FileError;

/// Why a command did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// The command line is well formed but cannot be meant.
    #[error("{0}")]
    Usage(String),
    /// Definitions, settings or the database cannot be used; nothing was done.
    #[error("nothing was done: {0:#}")]
    NotUsable(anyhow::Error),
    /// Another run of the same environment is under way.
    #[error("another run of the KPIs of `{environment}` is under way: {holder}")]
    Locked {
        /// The environment.
        environment: String,
        /// Who holds its lock.
        holder: LockHolder,
    },
    /// Whoever read the output stopped reading; there is nobody to tell.
    #[error("the output was closed")]
    OutputClosed,
    /// It failed.
    #[error("{0:#}")]
    Failed(anyhow::Error),
}

impl ProgramError {
    /// The exit code.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::NotUsable(_) => Exit::NotUsable,
            Self::Locked { .. } => Exit::Locked,
            Self::OutputClosed => Exit::Done,
            Self::Failed(_) => Exit::Failed,
        }
    }

    /// An error after something was changed.
    pub fn failed(error: impl Into<anyhow::Error>) -> Self {
        Self::Failed(error.into())
    }
}

impl From<std::io::Error> for ProgramError {
    /// An error of writing the output.
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe { Self::OutputClosed } else { Self::Failed(error.into()) }
    }
}

impl From<DbError> for ProgramError {
    /// An error of a command that has not begun to change anything.
    fn from(error: DbError) -> Self {
        Self::NotUsable(error.into())
    }
}

impl From<FileError> for ProgramError {
    fn from(error: FileError) -> Self {
        Self::NotUsable(error.into())
    }
}
