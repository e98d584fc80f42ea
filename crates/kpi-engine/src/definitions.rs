//! The file of definitions: sources, KPIs and sinks, read from TOML or YAML and checked.
//!
//! Everything that is wrong with it is said with file, line and column, before anything runs.

mod document;
mod file;
mod kpis;
mod reader;
mod sinks;
mod sources;
mod toml;
mod yaml;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use metrics_core::kpi::Definitions;

pub use document::FileError;
pub use file::{Options, hex, load};
pub use reader::{Variables, did_you_mean};
pub use sinks::{Credentials, SheetsSink, Sink, SinkKind};

/// What a file of definitions says, with all that it includes.
#[derive(Debug)]
pub struct DefinitionsFile {
    /// Sources and KPIs.
    pub definitions: Definitions,
    /// Where rows go, in the order of the file.
    pub sinks: Vec<Sink>,
    /// SHA-256 of the files, before variables are filled in.
    pub hash: String,
    /// Bytes that a query may take before it spills or fails.
    pub memory_limit_bytes: usize,
    /// Values that must not show anywhere.
    pub secrets: Secrets,
}

/// Values that must not show anywhere.
#[derive(Default, Clone)]
pub struct Secrets(BTreeSet<String>);

/// Shorter secrets are not searched for in texts: they would hide words.
const SHORTEST_HIDDEN: usize = 4;

impl Secrets {
    /// `text` with each of them replaced by `***`.
    pub fn hide(&self, text: &str) -> String {
        // The longest first: one may be part of another.
        let mut secrets: Vec<_> = self.0.iter().filter(|secret| secret.len() >= SHORTEST_HIDDEN).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.into_iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "***"))
    }

    /// The given ones; of those that are addresses, also the passwords in them.
    fn of(values: BTreeSet<String>) -> Self {
        let passwords = values.iter().filter_map(|value| {
            let url = url::Url::parse(value).ok()?;
            url.password().map(str::to_owned)
        });
        let passwords: Vec<_> = passwords.collect();
        let decoded = passwords.iter().map(|password| percent_decoded(password)).collect::<Vec<_>>();
        Self(values.into_iter().chain(passwords).chain(decoded).collect())
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// `text` with `%41` and the like replaced by what they stand for.
fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A path that a file names, relative to the folder of that file.
fn beside(file: &Path, path: &str) -> PathBuf {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.join(path)
}

#[cfg(test)]
mod tests;
