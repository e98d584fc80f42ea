//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::{Args, Parser, Subcommand};
use glob::Pattern;
use metrics_core::instant;
use metrics_core::kpi::parse_duration;

/// Computes KPIs: SQL over several data stores, from a file of definitions, kept as history and written to sheets.
///
/// Exit codes: 0 done; 1 failed or interrupted; 2 usage; 3 definitions, settings or database not usable, nothing done;
/// 4 done, but a KPI or a sink failed; 75 another run of the same environment is under way.
#[derive(Debug, Parser)]
#[command(name = "reporter kpi", bin_name = "reporter kpi", version, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compute the KPIs, store what came of each, and add a row to each sink.
    ///
    /// A KPI that fails is stored with its reason and leaves its cells empty; the others are not affected.
    Run(RunArgs),
    /// Read the definitions, and parse, resolve and plan every query, without reading data.
    Check(CheckArgs),
    /// The KPIs with their sources, last values and how they came about.
    List(ListArgs),
    /// How a query runs, and what is sent to each source.
    Explain(ExplainArgs),
    /// Stored values of a KPI, oldest first, with the reasons of those that are missing.
    History(HistoryArgs),
    /// Definitions from the JSON form of another system, as TOML on standard output.
    Import(ImportArgs),
    /// Delete old runs with their results.
    Prune(PruneArgs),
    /// Run commands by a schedule, for those without cron. A job never overlaps itself; a changed file is taken over
    /// while it runs.
    ServeSchedule(ScheduleArgs),
}

/// Which definitions.
#[derive(Debug, Clone, Args)]
pub struct FileArgs {
    /// File of definitions, TOML or YAML [default: the setting kpi.file; kpis.toml, kpis.yaml or kpis.yml in this folder].
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Environment, instead of that of the file.
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,

    /// Speak of this instant: what queries and parameters take for now [default: now].
    #[arg(long, value_name = "INSTANT", value_parser = instant::parse)]
    pub as_of: Option<DateTime<Utc>>,
}

/// Options of `run`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// Which definitions.
    #[command(flatten)]
    pub file: FileArgs,

    /// Only KPIs whose name matches, with * and ? for what may be anything; may be repeated.
    #[arg(long, value_name = "GLOB", value_parser = Pattern::new)]
    pub only: Vec<Pattern>,

    /// Only these sinks; may be repeated [default: all].
    #[arg(long, value_name = "NAME")]
    pub sink: Vec<String>,

    /// Compute, but store nothing and write to no sink.
    #[arg(long)]
    pub dry_run: bool,

    /// Allow an --as-of before that of an earlier run; its row is added behind later ones.
    #[arg(long)]
    pub allow_past: bool,

    /// Send the stored row of this run to the sinks again; nothing is computed.
    #[arg(long, value_name = "RUN_ID", conflicts_with_all = ["dry_run", "only", "as_of", "allow_past"])]
    pub resend: Option<i64>,

    /// What started the run, for its record.
    #[arg(long, value_name = "TEXT", default_value = "manual")]
    pub trigger: String,

    /// One JSON object on standard output instead of a summary.
    #[arg(long)]
    pub json: bool,

    /// No progress and no summary; warnings and errors remain.
    #[arg(long, short)]
    pub quiet: bool,
}

/// Options of `check`.
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// Which definitions.
    #[command(flatten)]
    pub file: FileArgs,

    /// Only KPIs whose name matches; may be repeated.
    #[arg(long, value_name = "GLOB", value_parser = Pattern::new)]
    pub only: Vec<Pattern>,

    /// Ask no source: parse the queries, and look whether their sources are defined.
    #[arg(long)]
    pub offline: bool,
}

/// Options of `list`.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Which definitions.
    #[command(flatten)]
    pub file: FileArgs,

    /// One JSON object on standard output instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// Options of `explain`.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// Which definitions.
    #[command(flatten)]
    pub file: FileArgs,

    /// Name of the KPI, its id, or the beginning of its name.
    pub name: String,

    /// Run it too, and show what each step took.
    #[arg(long)]
    pub analyze: bool,
}

/// Options of `history`.
#[derive(Debug, Clone, Args)]
pub struct HistoryArgs {
    /// Which definitions; they need not be there when --env is given.
    #[command(flatten)]
    pub file: FileArgs,

    /// Name of the KPI, or its id.
    pub name: String,

    /// Only runs since this day (UTC) or instant.
    #[arg(long, value_name = "DATE|INSTANT", value_parser = since)]
    pub since: Option<DateTime<Utc>>,

    /// So many values at most, the newest.
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000, value_parser = clap::value_parser!(i64).range(1..))]
    pub limit: i64,

    /// CSV on standard output instead of a table.
    #[arg(long)]
    pub csv: bool,
}

/// Options of `import`.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// The JSON file.
    #[arg(value_name = "queries.json")]
    pub file: PathBuf,

    /// Only entries of this environment [default: all; a repeated name gets a number].
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
}

/// Options of `prune`.
#[derive(Debug, Clone, Args)]
pub struct PruneArgs {
    /// Keep runs of this age; for example 400d.
    #[arg(long, value_name = "LENGTH", value_parser = parse_duration)]
    pub keep: Duration,

    /// Only runs of this environment [default: all].
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
}

/// Options of `serve-schedule`.
#[derive(Debug, Clone, Args)]
pub struct ScheduleArgs {
    /// The jobs: a JSON list of {"schedule", "command", "onstart"}.
    #[arg(long, value_name = "FILE", default_value = "cron.json")]
    pub file: PathBuf,

    /// Zone of the schedule.
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = time_zone)]
    pub time_zone: chrono_tz::Tz,

    /// Run commands by `sh -c`; without it they are commands of the reporter only.
    #[arg(long)]
    pub allow_shell: bool,
}

fn since(text: &str) -> Result<DateTime<Utc>, String> {
    let day = text.parse::<NaiveDate>().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    day.or_else(|_| instant::parse(text)).map_err(|error| format!("{error}, or a day as 2026-11-21"))
}

fn time_zone(name: &str) -> Result<chrono_tz::Tz, String> {
    name.parse().map_err(|_| format!("{name} is no IANA time zone; for example: UTC, Europe/Madrid"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
        assert_eq!(since("2026-11-21"), since("2026-11-21T00:00:00Z"));
        assert!(since("yesterday").unwrap_err().ends_with("or a day as 2026-11-21"));
    }
}
