//! Files → polls, opening hours and zones.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use metrics_core::uptime::{Bounds, Fleet, HoursRow, Intake, PollRow, Refused, StoreIds, UnknownZone, ZoneRow};

use super::ids::{Cache, StoreNumbers};
use crate::csv::{Block, Columns, ReadError, Source, for_each_record, last_records};
use crate::output::Progress;

/// Names of the columns of polls.
pub const POLLS: [&[&str]; 3] = [&["store_id"], &["status"], &["timestamp_utc"]];
/// Names of the columns of opening hours.
pub const HOURS: [&[&str]; 4] =
    [&["store_id"], &["day", "dayOfWeek", "day_of_week"], &["start_time_local"], &["end_time_local"]];
/// Names of the columns of zones.
pub const ZONES: [&[&str]; 2] = [&["store_id"], &["timezone_str"]];

/// The files of a report.
#[derive(Debug, Clone)]
pub struct Files {
    /// Polls; any number of files.
    pub status: Vec<PathBuf>,
    /// Opening hours.
    pub hours: PathBuf,
    /// Zones.
    pub zones: PathBuf,
}

/// What was in them.
pub struct Contents {
    /// Ids of all stores of accepted rows.
    pub ids: StoreIds,
    /// Opening hours and zones.
    pub fleet: Fleet,
    /// Polls.
    pub intake: Intake,
}

/// Reads everything. All headers are looked at before the first row.
pub fn read(files: &Files, bounds: Bounds, threads: NonZeroUsize, progress: &Progress) -> Result<Contents, ReadError> {
    // A poll so late comes in the end, unless the guess is wrong; then all is read once more, without a guess.
    if let Some(expected_us) = latest_at_end(files, bounds)? {
        let contents = read_with(files, &Intake::new(bounds).expecting(expected_us), threads, progress)?;
        if contents.intake.is_as_expected() {
            return Ok(contents);
        }
    }
    read_with(files, &Intake::new(bounds), threads, progress)
}

fn read_with(files: &Files, empty: &Intake, threads: NonZeroUsize, progress: &Progress) -> Result<Contents, ReadError> {
    let contents = read_opened(open(files, progress)?, empty, threads);
    progress.finish();
    contents
}

/// Reads opened files; `empty` is what each thread begins with.
pub fn read_opened(opened: Opened, empty: &Intake, threads: NonZeroUsize) -> Result<Contents, ReadError> {
    let Opened { zones, hours, polls } = opened;
    let numbers = StoreNumbers::default();
    let mut fleet = Fleet::default();
    let mut cache = numbers.cache::<()>();
    each_record(zones.1, &zones.0, |_, fields| take_zone(&mut fleet, &mut cache, fields))?;
    each_record(hours.1, &hours.0, |_, fields| take_hours(&mut fleet, &mut cache, fields))?;
    drop(cache);
    let intake = read_polls(polls, empty, threads, &numbers)?;
    Ok(Contents { ids: numbers.into_ids(), fleet, intake })
}

/// The files of a report, after their headers.
pub struct Opened {
    /// Zones.
    pub zones: (Columns<2>, Source),
    /// Opening hours.
    pub hours: (Columns<4>, Source),
    /// Polls.
    pub polls: Vec<(Columns<3>, Source)>,
}

/// Opens all files and reads their headers.
pub fn open(files: &Files, progress: &Progress) -> Result<Opened, ReadError> {
    let all = files.status.iter().chain([&files.hours, &files.zones]);
    // A pipe has no size, and a file that is not there is found when it is opened.
    let sizes = all.map(|file| std::fs::metadata(file).map_or(0, |metadata| metadata.len()));
    progress.start_bytes(sizes.sum(), "reading");
    let watch = |file| progress.watch(file);
    Ok(Opened {
        zones: Source::open(&files.zones, ZONES, watch)?,
        hours: Source::open(&files.hours, HOURS, watch)?,
        polls: files.status.iter().map(|file| Source::open(file, POLLS, watch)).collect::<Result<_, _>>()?,
    })
}

/// The latest of the polls at the ends of the files, where as of is the latest of all: often it is that, because files
/// grow at their ends.
fn latest_at_end(files: &Files, bounds: Bounds) -> Result<Option<i64>, ReadError> {
    let mut all = files.status.iter().chain([&files.hours, &files.zones]);
    // Nothing else can be read twice.
    if bounds.as_of_us.is_some() || !all.all(|file| file.is_file()) {
        return Ok(None);
    }
    let mut latest_us = None;
    for file in &files.status {
        let records = last_records(file).map_err(|source| ReadError::Open { file: file.clone(), source })?;
        if records.records().is_empty() {
            continue;
        }
        let (columns, _) = Source::open(file, POLLS, |file| file)?;
        for_each_record(&records, &columns, |_, fields| {
            let row = fields.and_then(|fields| PollRow::parse(fields).ok());
            let row = row.filter(|row| !bounds.is_after_limit(row.poll));
            latest_us = latest_us.max(row.map(|row| row.poll.at_us()));
        });
    }
    Ok(latest_us)
}

/// Every record of one file, in order.
pub fn each_record<const N: usize>(
    mut source: Source,
    columns: &Columns<N>,
    mut record: impl FnMut(&[u8], Option<[&[u8]; N]>),
) -> Result<(), ReadError> {
    let mut block = Block::default();
    while source.next_block(&mut block)? {
        for_each_record(&block, columns, &mut record);
    }
    Ok(())
}

fn take_zone(fleet: &mut Fleet, cache: &mut Cache<'_, ()>, fields: Option<[&[u8]; 2]>) {
    let row = fields.ok_or(Refused::Bad).and_then(ZoneRow::parse);
    match row.and_then(|row| Ok((cache.number(row.store_id).ok_or(Refused::Bad)?, row.zone))) {
        Ok((store, zone)) => fleet.set_zone(store, zone.ok_or(UnknownZone)),
        Err(refused) => fleet.refuse_zone(refused),
    }
}

fn take_hours(fleet: &mut Fleet, cache: &mut Cache<'_, ()>, fields: Option<[&[u8]; 4]>) {
    let row = fields.ok_or(Refused::Bad).and_then(HoursRow::parse);
    match row.and_then(|row| Ok((cache.number(row.store_id).ok_or(Refused::Bad)?, row.hours))) {
        Ok((store, hours)) => fleet.add_hours(store, hours),
        Err(refused) => fleet.refuse_hours(refused),
    }
}

/// Polls of all files: each thread takes the next block when it is done with its own.
fn read_polls(
    files: Vec<(Columns<3>, Source)>,
    empty: &Intake,
    threads: NonZeroUsize,
    numbers: &StoreNumbers,
) -> Result<Intake, ReadError> {
    let queue = Mutex::new(Queue::new(files));
    let work = || -> Result<Intake, ReadError> {
        let mut intake = empty.clone();
        let mut cache = numbers.cache();
        let mut block = Block::default();
        while let Some(columns) = queue.lock().unwrap_or_else(PoisonError::into_inner).next_block(&mut block)? {
            for_each_record(&block, &columns, |_, fields| match fields.ok_or(Refused::Bad).and_then(PollRow::parse) {
                // What is not looked at makes no store known.
                Ok(row) if intake.is_after_limit(row.poll) => intake.take(row.poll, None),
                Ok(row) => cache.gather(row.store_id, row.poll, |poll, store| intake.take(poll, store)),
                Err(refused) => intake.refuse(refused),
            });
            cache.resolve(|poll, store| intake.take(poll, store));
        }
        Ok(intake)
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads.get()).map(|_| scope.spawn(work)).collect();
        let mut intake = work()?;
        for other in others {
            match other.join() {
                Ok(other) => intake.append(other?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(intake)
    })
}

/// Files that are not yet read to their end, of which any thread may take the next block.
pub struct Queue<const N: usize> {
    files: Vec<(Columns<N>, Source)>,
}

impl<const N: usize> Queue<N> {
    /// Of these files.
    pub const fn new(files: Vec<(Columns<N>, Source)>) -> Self {
        Self { files }
    }

    /// Fills `block` with the next records of any file; `None` when all are read.
    pub fn next_block(&mut self, block: &mut Block) -> Result<Option<Columns<N>>, ReadError> {
        while let Some((columns, source)) = self.files.last_mut() {
            match source.next_block(block) {
                Ok(true) => return Ok(Some(*columns)),
                Ok(false) => self.files.pop(),
                Err(error) => {
                    // The report fails: the other threads need not go on.
                    self.files.clear();
                    return Err(error);
                }
            };
        }
        Ok(None)
    }
}
