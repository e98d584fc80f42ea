//! The jobs of a file: which there are, which are due, which run.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use metrics_core::kpi::Schedule;
use serde::Deserialize;

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    schedule: String,
    command: String,
    #[serde(default)]
    onstart: bool,
}

/// A job as it is written, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What runs.
    pub command: String,
    text: String,
    schedule: Schedule,
    runs_at_start: bool,
    way: Way,
}

/// How a command is run.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    /// By the shell.
    Shell,
    /// By the program beside this one, with these arguments.
    Reporter(Vec<String>),
    /// By this program.
    Kpi(Vec<String>),
}

impl Entry {
    fn of(line: Line, allows_shell: bool) -> anyhow::Result<Self> {
        let schedule = Schedule::parse(&line.schedule)?;
        let way = way(&line.command, allows_shell)?;
        Ok(Self { command: line.command, text: line.schedule, schedule, runs_at_start: line.onstart, way })
    }

    /// The program to start.
    pub fn program(&self) -> std::io::Result<PathBuf> {
        match &self.way {
            Way::Shell => Ok(PathBuf::from("/bin/sh")),
            Way::Kpi(_) => std::env::current_exe(),
            Way::Reporter(_) => Ok(std::env::current_exe()?.with_file_name("reporter")),
        }
    }

    /// Its arguments.
    pub fn arguments(&self) -> Vec<String> {
        match &self.way {
            Way::Shell => vec!["-c".to_owned(), self.command.clone()],
            // The record of a run says what started it.
            Way::Kpi(arguments) if arguments.first().is_some_and(|first| first == "run") => {
                let trigger = ["--trigger".to_owned(), "schedule".to_owned()];
                let has_trigger = arguments.iter().any(|argument| argument.starts_with("--trigger"));
                arguments.iter().cloned().chain(trigger.into_iter().filter(|_| !has_trigger)).collect()
            }
            Way::Kpi(arguments) | Way::Reporter(arguments) => arguments.clone(),
        }
    }
}

fn way(command: &str, allows_shell: bool) -> anyhow::Result<Way> {
    let words = shlex::split(command).filter(|words| !words.is_empty());
    let Some(words) = words else { bail!("the command is empty, or a quote in it does not end") };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match words[..] {
        _ if allows_shell => Ok(Way::Shell),
        ["reporter", "kpi", ref rest @ ..] | ["reporter-kpi" | "kpi", ref rest @ ..] => Ok(Way::Kpi(owned(rest))),
        ["reporter", ref rest @ ..] => Ok(Way::Reporter(owned(rest))),
        [first, ..] => bail!(
            "`{first}` is no command of the reporter: begin it with `reporter`, or allow a shell by --allow-shell"
        ),
        [] => bail!("the command is empty"),
    }
}

/// The entries of a file.
pub fn read(file: &Path, allows_shell: bool) -> anyhow::Result<Vec<Entry>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let lines: Vec<Line> = serde_json::from_str(&text)
        .with_context(|| format!("{} is no list of {{\"schedule\", \"command\", \"onstart\"}}", file.display()))?;
    let entries = (1..).zip(lines).map(|(number, line)| {
        let command = line.command.clone();
        Entry::of(line, allows_shell).with_context(|| format!("{}: job {number} (`{command}`)", file.display()))
    });
    entries.collect()
}

/// Jobs and how they stand.
pub struct Jobs {
    zone: Tz,
    jobs: Vec<Job>,
}

struct Job {
    entry: Entry,
    next: Option<DateTime<Utc>>,
    is_running: bool,
    /// No longer in the file; kept until it ends, so that it does not overlap itself when it comes back.
    is_gone: bool,
}

impl Jobs {
    /// No jobs yet.
    pub const fn new(zone: Tz) -> Self {
        Self { zone, jobs: Vec::new() }
    }

    /// Jobs of the file.
    pub fn len(&self) -> usize {
        self.jobs.iter().filter(|job| !job.is_gone).count()
    }

    /// Takes over a file. A job that was there before, and still is, goes on as it was.
    pub fn replace(&mut self, entries: Vec<Entry>, now: DateTime<Utc>) {
        let mut before = std::mem::take(&mut self.jobs);
        for entry in entries {
            let known = before.iter().position(|job| job.entry == entry);
            let job = known.map(|index| before.remove(index));
            let fresh = |next| Job { entry: entry.clone(), next, is_running: false, is_gone: false };
            self.jobs.push(match job {
                Some(job) if !job.is_gone => job,
                Some(job) => Job { is_running: job.is_running, ..fresh(entry.schedule.next_after(now, self.zone)) },
                None => fresh(entry.schedule.next_after(now, self.zone)),
            });
        }
        let gone = before.into_iter().filter(|job| job.is_running);
        self.jobs.extend(gone.map(|job| Job { is_gone: true, next: None, ..job }));
        for job in &self.jobs {
            if job.next.is_none() && !job.is_gone {
                tracing::warn!("job `{}`: `{}` never comes", job.entry.command, job.entry.text);
            }
        }
    }

    /// The jobs that run once when the program starts; they run from now on.
    pub fn start_all_of_start(&mut self) -> Vec<Entry> {
        let jobs = self.jobs.iter_mut().filter(|job| job.entry.runs_at_start);
        jobs.map(Job::start).collect()
    }

    /// The jobs whose time has come; they run from now on. One that still runs is passed over until its next time.
    pub fn take_due(&mut self, now: DateTime<Utc>) -> Vec<Entry> {
        let mut due = Vec::new();
        for job in self.jobs.iter_mut().filter(|job| job.next.is_some_and(|next| next <= now)) {
            // From now on: what was missed while the machine slept is run once.
            job.next = job.entry.schedule.next_after(now, self.zone);
            if job.is_running {
                tracing::warn!(job = job.entry.command, "job `{}` still runs and is passed over", job.entry.command);
            } else {
                due.push(job.start());
            }
        }
        due
    }

    /// A job ended.
    pub fn ended(&mut self, entry: &Entry) {
        if let Some(job) = self.jobs.iter_mut().find(|job| job.is_running && job.entry == *entry) {
            job.is_running = false;
        }
        self.jobs.retain(|job| job.is_running || !job.is_gone);
    }
}

impl Job {
    fn start(&mut self) -> Entry {
        self.is_running = true;
        self.entry.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn entries(lines: &[(&str, &str, bool)]) -> Vec<Entry> {
        let line = |(schedule, command, onstart): &(&str, &str, bool)| Line {
            schedule: (*schedule).to_owned(),
            command: (*command).to_owned(),
            onstart: *onstart,
        };
        lines.iter().map(|job| Entry::of(line(job), false).unwrap()).collect()
    }

    fn commands(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|entry| entry.command.as_str()).collect()
    }

    const HOURLY: (&str, &str, bool) = ("@hourly", "kpi run", true);
    const EVERY: (&str, &str, bool) = ("@every 10m", "reporter kpi check", false);

    #[test]
    fn a_job_does_not_overlap_itself() {
        let mut jobs = Jobs::new(Tz::UTC);
        jobs.replace(entries(&[HOURLY, EVERY]), at("2026-11-21T10:05:00Z"));
        assert_eq!(commands(&jobs.start_all_of_start()), ["kpi run"]);
        assert!(jobs.take_due(at("2026-11-21T10:14:59Z")).is_empty());
        let due = jobs.take_due(at("2026-11-21T10:15:00Z"));
        assert_eq!(commands(&due), ["reporter kpi check"]);
        // The hourly one still runs from the start, the other one since 10:15.
        assert!(jobs.take_due(at("2026-11-21T11:00:00Z")).is_empty());
        jobs.ended(&due[0]);
        jobs.ended(&entries(&[HOURLY])[0]);
        assert!(jobs.take_due(at("2026-11-21T11:01:00Z")).is_empty());
        assert_eq!(commands(&jobs.take_due(at("2026-11-21T12:00:00Z"))), ["kpi run", "reporter kpi check"]);
    }

    #[test]
    fn a_changed_file_leaves_the_jobs_that_stay_as_they_are() {
        let mut jobs = Jobs::new(Tz::UTC);
        jobs.replace(entries(&[HOURLY, EVERY]), at("2026-11-21T10:05:00Z"));
        let running = jobs.take_due(at("2026-11-21T10:15:00Z"));
        jobs.replace(entries(&[HOURLY, ("@every 1m", "kpi list", true)]), at("2026-11-21T10:20:00Z"));
        assert_eq!(jobs.len(), 2);
        assert_eq!(commands(&jobs.take_due(at("2026-11-21T10:21:00Z"))), ["kpi list"]);
        // It comes back while it runs from before.
        jobs.replace(entries(&[EVERY]), at("2026-11-21T10:22:00Z"));
        assert!(jobs.take_due(at("2026-11-21T10:40:00Z")).is_empty());
        jobs.ended(&running[0]);
        assert_eq!(commands(&jobs.take_due(at("2026-11-21T10:50:00Z"))), ["reporter kpi check"]);
    }

    #[test]
    fn commands_are_the_reporters_own_unless_a_shell_is_allowed() {
        let way_of = |command, allows_shell| way(command, allows_shell).map_err(|error| error.to_string());
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(way_of("reporter --view 'all'", false), Ok(Way::Reporter(words(&["--view", "all"]))));
        assert_eq!(way_of("reporter kpi run --only 'A 1'", false), Ok(Way::Kpi(words(&["run", "--only", "A 1"]))));
        assert_eq!(way_of("kpi run", false), Ok(Way::Kpi(words(&["run"]))));
        assert_eq!(way_of("python3 main.py", true), Ok(Way::Shell));
        assert!(way_of("python3 main.py", false).unwrap_err().contains("allow a shell by --allow-shell"));
        assert!(way_of("reporter 'x", false).unwrap_err().contains("a quote in it does not end"));
        let run =
            Entry::of(Line { schedule: "@daily".into(), command: "kpi run".into(), onstart: false }, false).unwrap();
        assert_eq!(run.arguments(), ["run", "--trigger", "schedule"]);
    }

    #[test]
    fn a_wrong_file_says_where() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cron.json");
        let error = |text: &str| {
            std::fs::write(&file, text).unwrap();
            format!("{:#}", read(&file, false).unwrap_err())
        };
        assert!(error("[{\"schedule\": \"0 0 * * *\"}]").contains("missing field `command`"));
        assert!(
            error("[{\"schedule\": \"x\", \"command\": \"kpi run\"}]")
                .contains("job 1 (`kpi run`): `x` is no schedule")
        );
        assert!(
            error("[{\"schedule\": \"@daily\", \"command\": \"kpi run\", \"onStart\": true}]")
                .contains("unknown field")
        );
        std::fs::write(&file, "[]").unwrap();
        assert!(read(&file, false).unwrap().is_empty());
        assert!(format!("{:#}", read(Path::new("/nowhere"), false).unwrap_err()).contains("/nowhere cannot be read"));
    }
}
