//! The command line.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use metrics_core::instant;

use metrics_core::window::next_month;

use crate::databoard::DataboardCommand;
use crate::fx::FxCommand;
use crate::ingest::IngestCommand;
use crate::uptime::{RuleArgs, UptimeArgs};
use crate::work::WorkArgs;

/// Computes the metrics: of cold rooms from the operational database, of stores from polls.
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
    /// One row per local month, cooling unit, farmer and crop with a market survey.
    #[value(alias = "impact_metrics")]
    ImpactMetrics,
    /// One row per store: its uptime in the last hour, day and week; as of the latest poll, unless --as-of is given.
    StoreUptime,
    /// KPIs of the file of definitions; reporter kpi has more options.
    Kpi,
    /// All that apply, one after the other; with dates, company is computed as always.
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

    /// First local day, or first month [default: the earlier of the last stored day and 7 days ago, all days where some
    /// are missing; impact-metrics: the previous month].
    #[arg(long, value_name = "DATE|MONTH", value_parser = first_day)]
    pub from: Option<NaiveDate>,

    /// Last local day or month, inclusive [default: today so far, this month so far].
    #[arg(long, value_name = "DATE|MONTH", value_parser = last_day, requires = "from")]
    pub to: Option<NaiveDate>,

    /// Compute every day or month again and delete what is no longer produced.
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

    /// How store-uptime makes figures of polls.
    #[command(flatten, next_help_heading = "Options of store-uptime")]
    pub uptime: RuleArgs,

    /// Form of the summary on standard output.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,

    /// No progress and no summary; warnings and errors remain.
    #[arg(long, short)]
    pub quiet: bool,
}

/// A day as YYYY-MM-DD, or the first day of a month given as YYYY-MM.
fn first_day(text: &str) -> Result<NaiveDate, String> {
    let day = text.parse().or_else(|_| month(text));
    day.map_err(|_| format!("{text} is neither a day as YYYY-MM-DD nor a month as YYYY-MM"))
}

/// A day as YYYY-MM-DD, or the last day of a month given as YYYY-MM.
fn last_day(text: &str) -> Result<NaiveDate, String> {
    let first = first_day(text)?;
    let is_month = text.parse::<NaiveDate>().is_err();
    Ok(if is_month { next_month(first).pred_opt().unwrap_or(first) } else { first })
}

/// The first day of a month given as YYYY-MM.
fn month(text: &str) -> Result<NaiveDate, String> {
    let first = if text.len() == 7 { format!("{text}-01").parse().ok() } else { None };
    first.ok_or_else(|| format!("{text} is no month as YYYY-MM, for example 2026-11"))
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
    /// Rows of a stored table, all columns, as a file.
    Export(ExportArgs),
    /// Files into the tables from which reports are computed.
    Ingest {
        /// What.
        #[command(subcommand)]
        command: IngestCommand,
    },
    /// Saved dashboards of the Data Board: out of the store, and into it.
    Databoard {
        /// What to do.
        #[command(subcommand)]
        command: DataboardCommand,
    },
    /// Reports of uptime that were asked for by `/trigger_report`, where the API's `report_workers` is 0.
    Work(WorkArgs),
    /// Uptime of stores in the last hour, day and week, from files of polls, opening hours and zones.
    ///
    /// Needs no database. Refused rows are counted in the log; a file that cannot be read or lacks a column ends the
    /// command with code 3 before anything is written.
    Uptime(UptimeArgs),
    /// KPIs: SQL over several data stores, kept as history and written to sheets; reporter kpi --help shows its commands.
    #[command(disable_help_flag = true, disable_version_flag = true)]
    Kpi {
        /// What the program `reporter-kpi` is given.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
        arguments: Vec<std::ffi::OsString>,
    },
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

/// Tables that can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportName {
    /// `cooling_unit_metrics`: a row per cooling unit and local day.
    AggregatedComparison,
    /// `company_metrics`: a row per company, its latest state.
    Company,
    /// `company_metrics_history`: a row per company and report date.
    CompanyHistory,
    /// `impact_metrics`: a row per local month, cooling unit, farmer and crop with a market survey.
    ImpactMetrics,
}

/// Forms of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// Comma-separated values with a header.
    Csv,
    /// A workbook of Excel; its second sheet says what the columns are.
    Xlsx,
    /// Apache Parquet.
    Parquet,
    /// One JSON object to a line.
    Json,
}

/// Options of `export`.
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// Table to export, by the view that writes it.
    #[arg(value_enum)]
    pub view: ExportName,

    /// Form of the file.
    #[arg(long, value_enum)]
    pub format: ExportFormat,

    /// File to write; it appears when it is complete. - for standard output.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,

    /// First local day, of impact-metrics first month, of company-history first report date [default: all].
    #[arg(long, value_name = "DATE|MONTH", value_parser = first_day)]
    pub from: Option<NaiveDate>,

    /// Last local day, month or report date, inclusive [default: all].
    #[arg(long, value_name = "DATE|MONTH", value_parser = last_day)]
    pub to: Option<NaiveDate>,

    /// Only rows of these companies.
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = clap::value_parser!(i64).range(1..))]
    pub company: Vec<i64>,

    /// Only rows of these cooling units.
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = clap::value_parser!(i64).range(1..))]
    pub cooling_unit: Vec<i64>,

    /// Names in the header of CSV are followed by their units, as in `room_kg_in [kg]`.
    #[arg(long)]
    pub units: bool,
}

/// Figures that can be explained.
#[derive(Debug, Subcommand)]
pub enum Explain {
    /// One row of `cooling_unit_metrics`.
    CoolingUnit(ExplainCoolingUnit),
    /// One row of `impact_metrics`.
    Impact(ExplainImpact),
}

/// Options of `explain impact`.
#[derive(Debug, Clone, Args)]
pub struct ExplainImpact {
    /// Id of the cooling unit.
    #[arg(value_name = "UNIT")]
    pub cooling_unit: i64,
    /// Id of the farmer.
    #[arg(value_name = "FARMER")]
    pub farmer: i64,
    /// Id of the crop.
    #[arg(value_name = "CROP")]
    pub crop: i64,
    /// Local month as YYYY-MM.
    #[arg(value_name = "MONTH", value_parser = month)]
    pub month: NaiveDate,
    /// Speak of this instant [default: now].
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<DateTime<Utc>>,
    /// Force a time zone [default: the zone of the company's country].
    #[arg(long, value_name = "ZONE", value_parser = time_zone)]
    pub time_zone: Option<Tz>,
    /// Form of the output.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
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
