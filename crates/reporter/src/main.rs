//! Computes the metrics: a command line that cron drives.

mod cli;
mod commands;
mod csv;
mod databoard;
mod exit;
mod explain;
mod export;
mod fetch;
mod fx;
mod http;
mod ingest;
mod interrupt;
mod kpi;
mod output;
mod rates;
mod report;
mod reports;
mod uptime;
mod work;

use std::io::Write;
use std::process::ExitCode;
use std::sync::LazyLock;
use std::time::Instant;

use anyhow::Context as _;
use chrono::{DateTime, SubsecRound, Utc};
use clap::Parser;
use metrics_core::db::metrics::store_uptime;
use metrics_core::db::migrate;
use metrics_core::db::source::Filter;
use metrics_core::parameters::Parameters;
use metrics_core::settings::Settings;
use metrics_core::telemetry;
use metrics_core::view::View;
use serde_json::json;

use crate::cli::{Cli, Command, Explain, Format, RunArgs, ViewName};
use crate::exit::{CommandError, Exit};
use crate::ingest::IngestCommand;
use crate::interrupt::Interrupt;
use crate::output::{Progress, print_summary, summary_json};
use crate::report::{Days, Environment, Request};

/// Version of the program and of the literature values in it.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let set = Parameters::embedded().map_or_else(|error| error.to_string(), |parameters| parameters.set().to_owned());
    format!("{} (parameter set {set})", env!("CARGO_PKG_VERSION"))
});

// One thread: a run waits for the database and computes by turns, and handing rows from thread to thread cost a fifth
// of its CPU time (docs/performance.md).
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    let started = (Utc::now(), Instant::now());
    match dispatch(cli, started).await {
        Ok(exit) => exit.into(),
        Err(error) => {
            // Without settings there is no log yet, and its level may hide errors: this line is for whoever waits.
            if !matches!(error, CommandError::OutputClosed) {
                let _ = writeln!(std::io::stderr(), "error: {error}");
            }
            error.exit().into()
        }
    }
}

async fn dispatch(cli: Cli, started: (DateTime<Utc>, Instant)) -> Result<Exit, CommandError> {
    let mut out = std::io::stdout().lock();
    if let Some(Command::Completions { shell }) = &cli.command {
        commands::completions(*shell, &mut out);
        return Ok(Exit::Done);
    }
    if let Some(Command::Kpi { arguments }) = &cli.command {
        return kpi::become_program(arguments);
    }
    if let (None, Some(ViewName::Kpi)) = (&cli.command, cli.run.view) {
        return kpi::become_program(&kpi::run_arguments(&cli.run)?);
    }
    let settings = Settings::load().map_err(|error| CommandError::NotUsable(error.into()))?;
    telemetry::init(&settings.log);
    if let Some(Command::Uptime(arguments)) = &cli.command {
        return uptime::run(arguments, &settings, started.0, &mut out);
    }
    let parameters = Parameters::embedded().map_err(|error| CommandError::NotUsable(error.into()))?;
    if let Some(Command::Config { .. }) = &cli.command {
        commands::show_config(&settings, &mut out)?;
        return Ok(Exit::Done);
    }
    let databases = commands::open(&settings).await?;
    // Only a run has something to finish before it ends; other commands end where they are.
    let interrupt = match cli.command {
        None => Interrupt::listen().context("cannot listen to signals").map_err(CommandError::Failed)?,
        Some(_) => Interrupt::never(),
    };
    let environment = |as_of: Option<DateTime<Utc>>, progress| Environment {
        settings: &settings,
        databases: &databases,
        parameters: &parameters,
        // The database keeps microseconds; what is compared with it must not have more.
        as_of: as_of.unwrap_or(started.0).trunc_subsecs(6),
        started,
        interrupt: &interrupt,
        progress,
    };
    let progress = Progress::new(cli.run.quiet);
    match cli.command {
        None => run_views(&cli.run, &environment(cli.run.as_of, &progress), &mut out).await,
        Some(Command::Migrate) => commands::migrate(&databases, &mut out).await,
        Some(Command::Adopt) => commands::adopt(&databases, &mut out).await,
        Some(Command::Views { action }) => commands::views(action, &databases, &mut out).await,
        Some(Command::Runs(arguments)) => commands::runs(&arguments, &environment(None, &progress), &mut out).await,
        Some(Command::Explain { what: Explain::CoolingUnit(arguments) }) => {
            explain::cooling_unit(&arguments, &environment(arguments.as_of, &progress), &mut out).await
        }
        Some(Command::Explain { what: Explain::Impact(arguments) }) => {
            explain::impact(&arguments, &environment(arguments.as_of, &progress), &mut out).await
        }
        Some(Command::Ingest { command: IngestCommand::Stores(arguments) }) => {
            let progress = Progress::new(arguments.quiet);
            ingest::stores(&arguments, &environment(None, &progress), &mut out).await
        }
        Some(Command::Databoard { command }) => databoard::run(&command, &environment(None, &progress), &mut out).await,
        Some(Command::Work(arguments)) => work::work(&arguments, &environment(None, &progress), &mut out).await,
        Some(Command::Export(arguments)) => export::export(&arguments, &environment(None, &progress)).await,
        Some(Command::Fx { command }) => rates::command(command, &environment(None, &progress), &mut out).await,
        // These were answered above, before a database was needed.
        Some(Command::Completions { .. } | Command::Config { .. } | Command::Uptime(_) | Command::Kpi { .. }) => {
            Ok(Exit::Done)
        }
    }
}

async fn run_views(
    arguments: &RunArgs,
    environment: &Environment<'_>,
    out: &mut impl Write,
) -> Result<Exit, CommandError> {
    let Some(name) = arguments.view else {
        return Err(CommandError::Usage("--view is missing; for example: reporter --view all".into()));
    };
    let requests = requests(name, arguments, environment).await?;
    let mut exits = Vec::new();
    let mut summaries = Vec::new();
    for request in &requests {
        match report::run(request, environment).await {
            Ok(summary) => {
                exits.push(summary.exit());
                if arguments.format == Format::Text && !arguments.quiet {
                    print_summary(out, &summary)?;
                }
                summaries.push(summary_json(&summary).map_err(CommandError::Failed)?);
            }
            Err(error) => {
                // With several views one that fails does not stop the next, except that a signal means all.
                environment.progress.finish();
                if requests.len() == 1 {
                    return Err(error);
                }
                tracing::error!("{}: {error}", request.view);
                exits.push(error.exit());
                summaries.push(json!({"view": request.view, "outcome": "failed", "error": error.to_string()}));
                if matches!(error, CommandError::Interrupted) {
                    break;
                }
            }
        }
    }
    let is_stopped = exits.last() == Some(&Exit::Failed) && environment.interrupt.is_asked();
    if name == ViewName::All && environment.settings.kpi.file.is_some() && !is_filtered(arguments) && !is_stopped {
        environment.progress.finish();
        match kpi::run(arguments, environment.interrupt).await {
            Ok((exit, summary)) => {
                exits.push(exit);
                summaries.push(summary.unwrap_or_else(|| json!({"view": "kpi", "exit_code": exit.code()})));
            }
            Err(error) => {
                tracing::error!("kpi: {error}");
                exits.push(error.exit());
                summaries.push(json!({"view": "kpi", "outcome": "failed", "error": error.to_string()}));
            }
        }
    }
    if arguments.format == Format::Json {
        let document = match name {
            ViewName::All => json!({ "runs": summaries }),
            _ => summaries.pop().unwrap_or_default(),
        };
        writeln!(out, "{document}")?;
    }
    Ok(Exit::gravest(exits))
}

/// Whether only some companies or cooling units are meant, to which neither stores nor KPIs belong.
fn is_filtered(arguments: &RunArgs) -> bool {
    !arguments.company.is_empty() || !arguments.cooling_unit.is_empty()
}

/// One request per view that the command line means.
async fn requests(
    name: ViewName,
    arguments: &RunArgs,
    environment: &Environment<'_>,
) -> Result<Vec<Request>, CommandError> {
    let has_days = arguments.from.is_some() || arguments.rebuild;
    let is_filtered = is_filtered(arguments);
    if let Some(option) = arguments.uptime.given()
        && !matches!(name, ViewName::StoreUptime | ViewName::All)
    {
        return Err(CommandError::Usage(format!("{option} is an option of --view store-uptime")));
    }
    if name == ViewName::StoreUptime && (has_days || is_filtered || arguments.time_zone.is_some()) {
        return Err(CommandError::Usage(
            "--view store-uptime speaks of all stores, each in its own zone, at one instant: it takes --as-of, and no \
             days, companies, cooling units or zone"
                .into(),
        ));
    }
    let mut uptime = arguments.uptime.options(arguments.as_of, environment.started.0)?;
    if name == ViewName::All && arguments.as_of.is_none() && arguments.uptime.not_after.is_none() {
        // All views speak of the present, which a wrong clock of a poll cannot move.
        uptime.bounds.not_after_us = Some(environment.started.0.timestamp_micros());
    }
    let days = match (arguments.from, arguments.to, arguments.rebuild) {
        (_, _, true) => Days::All,
        (Some(from), Some(to), false) if from > to => {
            return Err(CommandError::Usage(format!("--from {from} is after --to {to}")));
        }
        (Some(from), to, false) => Days::Range(from, to),
        (None, _, false) => Days::Stale,
    };
    if let Days::Range(from, None) = days
        && from > environment.as_of.date_naive() + chrono::Days::new(1)
    {
        return Err(CommandError::Usage(format!("--from {from} is after today")));
    }
    let given = |ids: &[i64]| (!ids.is_empty()).then(|| ids.to_vec());
    let filter = Filter { companies: given(&arguments.company), cooling_units: given(&arguments.cooling_unit) };
    let request = |view, days, filter| Request {
        view,
        days,
        filter,
        time_zone: arguments.time_zone,
        is_dry_run: arguments.dry_run,
        allow_past: arguments.allow_past,
        uptime,
    };
    let by_day = request(View::AggregatedComparison, days, filter.clone());
    let by_month = request(View::ImpactMetrics, days, filter.clone());
    // The company view knows whole companies only, and always all of their days.
    let by_company =
        request(View::Company, Days::Stale, Filter { companies: filter.companies.clone(), cooling_units: None });
    match name {
        ViewName::AggregatedComparison => Ok(vec![by_day]),
        ViewName::ImpactMetrics => Ok(vec![by_month]),
        ViewName::StoreUptime => Ok(vec![request(View::StoreUptime, Days::Stale, Filter::default())]),
        // Another program's; answered before settings were read.
        ViewName::Kpi => Ok(Vec::new()),
        ViewName::Company => {
            if !matches!(days, Days::Stale | Days::All) {
                return Err(CommandError::Usage(
                    "--view company always covers all days; leave --from and --to out".into(),
                ));
            }
            if filter.cooling_units.is_some() {
                return Err(CommandError::Usage("--view company covers whole companies; use --company".into()));
            }
            Ok(vec![by_company])
        }
        ViewName::All => {
            // A company's figures are never made of some of its units.
            let mut requests = vec![by_day];
            if filter.cooling_units.is_none() {
                requests.push(by_company);
            }
            requests.push(by_month);
            // Stores belong to no company; and who has none need not hear of them.
            if !is_filtered && has_stores(environment).await? {
                requests.push(request(View::StoreUptime, Days::Stale, Filter::default()));
            }
            Ok(requests)
        }
    }
}

/// Whether there is any store. What cannot be told now, the first run will tell.
async fn has_stores(environment: &Environment<'_>) -> Result<bool, CommandError> {
    let client = environment.metrics_client("views").await?;
    migrate::require_current(&client).await?;
    Ok(store_uptime::has_stores(&client).await?)
}
