//! A file → blocks of whole records.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::columns::Columns;
use super::decompress::decompressed;
use super::error::ReadError;
use super::records::{At, Byte, quoted_records};

/// Bytes of a block, as long as records are shorter: little, because it shares the processor's cache with what its
/// records are looked up in.
const BLOCK: usize = 1 << 16;
/// A record that is longer is refused unread: it is a quote that was never closed, or no CSV at all.
const LONGEST_RECORD: usize = 1 << 20;

/// Some whole records of a file. Its memory is used again for the next ones.
#[derive(Debug, Default)]
pub struct Block {
    bytes: Vec<u8>,
    /// How many of the bytes are records.
    len: usize,
    /// Whether there is a quote in them; it is much faster to know that there is none.
    pub has_quotes: bool,
    /// Records that were too long to be here.
    pub overlong: u64,
}

impl Block {
    /// Records without any quote, each with its line end.
    pub(super) const fn of_plain_records(bytes: Vec<u8>) -> Self {
        Self { len: bytes.len(), bytes, has_quotes: false, overlong: 0 }
    }

    /// The records, each with its line end.
    pub fn records(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// A file that is read from its beginning to its end.
pub struct Source {
    file: PathBuf,
    reader: Box<dyn Read + Send>,
    /// What was read of the record after the last block.
    rest: Vec<u8>,
    is_at_end: bool,
    /// Whether the log has it that a quote is never closed.
    is_unclosed: bool,
    /// Bytes of a block; smaller in tests.
    block_size: usize,
    longest_record: usize,
}

impl Source {
    /// Opens a file and reads its header; `watch` sees the bytes of the file as they are read.
    pub fn open<const N: usize, R: Read + Send + 'static>(
        file: &Path,
        wanted: [&[&str]; N],
        watch: impl FnOnce(File) -> R,
    ) -> Result<(Columns<N>, Self), ReadError> {
        let opened = File::open(file).map_err(|source| ReadError::Open { file: file.to_owned(), source })?;
        Self::of_file(file, watch(opened), wanted)
    }

    /// Reads the header of an opened file, which errors call by this name.
    pub fn of_file<const N: usize>(
        file: &Path,
        opened: impl Read + Send + 'static,
        wanted: [&[&str]; N],
    ) -> Result<(Columns<N>, Self), ReadError> {
        let reader = decompressed(opened).map_err(|source| ReadError::Read { file: file.to_owned(), source })?;
        Self::of(file, reader, wanted, BLOCK, LONGEST_RECORD)
    }

    pub(super) fn of<const N: usize>(
        file: &Path,
        reader: Box<dyn Read + Send>,
        wanted: [&[&str]; N],
        block_size: usize,
        longest_record: usize,
    ) -> Result<(Columns<N>, Self), ReadError> {
        let mut source = Self {
            file: file.to_owned(),
            reader,
            rest: Vec::new(),
            is_at_end: false,
            is_unclosed: false,
            block_size,
            longest_record,
        };
        let columns = source.header(wanted)?;
        Ok((columns, source))
    }

    /// Reads up to the end of the header, the first line that is not empty.
    fn header<const N: usize>(&mut self, wanted: [&[&str]; N]) -> Result<Columns<N>, ReadError> {
        let mut block = Block::default();
        let mut is_first = true;
        while self.next_block(&mut block)? {
            let mut bytes = block.records();
            if is_first {
                bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
                is_first = false;
            }
            if block.overlong > 0 {
                break;
            }
            while !bytes.is_empty() {
                let (record, after) = bytes.split_at(record_end(bytes).unwrap_or(bytes.len()));
                let mut columns = None;
                quoted_records(record, |_, fields| columns = Some(Columns::find(&self.file, fields, wanted)));
                if let Some(columns) = columns {
                    // What follows comes before what was kept of the record after the block.
                    self.rest.splice(..0, after.iter().copied());
                    return columns;
                }
                bytes = after;
            }
        }
        Columns::find(&self.file, &[], wanted)
    }

    /// Fills `block` with the next records; false at the end of the file.
    pub fn next_block(&mut self, block: &mut Block) -> Result<bool, ReadError> {
        self.fill(block).map_err(|source| ReadError::Read { file: self.file.clone(), source })
    }

    fn fill(&mut self, block: &mut Block) -> std::io::Result<bool> {
        block.overlong = 0;
        let Block { bytes, .. } = block;
        let mut filled = self.rest.len();
        bytes.resize(bytes.len().max(self.block_size).max(filled), 0);
        bytes[..filled].copy_from_slice(&self.rest);
        self.rest.clear();
        loop {
            while filled < bytes.len() && !self.is_at_end {
                filled += self.read(&mut bytes[filled..])?;
            }
            block.has_quotes = memchr::memchr(b'"', &bytes[..filled]).is_some();
            if self.is_at_end {
                block.len = self.close(bytes, filled, block.has_quotes);
                return Ok(block.len > 0 || block.overlong > 0);
            }
            let records = &bytes[..filled];
            let end = if block.has_quotes {
                last_record_end(records)
            } else {
                memchr::memrchr(b'\n', records).map(|at| at + 1)
            };
            if let Some(end) = end {
                self.rest.extend_from_slice(&bytes[end..filled]);
                block.len = end;
                return Ok(true);
            }
            if bytes.len() < self.longest_record {
                let longer = (2 * bytes.len()).min(self.longest_record);
                bytes.resize(longer, 0);
            } else {
                block.overlong += 1;
                tracing::warn!(
                    "{}: a record of more than {} bytes is refused",
                    self.file.display(),
                    self.longest_record
                );
                filled = self.skip_record(bytes, filled)?;
            }
        }
    }

    /// Drops the record whose beginning fills `bytes`; gives back how much of what follows it is in `bytes`.
    fn skip_record(&mut self, bytes: &mut [u8], filled: usize) -> std::io::Result<usize> {
        let mut at = At::default();
        let mut filled = filled;
        loop {
            if let Some(end) = bytes[..filled].iter().position(|byte| at.step(*byte) == Byte::RecordEnd) {
                bytes.copy_within(end + 1..filled, 0);
                return Ok(filled - end - 1);
            }
            filled = self.read(bytes)?;
            if self.is_at_end {
                return Ok(0);
            }
        }
    }

    /// Reads what there is, and notes the end of the file.
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            match self.reader.read(buffer) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Ok(0) => {
                    self.is_at_end = true;
                    return Ok(0);
                }
                result => return result,
            }
        }
    }

    /// Ends the last record of the file, if it has no line end; gives back how long the records are.
    fn close(&mut self, bytes: &mut Vec<u8>, filled: usize, has_quotes: bool) -> usize {
        let has_end = bytes[..filled].last().is_none_or(|byte| *byte == b'\n');
        if has_quotes && !self.is_unclosed {
            let mut at = At::default();
            for byte in &bytes[..filled] {
                at.step(*byte);
            }
            self.is_unclosed = at == At::Quoted;
            if self.is_unclosed {
                let name = self.file.display();
                tracing::warn!("{name}: a quote is never closed; all from there to the end of the file is one record");
            }
        }
        if has_end {
            return filled;
        }
        bytes.truncate(filled);
        bytes.push(b'\n');
        filled + 1
    }
}

/// Where the first record ends, after its line feed.
fn record_end(bytes: &[u8]) -> Option<usize> {
    let mut at = At::default();
    bytes.iter().position(|byte| at.step(*byte) == Byte::RecordEnd).map(|end| end + 1)
}

/// Where the last whole record ends.
fn last_record_end(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut last) = (At::default(), None);
    for (index, byte) in bytes.iter().enumerate() {
        if at.step(*byte) == Byte::RecordEnd {
            last = Some(index + 1);
        }
    }
    last
}
