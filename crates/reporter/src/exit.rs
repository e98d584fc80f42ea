//! How a command ends: one error type, one table of exit codes.

use std::process::ExitCode;

use metrics_core::db::DbError;
use metrics_core::db::metrics::report_run::LockHolder;

use crate::csv::ReadError;

/// Exit codes of all commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done.
    Done,
    /// It failed, or was interrupted.
    Failed,
    /// The command line cannot be meant.
    Usage,
    /// Configuration or database cannot be used; nothing was done.
    NotUsable,
    /// Done, but something was rejected or failed in part.
    Partial,
    /// Another run holds the lock.
    Locked,
}

impl Exit {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotUsable => 3,
            Self::Partial => 4,
            Self::Locked => 75,
        }
    }

    /// The one to report for several runs: the gravest that occurred.
    pub fn gravest(all: impl IntoIterator<Item = Self>) -> Self {
        const ORDER: [Exit; 6] = [Exit::Usage, Exit::NotUsable, Exit::Locked, Exit::Failed, Exit::Partial, Exit::Done];
        let rank = |exit: &Self| ORDER.iter().position(|known| known == exit);
        all.into_iter().min_by_key(rank).unwrap_or(Self::Done)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

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
    #[error("another run of {what} is under way: {}", describe(.holder))]
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

fn describe(holder: &LockHolder) -> String {
    let run = holder.run.map_or_else(String::new, |run| format!("run {run}, "));
    let since = holder.since.map_or_else(String::new, |since| format!(", connected {}", since.format("%F %T UTC")));
    format!("{run}{} from {} (database session {}{since})", holder.application, holder.address, holder.session)
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
