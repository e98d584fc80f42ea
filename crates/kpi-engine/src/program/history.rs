//! `reporter kpi history`.

use std::io::Write;

use futures_util::TryStreamExt as _;
use metrics_core::db::connect::Connection;
use metrics_core::db::metrics::kpi::{self, HistoryPart, HistoryPoint, JsonText, Period};
use metrics_core::exit::Exit;

use super::cli::HistoryArgs;
use super::error::ProgramError;
use super::session::Session;
use super::summary::shortened;

/// Columns of the CSV form.
const COLUMNS: [&str; 11] = [
    "run_id",
    "started_at",
    "as_of",
    "status",
    "form",
    "value",
    "rows",
    "is_truncated",
    "duration_ms",
    "error_kind",
    "error",
];

/// `reporter kpi history`.
pub async fn history(arguments: &HistoryArgs, session: &Session, out: &mut impl Write) -> Result<Exit, ProgramError> {
    // What is stored does not need the file, which only says which environment is meant.
    let environment = match &arguments.file.env {
        Some(environment) => environment.clone(),
        None => session.definitions(&arguments.file, session.as_of(&arguments.file))?.definitions.environment,
    };
    let databases = session.databases().await?;
    let mut connection = session.connection(&databases, "history").await?;
    let name = name(&mut connection, &environment, &arguments.name).await?;
    let period = Period { from: arguments.since, before: None };
    let part = HistoryPart { period, limit: arguments.limit, has_rows: true };
    let points = kpi::history(&mut connection, &environment, &name, part).await?;
    let points: Vec<HistoryPoint> = points.try_collect().await?;
    if arguments.csv {
        write_csv(out, &points).map_err(std::io::Error::other)?;
        return Ok(Exit::Done);
    }
    if points.is_empty() {
        writeln!(out, "`{name}` has no values in that time")?;
    }
    for point in &points {
        let value = match (&point.value, &point.error_kind, &point.error) {
            (Some(value), ..) => shortened(value.as_str()),
            (None, Some(kind), Some(error)) => format!("{kind}: {error}"),
            _ => String::new(),
        };
        writeln!(
            out,
            "{:>6}  {}  {:<7}  {:>6} ms  {value}",
            point.run_id,
            point.started_at.format("%F %T UTC"),
            point.status,
            point.duration_ms
        )?;
    }
    Ok(Exit::Done)
}

/// The name that is meant by a name or an id.
async fn name(connection: &mut Connection, environment: &str, text: &str) -> Result<String, ProgramError> {
    if let Some(kpi) = kpi::kpi_by_name(connection, environment, text).await? {
        return Ok(kpi.name);
    }
    let of_id = kpi::kpis_by_id(connection, text).await?;
    of_id.into_iter().find(|kpi| kpi.environment == environment).map(|kpi| kpi.name).ok_or_else(|| {
        ProgramError::Usage(format!(
            "no KPI of `{environment}` is called `{text}`, or never ran; reporter kpi list shows them"
        ))
    })
}

fn write_csv(out: &mut impl Write, points: &[HistoryPoint]) -> Result<(), csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    writer.write_record(COLUMNS)?;
    for point in points {
        let instant =
            |instant: chrono::DateTime<chrono::Utc>| instant.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        writer.write_record([
            point.run_id.to_string().as_str(),
            instant(point.started_at).as_str(),
            instant(point.as_of).as_str(),
            point.status.as_str(),
            point.form.as_str(),
            point.value.as_ref().map_or("", JsonText::as_str),
            point.rows.map_or_else(String::new, |rows| rows.to_string()).as_str(),
            if point.is_truncated { "true" } else { "false" },
            point.duration_ms.to_string().as_str(),
            point.error_kind.as_deref().unwrap_or_default(),
            point.error.as_deref().unwrap_or_default(),
        ])?;
    }
    writer.flush()?;
    Ok(())
}
