//! Files → polls, opening hours and zones.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use metrics_core::uptime::{Bounds, Fleet, HoursRow, Intake, PollRow, Refused, StoreIds, UnknownZone, ZoneRow};

use super::ids::{Cache, StoreNumbers};
use crate::csv::{Block, Columns, ReadError, Source, for_each_record};
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
    let all = files.status.iter().chain([&files.hours, &files.zones]);
    // A pipe has no size, and a file that is not there is found when it is opened.
    let sizes = all.map(|file| std::fs::metadata(file).map_or(0, |metadata| metadata.len()));
    progress.start_bytes(sizes.sum(), "reading");
    let watch = |file| progress.watch(file);
    let (zone_columns, zones) = Source::open(&files.zones, ZONES, watch)?;
    let (hours_columns, hours) = Source::open(&files.hours, HOURS, watch)?;
    let polls: Vec<_> = files.status.iter().map(|file| Source::open(file, POLLS, watch)).collect::<Result<_, _>>()?;

    let numbers = StoreNumbers::default();
    let mut fleet = Fleet::default();
    let mut cache = numbers.cache::<()>();
    each_record(zones, &zone_columns, |_, fields| take_zone(&mut fleet, &mut cache, fields))?;
    each_record(hours, &hours_columns, |_, fields| take_hours(&mut fleet, &mut cache, fields))?;
    drop(cache);
    let intake = read_polls(polls, bounds, threads, &numbers)?;
    progress.finish();
    Ok(Contents { ids: numbers.into_ids(), fleet, intake })
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
    bounds: Bounds,
    threads: NonZeroUsize,
    numbers: &StoreNumbers,
) -> Result<Intake, ReadError> {
    let queue = Mutex::new(Queue { files });
    let work = || -> Result<Intake, ReadError> {
        let mut intake = Intake::new(bounds);
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

/// Files that are not yet read to their end.
struct Queue {
    files: Vec<(Columns<3>, Source)>,
}

impl Queue {
    fn next_block(&mut self, block: &mut Block) -> Result<Option<Columns<3>>, ReadError> {
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
