//! Where the rows of runs go. What goes into which cell is [`metrics_core::kpi::layout`], the same for all of them.

mod csv;
mod http;
mod sheets;
mod xlsx;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;
use metrics_core::kpi::{Cell, Form, LayoutWarning};
use tempfile::NamedTempFile;

pub use csv::deliver as deliver_csv;
pub use sheets::deliver as deliver_sheets;
pub use xlsx::{Book, deliver as deliver_xlsx};

/// The row of a run.
#[derive(Debug, Clone)]
pub struct RunRow {
    /// What is in the first column: when the run started, on the clock of the zone.
    pub date_time: String,
    /// Results in the order of the definitions.
    pub values: Vec<RunValue>,
    /// Names whose columns nobody wonders about: KPIs that did not run this time, or that were dropped.
    pub known: BTreeSet<String>,
    /// Whether it may be there already.
    pub is_resend: bool,
}

impl RunRow {
    /// Whether the column of this name is one of ours; any other one is left as it is.
    fn is_ours(&self, column: &str) -> bool {
        self.known.contains(column) || self.values.iter().any(|value| value.name == column)
    }
}

/// The value of a KPI in a run.
#[derive(Debug, Clone)]
pub struct RunValue {
    /// Name of the KPI.
    pub name: String,
    /// What its result is.
    pub form: Form,
    /// JSON text; absent when there is no result.
    pub value: Option<String>,
}

impl RunValue {
    /// A result as it is stored.
    pub fn stored(name: String, form: &str, value: Option<String>) -> Self {
        let form = if form == Form::Rows.as_str() { Form::Rows } else { Form::Count };
        Self { name, form, value }
    }
}

/// What was done, and what an operator should know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Attempts, those of requests that were repeated included.
    pub attempts: u32,
    /// In words.
    pub warnings: Vec<String>,
}

/// Why a row was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SinkError {
    /// Attempts until then.
    pub attempts: u32,
    /// In words, without secrets.
    pub message: String,
}

impl SinkError {
    /// An error of the only attempt.
    fn new(message: impl Into<String>) -> Self {
        Self { attempts: 1, message: message.into() }
    }
}

/// What the first column is written in. Its texts are in the order of their instants, but for the hour that comes twice.
const DATE_TIME: &str = "%F %T";

/// `instant` as it stands in the first column.
pub fn date_time(instant: DateTime<Utc>, zone: Tz) -> String {
    instant.with_timezone(&zone).format(DATE_TIME).to_string()
}

/// The cells of a row, of at most `limit` characters each.
fn cells(values: &[RunValue], limit: usize) -> (Vec<(&str, Cell)>, Vec<LayoutWarning>) {
    let mut warnings = Vec::new();
    let cells = values
        .iter()
        .map(|value| {
            let (cell, warning) = cell(&value.name, value.form, value.value.as_deref(), limit);
            warnings.extend(warning);
            (value.name.as_str(), cell)
        })
        .collect();
    (cells, warnings)
}

/// The cell for a value: a number of a count as such, everything else as text.
fn cell(name: &str, form: Form, value: Option<&str>, limit: usize) -> (Cell, Option<LayoutWarning>) {
    let Some(value) = value.map(str::trim) else { return (Cell::Empty, None) };
    match (form, value.as_bytes().first()) {
        (Form::Count, _) if value == "null" => (Cell::Empty, None),
        (Form::Count, Some(b'-' | b'0'..=b'9')) => (Cell::Number(value.to_owned()), None),
        (Form::Count, _) => {
            let text = serde_json::from_str(value).unwrap_or_else(|_| value.to_owned());
            Cell::text(name, text, limit)
        }
        (Form::Rows, _) => Cell::text(name, value.to_owned(), limit),
    }
}

/// Whether the row of `there` belongs behind that of `date_time`. Rows of others, which begin with something else, do not
/// say.
fn is_later(there: &str, date_time: &str) -> bool {
    NaiveDateTime::parse_from_str(there, DATE_TIME).is_ok() && there > date_time
}

/// The file that is to be replaced: that to which a link leads.
fn target(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// A file beside `path`, which is removed unless it becomes `path`; as readable as one that is there. Folders on the way
/// are made.
fn temporary_beside(path: &Path) -> std::io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".kpi-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As other programs make files; the process's mask takes away what it takes away from them.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let file = builder.tempfile_in(folder)?;
    if let Ok(there) = path.metadata() {
        file.as_file().set_permissions(there.permissions())?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_numbers_and_everything_else_is_text() {
        let of = |form, value| cell("a", form, value, 100).0;
        assert_eq!(of(Form::Count, None), Cell::Empty);
        assert_eq!(of(Form::Count, Some("null")), Cell::Empty);
        let digits = "-12345678901234567890.50";
        assert_eq!(of(Form::Count, Some(digits)), Cell::Number(digits.into()));
        assert_eq!(of(Form::Count, Some("\"=1+\\\"1\"")), Cell::Text("=1+\"1".into()));
        assert_eq!(of(Form::Count, Some("true")), Cell::Text("true".into()));
        assert_eq!(of(Form::Rows, Some("[{\"a\":1}]")), Cell::Text("[{\"a\":1}]".into()));
        assert_eq!(of(Form::Rows, None), Cell::Empty);
    }

    #[test]
    fn the_first_column_is_on_the_clock_of_the_zone() {
        let instant = "2026-07-01T22:30:15.9Z".parse().unwrap();
        assert_eq!(date_time(instant, Tz::UTC), "2026-07-01 22:30:15");
        assert_eq!(date_time(instant, Tz::Europe__Madrid), "2026-07-02 00:30:15");
    }
}
