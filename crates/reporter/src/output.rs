//! What commands show and write: progress while they work, a summary when they are done, files that appear whole.

use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressBarIter, ProgressStyle};
use metrics_core::coldroom::Reject;
use metrics_core::view::View;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::exit::CommandError;
use crate::report::Summary;

/// Rejects that a summary names; all of them are in `metrics.report_reject`.
const NAMED_REJECTS: usize = 100;
/// Rejects that a summary for people names.
const SHOWN_REJECTS: usize = 10;

/// A bar on a terminal; plain log lines elsewhere.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Shows progress unless `is_quiet`.
    pub fn new(is_quiet: bool) -> Self {
        let is_shown = !is_quiet && std::io::stderr().is_terminal();
        Self { bar: if is_shown { ProgressBar::no_length() } else { ProgressBar::hidden() } }
    }

    /// Starts a stretch of `total` steps.
    pub fn start(&self, total: usize, what: &'static str) {
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} ({eta} left)");
        if let Ok(style) = style {
            self.bar.set_style(style);
        }
        self.bar.reset();
        self.bar.set_length(total as u64);
        self.bar.set_message(what);
        self.bar.enable_steady_tick(Duration::from_millis(200));
        if self.bar.is_hidden() {
            tracing::info!("computing {total} {what}");
        }
    }

    /// Starts reading `total` bytes.
    pub fn start_bytes(&self, total: u64, what: &'static str) {
        let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {msg} ({eta} left)");
        if let Ok(style) = style {
            self.bar.set_style(style);
        }
        self.bar.reset();
        self.bar.set_length(total);
        self.bar.set_message(what);
        if !self.bar.is_hidden() {
            self.bar.enable_steady_tick(Duration::from_millis(200));
        }
    }

    /// Counts the bytes that are read from `reader`.
    pub fn watch<R: Read>(&self, reader: R) -> ProgressBarIter<R> {
        self.bar.wrap_read(reader)
    }

    /// One step is done.
    pub fn advance(&self) {
        self.bar.inc(1);
    }

    /// Clears the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// The summary as one JSON object: the columns of `report_run`, and the rejects.
pub fn summary_json(summary: &Summary) -> anyhow::Result<Value> {
    let mut object = serde_json::to_value(&summary.run)?;
    if let (Some(fields), Value::Object(ending)) = (object.as_object_mut(), serde_json::to_value(&summary.ending)?) {
        fields.insert("id".into(), json!(summary.id));
        fields.extend(ending);
        fields.insert("rows_computed".into(), json!(summary.rows_computed));
        fields.insert("rows_written".into(), json!(summary.ending.changes.written));
        fields.insert("rows_deleted".into(), json!(summary.ending.changes.deleted));
        fields.insert("rows_rejected".into(), json!(summary.rejects.len()));
        fields.insert("computed_at".into(), json!(summary.ending.finished_at));
        fields.insert("rejects".into(), json!(summary.rejects.iter().take(NAMED_REJECTS).collect::<Vec<_>>()));
        fields.insert("rejects_total".into(), json!(summary.rejects.len()));
        fields.insert("notices".into(), json!(summary.notices));
    }
    Ok(object)
}

/// The summary for people.
pub fn print_summary(out: &mut impl Write, summary: &Summary) -> std::io::Result<()> {
    let run = &summary.run;
    let changes = summary.ending.changes;
    let number = summary.id.map_or_else(|| "nothing written".to_owned(), |id| format!("run {id}"));
    let days = match (run.range_from, run.range_to) {
        (Some(from), Some(to)) => format!(", {from} to {to}"),
        (Some(from), None) => format!(", {from} to today"),
        _ if run.rebuild => ", all days".to_owned(),
        _ => String::new(),
    };
    let milliseconds = summary.ending.duration_ms;
    writeln!(out, "{}: {} ({number}{days}, {milliseconds} ms)", run.view, summary.ending.outcome.as_str())?;
    writeln!(out, "  as of          {}", run.as_of.format("%F %T%.f UTC"))?;
    if run.view == View::StoreUptime {
        let policy = summary.ending.details.as_ref().and_then(|details| details["policy"].as_str());
        writeln!(out, "  policy         {}", policy.unwrap_or("-"))?;
    } else {
        let zones = if run.zone_mode == "unit" { "each cooling unit's own" } else { &run.zone_mode };
        writeln!(out, "  time zone      {zones}")?;
        writeln!(out, "  parameter set  {}", run.parameter_set)?;
    }
    writeln!(out, "  source rows    {}", summary.ending.rows_read)?;
    writeln!(
        out,
        "  rows           {} computed, {} added or changed, {} deleted",
        summary.rows_computed, changes.written, changes.deleted
    )?;
    print_rejects(out, &summary.rejects, summary.rejects.len())?;
    for notice in &summary.notices {
        writeln!(out, "  note: {notice}")?;
    }
    Ok(())
}

/// The first rejects, and how many there are.
fn print_rejects(out: &mut impl Write, rejects: &[Reject], total: usize) -> std::io::Result<()> {
    if total == 0 {
        return Ok(());
    }
    writeln!(out, "  rejected       {total}")?;
    for reject in rejects.iter().take(SHOWN_REJECTS) {
        writeln!(out, "    {}: {}", reject.subject, reject.reason)?;
    }
    if total > SHOWN_REJECTS {
        writeln!(out, "    … all of them: reporter runs RUN, or metrics.report_reject")?;
    }
    Ok(())
}

/// A file beside `out`, which is removed unless it becomes `out`.
pub fn temporary_beside(out: &Path, prefix: &str) -> Result<NamedTempFile, CommandError> {
    let not_usable =
        |error| CommandError::NotUsable(anyhow::Error::new(error).context(format!("cannot write {}", out.display())));
    if out.is_dir() {
        return Err(not_usable(io::Error::from(io::ErrorKind::IsADirectory)));
    }
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As other programs make files; the process's mask takes away what it takes away from them.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder).map_err(not_usable)
}
