//! `reporter work`: computes the reports that were asked for by `/trigger_report`, where the API does not.

use std::io::Write;
use std::time::Duration;

use clap::Args;
use metrics_core::db::migrate;
use metrics_core::db::uptime_reports::{Step, Worker};

use crate::exit::{CommandError, Exit};
use crate::report::Environment;

/// How long to wait before looking at an empty queue again.
const IDLE: Duration = Duration::from_secs(1);

/// Options of `work`.
#[derive(Debug, Clone, Args)]
pub struct WorkArgs {
    /// End when no report waits, instead of waiting for the next.
    #[arg(long)]
    pub once: bool,
}

/// Works until it is stopped; a report under way then waits for the next worker.
pub async fn work(
    arguments: &WorkArgs,
    environment: &Environment<'_>,
    out: &mut impl Write,
) -> Result<Exit, CommandError> {
    let settings = environment.settings;
    let client = environment.metrics_client("work").await?;
    migrate::require_current(&client).await?;
    drop(client);
    let mut worker = Worker::connect(&environment.databases.metrics, settings.database.connect_timeout).await?;
    let mut reports = 0_u64;
    loop {
        let step = worker.step(settings.uptime.reports_retention_hours).await;
        match step.map_err(|error| CommandError::Failed(error.into()))? {
            Step::Worked => reports += 1,
            Step::Idle if arguments.once => {
                writeln!(out, "{reports} reports")?;
                return Ok(Exit::Done);
            }
            Step::Idle => tokio::time::sleep(IDLE).await,
        }
    }
}
