//! What came of a run, for people and for programs.

use std::io::Write;

use chrono::{DateTime, Utc};
use metrics_core::db::metrics::kpi::NewResult;
use metrics_core::exit::Exit;
use metrics_core::kpi::{Failure, ResultStatus, RunStatus};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::definitions::DefinitionsFile;

/// Characters of a value that a summary shows.
const SHOWN: usize = 60;

/// What became of a row at a sink.
#[derive(Debug, Clone, Serialize)]
pub struct Sent {
    /// Name of the sink.
    pub sink: String,
    /// Attempts.
    pub attempts: u32,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// What an operator should know.
    pub warnings: Vec<String>,
}

/// A run.
pub struct RunSummary {
    /// Its number; absent when nothing is stored.
    pub id: Option<i64>,
    /// Its environment.
    pub environment: String,
    /// The instant of which it speaks.
    pub as_of: DateTime<Utc>,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// What started it.
    pub trigger: String,
    /// Where it ran.
    pub host: String,
    /// Hash of the definitions.
    pub definition_hash: String,
    /// KPIs that were to run.
    pub kpis: usize,
    /// Those with a value.
    pub ok: usize,
    /// How it ended.
    pub status: RunStatus,
    /// Where its row went.
    pub deliveries: Vec<Sent>,
}

impl RunSummary {
    /// A run that starts.
    pub fn new(
        file: &DefinitionsFile,
        as_of: DateTime<Utc>,
        started_at: DateTime<Utc>,
        trigger: &str,
        kpis: usize,
    ) -> Self {
        Self {
            id: None,
            environment: file.definitions.environment.clone(),
            as_of,
            started_at,
            finished_at: started_at,
            trigger: trigger.to_owned(),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            definition_hash: file.hash.clone(),
            kpis,
            ok: 0,
            status: RunStatus::Running,
            deliveries: Vec::new(),
        }
    }

    /// The results are there.
    pub fn take(&mut self, results: &[NewResult<'_>], is_stopped: bool, finished_at: DateTime<Utc>) {
        self.ok = results.iter().filter(|result| result.outcome.result.is_ok()).count();
        let is_cut = results.iter().any(|result| ResultStatus::from(result.outcome) == ResultStatus::Skipped);
        self.status = if is_stopped && is_cut {
            RunStatus::Interrupted
        } else {
            RunStatus::of_counts(self.ok, results.len() - self.ok)
        };
        self.finished_at = finished_at;
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        let has_failed = self.deliveries.iter().any(|sent| sent.error.is_some());
        match self.status {
            RunStatus::Interrupted => Exit::Failed,
            RunStatus::Ok if !has_failed => Exit::Done,
            _ => Exit::Partial,
        }
    }

    /// Says in the log what failed.
    pub fn log(&self, results: &[NewResult<'_>]) {
        for result in results {
            if let Err(Failure { kind, message }) = &result.outcome.result {
                tracing::warn!(
                    kpi = result.name,
                    kind = kind.as_str(),
                    "KPI `{}` has no value: {kind}: {message}",
                    result.name
                );
            }
        }
        for sent in &self.deliveries {
            if let Some(error) = &sent.error {
                tracing::error!(sink = sent.sink, "sink {}: {error}", sent.sink);
            }
        }
    }
}

/// The run as one JSON object: the columns of its row, its results and its deliveries.
pub fn print_json(out: &mut impl Write, summary: &RunSummary, results: &[NewResult<'_>]) -> std::io::Result<()> {
    #[derive(Serialize)]
    struct Result<'a> {
        name: &'a str,
        form: &'static str,
        status: &'static str,
        value: Option<Box<RawValue>>,
        rows: Option<u32>,
        is_truncated: bool,
        duration_ms: u128,
        error_kind: Option<&'static str>,
        error: Option<&'a str>,
    }
    #[derive(Serialize)]
    struct Run<'a> {
        #[serde(flatten)]
        columns: Value,
        results: Vec<Result<'a>>,
        deliveries: &'a [Sent],
    }
    let results = results.iter().map(|result| {
        let answer = result.outcome.result.as_ref();
        let failure = answer.err();
        let answer = answer.ok();
        Result {
            name: result.name,
            form: result.form.as_str(),
            status: ResultStatus::from(result.outcome).as_str(),
            value: answer.and_then(|answer| RawValue::from_string(answer.value.clone()).ok()),
            rows: answer.and_then(|answer| answer.rows),
            is_truncated: answer.is_some_and(|answer| answer.is_truncated),
            duration_ms: result.outcome.duration.as_millis(),
            error_kind: failure.map(|failure| failure.kind.as_str()),
            error: failure.map(|failure| failure.message.as_str()),
        }
    });
    let run = json!({
        "view": "kpi",
        "id": summary.id,
        "environment": summary.environment,
        "as_of": summary.as_of,
        "started_at": summary.started_at,
        "finished_at": summary.finished_at,
        "trigger": summary.trigger,
        "host": summary.host,
        "definition_hash": summary.definition_hash,
        "kpis": summary.kpis,
        "ok": summary.ok,
        "failed": summary.kpis - summary.ok,
        "status": summary.status.as_str(),
    });
    let run = Run { columns: run, results: results.collect(), deliveries: &summary.deliveries };
    serde_json::to_writer(&mut *out, &run)?;
    writeln!(out)
}

/// The run for people.
pub fn print(out: &mut impl Write, summary: &RunSummary, results: &[NewResult<'_>]) -> std::io::Result<()> {
    let number = summary.id.map_or_else(|| "nothing stored".to_owned(), |id| format!("run {id}"));
    let milliseconds = (summary.finished_at - summary.started_at).num_milliseconds();
    let status = summary.status.as_str();
    writeln!(out, "kpi {}: {status} ({number}, {milliseconds} ms)", summary.environment)?;
    writeln!(out, "  as of          {}", summary.as_of.format("%F %T%.f UTC"))?;
    writeln!(out, "  KPIs           {} with a value, {} without", summary.ok, summary.kpis - summary.ok)?;
    if summary.id.is_none() {
        for result in results {
            if let Ok(answer) = &result.outcome.result {
                writeln!(out, "  {}: {}", result.name, shortened(&answer.value))?;
            }
        }
    }
    for result in results {
        match &result.outcome.result {
            Err(failure) => writeln!(out, "  {}: {failure}", result.name)?,
            Ok(answer) if answer.is_truncated => writeln!(out, "  {}: rows over the limit were left out", result.name)?,
            Ok(_) => {}
        }
    }
    print_deliveries(out, &summary.deliveries)
}

/// Where a row went, for people.
pub fn print_deliveries(out: &mut impl Write, deliveries: &[Sent]) -> std::io::Result<()> {
    for sent in deliveries {
        let outcome = sent.error.as_deref().unwrap_or("delivered");
        let attempts = if sent.attempts > 1 { format!(" ({} attempts)", sent.attempts) } else { String::new() };
        writeln!(out, "  sink {}: {outcome}{attempts}", sent.sink)?;
    }
    Ok(())
}

/// The beginning of a value.
pub fn shortened(value: &str) -> String {
    match value.char_indices().nth(SHOWN) {
        None => value.to_owned(),
        Some(_) => value.chars().take(SHOWN - 1).chain(['…']).collect(),
    }
}
