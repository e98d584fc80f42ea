//! Answers of a data-api, version 4: lists of channels as JSON, events and bins as frames that arrive piece by piece.
//!
//! An answer is whole or it is an error: a frame of which a part is missing, a frame that reports an error and a
//! frame that cannot be read all end the reading. That an answer ends between two frames before its range is complete
//! cannot be told from one whose range reaches into the future; there the transfer says whether all of it came.

mod bins;
mod column;
mod events;
mod frames;
mod list;
#[cfg(test)]
mod tests;

pub use bins::BinReader;
pub use events::EventReader;
pub use list::{channels, exact_pattern};

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny};

/// Why an answer gives no data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// The answer ended within a frame.
    #[error("the answer ended within a frame")]
    CutOff,
    /// A frame is longer than any that is read.
    #[error("a frame of {bytes} bytes is too long")]
    FrameTooLong {
        /// As the frame says.
        bytes: u64,
    },
    /// There are more points than may be shown.
    #[error("there are more than {limit} points")]
    TooMany {
        /// How many may be.
        limit: usize,
    },
    /// The texts among the points are longer than they may be.
    #[error("there are texts of more than {mib} MiB")]
    TooMuchText {
        /// How long they may be together.
        mib: usize,
    },
    /// The answer reports an error.
    #[error("the data-api reports: {0}")]
    Reported(String),
    /// The answer reports that its time was up before it was complete.
    #[error("the data-api ran out of time")]
    TimedOut,
    /// The answer is not of the form that it should have.
    #[error("the answer cannot be read: {0}")]
    Malformed(String),
}

/// A payload as CBOR or JSON: which of them, its first byte says.
fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, DataError> {
    let is_json = payload.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| b"{[\"".contains(byte));
    if is_json {
        serde_json::from_slice(payload).map_err(|error| DataError::Malformed(error.to_string()))
    } else {
        ciborium::from_reader(payload).map_err(|error| DataError::Malformed(error.to_string()))
    }
}

/// A frame that is a text and nothing else reports an error.
fn reported(payload: &[u8]) -> Option<DataError> {
    serde_json::from_slice(payload).ok().map(DataError::Reported)
}

/// What an error says, where it is a text.
#[derive(Debug)]
struct Message(String);

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Said {
            Text(String),
            Other(IgnoredAny),
        }
        Ok(Self(match Said::deserialize(deserializer)? {
            Said::Text(text) => text,
            Said::Other(_) => "an error".to_owned(),
        }))
    }
}

/// Nanoseconds since 1970 UTC of seconds, milliseconds and nanoseconds, without a float.
fn instant_ns(anchor_s: i64, ms: i64, ns: i64) -> Result<i64, DataError> {
    let total = (i128::from(anchor_s) * 1_000 + i128::from(ms)) * 1_000_000 + i128::from(ns);
    i64::try_from(total).map_err(|_| DataError::Malformed("an instant is out of range".to_owned()))
}

/// An error where columns that belong together differ in length.
fn same_length(what: &str, length: usize, expected: usize) -> Result<(), DataError> {
    if length == expected {
        return Ok(());
    }
    Err(DataError::Malformed(format!("{what} has {length} entries in place of {expected}")))
}
