//! `reporter export`: rows of a stored table as a file.

use std::io::{self, Write};
use std::time::Duration;

use anyhow::Context as _;
use metrics_core::db::export::{ExportFilter, ExportRows, ExportTable};
use metrics_core::db::{ConnectOptions, connect, migrate};
use metrics_core::export::{About, ExportError, Form, RowWriter, Style};

use crate::cli::{ExportArgs, ExportFormat, ExportName};
use crate::exit::{CommandError, Exit};
use crate::output::temporary_beside;
use crate::report::Environment;

/// Writes the rows that `arguments` mean to their file, or to standard output.
pub async fn export(arguments: &ExportArgs, environment: &Environment<'_>) -> Result<Exit, CommandError> {
    let (table, filter) = (table(arguments.view), filter(arguments)?);
    let options = ConnectOptions {
        application_name: "reporter export".to_owned(),
        read_only: true,
        // The statement lasts as long as whoever receives the rows takes for them.
        statement_timeout: Duration::ZERO,
        connect_timeout: environment.settings.database.connect_timeout,
    };
    if arguments.out.as_os_str() == "-" {
        let client = connect::connect(&environment.databases.metrics, &options).await?;
        migrate::require_current(&client).await?;
        let rows = ExportRows::open(&client, table, &filter).await?;
        write(rows, arguments, table, io::stdout()).await?;
        return Ok(Exit::Done);
    }
    // The file is looked at first: a database is not read for a file that cannot be.
    let file = temporary_beside(&arguments.out, ".export-")?;
    let client = connect::connect(&environment.databases.metrics, &options).await?;
    migrate::require_current(&client).await?;
    let rows = ExportRows::open(&client, table, &filter).await?;
    let file = write(rows, arguments, table, file).await?;
    let complete = file.as_file().sync_all();
    complete.with_context(|| format!("cannot write {}", arguments.out.display())).map_err(CommandError::Failed)?;
    let kept = file.persist(&arguments.out);
    kept.with_context(|| format!("cannot write {}", arguments.out.display())).map_err(CommandError::Failed)?;
    Ok(Exit::Done)
}

async fn write<W: Write + Send>(
    mut rows: ExportRows,
    arguments: &ExportArgs,
    table: ExportTable,
    sink: W,
) -> Result<W, CommandError> {
    let style = Style { units_in_header: arguments.units, ..Style::default() };
    let mut writer = RowWriter::new(form(arguments.format), rows.columns(), &about(arguments, table), &style, sink)
        .map_err(of_writing)?;
    let mut row = Vec::new();
    while rows.next(&mut row).await.map_err(|error| CommandError::Failed(error.into()))? {
        writer.row(&row).map_err(of_writing)?;
    }
    writer.finish().map_err(of_writing)
}

fn of_writing(error: ExportError) -> CommandError {
    let is_closed = |cause: &(dyn std::error::Error + 'static)| {
        let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        kind == Some(io::ErrorKind::BrokenPipe)
    };
    let error = match error {
        ExportError::Io(error) => return error.into(),
        other => anyhow::Error::from(other),
    };
    // Libraries wrap what the sink said.
    if error.chain().any(is_closed) { CommandError::OutputClosed } else { CommandError::Failed(error) }
}

const fn table(view: ExportName) -> ExportTable {
    match view {
        ExportName::AggregatedComparison => ExportTable::CoolingUnitMetrics,
        ExportName::Company => ExportTable::CompanyMetrics,
        ExportName::CompanyHistory => ExportTable::CompanyMetricsHistory,
        ExportName::ImpactMetrics => ExportTable::ImpactMetrics,
    }
}

const fn form(format: ExportFormat) -> Form {
    match format {
        ExportFormat::Csv => Form::Csv,
        ExportFormat::Xlsx => Form::Xlsx,
        ExportFormat::Parquet => Form::Parquet,
        ExportFormat::Json => Form::Json,
    }
}

fn filter(arguments: &ExportArgs) -> Result<ExportFilter, CommandError> {
    let usage = |reason: &str| Err(CommandError::Usage(reason.to_owned()));
    if let (Some(from), Some(to)) = (arguments.from, arguments.to)
        && from > to
    {
        return usage(&format!("--from {from} is after --to {to}"));
    }
    if arguments.units && arguments.format != ExportFormat::Csv {
        return usage("--units is for --format csv; the other forms say their units in any case");
    }
    let is_of_companies = matches!(arguments.view, ExportName::Company | ExportName::CompanyHistory);
    if is_of_companies && !arguments.cooling_unit.is_empty() {
        return usage("rows of companies have no cooling unit; use --company");
    }
    if arguments.view == ExportName::Company && (arguments.from.is_some() || arguments.to.is_some()) {
        return usage("company has the latest state only; company-history has report dates");
    }
    let given = |ids: &[i64]| (!ids.is_empty()).then(|| ids.to_vec());
    Ok(ExportFilter {
        from: arguments.from,
        to: arguments.to,
        companies: given(&arguments.company),
        cooling_units: given(&arguments.cooling_unit),
    })
}

fn about(arguments: &ExportArgs, table: ExportTable) -> About {
    let ids = |ids: &[i64]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let mut about = About::default()
        .with("table", table.name())
        .with("time_zones", "local days of the column time_zone; instants in UTC")
        .with("parameter_sets", "column parameter_set");
    if let Some(from) = arguments.from {
        about = about.with("start_date", from.to_string());
    }
    if let Some(to) = arguments.to {
        about = about.with("end_date", to.to_string());
    }
    if !arguments.company.is_empty() {
        about = about.with("company_ids", ids(&arguments.company));
    }
    if !arguments.cooling_unit.is_empty() {
        about = about.with("cooling_unit_ids", ids(&arguments.cooling_unit));
    }
    about.with("program", crate::VERSION.as_str())
}
