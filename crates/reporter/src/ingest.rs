//! `reporter ingest stores`: files of polls, opening hours and zones → the tables.

mod rejects;

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use metrics_core::db::metrics::report_run::{self, Lock};
use metrics_core::db::stores::ingest::{self, HoursChanges, PollChanges, PollIngest, ZoneChanges};
use metrics_core::db::stores::partitions::{self, Partitioned};
use metrics_core::db::{Client, ConnectOptions, connect, migrate};
use metrics_core::uptime::{Fleet, HoursRow, PollRow, Refused, StoreIds, UnknownZone, ZoneRow};
use serde::Serialize;
use serde_json::json;

use crate::cli::Format;
use crate::csv::{Block, Columns, ReadError, Source, for_each_record};
use crate::exit::{CommandError, Exit};
use crate::fetch::SourceLocation;
use crate::output::Progress;
use crate::report::Environment;
use crate::uptime::ids::StoreNumbers;
use crate::uptime::read::{HOURS, POLLS, ZONES, each_record};
use crate::uptime::{local, location};
use rejects::{Kind, Rejects};

/// What is taken in.
#[derive(Debug, Subcommand)]
pub enum IngestCommand {
    /// Polls, opening hours and zones of stores.
    ///
    /// Each kind of file is one transaction; the same file twice changes nothing. Opening hours replace those of the
    /// stores that their file names, and of no other. A row that cannot be used is counted and changes nothing; a file
    /// that cannot be read or lacks a column ends the command with code 3 before anything is written.
    Stores(IngestStoresArgs),
}

/// Options of `ingest stores`.
#[derive(Debug, Clone, Args)]
#[group(id = "ingested", required = true, multiple = true, args = ["status", "hours", "zones", "from_config"])]
pub struct IngestStoresArgs {
    /// Polls: CSV with `store_id`, `status`, `timestamp_utc`; like all files here plain, gzip or Zstandard.
    #[arg(long, value_name = "FILE", num_args = 1.., value_parser = location())]
    pub status: Vec<SourceLocation>,

    /// Opening hours: CSV with `store_id`, `day` (Monday 0), `start_time_local`, `end_time_local`.
    #[arg(long, value_name = "FILE", value_parser = location())]
    pub hours: Option<SourceLocation>,

    /// Zones: CSV with `store_id`, `timezone_str`.
    #[arg(long, value_name = "FILE", value_parser = location())]
    pub zones: Option<SourceLocation>,

    /// The sources of the settings: `uptime.ingest.status`, `hours` and `zones`.
    #[arg(long, conflicts_with_all = ["status", "hours", "zones"])]
    pub from_config: bool,

    /// File for the rows that were refused: CSV with kind, file, row, reason and the record as it stands.
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,

    /// Form of the summary on standard output.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,

    /// No progress and no summary; warnings and errors remain.
    #[arg(long, short)]
    pub quiet: bool,
}

/// Two at once would wait for each other's rows.
const LOCK: Lock = Lock::new("ingest stores", 101);

/// What was read of a kind of file, and what it changed.
#[derive(Debug, Default, Serialize)]
struct Taken<C> {
    rows: u64,
    refused: u64,
    #[serde(flatten)]
    changes: C,
}

/// What the command did.
#[derive(Debug, Default, Serialize)]
struct Summary {
    zones: Option<Taken<ZoneChanges>>,
    /// Names of zones that are none; those stores count as in America/Chicago.
    zones_unknown: u64,
    hours: Option<Taken<HoursChanges>>,
    polls: Option<Taken<PollChanges>>,
    /// Refused polls whose status is neither active nor inactive.
    polls_unknown_status: u64,
}

/// Runs the command.
pub async fn stores(
    arguments: &IngestStoresArgs,
    environment: &Environment<'_>,
    out: &mut impl Write,
) -> Result<Exit, CommandError> {
    let sources = Sources::open(arguments, environment)?;
    let mut rejects = Rejects::create(arguments.rejects.as_deref())?;
    let options = ConnectOptions {
        application_name: "reporter ingest".to_owned(),
        read_only: false,
        // A statement lasts as long as the file that it takes in.
        statement_timeout: Duration::ZERO,
        connect_timeout: environment.settings.database.connect_timeout,
    };
    let mut client = connect::connect(&environment.databases.metrics, &options).await?;
    migrate::require_current(&client).await?;
    let held = report_run::lock(&client, LOCK).await?;
    held.map_err(|holder| CommandError::Locked { what: LOCK.name().to_owned(), holder })?;

    let summary = take_all(sources, &mut client, environment, &mut rejects).await;
    environment.progress.finish();
    let (summary, partitioned) = summary?;
    rejects.finish()?;
    tell(&summary, partitioned);
    match arguments.format {
        Format::Json => {
            let mut document = serde_json::to_value(&summary).map_err(|error| CommandError::Failed(error.into()))?;
            document["partitions"] = json!({"made": partitioned.made, "dropped": partitioned.dropped});
            writeln!(out, "{document}")?;
        }
        Format::Text if arguments.quiet => {}
        Format::Text => print(out, &summary)?,
    }
    Ok(Exit::Done)
}

/// The files, open, with all their headers read.
struct Sources {
    polls: Vec<(PathBuf, Columns<3>, Source)>,
    hours: Option<(PathBuf, Columns<4>, Source)>,
    zones: Option<(PathBuf, Columns<2>, Source)>,
}

impl Sources {
    fn open(arguments: &IngestStoresArgs, environment: &Environment<'_>) -> Result<Self, CommandError> {
        let settings = environment.settings;
        let (status, hours, zones) = if arguments.from_config {
            let named = &settings.uptime.ingest;
            let location = |text: &String| {
                let location = text.parse::<SourceLocation>();
                location.with_context(|| "a source of uptime.ingest cannot be used").map_err(CommandError::NotUsable)
            };
            let status = named.status.iter().map(location).collect::<Result<Vec<_>, _>>()?;
            (status, named.hours.as_ref().map(location).transpose()?, named.zones.as_ref().map(location).transpose()?)
        } else {
            (arguments.status.clone(), arguments.hours.clone(), arguments.zones.clone())
        };
        if status.is_empty() && hours.is_none() && zones.is_none() {
            return Err(CommandError::NotUsable(anyhow::anyhow!(
                "the settings name no source: set uptime.ingest.status, uptime.ingest.hours or uptime.ingest.zones"
            )));
        }
        let local = |location: SourceLocation| local(&location, settings);
        let status = status.into_iter().map(local).collect::<Result<Vec<_>, _>>()?;
        let (hours, zones) = (hours.map(local).transpose()?, zones.map(local).transpose()?);
        let all = status.iter().chain(&hours).chain(&zones);
        // A pipe has no size, and a file that is not there is found when it is opened.
        let sizes = all.map(|file| std::fs::metadata(file).map_or(0, |metadata| metadata.len()));
        environment.progress.start_bytes(sizes.sum(), "taken in");
        let open = |error: ReadError| CommandError::NotUsable(error.into());
        let progress = environment.progress;
        Ok(Self {
            zones: zones.map(|file| opened(file, ZONES, progress)).transpose().map_err(open)?,
            hours: hours.map(|file| opened(file, HOURS, progress)).transpose().map_err(open)?,
            polls: status
                .into_iter()
                .map(|file| opened(file, POLLS, progress))
                .collect::<Result<_, _>>()
                .map_err(open)?,
        })
    }
}

fn opened<const N: usize>(
    file: PathBuf,
    wanted: [&[&str]; N],
    progress: &Progress,
) -> Result<(PathBuf, Columns<N>, Source), ReadError> {
    let (columns, source) = Source::open(&file, wanted, |file| progress.watch(file))?;
    Ok((file, columns, source))
}

async fn take_all(
    sources: Sources,
    client: &mut Client,
    environment: &Environment<'_>,
    rejects: &mut Rejects,
) -> Result<(Summary, Partitioned), CommandError> {
    let failed = |error: metrics_core::db::DbError| CommandError::Failed(error.into());
    let kept = partitions::kept_days(environment.now(), environment.settings.uptime.polls_retention_days);
    let partitioned = partitions::maintain(client, &kept).await.map_err(failed)?;
    let mut summary = Summary::default();
    if let Some((file, columns, source)) = sources.zones {
        let (ids, fleet) = read_zones(&file, &columns, source, rejects)?;
        let changes = ingest::zones(client, &ids, &fleet, environment.now()).await.map_err(failed)?;
        let counts = fleet.diagnostics();
        summary.zones = Some(Taken { rows: counts.zones_rows, refused: counts.zones_bad, changes });
        summary.zones_unknown = counts.zones_unknown;
    }
    if let Some((file, columns, source)) = sources.hours {
        let (ids, fleet) = read_hours(&file, &columns, source, rejects)?;
        let changes = ingest::hours(client, &ids, &fleet, environment.now()).await.map_err(failed)?;
        let counts = fleet.diagnostics();
        summary.hours = Some(Taken { rows: counts.hours_rows, refused: counts.hours_bad, changes });
    }
    if !sources.polls.is_empty() {
        let mut taken = Taken::default();
        let numbers = StoreNumbers::default();
        let mut polls = PollIngest::begin(client).await.map_err(failed)?;
        for (file, columns, mut source) in sources.polls {
            let mut cache = numbers.cache::<()>();
            let mut block = Block::default();
            let mut rows = 0;
            while source.next_block(&mut block).map_err(|error| CommandError::Failed(error.into()))? {
                for_each_record(&block, &columns, |text, fields| {
                    rows += 1;
                    let row = fields.ok_or(Refused::Bad).and_then(PollRow::parse);
                    let row = row.and_then(|row| Ok((cache.number(row.store_id).ok_or(Refused::Bad)?, row.poll)));
                    match row {
                        Ok((store, poll)) => polls.push(store, poll),
                        Err(refused) => {
                            taken.refused += 1;
                            summary.polls_unknown_status += u64::from(refused == Refused::UnknownStatus);
                            rejects.add(Kind::Poll, &file, rows, refused, text);
                        }
                    }
                });
                polls.send().await.map_err(failed)?;
            }
            taken.rows += rows;
        }
        environment.progress.finish();
        taken.changes = polls.finish(&numbers.into_ids(), &kept, environment.now()).await.map_err(failed)?;
        summary.polls = Some(taken);
    }
    Ok((summary, partitioned))
}

fn read_zones(
    file: &Path,
    columns: &Columns<2>,
    source: Source,
    rejects: &mut Rejects,
) -> Result<(StoreIds, Fleet), CommandError> {
    let (numbers, mut fleet, mut row) = (StoreNumbers::default(), Fleet::default(), 0);
    let mut cache = numbers.cache::<()>();
    each_record(source, columns, |text, fields| {
        row += 1;
        let zone = fields.ok_or(Refused::Bad).and_then(ZoneRow::parse);
        match zone.and_then(|zone| Ok((cache.number(zone.store_id).ok_or(Refused::Bad)?, zone.zone))) {
            Ok((store, zone)) => fleet.set_zone(store, zone.ok_or(UnknownZone)),
            Err(refused) => {
                fleet.refuse_zone(refused);
                rejects.add(Kind::Zone, file, row, refused, text);
            }
        }
    })
    .map_err(|error| CommandError::Failed(error.into()))?;
    drop(cache);
    Ok((numbers.into_ids(), fleet))
}

/// Opening hours, and the ids of all stores that the file names, also those whose rows cannot be used.
fn read_hours(
    file: &Path,
    columns: &Columns<4>,
    source: Source,
    rejects: &mut Rejects,
) -> Result<(StoreIds, Fleet), CommandError> {
    let (numbers, mut fleet, mut row) = (StoreNumbers::default(), Fleet::default(), 0);
    let mut cache = numbers.cache::<()>();
    each_record(source, columns, |text, fields| {
        row += 1;
        let hours = fields.ok_or(Refused::Bad).and_then(HoursRow::parse);
        match hours.and_then(|hours| Ok((cache.number(hours.store_id).ok_or(Refused::Bad)?, hours.hours))) {
            Ok((store, hours)) => fleet.add_hours(store, hours),
            Err(refused) => {
                if let Some([store_id, ..]) = fields
                    && !store_id.trim_ascii().is_empty()
                {
                    cache.number(store_id.trim_ascii());
                }
                fleet.refuse_hours(refused);
                rejects.add(Kind::Hours, file, row, refused, text);
            }
        }
    })
    .map_err(|error| CommandError::Failed(error.into()))?;
    drop(cache);
    Ok((numbers.into_ids(), fleet))
}

/// The counts in the log.
fn tell(summary: &Summary, partitioned: Partitioned) {
    if partitioned != Partitioned::default() {
        tracing::info!(made = partitioned.made, dropped = partitioned.dropped, "partitions of polls");
    }
    let refused: HashSet<_> = [
        ("zones", summary.zones.as_ref().map_or(0, |taken| taken.refused)),
        ("zones of unknown name", summary.zones_unknown),
        ("opening hours", summary.hours.as_ref().map_or(0, |taken| taken.refused)),
        ("polls", summary.polls.as_ref().map_or(0, |taken| taken.refused)),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .collect();
    for (what, count) in refused {
        tracing::warn!("{count} rows of {what} could not be used");
    }
}

fn print(out: &mut impl Write, summary: &Summary) -> std::io::Result<()> {
    if let Some(Taken { rows, refused, changes }) = &summary.zones {
        writeln!(out, "zones: {rows} rows, {refused} refused, {} of unknown name", summary.zones_unknown)?;
        writeln!(out, "  {} stores added, {} zones changed", changes.stores_added, changes.zones_changed)?;
    }
    if let Some(Taken { rows, refused, changes }) = &summary.hours {
        writeln!(out, "opening hours: {rows} rows, {refused} refused")?;
        writeln!(
            out,
            "  {} stores added, {} opening hours added, {} removed",
            changes.stores_added, changes.hours_added, changes.hours_removed
        )?;
    }
    if let Some(Taken { rows, refused, changes }) = &summary.polls {
        let unknown_status = summary.polls_unknown_status;
        writeln!(out, "polls: {rows} rows, {refused} refused ({unknown_status} of unknown status)")?;
        writeln!(
            out,
            "  {} stores added, {} polls added, {} turned inactive, {} known already",
            changes.stores_added, changes.polls_added, changes.polls_turned_inactive, changes.polls_known
        )?;
        if changes.polls_outside_kept_days > 0 {
            writeln!(
                out,
                "  {} polls are of days outside of uptime.polls_retention_days: kept in metrics.store_poll_default",
                changes.polls_outside_kept_days
            )?;
        }
    }
    Ok(())
}
