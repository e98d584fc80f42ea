//! The command line.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use metrics_core::instant;

use crate::fx::FxCommand;
use crate::uptime::UptimeArgs;

/// Computes the metrics of cold rooms from the operational database.
///
/// Exit codes: 0 done; 1 failed or interrupted; 2 usage; 3 configuration or database not usable, nothing done;
/// 4 done, but something was rejected; 75 another run holds the lock.
#[derive(Debug, Parser)]
#[command(name = "reporter", version = crate::VERSION.as_str(), args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to compute.
    #[command(flatten)]
    pub run: RunArgs,
    /// Other commands.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Views by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ViewName {
    /// One row per cooling unit and local day.
    AggregatedComparison,
    /// One row per company, since its first day.
    Company,
    /// All of them, one after the other; with dates, company is computed as always.
    All,
}

/// Form of what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object.
    Json,
}

/// Options of a run.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct RunArgs {
    /// View to compute.
    #[arg(long, value_enum)]
    pub view: Option<ViewName>,

    /// First local day [default: the earlier of the last stored day and 7 days ago; all days where some are missing].
    #[arg(long, value_name = "DATE")]
    pub from: Option<NaiveDate>,

    /// Last local day, inclusive [default: today so far].
    #[arg(long, value_name = "DATE", requires = "from")]
    pub to: Option<NaiveDate>,

    /// Compute every day again and delete what is no longer produced.
    #[arg(long, conflicts_with_all = ["from", "to"])]
    pub rebuild: bool,

    /// Speak of this instant: nothing dated at or after it is seen [default: now].
    #[arg(long, value_name = "INSTANT", value_parser = instant::parse)]
    pub as_of: Option<DateTime<Utc>>,

    /// Force one time zone on all cooling units [default: the zone of each company's country].
    #[arg(long, value_name = "ZONE", value_parser = time_zone)]
    pub time_zone: Option<Tz>,

    /// Only cooling units of these companies.
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = clap::value_parser!(i64).range(1..))]
    pub company: Vec<i64>,

    /// Only these cooling units.
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = clap::value_parser!(i64).range(1..))]
    pub cooling_unit: Vec<i64>,

    /// Read and compute, but write nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// Allow an --as-of before that of an earlier run; rows of later days are not touched.
    #[arg(long)]
    pub allow_past: bool,

    /// Form of the summary on standard output.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,

    /// No progress and no summary; warnings and errors remain.
    #[arg(long, short)]
    pub quiet: bool,
}

fn time_zone(name: &str) -> Result<Tz, String> {
    name.parse().map_err(|_| format!("{name} is no IANA time zone; for example: UTC, Africa/Lagos, Asia/Kolkata"))
}

/// Everything but running views.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create or update the tables and views of the metrics database.
    Migrate,
    /// Create or drop the analytic views over the operational tables.
    Views {
        /// What to do.
        #[command(subcommand)]
        action: ViewsAction,
    },
    /// Rename the predecessor's three tables to …`_predecessor` and put our views in their place.
    Adopt,
    /// Settings.
    Config {
        /// What to do.
        #[command(subcommand)]
        action: ConfigAction,
    },
    /// Exchange rates.
    Fx {
        /// What to do.
        #[command(subcommand)]
        command: FxCommand,
    },
    /// Runs of the views, newest first; with an id, one run and what it rejected.
    Runs(RunsArgs),
    /// What is behind a figure: crates, releases, rates and factors, computed again from the source.
    Explain {
        /// Which figure.
        #[command(subcommand)]
        what: Explain,
    },
    /// Uptime of stores in the last hour, day and week, from files of polls, opening hours and zones.
    ///
    /// Needs no database. Refused rows are counted in the log; a file that cannot be read or lacks a column ends the
    /// command with code 3 before anything is written.
    Uptime(UptimeArgs),
    /// Completion script for a shell, on standard output.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// Actions on the analytic views.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ViewsAction {
    /// Create `metrics.analytics_crate_movements` and `metrics.view_relevant_checkins`.
    Create,
    /// Drop them.
    Drop,
}

/// Actions on settings.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ConfigAction {
    /// Every setting with its value and where it comes from; secrets are masked.
    Show,
}

/// Options of `runs`.
#[derive(Debug, Clone, Args)]
pub struct RunsArgs {
    /// Number of a run.
    pub id: Option<i64>,
    /// Only runs of this view.
    #[arg(long, value_enum, conflicts_with = "id")]
    pub view: Option<ViewName>,
    /// Number of runs, or of rejects of one run, at most.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=1000))]
    pub limit: i64,
    /// Form of the output.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Figures that can be explained.
#[derive(Debug, Subcommand)]
pub enum Explain {
    /// One row of `cooling_unit_metrics`.
    CoolingUnit(ExplainCoolingUnit),
}

/// Options of `explain cooling-unit`.
#[derive(Debug, Clone, Args)]
pub struct ExplainCoolingUnit {
    /// Id of the cooling unit.
    pub id: i64,
    /// Local day.
    pub date: NaiveDate,
    /// Speak of this instant [default: now].
    #[arg(long, value_name = "INSTANT", value_parser = instant::parse)]
    pub as_of: Option<DateTime<Utc>>,
    /// Force a time zone [default: the zone of the company's country].
    #[arg(long, value_name = "ZONE", value_parser = time_zone)]
    pub time_zone: Option<Tz>,
    /// Form of the output.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}
