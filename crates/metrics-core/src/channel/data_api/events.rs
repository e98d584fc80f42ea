//! Frames of events.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Deserialize;

use super::column::Column;
use super::frames::Frames;
use super::{DataError, Message, decode, instant_ns, reported, same_length};
use crate::channel::events::{Events, Values};

/// What all texts of an answer may take together, MiB: points are counted, and one text is as long as it likes.
const MAX_TEXT_MIB: usize = 64;

/// Reads the events of an answer as it arrives.
#[derive(Debug)]
pub struct EventReader {
    frames: Frames,
    gathered: Gathered,
}

/// What the frames so far held.
#[derive(Debug)]
struct Gathered {
    limit: usize,
    points: usize,
    text_bytes: usize,
    is_complete: bool,
    timestamps_ns: Vec<i64>,
    /// Of all events, where one has a pulse.
    pulses: Vec<Option<u64>>,
    has_pulses: bool,
    values: Column,
    /// Of all events, where they are enums.
    labels: Vec<Arc<str>>,
    known_labels: HashSet<Arc<str>>,
}

/// A frame, in either of its spellings.
#[derive(Debug, Deserialize)]
struct Frame {
    #[serde(rename = "type")]
    kind: Option<String>,
    error: Option<Message>,
    #[serde(rename = "rangeFinal", default)]
    is_final: Option<bool>,
    #[serde(rename = "timedOut", default)]
    timed_out: Option<bool>,
    values: Option<Column>,
    #[serde(rename = "valuestrings")]
    labels: Option<Vec<String>>,
    /// Nanoseconds since 1970.
    tss: Option<Vec<i64>>,
    pulses: Option<Vec<Option<i128>>>,
    #[serde(rename = "tsAnchor", default)]
    anchor_s: Option<i64>,
    #[serde(rename = "tsMs")]
    ms: Option<Vec<i64>>,
    #[serde(rename = "tsNs")]
    ns: Option<Vec<i64>>,
    #[serde(rename = "pulseAnchor", default)]
    pulse_anchor: Option<i64>,
    #[serde(rename = "pulseOff")]
    pulse_offsets: Option<Vec<i64>>,
}

impl EventReader {
    /// Reads up to `limit` points; the numbers of a list are a point each.
    pub fn new(limit: usize) -> Self {
        let gathered = Gathered {
            limit,
            points: 0,
            text_bytes: 0,
            is_complete: false,
            timestamps_ns: Vec::new(),
            pulses: Vec::new(),
            has_pulses: false,
            values: Column::Absent(0),
            labels: Vec::new(),
            known_labels: HashSet::new(),
        };
        Self { frames: Frames::default(), gathered }
    }

    /// Takes in what arrived. False once the range is complete: what follows does not matter.
    pub fn push(&mut self, bytes: &[u8]) -> Result<bool, DataError> {
        if !self.gathered.is_complete {
            self.frames.push(bytes);
        }
        while !self.gathered.is_complete
            && let Some(payload) = self.frames.next()?
        {
            self.gathered.take(payload)?;
        }
        Ok(!self.gathered.is_complete)
    }

    /// The events, after everything arrived.
    pub fn finish(mut self) -> Result<Events, DataError> {
        while !self.gathered.is_complete
            && let Some(payload) = self.frames.next_of_rest()?
        {
            self.gathered.take(payload)?;
        }
        self.gathered.into_events()
    }
}

impl Gathered {
    fn take(&mut self, payload: &[u8]) -> Result<(), DataError> {
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
        if frame.kind.as_deref() != Some("keepalive") {
            self.is_complete = frame.is_final == Some(true);
            self.append(frame)?;
        }
        Ok(())
    }

    fn append(&mut self, frame: Frame) -> Result<(), DataError> {
        let Some(values) = frame.values else { return Ok(()) };
        let count = values.len();
        self.points += values.points();
        if self.points > self.limit {
            return Err(DataError::TooMany { limit: self.limit });
        }
        self.add_text(values.text_bytes())?;
        match (frame.tss, frame.ms) {
            (Some(tss), _) => {
                same_length("tss", tss.len(), count)?;
                self.timestamps_ns.extend(tss);
            }
            (None, Some(ms)) => {
                let ns = frame.ns.unwrap_or_default();
                same_length("tsMs", ms.len(), count)?;
                same_length("tsNs", ns.len(), count)?;
                let anchor_s = frame.anchor_s.unwrap_or(0);
                for (ms, ns) in ms.into_iter().zip(ns) {
                    self.timestamps_ns.push(instant_ns(anchor_s, ms, ns)?);
                }
            }
            (None, None) => same_length("tss", 0, count)?,
        }
        let pulses: Vec<Option<u64>> = match (frame.pulses, frame.pulse_offsets) {
            (Some(pulses), _) => {
                pulses.into_iter().map(|pulse| pulse.and_then(|pulse| u64::try_from(pulse).ok())).collect()
            }
            (None, Some(offsets)) => {
                let anchor = frame.pulse_anchor.unwrap_or(0);
                let pulse = |offset: i64| anchor.checked_add(offset).and_then(|pulse| u64::try_from(pulse).ok());
                offsets.into_iter().map(pulse).collect()
            }
            (None, None) => Vec::new(),
        };
        if pulses.len() == count {
            self.has_pulses |= count > 0;
            self.pulses.extend(pulses);
        } else {
            // Some back ends know no pulses.
            same_length("pulses", pulses.len(), 0)?;
            self.pulses.resize(self.pulses.len() + count, None);
        }
        // A frame without events has as many labels, and says nothing of the others.
        if let Some(labels) = frame.labels.filter(|labels| count > 0 && labels.len() == count) {
            same_length("valuestrings", self.labels.len(), self.values.len())?;
            for label in labels {
                let known = self.known_labels.get(label.as_str()).cloned();
                let label = match known {
                    Some(label) => label,
                    None => self.new_label(label)?,
                };
                self.labels.push(label);
            }
        }
        if !self.values.append(values) {
            return Err(DataError::Malformed("values of several kinds".to_owned()));
        }
        Ok(())
    }

    fn new_label(&mut self, label: String) -> Result<Arc<str>, DataError> {
        self.add_text(label.len())?;
        let label: Arc<str> = label.into();
        self.known_labels.insert(Arc::clone(&label));
        Ok(label)
    }

    fn add_text(&mut self, bytes: usize) -> Result<(), DataError> {
        self.text_bytes += bytes;
        if self.text_bytes > MAX_TEXT_MIB << 20 {
            return Err(DataError::TooMuchText { mib: MAX_TEXT_MIB });
        }
        Ok(())
    }

    fn into_events(self) -> Result<Events, DataError> {
        let values = match self.values.into_values() {
            Values::Integers(values) if !self.labels.is_empty() => {
                same_length("valuestrings", self.labels.len(), values.len())?;
                Values::Enums { values, labels: self.labels }
            }
            values => values,
        };
        let pulses = self.has_pulses.then_some(self.pulses);
        Ok(Events { timestamps_ns: self.timestamps_ns, pulses, values })
    }
}
