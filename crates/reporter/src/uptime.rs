//! `reporter uptime`: a report of stores straight from files, without a database.

mod computed;
mod deal;
pub mod ids;
mod merge;
mod output;
pub mod read;

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueEnum};
use metrics_core::instant;
use metrics_core::settings::Settings;
use metrics_core::uptime::{Bounds, MaxCarry, Options, Policy, PolicyError, Report, Status, Stores};

use crate::exit::{CommandError, Exit};
use crate::fetch::{FetchOptions, SourceLocation, fetch};
use crate::output::Progress;
use computed::Computed;
use output::Output;
use read::{Contents, Files};

/// Options of `uptime`.
#[derive(Debug, Clone, Args)]
pub struct UptimeArgs {
    /// Polls: CSV with `store_id`, `status`, `timestamp_utc`; like all files here plain, gzip or Zstandard, and given by
    /// path, https:// address, link of Google Sheets or Drive, or `drive:FILE_ID`.
    #[arg(long, value_name = "FILE", required = true, num_args = 1.., value_parser = location())]
    pub status: Vec<SourceLocation>,

    /// Opening hours: CSV with `store_id`, `day` (Monday 0), `start_time_local`, `end_time_local`.
    #[arg(long, value_name = "FILE", value_parser = location())]
    pub hours: SourceLocation,

    /// Zones: CSV with `store_id`, `timezone_str`.
    #[arg(long, value_name = "FILE", value_parser = location())]
    pub zones: SourceLocation,

    /// How a report is computed.
    #[command(flatten)]
    pub report: ReportArgs,

    /// Threads [default: one per processor].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,

    /// Memory that the report may take, such as 256M or 2G; a larger fleet is computed part by part, over temporary files in
    /// TMPDIR [default: all at once].
    #[arg(long, value_name = "SIZE", value_parser = memory_limit)]
    pub memory: Option<u64>,

    /// Form of the report.
    #[arg(long, value_enum, default_value_t)]
    pub format: UptimeFormat,

    /// Where the report goes; `-` is standard output.
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub out: PathBuf,

    /// No progress and no summary; warnings and errors remain.
    #[arg(long, short)]
    pub quiet: bool,
}

/// Options of a report of stores, wherever its rows come from.
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// Speak of this instant [default: that of the latest poll].
    #[arg(long, value_name = "INSTANT", value_parser = instant::parse)]
    pub as_of: Option<DateTime<Utc>>,

    /// How polls become figures.
    #[command(flatten)]
    pub rules: RuleArgs,
}

/// How polls become figures.
#[derive(Debug, Clone, Args)]
pub struct RuleArgs {
    /// Drop later polls before anything else, so that one wrong clock does not move the report; `now` is the present.
    #[arg(long, value_name = "INSTANT", value_parser = limit)]
    pub not_after: Option<Limit>,

    /// How polls become uptime: step, capped-60m, count-hours or count-hours-edges [default: step].
    #[arg(long, value_name = "POLICY", value_parser = policy_name)]
    pub policy: Option<String>,

    /// With step: minutes for which a poll is believed, each way [default: any].
    #[arg(long, value_name = "MINUTES", allow_negative_numbers = true)]
    pub max_carry: Option<MaxCarry>,

    /// With step: active or inactive, where there is nothing to believe [default: inactive].
    #[arg(long, value_name = "STATUS")]
    pub assume: Option<Status>,

    /// Every store of any file, or those that were polled [default: all].
    #[arg(long, value_enum)]
    pub stores: Option<StoresArg>,
}

/// The last instant that is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// That at which the command starts.
    Now,
    /// This one.
    At(DateTime<Utc>),
}

fn limit(text: &str) -> Result<Limit, instant::InstantError> {
    if text == "now" { Ok(Limit::Now) } else { instant::parse(text).map(Limit::At) }
}

/// Which stores a report has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub enum StoresArg {
    /// Every store.
    #[default]
    All,
    /// Those with a poll at or before the instant of the report.
    Polled,
}

/// Form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub enum UptimeFormat {
    /// CSV with uptime and downtime in minutes and hours.
    #[default]
    Classic,
    /// CSV with every figure in microseconds.
    Full,
    /// One JSON object with every figure.
    Json,
}

/// The parser of a source.
pub fn location() -> impl TypedValueParser<Value = SourceLocation> {
    OsStringValueParser::new().try_map(SourceLocation::of_argument)
}

/// Bytes that a size means, at least 32 MiB.
fn memory_limit(text: &str) -> Result<u64, String> {
    const LEAST: u64 = 32 << 20;
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        _ => return Err("a whole number with M or G is wanted, such as 256M".to_owned()),
    };
    let bytes = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift));
    bytes.filter(|bytes| *bytes >= LEAST).ok_or_else(|| "32M is the least".to_owned())
}

fn policy_name(name: &str) -> Result<String, PolicyError> {
    Policy::new(name, None, None).map(|policy| policy.name().to_owned())
}

impl RuleArgs {
    /// The first that is given, by its name on the command line.
    pub fn given(&self) -> Option<&'static str> {
        [
            ("--not-after", self.not_after.is_some()),
            ("--policy", self.policy.is_some()),
            ("--max-carry", self.max_carry.is_some()),
            ("--assume", self.assume.is_some()),
            ("--stores", self.stores.is_some()),
        ]
        .into_iter()
        .find_map(|(name, is_given)| is_given.then_some(name))
    }

    /// What they mean together with `as_of`, at the instant `now`.
    pub fn options(&self, as_of: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<Options, CommandError> {
        let policy = Policy::new(self.policy.as_deref().unwrap_or("step"), self.max_carry, self.assume);
        let not_after = self.not_after.map(|limit| match limit {
            Limit::Now => now,
            Limit::At(instant) => instant,
        });
        Ok(Options {
            bounds: Bounds {
                as_of_us: as_of.map(|instant| instant.timestamp_micros()),
                not_after_us: not_after.map(|instant| instant.timestamp_micros()),
            },
            policy: policy.map_err(|error| CommandError::Usage(error.to_string()))?,
            stores: match self.stores.unwrap_or_default() {
                StoresArg::All => Stores::All,
                StoresArg::Polled => Stores::Polled,
            },
        })
    }
}

/// The file of a source, fetched if it is not on this machine.
pub fn local(location: &SourceLocation, settings: &Settings) -> Result<PathBuf, CommandError> {
    match fetch(location, &FetchOptions::from(&settings.uptime.ingest)) {
        Ok(fetched) => Ok(fetched.path),
        Err(error) => Err(CommandError::NotUsable(error.into())),
    }
}

/// Fetches, reads, computes and writes.
pub fn run(
    arguments: &UptimeArgs,
    settings: &Settings,
    now: DateTime<Utc>,
    out: &mut impl Write,
) -> Result<Exit, CommandError> {
    let options = arguments.report.rules.options(arguments.report.as_of, now)?;
    let output = Output::of(&arguments.out);
    output.check()?;
    let threads = arguments.threads.map(usize::from).and_then(NonZeroUsize::new);
    let threads = threads.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let local = |location: &SourceLocation| local(location, settings);
    let files = Files {
        status: arguments.status.iter().map(local).collect::<Result<_, _>>()?,
        hours: local(&arguments.hours)?,
        zones: local(&arguments.zones)?,
    };
    let progress = Progress::new(arguments.quiet);
    let report = compute(&files, options, threads, arguments.memory, &progress)?;
    output.write(&report, arguments.format, out)?;
    tell(&report);
    if let Output::File(path) = &output
        && !arguments.quiet
    {
        let as_of =
            report.head().as_of_us.map_or_else(|| "no instant: there is no poll".to_owned(), instant::format_us);
        writeln!(out, "uptime of {} stores as of {as_of}: {}", report.len(), path.display())?;
    }
    Ok(Exit::Done)
}

/// Reads and computes: all at once, or part by part where all would take more memory than allowed.
fn compute(
    files: &Files,
    options: Options,
    threads: NonZeroUsize,
    limit: Option<u64>,
    progress: &Progress,
) -> Result<Computed, CommandError> {
    if let Some(limit) = limit {
        let parts = deal::parts(files, limit)?;
        if parts > NonZeroUsize::MIN {
            return deal::compute(files, options, parts, threads, limit, progress).map(Computed::Parts);
        }
    }
    let Contents { ids, fleet, intake } = read::read(files, options.bounds, threads, progress)?;
    Ok(Computed::Whole(Report::compute(ids, &fleet, intake, options, threads)))
}

/// What was read and what of it was not used, in the log.
fn tell(report: &Computed) {
    let counts = report.head().diagnostics;
    tracing::info!(
        polls_rows = counts.polls_rows,
        polls_future = counts.polls_future,
        polls_stale = counts.polls_stale,
        polls_duplicate = counts.polls_duplicate,
        polls_conflict = counts.polls_conflict,
        hours_rows = counts.hours_rows,
        zones_rows = counts.zones_rows,
        zones_conflict = counts.zones_conflict,
        "computed the uptime of {} stores",
        report.len(),
    );
    let refused: Vec<_> = counts.refused().map(|(name, count)| format!("{name} {count}")).collect();
    if !refused.is_empty() {
        tracing::warn!("rows that changed nothing: {}", refused.join(", "));
    }
}
