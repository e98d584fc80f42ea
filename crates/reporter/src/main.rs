//! Computes the metrics: a command line driven by cron.

mod fx;

use std::io::Write;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Parser, Subcommand};
use metrics_core::db::{ConnectOptions, connect};
use metrics_core::settings::{DatabaseUrl, Settings};
use metrics_core::telemetry;

#[derive(Parser)]
#[command(version)]
struct Cli {
    /// Instant of the run [default: now].
    #[arg(long, global = true, value_name = "INSTANT")]
    as_of: Option<DateTime<Utc>>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Exchange rates.
    #[command(subcommand)]
    Fx(fx::FxCommand),
    /// For trying it out: what a run does before its snapshot.
    Missing { needs: Vec<String> },
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    let as_of = cli.as_of.unwrap_or_else(Utc::now);
    match dispatch(cli.command, as_of).await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::from(error.downcast_ref::<fx::FxCommandError>().map_or(1, fx::FxCommandError::exit_code))
        }
    }
}

async fn dispatch(command: Command, as_of: DateTime<Utc>) -> anyhow::Result<u8> {
    let settings = Settings::load()?;
    telemetry::init(&settings.log);
    let url = settings.database.url.clone().ok_or_else(|| anyhow::anyhow!("no database"))?;
    match command {
        Command::Missing { needs } => {
            let mut metrics = open(&settings, &url, false).await?;
            let needed: Vec<_> = needs
                .iter()
                .filter_map(|need| need.split_once(':'))
                .map(|(currency, day)| Ok((currency.to_owned(), day.parse()?)))
                .collect::<anyhow::Result<_>>()?;
            let fx::FetchSummary { stored, warnings } =
                fx::fetch_missing(&mut metrics, &settings.fx, &needed, as_of).await?;
            tracing::info!("{stored:?}");
            for warning in warnings {
                tracing::warn!("{warning}");
            }
            Ok(0)
        }
        Command::Fx(command) => {
            let mut metrics = open(&settings, &url, false).await?;
            let source_url = settings.source.url.clone().unwrap_or(url);
            let mut source =
                if command.needs_source() { Some(open(&settings, &source_url, true).await?) } else { None };
            let mut out = std::io::stdout().lock();
            let outcome = fx::run(command, &settings.fx, &mut metrics, source.as_mut(), as_of, &mut out).await?;
            out.flush()?;
            Ok(if outcome == fx::Outcome::Done { 0 } else { 4 })
        }
    }
}

async fn open(settings: &Settings, url: &DatabaseUrl, read_only: bool) -> anyhow::Result<metrics_core::db::Connection> {
    let options = ConnectOptions {
        application_name: "reporter".to_owned(),
        read_only,
        statement_timeout: settings.database.statement_timeout,
        connect_timeout: settings.database.connect_timeout,
    };
    Ok(connect::connect_diesel(url, &options).await?)
}
