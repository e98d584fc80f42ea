//! `reporter kpi serve-schedule`: a small cron for those who have none.

mod jobs;

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use metrics_core::exit::Exit;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use self::jobs::{Entry, Jobs};
use super::cli::ScheduleArgs;
use super::error::ProgramError;
use super::stop::Stop;

/// How often the clock and the file are looked at.
const TICK: Duration = Duration::from_millis(500);

/// The groups of processes of jobs that run, each by its first process.
#[derive(Debug, Clone, Default)]
struct Groups(Arc<Mutex<Vec<Pid>>>);

impl Groups {
    fn begin(&self, group: Option<Pid>) {
        self.locked().extend(group);
    }

    fn end(&self, group: Option<Pid>) {
        self.locked().retain(|other| Some(*other) != group);
    }

    /// Jobs end as this program does: those that compute KPIs store what they have, and end their queries.
    fn signal(&self, signal: Signal) {
        for group in self.locked().iter() {
            // It may have ended in the meantime.
            let _ = kill_process_group(*group, signal);
        }
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Pid>> {
        // What is in it is whole at any time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A job that ended.
struct Ended {
    entry: Entry,
    result: std::io::Result<std::process::ExitStatus>,
    after: Duration,
}

/// `reporter kpi serve-schedule`.
pub async fn serve(arguments: &ScheduleArgs) -> Result<Exit, ProgramError> {
    let groups = Groups::default();
    let last = groups.clone();
    let listening =
        || anyhow::Ok((Stop::listen_and(move || last.signal(Signal::KILL))?, signal(SignalKind::hangup())?));
    let (stop, mut hangup) = listening().context("cannot listen to signals").map_err(ProgramError::Failed)?;
    let file = arguments.file.as_path();
    let read = || jobs::read(file, arguments.allow_shell);
    let mut modified = modified(file);
    let entries = read().map_err(ProgramError::NotUsable)?;
    let mut jobs = Jobs::new(arguments.time_zone);
    jobs.replace(entries, wall_clock());
    tracing::info!("{} jobs of {}", jobs.len(), file.display());
    let mut running = JoinSet::new();
    for entry in jobs.start_all_of_start() {
        start(&mut running, &groups, entry);
    }
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        let mut is_asked_to_read = false;
        tokio::select! {
            () = stop.asked() => break,
            _ = tick.tick() => {}
            _ = hangup.recv() => is_asked_to_read = true,
            Some(ended) = running.join_next() => note(ended, &mut jobs),
        }
        let now_modified = self::modified(file);
        if is_asked_to_read || now_modified != modified {
            modified = now_modified;
            match read() {
                Ok(entries) => {
                    jobs.replace(entries, wall_clock());
                    tracing::info!("{} has changed: {} jobs", file.display(), jobs.len());
                }
                Err(error) => tracing::error!("{error:#}; the jobs stay as they were"),
            }
        }
        for entry in jobs.take_due(wall_clock()) {
            start(&mut running, &groups, entry);
        }
    }
    groups.signal(Signal::TERM);
    finish(running, &mut jobs).await;
    Ok(Exit::Done)
}

/// Now, on the clock on the wall.
fn wall_clock() -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "a schedule is about the time as it passes")]
    Utc::now()
}

/// When the file was last changed; nothing when there is none.
fn modified(file: &Path) -> Option<(SystemTime, u64)> {
    let about = file.metadata().ok()?;
    Some((about.modified().ok()?, about.len()))
}

fn start(running: &mut JoinSet<Ended>, groups: &Groups, entry: Entry) {
    tracing::info!(job = entry.command, "job `{}` starts", entry.command);
    let began = Instant::now();
    let child = entry.program().and_then(|program| {
        let mut command = Command::new(program);
        // Of a group of its own, so that a signal of the terminal reaches it once: from here.
        command.args(entry.arguments()).stdin(Stdio::null()).process_group(0).spawn()
    });
    let process = child.as_ref().ok().and_then(Child::id);
    let group = process.and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    groups.begin(group);
    let groups = groups.clone();
    running.spawn(async move {
        let result = match child {
            Ok(mut child) => child.wait().await,
            Err(error) => Err(error),
        };
        groups.end(group);
        Ended { entry, result, after: began.elapsed() }
    });
}

fn note(ended: Result<Ended, tokio::task::JoinError>, jobs: &mut Jobs) {
    let Ok(Ended { entry, result, after }) = ended else { return };
    let command = entry.command.as_str();
    let seconds = after.as_secs_f64();
    match result {
        Ok(status) if status.success() => tracing::info!(job = command, "job `{command}` is done after {seconds:.1} s"),
        Ok(status) => tracing::warn!(job = command, "job `{command}` ended with {status} after {seconds:.1} s"),
        Err(error) => tracing::error!(job = command, "job `{command}` could not be started: {error}"),
    }
    jobs.ended(&entry);
}

/// Waits for jobs that run; a second signal does not.
async fn finish(mut running: JoinSet<Ended>, jobs: &mut Jobs) {
    if !running.is_empty() {
        tracing::info!("waiting for {} jobs; a second signal ends this program at once", running.len());
    }
    while let Some(ended) = running.join_next().await {
        note(ended, jobs);
    }
}
