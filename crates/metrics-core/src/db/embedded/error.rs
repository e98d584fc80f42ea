//! Why there is no embedded server.

use std::io;
use std::path::PathBuf;

/// Why the embedded server cannot be used, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// PostgreSQL's programs were not found.
    #[error("{reason}.\nRun one of\n{advice}\nor set METRICS_DATABASE__URL to a database of yours")]
    NoPrograms {
        /// What was looked for, and why what was found does not do.
        reason: String,
        /// Lines to run, each indented.
        advice: String,
    },
    /// The cluster was made by another major version.
    #[error(
        "{data} was made by PostgreSQL {made_by}, but only {found} is installed: install PostgreSQL {made_by}, or set \
         METRICS_DATABASE__EMBEDDED_DIR to another folder (its data is computed anew)"
    )]
    OtherVersion {
        /// The cluster.
        data: PathBuf,
        /// Its major version.
        made_by: u32,
        /// The installed major versions.
        found: String,
    },
    /// Root needs an ordinary user to run the server.
    #[error(
        "PostgreSQL does not run as root, and there is neither a user postgres nor nobody: run as an ordinary user"
    )]
    NoAccount,
    /// A folder or file cannot be used.
    #[error("cannot {action} {path}; METRICS_DATABASE__EMBEDDED_DIR can name a folder elsewhere")]
    Folder {
        /// What was tried.
        action: &'static str,
        /// The folder or file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The folder belongs to somebody else.
    #[error(
        "{path} belongs to user {owner}: run as that user, or set METRICS_DATABASE__EMBEDDED_DIR to a folder of yours"
    )]
    ForeignFolder {
        /// The folder.
        path: PathBuf,
        /// Its owner's number.
        owner: u32,
    },
    /// A program could not be run.
    #[error("cannot run {program}")]
    Run {
        /// The program.
        program: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A program failed.
    #[error("{program} failed:\n{output}")]
    Failed {
        /// The program.
        program: &'static str,
        /// What it printed, and the end of the server's log.
        output: String,
    },
}

impl EmbeddedError {
    pub(super) fn folder(action: &'static str, path: PathBuf, source: io::Error) -> Self {
        Self::Folder { action, path, source }
    }
}
