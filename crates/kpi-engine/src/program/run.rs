//! `reporter kpi run`: compute, store, deliver.

use std::io::{IsTerminal as _, Write};
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, SubsecRound as _, TimeZone as _, Utc};
use chrono_tz::Tz;
use futures_util::{StreamExt as _, stream};
use indicatif::{ProgressBar, ProgressStyle};
use metrics_core::db::Databases;
use metrics_core::db::connect::Connection;
use metrics_core::db::metrics::kpi::{self, Ending, KpiEntry, NewResult, NewRun};
use metrics_core::exit::Exit;
use metrics_core::kpi::{ErrorKind, Failure, Kpi, Outcome, RunStatus};
use sha2::{Digest, Sha256};

use super::cli::RunArgs;
use super::deliver::{self, Program, chosen_sinks};
use super::error::ProgramError;
use super::session::{Session, chosen};
use super::stop::Stop;
use super::summary::{RunSummary, print, print_json};
use crate::definitions::{DefinitionsFile, hex};
use crate::engine::Engine;

/// `reporter kpi run`.
pub async fn run(arguments: &RunArgs, session: &Session, out: &mut impl Write) -> Result<Exit, ProgramError> {
    let stop = Stop::listen().context("cannot listen to signals").map_err(ProgramError::Failed)?;
    let as_of = session.as_of(&arguments.file);
    let file = session.definitions(&arguments.file, as_of)?;
    let sinks = chosen_sinks(&file, &arguments.sink)?;
    let kpis = chosen(&file.definitions.kpis, &arguments.only)?;
    let databases = session.databases().await?;
    let mut connection = session.connection(&databases, "run").await?;
    let environment = &file.definitions.environment;
    if let Err(holder) = kpi::lock(&mut connection, environment).await? {
        return Err(ProgramError::Locked { environment: environment.clone(), holder });
    }
    let program = Program { file: &file, session, stop: &stop };
    if let Some(run) = arguments.resend {
        return deliver::resend(run, &sinks, arguments, program, &mut connection, out).await;
    }

    refuse_the_past(arguments, &mut connection, environment, as_of).await?;
    let started_at = own_second(&mut connection, &file, session).await?;
    let mut summary = RunSummary::new(&file, as_of, started_at, &arguments.trigger, kpis.len());
    let begun = if arguments.dry_run { None } else { Some(begin(&mut connection, &file, &summary).await?) };
    summary.id = begun;
    let progress = progress(arguments.quiet || arguments.json, kpis.len());
    let only: Vec<&Kpi> = kpis.iter().map(|(_, kpi)| *kpi).collect();
    let engine = tokio::select! {
        engine = session.engine(&file, &only, as_of, Some(&databases)) => Some(engine),
        () = stop.asked() => None,
    };
    let outcomes = match engine {
        // Connections to sources are not needed while rows are delivered: they end with the engine.
        Some(Ok(engine)) => {
            let outcomes = compute(&engine, &only, &file, &stop, &progress).await;
            engine.settle().await;
            outcomes
        }
        Some(Err(error)) => only.iter().map(|_| without(ErrorKind::Execution, error.to_string())).collect(),
        None => only.iter().map(|_| interrupted()).collect(),
    };
    progress.finish_and_clear();

    let hashes: Vec<String> = only.iter().map(|kpi| hex(&Sha256::digest(kpi.sql.as_bytes()))).collect();
    let results = kpis.iter().zip(&outcomes).zip(&hashes).map(|(((position, kpi), outcome), sql_hash)| NewResult {
        name: &kpi.name,
        position: *position,
        form: kpi.form,
        sql_hash,
        outcome,
    });
    let results: Vec<NewResult<'_>> = results.collect();
    summary.take(&results, stop.is_asked(), session.clock.now());
    if let Some(run) = begun {
        let ending =
            Ending { is_interrupted: summary.status == RunStatus::Interrupted, finished_at: summary.finished_at };
        let stored = store(&mut connection, run, &results, ending, &file, session, &databases).await;
        stored.map_err(|error| match error {
            ProgramError::Locked { .. } => error,
            error => ProgramError::Failed(anyhow::Error::new(error).context("the results were not stored")),
        })?;
        if summary.status != RunStatus::Interrupted {
            let row = deliver::row(&file, &results, started_at, &mut connection).await?;
            summary.deliveries = deliver::all(run, &sinks, &row, program, &mut connection).await?;
        }
    }
    match (arguments.json, arguments.quiet) {
        (true, _) => print_json(out, &summary, &results)?,
        (false, true) => {}
        (false, false) => print(out, &summary, &results)?,
    }
    if arguments.json || arguments.quiet {
        summary.log(&results);
    }
    Ok(summary.exit())
}

/// Stores the results; over a new session where the first one, and the lock with it, was lost while sources were asked.
async fn store(
    connection: &mut Connection,
    run: i64,
    results: &[NewResult<'_>],
    ending: Ending,
    file: &DefinitionsFile,
    session: &Session,
    databases: &Databases,
) -> Result<(), ProgramError> {
    let environment = &file.definitions.environment;
    let Err(error) = kpi::finish(connection, run, results, ending).await else { return Ok(()) };
    // A session that has the lock can take it again.
    if kpi::lock(connection, environment).await.is_ok() {
        return Err(ProgramError::failed(error));
    }
    tracing::warn!("the session of the metrics was lost, and is opened again: {:#}", anyhow::Error::new(error));
    *connection = session.connection(databases, "run").await?;
    if let Err(holder) = kpi::lock(connection, environment).await? {
        return Err(ProgramError::Locked { environment: environment.clone(), holder });
    }
    kpi::finish(connection, run, results, ending).await.map(|_| ()).map_err(ProgramError::failed)
}

/// Refuses a run that speaks of an instant before that of an earlier one: its row would pass for newer than it is.
async fn refuse_the_past(
    arguments: &RunArgs,
    connection: &mut Connection,
    environment: &str,
    as_of: DateTime<Utc>,
) -> Result<(), ProgramError> {
    if arguments.allow_past {
        return Ok(());
    }
    match kpi::newest_as_of(connection, environment).await?.filter(|newest| as_of < *newest) {
        Some(newest) => Err(ProgramError::NotUsable(anyhow::anyhow!(
            "as-of {} lies before {}, of which an earlier run of `{environment}` spoke; with --allow-past the run goes on",
            as_of.to_rfc3339(),
            newest.to_rfc3339(),
        ))),
        None => Ok(()),
    }
}

/// When the run starts: its text in the zone of the file is the key of its row, which no other run has.
async fn own_second(
    connection: &mut Connection,
    file: &DefinitionsFile,
    session: &Session,
) -> Result<DateTime<Utc>, ProgramError> {
    let mut now = session.clock.now();
    while kpi::has_started(connection, &file.definitions.environment, &same_text(now, file.definitions.time_zone))
        .await?
    {
        tokio::time::sleep(Duration::from_secs(1)).await;
        now = session.clock.now();
    }
    Ok(now)
}

/// The seconds that have the text of this one: two, where clocks are put back.
fn same_text(instant: DateTime<Utc>, zone: Tz) -> Vec<DateTime<Utc>> {
    let second = instant.trunc_subsecs(0);
    let others = zone.from_local_datetime(&second.with_timezone(&zone).naive_local());
    let mut seconds = vec![second];
    seconds.extend([others.earliest(), others.latest()].into_iter().flatten().map(|other| other.to_utc()));
    seconds.sort_unstable();
    seconds.dedup();
    seconds
}

/// Inserts the run, and brings the names of KPIs up to date.
async fn begin(connection: &mut Connection, file: &DefinitionsFile, summary: &RunSummary) -> Result<i64, ProgramError> {
    let new = NewRun {
        environment: file.definitions.environment.clone(),
        as_of: summary.as_of,
        started_at: summary.started_at,
        trigger: summary.trigger.clone(),
        host: summary.host.clone(),
        definition_hash: file.hash.clone(),
        kpis: summary.kpis,
    };
    let begun = kpi::begin(connection, &new).await?;
    if !begun.interrupted.is_empty() {
        tracing::warn!("earlier runs ended without saying so and are marked interrupted: {:?}", begun.interrupted);
    }
    let entries: Vec<KpiEntry> = file
        .definitions
        .kpis
        .iter()
        .enumerate()
        .map(|(position, kpi)| KpiEntry {
            name: kpi.name.clone(),
            unit: kpi.unit.clone(),
            description: kpi.description.clone(),
            position,
        })
        .collect();
    let done = kpi::upsert_kpis(connection, &file.definitions.environment, &entries, summary.started_at).await;
    done.context("names of KPIs").map_err(ProgramError::Failed)?;
    Ok(begun.run)
}

/// Runs the KPIs, so many at a time, until all are done or a signal comes.
async fn compute(
    engine: &Engine,
    kpis: &[&Kpi],
    file: &DefinitionsFile,
    stop: &Stop,
    progress: &ProgressBar,
) -> Vec<Outcome> {
    let mut outcomes: Vec<Option<Outcome>> = kpis.iter().map(|_| None).collect();
    let running = stream::iter(kpis.iter().enumerate())
        .map(async |(index, kpi)| (index, engine.run(kpi).await))
        .buffer_unordered(file.definitions.concurrency);
    let mut running = std::pin::pin!(running);
    loop {
        let done = tokio::select! {
            done = running.next() => done,
            // Dropping what runs ends it at its sources.
            () = stop.asked() => None,
        };
        let Some((index, outcome)) = done else { break };
        outcomes[index] = Some(without_secrets(outcome, file));
        progress.inc(1);
    }
    outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(interrupted)).collect()
}

fn without_secrets(mut outcome: Outcome, file: &DefinitionsFile) -> Outcome {
    if let Err(failure) = &mut outcome.result {
        failure.message = file.secrets.hide(&failure.message);
    }
    outcome
}

fn interrupted() -> Outcome {
    without(ErrorKind::Interrupted, "the run was stopped before this KPI was done".to_owned())
}

fn without(kind: ErrorKind, message: String) -> Outcome {
    Outcome { result: Err(Failure { kind, message }), duration: Duration::ZERO }
}

/// A bar on a terminal, nothing elsewhere.
fn progress(is_quiet: bool, kpis: usize) -> ProgressBar {
    if is_quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(kpis as u64).with_message("KPIs");
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::date_time;

    #[test]
    fn an_hour_that_comes_twice_has_each_text_twice() {
        let zone = chrono_tz::Europe::Riga;
        let (first, second) = ("2026-10-25T00:30:07Z".parse().unwrap(), "2026-10-25T01:30:07Z".parse().unwrap());
        assert_eq!(date_time(first, zone), date_time(second, zone));
        for at in [first, second] {
            assert_eq!(same_text(at + Duration::from_millis(250), zone), [first, second]);
            assert_eq!(same_text(at, Tz::UTC), [at]);
        }
        let once = "2026-10-25T02:30:07Z".parse().unwrap();
        assert_eq!(same_text(once, zone), [once]);
    }
}
