//! What can be wrong with settings.

use std::path::PathBuf;

use super::Origin;

/// Why the settings cannot be used, and what to do about it. A program that meets it ends with exit code 3.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A key that no setting has.
    #[error("{origin}: there is no setting {name}; did you mean {nearest}?")]
    UnknownKey {
        /// The key or variable as written.
        name: String,
        /// Where it is written.
        origin: Origin,
        /// The known one that resembles it most.
        nearest: String,
    },
    /// A value that the setting does not take.
    #[error("{key} = \"{value}\" (from {origin}): {reason}")]
    Invalid {
        /// The setting.
        key: String,
        /// Its value; `***` for secrets and URLs.
        value: String,
        /// Where it came from.
        origin: Origin,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// A variable and the variable of its file are both set.
    #[error("{variable} and {variable}_FILE are both set: unset one of them")]
    BothForms {
        /// Name without `_FILE`.
        variable: String,
    },
    /// The file that holds a value cannot be read.
    #[error("{variable} names the file {path}, which cannot be read: check that it exists and is readable")]
    UnreadableValue {
        /// The variable, with `_FILE`.
        variable: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file of the environment cannot be read.
    #[error(
        "METRICS_ENV is \"{environment}\", but {path} cannot be read: create it, set METRICS_CONFIG_DIR to the folder \
         that holds it, or unset METRICS_ENV"
    )]
    UnreadableFile {
        /// Value of `METRICS_ENV`.
        environment: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that is not TOML.
    #[error("{path} is not valid TOML: {reason}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line and reason.
        reason: String,
    },
}
