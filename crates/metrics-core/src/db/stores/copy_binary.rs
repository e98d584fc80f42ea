//! Polls in the binary form of PostgreSQL's COPY: `store integer, ts timestamptz, up boolean`, 27 bytes a row.
//!
//! The form is that of the documentation of COPY; the general decoder of the client library allocates for each row.

use crate::instant::DAY_US;
use crate::uptime::{Poll, Status};

/// What a stream begins with: signature, no flags, no extension.
const HEADER: &[u8; 19] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What it ends with, in the place of a number of fields.
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();
/// Bytes of a row.
const ROW: usize = 27;
/// 2000-01-01 00:00 UTC, from which PostgreSQL counts, in microseconds since 1970.
const POSTGRES_EPOCH_US: i64 = 10_957 * DAY_US;

/// Rows on their way in.
#[derive(Debug)]
pub struct Encoder {
    bytes: Vec<u8>,
    rows: u64,
}

impl Default for Encoder {
    fn default() -> Self {
        Self { bytes: HEADER.to_vec(), rows: 0 }
    }
}

impl Encoder {
    /// Adds a row.
    pub fn push(&mut self, store: i32, poll: Poll) {
        let mut row = [0; ROW];
        row[..2].copy_from_slice(&3_i16.to_be_bytes());
        row[2..6].copy_from_slice(&4_i32.to_be_bytes());
        row[6..10].copy_from_slice(&store.to_be_bytes());
        row[10..14].copy_from_slice(&8_i32.to_be_bytes());
        row[14..22].copy_from_slice(&(poll.at_us() - POSTGRES_EPOCH_US).to_be_bytes());
        row[22..26].copy_from_slice(&1_i32.to_be_bytes());
        row[26] = u8::from(poll.is_active());
        self.bytes.extend_from_slice(&row);
        self.rows += 1;
    }

    /// Rows so far, given out or not.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes that wait to be given out.
    pub const fn waiting(&self) -> usize {
        self.bytes.len()
    }

    /// What waits; more may follow.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// The end of the stream; nothing may follow.
    pub fn end(&mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(&TRAILER);
        self.take()
    }
}

/// A stream that is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// Rows on their way out. The server cuts the stream between rows or anywhere else.
#[derive(Debug, Default)]
pub struct Decoder {
    /// Whether the header was seen.
    is_started: bool,
    /// A row, or the header, of which the rest is to come.
    rest: Vec<u8>,
}

impl Decoder {
    /// Gives the rows that end in `part`. A row whose instant is beyond the years that an instant is written with
    /// (as `infinity` is) is left out: no report can speak of it.
    pub fn decode(&mut self, part: &[u8], mut row: impl FnMut(i32, Poll)) -> Result<(), Malformed> {
        let joined;
        let mut bytes = if self.rest.is_empty() {
            part
        } else {
            joined = [std::mem::take(&mut self.rest).as_slice(), part].concat();
            &joined
        };
        if !self.is_started {
            let Some((header, after)) = bytes.split_first_chunk::<{ HEADER.len() }>() else {
                self.rest = bytes.to_vec();
                return Ok(());
            };
            if header != HEADER {
                return Err(Malformed);
            }
            (self.is_started, bytes) = (true, after);
        }
        while let Some((bytes_of_row, after)) = bytes.split_first_chunk::<ROW>() {
            if let Some((store, poll)) = decode_row(bytes_of_row)? {
                row(store, poll);
            }
            bytes = after;
        }
        if bytes != TRAILER {
            self.rest = bytes.to_vec();
        }
        Ok(())
    }

    /// Whether everything was decoded.
    pub fn finish(self) -> Result<(), Malformed> {
        if self.is_started && self.rest.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

fn decode_row(row: &[u8; ROW]) -> Result<Option<(i32, Poll)>, Malformed> {
    let [
        0,
        3, //
        0,
        0,
        0,
        4,
        s0,
        s1,
        s2,
        s3, //
        0,
        0,
        0,
        8,
        t0,
        t1,
        t2,
        t3,
        t4,
        t5,
        t6,
        t7, //
        0,
        0,
        0,
        1,
        up @ (0 | 1),
    ] = *row
    else {
        return Err(Malformed);
    };
    let at_us = i64::from_be_bytes([t0, t1, t2, t3, t4, t5, t6, t7]).checked_add(POSTGRES_EPOCH_US);
    let at_us = at_us.filter(|at_us| (0..END_OF_INSTANTS_US).contains(at_us));
    let status = if up == 1 { Status::Active } else { Status::Inactive };
    Ok(at_us.map(|at_us| (i32::from_be_bytes([s0, s1, s2, s3]), Poll::new(at_us, status))))
}

/// 2200-01-01 00:00 UTC.
const END_OF_INSTANTS_US: i64 = 84_006 * DAY_US;

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, NaiveTime};
    use proptest::prelude::*;

    use super::*;

    fn midnight_us(year: i32) -> i64 {
        let date = NaiveDate::from_ymd_opt(year, 1, 1).expect("a date");
        date.and_time(NaiveTime::MIN).and_utc().timestamp_micros()
    }

    #[test]
    fn the_epochs_are_those_of_the_calendar() {
        assert_eq!(POSTGRES_EPOCH_US, midnight_us(2000));
        assert_eq!(END_OF_INSTANTS_US, midnight_us(2200));
    }

    fn decoded(stream: &[u8], part: usize) -> Result<Vec<(i32, Poll)>, Malformed> {
        let (mut decoder, mut rows) = (Decoder::default(), Vec::new());
        for part in stream.chunks(part.max(1)) {
            decoder.decode(part, |store, poll| rows.push((store, poll)))?;
        }
        decoder.finish().map(|()| rows)
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out_however_it_is_cut(
            rows in prop::collection::vec((any::<i32>(), 0..END_OF_INSTANTS_US, any::<bool>()), 0..40),
            part in 1..200_usize,
        ) {
            let polls: Vec<_> = rows
                .into_iter()
                .map(|(store, at_us, up)| (store, Poll::new(at_us, if up { Status::Active } else { Status::Inactive })))
                .collect();
            let mut encoder = Encoder::default();
            for (store, poll) in &polls {
                encoder.push(*store, *poll);
            }
            prop_assert_eq!(encoder.rows(), polls.len() as u64);
            prop_assert_eq!(decoded(&encoder.end(), part), Ok(polls));
        }
    }

    #[test]
    fn what_is_cut_short_or_of_other_columns_is_no_stream() {
        let mut encoder = Encoder::default();
        encoder.push(7, Poll::new(1, Status::Active));
        let stream = encoder.end();
        assert_eq!(decoded(&stream[..stream.len() - 1], 64), Err(Malformed));
        assert_eq!(decoded(&stream[..10], 64), Err(Malformed));
        let mut other = stream.clone();
        other[HEADER.len() + 1] = 4;
        assert_eq!(decoded(&other, 64), Err(Malformed));
        let mut infinite = stream;
        infinite[HEADER.len() + 14..HEADER.len() + 22].copy_from_slice(&i64::MAX.to_be_bytes());
        assert_eq!(decoded(&infinite, 64), Ok(Vec::new()));
    }
}
