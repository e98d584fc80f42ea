//! Bytes as they arrive → payloads of frames.
//!
//! Two framings are known. A binary frame has its length in four bytes, the lowest first, twelve further bytes, the
//! payload, and zeros up to a multiple of eight. A text frame has its length as decimal digits, a line feed, the
//! payload, and a line feed. The first frame tells which of them all are: one that does not begin with a digit is
//! binary. A binary length may look like a digit too; then the twelve bytes tell, which are zero and in JSON cannot be.

use super::DataError;

/// The longest payload.
const MAX_PAYLOAD_BYTES: usize = 80 << 20;
const BINARY_HEAD_BYTES: usize = 16;
/// Digits of the longest text length, with room for zeros before it.
const MAX_LENGTH_DIGITS: usize = 20;

/// Frames out of pieces of any size.
#[derive(Debug, Default)]
pub(super) struct Frames {
    buffer: Vec<u8>,
    /// What lies before it has been read.
    read: usize,
    framing: Option<Framing>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Binary,
    Text,
}

/// Where a frame lies: its payload and its end, from what has been read on.
struct Extent {
    payload: std::ops::Range<usize>,
    end: usize,
}

impl Frames {
    /// Takes in what arrived.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.read == self.buffer.len() {
            self.buffer.clear();
            self.read = 0;
        } else if self.read > self.buffer.len() / 2 {
            self.buffer.drain(..self.read);
            self.read = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The payload of the next frame that is complete.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, DataError> {
        self.take(false)
    }

    /// The payload of the next frame after everything arrived; an error where a part of it is missing.
    pub(super) fn next_of_rest(&mut self) -> Result<Option<&[u8]>, DataError> {
        self.take(true)
    }

    fn take(&mut self, is_all: bool) -> Result<Option<&[u8]>, DataError> {
        if self.framing == Some(Framing::Text) {
            // The line feed that ends a frame may come later than its payload.
            let feeds = self.buffer[self.read..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.read += feeds;
        }
        let rest = &self.buffer[self.read..];
        if rest.is_empty() {
            return Ok(None);
        }
        let framing = self.framing.or_else(|| framing(rest, is_all));
        self.framing = framing;
        let extent = match framing {
            None => None,
            Some(Framing::Binary) => binary(rest)?,
            Some(Framing::Text) => text(rest)?,
        };
        let start = self.read;
        match extent {
            Some(Extent { payload, end }) if end <= rest.len() => {
                self.read = start + end;
                Ok(Some(&self.buffer[start + payload.start..start + payload.end]))
            }
            // Nothing is lost when the padding of the last frame is.
            Some(Extent { payload, .. }) if is_all && payload.end <= rest.len() => {
                self.read = self.buffer.len();
                Ok(Some(&self.buffer[start + payload.start..start + payload.end]))
            }
            _ if is_all => Err(DataError::CutOff),
            _ => Ok(None),
        }
    }
}

/// The framing of an answer that begins so; `None` while that cannot be said.
fn framing(beginning: &[u8], is_all: bool) -> Option<Framing> {
    if !beginning.first()?.is_ascii_digit() {
        return Some(Framing::Binary);
    }
    match beginning.get(4..BINARY_HEAD_BYTES) {
        Some(reserved) if reserved.iter().all(|byte| *byte == 0) => Some(Framing::Binary),
        Some(_) => Some(Framing::Text),
        None => is_all.then_some(Framing::Text),
    }
}

fn binary(rest: &[u8]) -> Result<Option<Extent>, DataError> {
    let Some((length, _)) = rest.split_first_chunk::<4>() else { return Ok(None) };
    let length = checked(u64::from(u32::from_le_bytes(*length)))?;
    let payload = BINARY_HEAD_BYTES..BINARY_HEAD_BYTES + length;
    Ok(Some(Extent { end: payload.end.next_multiple_of(8), payload }))
}

fn text(rest: &[u8]) -> Result<Option<Extent>, DataError> {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let malformed = || DataError::Malformed("a frame does not begin with its length".to_owned());
    if digits == 0 || digits > MAX_LENGTH_DIGITS {
        return Err(malformed());
    }
    let feed = match rest.get(digits) {
        None => return Ok(None),
        Some(b'\r') => digits + 1,
        Some(_) => digits,
    };
    match rest.get(feed) {
        None => Ok(None),
        Some(b'\n') => {
            let length = std::str::from_utf8(&rest[..digits]).ok().and_then(|digits| digits.parse().ok());
            let length = checked(length.unwrap_or(u64::MAX))?;
            let payload = feed + 1..feed + 1 + length;
            Ok(Some(Extent { end: payload.end, payload }))
        }
        Some(_) => Err(malformed()),
    }
}

fn checked(bytes: u64) -> Result<usize, DataError> {
    usize::try_from(bytes).ok().filter(|length| *length <= MAX_PAYLOAD_BYTES).ok_or(DataError::FrameTooLong { bytes })
}
