//! Why a file cannot be read.

use std::path::PathBuf;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It cannot be opened.
    #[error("cannot open {}", file.display())]
    Open {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Reading or decompressing it failed.
    #[error("cannot read {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system or the decompressor said.
        source: std::io::Error,
    },
    /// A column is not in the header.
    #[error("{}: there is no column {column}; the header is `{header}`", file.display())]
    MissingColumn {
        /// The file.
        file: PathBuf,
        /// The names that the column may have.
        column: String,
        /// The header, or its beginning.
        header: String,
    },
    /// A column is in the header twice.
    #[error("{}: the column {column} is there twice; the header is `{header}`", file.display())]
    RepeatedColumn {
        /// The file.
        file: PathBuf,
        /// The names that the column may have.
        column: String,
        /// The header, or its beginning.
        header: String,
    },
}
