//! A fleet that does not fit into memory: its rows are dealt, by their stores, to files of which each does.

use std::fs::File;
use std::hash::BuildHasher as _;
use std::io::{self, Seek as _, Write as _};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use foldhash::fast::FixedState;
use metrics_core::uptime::{Bounds, Diagnostics, Head, Intake, Options, PollRow, Report};

use super::ids::is_text;
use super::merge::Merged;
use super::read::{self, Contents, Files, HOURS, Opened, POLLS, Queue, ZONES};
use crate::csv::{Block, Columns, ReadError, Source, for_each_record, is_compressed_file};
use crate::exit::CommandError;
use crate::output::Progress;

/// What the program takes, whatever it reads.
const BASE: u64 = 16 << 20;
/// Memory that a byte of a file of polls takes, in hundredths: a row of 57 bytes becomes one of 12 with its share of the
/// tables of ids, some of them twice while a part is grouped (docs/performance.md).
const PER_BYTE_OF_POLLS: u64 = 45;
/// The same of opening hours and zones, whose rows are short and are kept as they are, and twice while they are grouped.
const PER_BYTE_OF_OTHERS: u64 = 400;
/// How much longer a compressed file is than it says.
const COMPRESSED: u64 = 8;
/// Parts at most: each is three open files, and a program may have 1,024.
const MOST_PARTS: NonZeroUsize = NonZeroUsize::new(300).expect("more than none");
/// Parts of input of unknown size, such as a pipe.
const PARTS_OF_UNKNOWN: NonZeroUsize = NonZeroUsize::new(64).expect("more than none");

/// In how many parts the stores must be computed to stay within a limit; 1 when all fit.
pub fn parts(files: &Files, limit: u64) -> Result<NonZeroUsize, ReadError> {
    let mut need = 0;
    let others = [(&files.hours, PER_BYTE_OF_OTHERS), (&files.zones, PER_BYTE_OF_OTHERS)];
    for (file, hundredths) in files.status.iter().map(|file| (file, PER_BYTE_OF_POLLS)).chain(others) {
        let not_open = |source| ReadError::Open { file: file.clone(), source };
        let metadata = std::fs::metadata(file).map_err(not_open)?;
        if !metadata.is_file() {
            return Ok(PARTS_OF_UNKNOWN);
        }
        let factor = if is_compressed_file(file).map_err(not_open)? { COMPRESSED } else { 1 };
        need += metadata.len() * factor * hundredths / 100;
    }
    let room = limit.saturating_sub(BASE);
    let parts = usize::try_from(need.div_ceil(room.max(1))).unwrap_or(usize::MAX);
    Ok(NonZeroUsize::new(parts).unwrap_or(NonZeroUsize::MIN).min(MOST_PARTS))
}

/// The report, computed part by part.
pub fn compute(
    files: &Files,
    options: Options,
    parts: NonZeroUsize,
    threads: NonZeroUsize,
    limit: u64,
    progress: &Progress,
) -> Result<Merged, CommandError> {
    let folder = std::env::temp_dir();
    tracing::info!("dealing the rows to {parts} parts in {}", folder.display());
    let Opened { zones, hours, polls } = read::open(files, progress)?;
    let dealer = Dealer::new(parts, threads, limit, &folder);
    // Of the zones of a store the last one holds.
    let zones = dealer.deal(ZONES, vec![zones], NonZeroUsize::MIN, |_| ())?;
    let hours = dealer.deal(HOURS, vec![hours], threads, |_| ())?;
    let latest_us = Mutex::new(None);
    let status = dealer.deal(POLLS, polls, threads, |fields| {
        if options.bounds.as_of_us.is_none() {
            look_for_latest(&latest_us, fields, options.bounds);
        }
    })?;
    progress.finish();

    let as_of_us = options.bounds.as_of_us.or(latest_us.into_inner().unwrap_or_else(PoisonError::into_inner));
    let bounds = Bounds { as_of_us, ..options.bounds };
    let mut merged = Merged::new(Head { options, as_of_us, diagnostics: Diagnostics::default() });
    progress.start(parts.get(), "parts of the stores");
    for ((zones, hours), status) in zones.into_iter().zip(hours).zip(status) {
        let opened = Opened { zones: zones.open(ZONES)?, hours: hours.open(HOURS)?, polls: vec![status.open(POLLS)?] };
        let Contents { ids, fleet, intake } = read::read_opened(opened, &Intake::new(bounds), threads)?;
        let report = Report::compute(ids, &fleet, intake, Options { bounds, ..options }, threads);
        merged.add(&report, &folder).with_context(|| cannot_write(&folder)).map_err(CommandError::Failed)?;
        progress.advance();
    }
    progress.finish();
    Ok(merged)
}

fn cannot_write(folder: &Path) -> String {
    format!("cannot write to {}; TMPDIR names another folder", folder.display())
}

/// Keeps the instant of a poll if it is accepted and later than all before.
fn look_for_latest(latest_us: &Mutex<Option<i64>>, fields: [&[u8]; 3], bounds: Bounds) {
    let Ok(row) = PollRow::parse(fields) else { return };
    let at_us = row.poll.at_us();
    if bounds.is_after_limit(row.poll) {
        return;
    }
    let mut latest_us = latest_us.lock().unwrap_or_else(PoisonError::into_inner);
    if latest_us.is_none_or(|latest_us| at_us > latest_us) && is_text(row.store_id) {
        *latest_us = Some(at_us);
    }
}

/// Deals rows to files.
struct Dealer<'a> {
    parts: NonZeroUsize,
    folder: &'a Path,
    /// Bytes that a thread collects for a file before it writes them.
    buffer: usize,
    hasher: FixedState,
}

impl<'a> Dealer<'a> {
    fn new(parts: NonZeroUsize, threads: NonZeroUsize, limit: u64, folder: &'a Path) -> Self {
        // An eighth of the memory, for all files and threads.
        let buffer = usize::try_from(limit).unwrap_or(usize::MAX) / 8 / threads / parts;
        Self { parts, folder, buffer: buffer.clamp(1 << 12, 1 << 18), hasher: FixedState::default() }
    }

    /// Deals the rows of these files, those of a store to the same part; a single thread keeps their order.
    fn deal<const N: usize>(
        &self,
        names: [&[&str]; N],
        files: Vec<(Columns<N>, Source)>,
        threads: NonZeroUsize,
        look: impl Fn([&[u8]; N]) + Sync,
    ) -> Result<Vec<Part>, CommandError> {
        let failed =
            |error: io::Error| CommandError::Failed(anyhow::Error::new(error).context(cannot_write(self.folder)));
        let header = names.map(|names| names[0]).join(",") + "\n";
        let mut parts = Vec::with_capacity(self.parts.get());
        for _ in 0..self.parts.get() {
            let mut file = tempfile::tempfile_in(self.folder).map_err(failed)?;
            file.write_all(header.as_bytes()).map_err(failed)?;
            parts.push(Mutex::new(file));
        }
        let queue = Mutex::new(Queue::new(files));
        let work = || -> Result<(), CommandError> {
            let mut rows = vec![Vec::new(); parts.len()];
            let mut block = Block::default();
            while let Some(columns) = queue.lock().unwrap_or_else(PoisonError::into_inner).next_block(&mut block)? {
                for_each_record(&block, &columns, |record, fields| {
                    // A record of another number of fields is refused again, whoever reads it.
                    let fields = fields.unwrap_or([b""; N]).map(<[u8]>::trim_ascii);
                    look(fields);
                    let part = &mut rows[self.part_of(fields[0])];
                    push_record(part, fields, memchr::memchr(b'"', record).is_some());
                });
                for (rows, part) in rows.iter_mut().zip(&parts) {
                    if rows.len() >= self.buffer {
                        write(part, rows).map_err(failed)?;
                    }
                }
            }
            rows.iter_mut().zip(&parts).try_for_each(|(rows, part)| write(part, rows)).map_err(failed)
        };
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads.get()).map(|_| scope.spawn(work)).collect();
            let mut result = work();
            for other in others {
                match other.join() {
                    Ok(other) => result = result.and(other),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            result
        })?;
        Ok(parts.into_iter().map(|file| Part(file.into_inner().unwrap_or_else(PoisonError::into_inner))).collect())
    }

    fn part_of(&self, store_id: &[u8]) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "less than the number of parts")]
        let part = (self.hasher.hash_one(store_id) % self.parts.get() as u64) as usize;
        part
    }
}

/// Rows of some of the stores, in a file that vanishes with the program.
struct Part(File);

impl Part {
    fn open<const N: usize>(mut self, names: [&[&str]; N]) -> Result<(Columns<N>, Source), CommandError> {
        self.0.rewind().map_err(|error| CommandError::Failed(error.into()))?;
        Ok(Source::of_file(Path::new("temporary file"), self.0, names)?)
    }
}

fn write(part: &Mutex<File>, rows: &mut Vec<u8>) -> io::Result<()> {
    part.lock().unwrap_or_else(PoisonError::into_inner).write_all(rows)?;
    rows.clear();
    Ok(())
}

fn push_record<const N: usize>(rows: &mut Vec<u8>, fields: [&[u8]; N], may_need_quotes: bool) {
    for (place, field) in fields.iter().enumerate() {
        if place > 0 {
            rows.push(b',');
        }
        if may_need_quotes && field.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
            rows.push(b'"');
            for byte in *field {
                rows.push(*byte);
                if *byte == b'"' {
                    rows.push(b'"');
                }
            }
            rows.push(b'"');
        } else {
            rows.extend_from_slice(field);
        }
    }
    rows.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_written_as_it_was_meant() {
        let mut rows = Vec::new();
        push_record(&mut rows, [&b"a,\"b\"\n"[..], b"", b"x y"], true);
        push_record(&mut rows, [&b"c"[..], b"d", b""], false);
        assert_eq!(String::from_utf8_lossy(&rows), "\"a,\"\"b\"\"\n\",,x y\nc,d,\n");
    }
}
