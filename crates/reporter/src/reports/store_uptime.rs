//! `--view store-uptime`: the uptime of each store in the last hour, day and week, from the stored polls.

use std::num::NonZeroUsize;

use chrono::DateTime;
use metrics_core::db::Client;
use metrics_core::db::metrics::report_run::{self, NewRun};
use metrics_core::db::metrics::store_uptime;
use metrics_core::db::stores::{partitions, read};
use metrics_core::uptime::{Bounds, Options, Report};
use metrics_core::view::View;
use serde_json::json;

use super::shared::failed;
use crate::exit::CommandError;
use crate::report::{Environment, Request, Summary, Tally, close};

/// Runs the view.
pub async fn run(
    request: &Request,
    environment: &Environment<'_>,
    mut metrics: Client,
) -> Result<Summary, CommandError> {
    let (options, is_dry_run) = (&request.uptime, request.is_dry_run);
    if !is_dry_run {
        let kept = partitions::kept_days(environment.now(), environment.settings.uptime.polls_retention_days);
        partitions::maintain(&mut metrics, &kept).await?;
    }
    let latest = match options.bounds.as_of_us {
        Some(as_of_us) => Some(as_of_us),
        None => read::latest_poll_us(&mut metrics, options.bounds.not_after_us).await?,
    };
    let as_of = latest.and_then(DateTime::from_timestamp_micros);
    let mut tally = Tally::default();
    let run = NewRun {
        view: View::StoreUptime,
        range_from: None,
        range_to: None,
        as_of: as_of.unwrap_or(environment.as_of),
        zone_mode: "unit".to_owned(),
        company_filter: None,
        cooling_unit_filter: None,
        scope: None,
        rebuild: false,
        allow_past: false,
        parameter_set: environment.parameters.set().to_owned(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: environment.now(),
    };
    if as_of.is_none() {
        tally
            .notices
            .push("there is no poll, so there is nothing to speak of; reporter ingest stores takes polls in".into());
        return close(environment, &mut metrics, run, None, Ok(()), tally).await;
    }
    let id = if is_dry_run { None } else { Some(report_run::start(&metrics, &run).await?) };
    // The instant that the run is recorded with, also if a later poll has come in meanwhile.
    let options = Options { bounds: Bounds { as_of_us: latest, ..options.bounds }, ..*options };
    let work = work(&options, &run, id, environment, &mut metrics, &mut tally);
    let result = environment.interrupt.unless(work).await;
    close(environment, &mut metrics, run, id, result, tally).await
}

async fn work(
    options: &Options,
    run: &NewRun,
    id: Option<i64>,
    environment: &Environment<'_>,
    metrics: &mut Client,
    tally: &mut Tally,
) -> Result<(), CommandError> {
    let stored = read::read(metrics, options.bounds, None).await.map_err(failed)?;
    tally.rows_read = stored.rows;
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let report = Report::compute(stored.ids, &stored.fleet, stored.intake, *options, threads);
    tally.rows_computed = report.len() as u64;
    tally.details = Some(json!({
        "policy": report.head.options.policy.to_string(),
        "options": report.head.options,
        "tzdata": chrono_tz::IANA_TZDB_VERSION,
        "diagnostics": report.head.diagnostics,
    }));
    let Some(id) = id else { return Ok(()) };

    store_uptime::prepare(metrics).await.map_err(failed)?;
    let transaction = metrics.transaction().await.map_err(failed)?;
    let mut changes =
        store_uptime::replace(&transaction, &report, run.as_of, environment.now()).await.map_err(failed)?;
    let hours = environment.settings.uptime.history_hours;
    changes.deleted += store_uptime::prune(&transaction, run.as_of, hours).await.map_err(failed)?;
    report_run::data_changed(&transaction, View::StoreUptime, id, changes, environment.now()).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    tally.changes = changes;
    Ok(())
}
