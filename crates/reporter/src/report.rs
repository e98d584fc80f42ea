//! One run of a view: lock, rates, snapshot, compute, store, record.
//!
//! ```text
//! lock ─▶ rates, stored days ─▶ source snapshot ─▶ run row ─▶ units: read ▸ compute ▸ batch ─▶ close the run
//! ```
//!
//! Batches hold whole cooling units and are one transaction each; a run that ends early leaves what it committed.

use std::time::Instant;

use anyhow::Context as _;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use metrics_core::coldroom::Reject;
use metrics_core::db::metrics::Changes;
use metrics_core::db::metrics::report_run::{self, Ending, NewRun, Outcome};
use metrics_core::db::source::Filter;
use metrics_core::db::{Client, ConnectOptions, Databases, connect};
use metrics_core::parameters::Parameters;
use metrics_core::settings::Settings;
use metrics_core::uptime;
use metrics_core::view::View;

use crate::exit::{CommandError, Exit};
use crate::interrupt::Interrupt;
use crate::output::Progress;
use crate::reports::{aggregated_comparison, company, impact_metrics, store_uptime};

/// Which days a run computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Days {
    /// What is stale or missing, up to as-of.
    Stale,
    /// From a day to a day, both inclusive; without the second to the day of as-of.
    Range(NaiveDate, Option<NaiveDate>),
    /// All of them.
    All,
}

/// What is asked of a run.
#[derive(Debug, Clone)]
pub struct Request {
    /// The view.
    pub view: View,
    /// Its days.
    pub days: Days,
    /// Companies and units.
    pub filter: Filter,
    /// Zone forced on all units.
    pub time_zone: Option<Tz>,
    /// Write nothing.
    pub is_dry_run: bool,
    /// Allow an as-of before that of an earlier run.
    pub allow_past: bool,
    /// What store-uptime is asked for.
    pub uptime: uptime::Options,
}

/// What all runs of one command share.
pub struct Environment<'a> {
    /// Settings.
    pub settings: &'a Settings,
    /// Where the data is.
    pub databases: &'a Databases,
    /// Literature values.
    pub parameters: &'a Parameters,
    /// Instant of which the runs speak.
    pub as_of: DateTime<Utc>,
    /// When the command started, by the wall clock and by one that only goes forward.
    pub started: (DateTime<Utc>, Instant),
    /// Signals.
    pub interrupt: &'a Interrupt,
    /// Progress on the terminal.
    pub progress: &'a Progress,
}

impl Environment<'_> {
    /// The present, from the one reading of the clock and the time that went by since.
    pub fn now(&self) -> DateTime<Utc> {
        let (wall, steady) = self.started;
        wall + Duration::from_std(steady.elapsed()).unwrap_or_default()
    }

    /// Zone of a unit or company: forced, else of its country, else UTC.
    pub fn zone(&self, request: &Request, country: Option<&str>) -> Tz {
        request
            .time_zone
            .or(self.settings.reporting.time_zone)
            .or_else(|| self.parameters.time_zone(country))
            .unwrap_or(Tz::UTC)
    }

    /// First instant whose movements count.
    pub fn earliest(&self) -> DateTime<Utc> {
        self.settings.reporting.earliest_date.and_time(chrono::NaiveTime::MIN).and_utc()
    }

    /// Opens a connection to the metrics database.
    pub async fn metrics_client(&self, purpose: &str) -> Result<Client, CommandError> {
        let options = ConnectOptions {
            application_name: format!("reporter {purpose}"),
            read_only: false,
            statement_timeout: self.settings.database.statement_timeout,
            connect_timeout: self.settings.database.connect_timeout,
        };
        Ok(connect::connect(&self.databases.metrics, &options).await?)
    }

    /// Opens a read-only connection to the operational database.
    pub async fn source_client(&self, purpose: &str) -> Result<Client, CommandError> {
        let options = ConnectOptions {
            application_name: format!("reporter {purpose}"),
            read_only: true,
            statement_timeout: self.settings.source.statement_timeout,
            connect_timeout: self.settings.database.connect_timeout,
        };
        Ok(connect::connect(&self.databases.source, &options).await?)
    }
}

/// What a run did, or would have done.
#[derive(Debug)]
pub struct Summary {
    /// What was known at its start.
    pub run: NewRun,
    /// Its number; absent in a dry run.
    pub id: Option<i64>,
    /// How it ended.
    pub ending: Ending,
    /// Rows that were computed, changed or not.
    pub rows_computed: u64,
    /// What could not be used, ascending.
    pub rejects: Vec<Reject>,
    /// What its user should know besides.
    pub notices: Vec<String>,
}

impl Summary {
    /// The exit code that it stands for.
    pub fn exit(&self) -> Exit {
        match self.ending.outcome {
            Outcome::Done => Exit::Done,
            Outcome::Partial => Exit::Partial,
            Outcome::Running | Outcome::Failed | Outcome::Interrupted => Exit::Failed,
        }
    }
}

/// What the computing part of a run gives back; filled as it goes, so that a failed run knows how far it came.
#[derive(Debug, Default)]
pub struct Tally {
    /// Rows read from the source.
    pub rows_read: u64,
    /// Rows computed.
    pub rows_computed: u64,
    /// Rows changed.
    pub changes: Changes,
    /// What could not be used.
    pub rejects: Vec<Reject>,
    /// What the user should know besides.
    pub notices: Vec<String>,
    /// What else is recorded of the run.
    pub details: Option<serde_json::Value>,
}

/// Runs a view.
pub async fn run(request: &Request, environment: &Environment<'_>) -> Result<Summary, CommandError> {
    let view = request.view;
    let metrics = begin(view, request.is_dry_run, environment).await?;
    if !request.is_dry_run {
        crate::rates::fetch_for_run(request, environment).await;
    }
    match view {
        View::AggregatedComparison => aggregated_comparison::run(request, environment, metrics).await,
        View::Company => company::run(request, environment, metrics).await,
        View::ImpactMetrics => impact_metrics::run(request, environment, metrics).await,
        View::StoreUptime => store_uptime::run(request, environment, metrics).await,
    }
}

/// Opens the database of the metrics for a run of `view`, and takes its lock.
async fn begin(view: View, is_dry_run: bool, environment: &Environment<'_>) -> Result<Client, CommandError> {
    let mut metrics = environment.metrics_client(view.as_str()).await?;
    metrics_core::db::migrate::require_current(&metrics).await?;
    report_run::lock(&metrics, view)
        .await?
        .map_err(|holder| CommandError::Locked { what: view.to_string(), holder })?;
    if !is_dry_run {
        for run in report_run::abandon_others(&mut metrics, view, environment.now()).await? {
            tracing::warn!(run, "run {run} of {view} never ended; it is marked as abandoned");
        }
    }
    Ok(metrics)
}

/// What is recorded of a run at its start.
pub fn new_run(request: &Request, environment: &Environment<'_>, scope: Option<Vec<i64>>) -> NewRun {
    let (range_from, range_to) = match request.days {
        Days::Range(from, to) => (Some(from), to),
        Days::Stale | Days::All => (None, None),
    };
    let forced = request.time_zone.or(environment.settings.reporting.time_zone);
    NewRun {
        view: request.view,
        range_from,
        range_to,
        as_of: environment.as_of,
        zone_mode: forced.map_or_else(|| "unit".to_owned(), |zone| zone.name().to_owned()),
        company_filter: request.filter.companies.clone(),
        cooling_unit_filter: request.filter.cooling_units.clone(),
        scope,
        rebuild: request.days == Days::All,
        allow_past: request.allow_past,
        parameter_set: environment.parameters.set().to_owned(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: environment.now(),
    }
}

/// Whether as-of lies before that of an earlier run in the scope.
///
/// # Errors
///
/// Without `--allow-past` such a run is refused: it would put older states over newer ones.
pub async fn is_in_the_past(
    request: &Request,
    environment: &Environment<'_>,
    metrics: &Client,
    scope: Option<&[i64]>,
) -> Result<bool, CommandError> {
    let newest = report_run::newest_as_of(metrics, request.view, scope).await?;
    let Some(newest) = newest.filter(|newest| environment.as_of < *newest) else { return Ok(false) };
    if request.allow_past {
        return Ok(true);
    }
    Err(CommandError::NotUsable(anyhow::anyhow!(
        "as-of {} lies before {}, of which an earlier run of {} spoke; with --allow-past the run goes on and leaves \
         later days as they are",
        environment.as_of.to_rfc3339(),
        newest.to_rfc3339(),
        request.view,
    )))
}

/// Records the end of a run and makes its summary.
pub async fn close(
    environment: &Environment<'_>,
    metrics: &mut Client,
    run: NewRun,
    id: Option<i64>,
    result: Result<(), CommandError>,
    mut tally: Tally,
) -> Result<Summary, CommandError> {
    tally.rejects.sort_unstable();
    tally.rejects.dedup();
    let (outcome, error) = match &result {
        Ok(()) if tally.rejects.is_empty() => (Outcome::Done, None),
        Ok(()) => (Outcome::Partial, None),
        Err(CommandError::Interrupted) => (Outcome::Interrupted, Some("ended by a signal".to_owned())),
        Err(error) => (Outcome::Failed, Some(error.to_string())),
    };
    let finished_at = environment.now();
    let ending = Ending {
        outcome,
        error,
        details: tally.details,
        rows_read: i64::try_from(tally.rows_read).unwrap_or(i64::MAX),
        changes: tally.changes,
        finished_at,
        duration_ms: (finished_at - run.started_at).num_milliseconds(),
    };
    if let Some(id) = id {
        let recorded = report_run::finish(metrics, run.view, id, &ending, &tally.rejects)
            .await
            .with_context(|| format!("the end of run {id} was not recorded"));
        // The first thing that went wrong is the one to report.
        if result.is_ok() {
            recorded.map_err(CommandError::Failed)?;
        }
    }
    result?;
    tracing::info!(
        view = %run.view,
        rows_read = ending.rows_read,
        rows_written = tally.changes.written,
        rows_deleted = tally.changes.deleted,
        rejected = tally.rejects.len(),
        duration_ms = ending.duration_ms,
        "{} done",
        run.view
    );
    Ok(Summary { run, id, ending, rows_computed: tally.rows_computed, rejects: tally.rejects, notices: tally.notices })
}
