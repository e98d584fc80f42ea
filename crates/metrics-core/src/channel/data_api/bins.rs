//! Frames of bins.

use serde::Deserialize;

use super::frames::Frames;
use super::{DataError, Message, decode, instant_ns, reported, same_length};
use crate::channel::events::Bin;

/// Reads the bins of an answer as it arrives.
#[derive(Debug)]
pub struct BinReader {
    frames: Frames,
    limit: usize,
    bins: Vec<Bin>,
}

#[derive(Debug, Deserialize)]
struct Frame {
    #[serde(rename = "type")]
    kind: Option<String>,
    error: Option<Message>,
    #[serde(rename = "timedOut", default)]
    timed_out: Option<bool>,
    #[serde(rename = "tsAnchor", default)]
    anchor_s: Option<i64>,
    #[serde(rename = "ts1Ms")]
    begin_ms: Option<Vec<i64>>,
    #[serde(rename = "ts1Ns", default)]
    begin_ns: Vec<i64>,
    #[serde(rename = "ts2Ms", default)]
    end_ms: Vec<i64>,
    #[serde(rename = "ts2Ns", default)]
    end_ns: Vec<i64>,
    #[serde(default)]
    counts: Vec<Option<u64>>,
    #[serde(default)]
    avgs: Vec<Option<f64>>,
    #[serde(default)]
    mins: Vec<Option<f64>>,
    #[serde(default)]
    maxs: Vec<Option<f64>>,
}

impl BinReader {
    /// Reads up to `limit` bins.
    pub fn new(limit: usize) -> Self {
        Self { frames: Frames::default(), limit, bins: Vec::new() }
    }

    /// Takes in what arrived.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        self.frames.push(bytes);
        while let Some(payload) = self.frames.next()? {
            take(payload, &mut self.bins, self.limit)?;
        }
        Ok(())
    }

    /// The bins, after everything arrived.
    pub fn finish(mut self) -> Result<Vec<Bin>, DataError> {
        while let Some(payload) = self.frames.next_of_rest()? {
            take(payload, &mut self.bins, self.limit)?;
        }
        Ok(self.bins)
    }
}

fn take(payload: &[u8], bins: &mut Vec<Bin>, limit: usize) -> Result<(), DataError> {
    if payload.is_empty() {
        return Ok(());
    }
    if let Some(error) = reported(payload) {
        return Err(error);
    }
    let frame: Frame = decode(payload)?;
    if let Some(Message(message)) = frame.error {
        return Err(DataError::Reported(message));
    }
    if frame.timed_out == Some(true) {
        return Err(DataError::TimedOut);
    }
    let Some(begin_ms) = frame.begin_ms.filter(|_| frame.kind.as_deref() != Some("keepalive")) else { return Ok(()) };
    let count = begin_ms.len();
    if bins.len() + count > limit {
        return Err(DataError::TooMany { limit });
    }
    same_length("ts1Ns", frame.begin_ns.len(), count)?;
    same_length("ts2Ms", frame.end_ms.len(), count)?;
    same_length("ts2Ns", frame.end_ns.len(), count)?;
    same_length("counts", frame.counts.len(), count)?;
    same_length("avgs", frame.avgs.len(), count)?;
    same_length("mins", frame.mins.len(), count)?;
    same_length("maxs", frame.maxs.len(), count)?;
    let anchor_s = frame.anchor_s.unwrap_or(0);
    for (index, begin_ms) in begin_ms.into_iter().enumerate() {
        bins.push(Bin {
            begin_ns: instant_ns(anchor_s, begin_ms, frame.begin_ns[index])?,
            end_ns: instant_ns(anchor_s, frame.end_ms[index], frame.end_ns[index])?,
            count: frame.counts[index].unwrap_or(0),
            average: frame.avgs[index],
            min: frame.mins[index],
            max: frame.maxs[index],
        });
    }
    Ok(())
}
