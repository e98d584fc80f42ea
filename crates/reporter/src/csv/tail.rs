//! The last records of a file, without what comes before them.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::decompress::is_compressed_file;
use super::source::Block;

/// Bytes at the end that are looked at.
const TAIL: u64 = 1 << 16;

/// The whole records that a file, which is no pipe, ends with. None if it is compressed or short, or has a quote there,
/// where it cannot be told what is quoted; and what is given may still not be records, but the inside of a quoted field:
/// good for a guess that is verified.
pub fn last_records(file: &Path) -> std::io::Result<Block> {
    let is_compressed = is_compressed_file(file)?;
    let mut file = File::open(file)?;
    let len = file.metadata()?.len();
    if is_compressed || len <= TAIL {
        return Ok(Block::default());
    }
    file.seek(SeekFrom::Start(len - TAIL))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    let begin = memchr::memchr(b'\n', &bytes).map_or(bytes.len(), |end| end + 1);
    bytes.drain(..begin);
    let end = memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1);
    bytes.truncate(end);
    Ok(if memchr::memchr(b'"', &bytes).is_some() { Block::default() } else { Block::of_plain_records(bytes) })
}
