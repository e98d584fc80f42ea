//! The row of a run to its sinks, right after it or again.

use std::collections::BTreeSet;
use std::io::Write;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use metrics_core::db::DbError;
use metrics_core::db::connect::Connection;
use metrics_core::db::metrics::kpi::{self, Delivery, NewResult, SheetCell};
use metrics_core::exit::Exit;
use metrics_core::kpi::RunStatus;
use serde_json::json;

use super::cli::RunArgs;
use super::error::ProgramError;
use super::session::Session;
use super::stop::Stop;
use super::summary::{Sent, print_deliveries};
use crate::definitions::{DefinitionsFile, Sink, SinkKind, did_you_mean};
use crate::sinks::{
    Book, Delivered, RunRow, RunValue, SinkError, date_time, deliver_csv, deliver_sheets, deliver_xlsx,
};

/// The sinks of these names, all without one.
pub fn chosen_sinks<'a>(file: &'a DefinitionsFile, names: &[String]) -> Result<Vec<&'a Sink>, ProgramError> {
    let known = || file.sinks.iter().map(|sink| sink.name.as_str());
    if let Some(name) = names.iter().find(|name| !known().any(|known| known == *name)) {
        let hint = did_you_mean(name, known());
        return Err(ProgramError::Usage(format!("no sink is called `{name}`{hint}")));
    }
    Ok(file.sinks.iter().filter(|sink| names.is_empty() || names.contains(&sink.name)).collect())
}

/// The row of a run that was just stored.
pub async fn row(
    file: &DefinitionsFile,
    results: &[NewResult<'_>],
    started_at: DateTime<Utc>,
    connection: &mut Connection,
) -> Result<RunRow, ProgramError> {
    let values = results.iter().map(|result| RunValue {
        name: result.name.to_owned(),
        form: result.form,
        value: result.outcome.result.as_ref().ok().map(|answer| answer.value.clone()),
    });
    Ok(RunRow {
        date_time: date_time(started_at, file.definitions.time_zone),
        values: values.collect(),
        known: known(file, connection).await?,
        is_resend: false,
    })
}

/// Names whose columns are ours, though they may have no value this time.
async fn known(file: &DefinitionsFile, connection: &mut Connection) -> Result<BTreeSet<String>, ProgramError> {
    let stored = kpi::sheet_columns(connection, &file.definitions.environment).await.map_err(ProgramError::failed)?;
    Ok(stored.into_iter().chain(file.definitions.kpis.iter().map(|kpi| kpi.name.clone())).collect())
}

/// What deliveries belong to.
#[derive(Clone, Copy)]
pub struct Program<'a> {
    /// The definitions.
    pub file: &'a DefinitionsFile,
    /// Clock and settings.
    pub session: &'a Session,
    /// Whether it is to end.
    pub stop: &'a Stop,
}

/// `reporter kpi run --resend`.
pub async fn resend(
    run: i64,
    sinks: &[&Sink],
    arguments: &RunArgs,
    program: Program<'_>,
    connection: &mut Connection,
    out: &mut impl Write,
) -> Result<Exit, ProgramError> {
    let file = program.file;
    let environment = &file.definitions.environment;
    let Some(stored) = kpi::run(connection, run).await? else {
        return Err(ProgramError::Usage(format!("there is no run {run} of KPIs")));
    };
    if stored.environment != *environment {
        let message = format!("run {run} is of the environment `{}`, not `{environment}`", stored.environment);
        return Err(ProgramError::Usage(message));
    }
    if stored.status == RunStatus::Running.as_str() {
        return Err(ProgramError::Usage(format!("run {run} did not come to its end: there is nothing to send")));
    }
    if sinks.is_empty() {
        return Err(ProgramError::Usage("the definitions have no sinks".to_owned()));
    }
    let results = kpi::results(connection, run).await?;
    let values = results.into_iter().map(|result| {
        let value = result.value.map(kpi::JsonText::into_string);
        RunValue::stored(result.name, &result.form, value)
    });
    let row = RunRow {
        date_time: date_time(stored.started_at, file.definitions.time_zone),
        values: values.collect(),
        known: known(file, connection).await?,
        is_resend: true,
    };
    let deliveries = all(run, sinks, &row, program, connection).await?;
    if arguments.json {
        writeln!(out, "{}", json!({ "id": run, "deliveries": deliveries }))?;
    } else if !arguments.quiet {
        writeln!(out, "run {run} of {}: sent again", stored.started_at.format("%F %T UTC"))?;
        print_deliveries(out, &deliveries)?;
    }
    let has_failed = deliveries.iter().any(|sent| sent.error.is_some());
    Ok(if has_failed { Exit::Partial } else { Exit::Done })
}

/// Sends a row to each sink, one after the other, and notes what became of it. One that fails does not stop the next; a
/// signal does.
pub async fn all(
    run: i64,
    sinks: &[&Sink],
    row: &RunRow,
    program: Program<'_>,
    connection: &mut Connection,
) -> Result<Vec<Sent>, ProgramError> {
    let Program { file, session, stop } = program;
    let mut deliveries = Vec::new();
    for sink in sinks {
        let done = if stop.is_asked() {
            Err(SinkError {
                attempts: 0,
                message: "the program was asked to end before it came to this sink".to_owned(),
            })
        } else {
            one(run, sink, row, file, connection).await
        };
        let (attempts, error, warnings) = match done {
            Ok(Delivered { attempts, warnings }) => (attempts, None, warnings),
            Err(SinkError { attempts, message }) => (attempts, Some(file.secrets.hide(&message)), Vec::new()),
        };
        for warning in &warnings {
            tracing::warn!(sink = sink.name, "sink {}: {warning}", sink.name);
        }
        let delivery = Delivery { sink: sink.name.clone(), attempts, error: error.clone(), at: session.clock.now() };
        let noted = kpi::record_delivery(connection, run, &delivery).await;
        noted.with_context(|| format!("note the delivery to {}", sink.name)).map_err(ProgramError::Failed)?;
        deliveries.push(Sent { sink: sink.name.clone(), attempts, error, warnings });
    }
    Ok(deliveries)
}

async fn one(
    run: i64,
    sink: &Sink,
    row: &RunRow,
    file: &DefinitionsFile,
    connection: &mut Connection,
) -> Result<Delivered, SinkError> {
    match &sink.kind {
        SinkKind::Csv { path } => {
            let (path, row) = (path.clone(), row.clone());
            elsewhere(move || deliver_csv(&path, &row)).await
        }
        SinkKind::Sheets(sheets) => {
            let (sheets, row) = (sheets.clone(), row.clone());
            elsewhere(move || deliver_sheets(&sheets, &row)).await
        }
        SinkKind::Xlsx { path, tab } => {
            let book = book(run, tab, file, connection).await?;
            let path = path.clone();
            elsewhere(move || deliver_xlsx(&path, book)).await
        }
    }
}

/// Does what waits for disks and servers on a thread that may wait.
async fn elsewhere(
    work: impl FnOnce() -> Result<Delivered, SinkError> + Send + 'static,
) -> Result<Delivered, SinkError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(SinkError { attempts: 1, message: format!("it was cut short: {error}") }))
}

/// The workbook of all runs of the environment.
async fn book(run: i64, tab: &str, file: &DefinitionsFile, connection: &mut Connection) -> Result<Book, SinkError> {
    let of_database = |error: DbError| SinkError {
        attempts: 1,
        message: format!("cannot read the history: {:#}", anyhow::Error::from(error)),
    };
    let environment = &file.definitions.environment;
    let columns = kpi::sheet_columns(connection, environment).await.map_err(of_database)?;
    let mut book = Book::new(tab, &columns)?;
    // Once for the results of the formulas, which stand above the rows, and once for the rows.
    for is_writing in [false, true] {
        let cells = kpi::sheet_cells(connection, environment, run).await.map_err(of_database)?;
        let mut cells = std::pin::pin!(cells);
        let mut open: Option<(i64, DateTime<Utc>, Vec<RunValue>)> = None;
        let mut close = |run: Option<(i64, DateTime<Utc>, Vec<RunValue>)>| {
            let Some((_, started_at, values)) = run else { return Ok(()) };
            if is_writing {
                let local = started_at.with_timezone(&file.definitions.time_zone).naive_local();
                return book.write(local, &values);
            }
            book.see(&values);
            Ok(())
        };
        while let Some(SheetCell { run_id, started_at, name, form, value, .. }) =
            cells.try_next().await.map_err(of_database)?
        {
            if open.as_ref().is_none_or(|(id, ..)| *id != run_id) {
                close(open.replace((run_id, started_at, Vec::new())))?;
            }
            if let Some((.., values)) = &mut open {
                values.push(RunValue::stored(name, &form, value.map(kpi::JsonText::into_string)));
            }
        }
        close(open)?;
    }
    Ok(book)
}
