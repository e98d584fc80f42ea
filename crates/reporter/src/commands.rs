//! Commands around the runs: migrations, views, settings, the list of runs.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;
use metrics_core::db::metrics::report_run::{self, StoredRun};
use metrics_core::db::{self, Databases, migrate, views};
use metrics_core::settings::Settings;
use serde_json::json;

use crate::cli::{Cli, Format, RunsArgs, ViewName, ViewsAction};
use crate::exit::{CommandError, Exit};
use crate::report::Environment;

fn failed(error: impl Into<anyhow::Error>) -> CommandError {
    CommandError::Failed(error.into())
}

/// The databases of the settings; the embedded one is brought up to date.
pub async fn open(settings: &Settings) -> Result<Databases, CommandError> {
    let databases = db::open(settings).await?;
    if databases.embedded.is_some() {
        warn_skipped(&migrate::migrate(&databases.metrics).await?);
    }
    Ok(databases)
}

fn warn_skipped(report: &migrate::MigrationReport) {
    for view in report.skipped() {
        let why = view.skipped.as_deref().unwrap_or_default();
        tracing::warn!("{} was not made: {why}", view.name);
    }
}

/// `reporter migrate`.
pub async fn migrate(databases: &Databases, out: &mut impl Write) -> Result<Exit, CommandError> {
    let report = migrate::migrate(&databases.metrics).await?;
    warn_skipped(&report);
    for name in &report.applied {
        writeln!(out, "applied {name}")?;
    }
    if report.applied.is_empty() {
        writeln!(out, "the tables are up to date")?;
    }
    Ok(if report.skipped().next().is_none() { Exit::Done } else { Exit::Partial })
}

/// `reporter adopt`.
pub async fn adopt(databases: &Databases, out: &mut impl Write) -> Result<Exit, CommandError> {
    let report = migrate::adopt(&databases.metrics).await?;
    warn_skipped(&report);
    for (from, to) in &report.renamed {
        writeln!(out, "renamed {from} to {to}")?;
    }
    if report.renamed.is_empty() {
        writeln!(out, "there was nothing to rename")?;
    }
    Ok(if report.skipped().next().is_none() { Exit::Done } else { Exit::Partial })
}

/// `reporter views create|drop`.
pub async fn views(action: ViewsAction, databases: &Databases, out: &mut impl Write) -> Result<Exit, CommandError> {
    let (done, names) = match action {
        ViewsAction::Create => ("created", views::create_source_views(&databases.metrics).await?),
        ViewsAction::Drop => ("dropped", views::drop_source_views(&databases.metrics).await?),
    };
    for name in names {
        writeln!(out, "{done} {name}")?;
    }
    Ok(Exit::Done)
}

/// `reporter config show`.
pub fn show_config(settings: &Settings, out: &mut impl Write) -> std::io::Result<()> {
    let width = settings.describe().iter().map(|setting| setting.key.len()).max().unwrap_or(0);
    for setting in settings.describe() {
        writeln!(out, "{:width$} = {}  ({})", setting.key, setting.value, setting.origin)?;
    }
    Ok(())
}

/// `reporter completions`.
pub fn completions(shell: Shell, out: &mut impl Write) {
    clap_complete::generate(shell, &mut Cli::command(), "reporter", out);
}

/// `reporter runs`.
pub async fn runs(
    arguments: &RunsArgs,
    environment: &Environment<'_>,
    out: &mut impl Write,
) -> Result<Exit, CommandError> {
    let client = environment.metrics_client("runs").await?;
    migrate::require_current(&client).await?;
    if let Some(id) = arguments.id {
        let Some(run) = report_run::get(&client, id).await? else {
            return Err(CommandError::Usage(format!("there is no run {id}; reporter runs lists them")));
        };
        let rejects = report_run::rejects(&client, id, arguments.limit).await?;
        match arguments.format {
            Format::Json => {
                let mut object = serde_json::to_value(&run).map_err(failed)?;
                object["rejects"] = json!(rejects);
                object["rejects_total"] = json!(run.rows_rejected);
                writeln!(out, "{object}")?;
            }
            Format::Text => {
                print_run(out, &run)?;
                for reject in &rejects {
                    writeln!(out, "        {}: {}", reject.subject, reject.reason)?;
                }
            }
        }
        return Ok(Exit::Done);
    }
    let view = match arguments.view {
        None | Some(ViewName::All) => None,
        Some(ViewName::AggregatedComparison) => Some("aggregated-comparison"),
        Some(ViewName::Company) => Some("company"),
        Some(ViewName::ImpactMetrics) => Some("impact-metrics"),
        Some(ViewName::StoreUptime) => Some("store-uptime"),
        Some(ViewName::Kpi) => {
            return Err(CommandError::Usage(
                "runs of KPIs are shown by reporter kpi list and reporter kpi history".into(),
            ));
        }
    };
    let runs = report_run::list(&client, view, arguments.limit).await?;
    match arguments.format {
        Format::Json => writeln!(out, "{}", json!({ "runs": runs }))?,
        Format::Text if runs.is_empty() => {
            writeln!(out, "no run yet; start one with: reporter --view all")?;
        }
        Format::Text => {
            for run in &runs {
                print_run(out, run)?;
            }
        }
    }
    Ok(Exit::Done)
}

fn print_run(out: &mut impl Write, run: &StoredRun) -> std::io::Result<()> {
    let duration = run.duration_ms.map_or_else(String::new, |ms| format!("{ms} ms"));
    writeln!(
        out,
        "{:>6}  {}  {:<21}  {:<11}  {:>9}  {} written, {} deleted, {} rejected",
        run.id,
        run.started_at.format("%F %T UTC"),
        run.view,
        run.outcome,
        duration,
        run.rows_written,
        run.rows_deleted,
        run.rows_rejected
    )?;
    if let Some(error) = &run.error {
        writeln!(out, "        {error}")?;
    }
    Ok(())
}
