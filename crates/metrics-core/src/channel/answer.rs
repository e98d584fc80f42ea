//! A curve as JSON, piece by piece: beside the points it takes no more memory than one piece.
//!
//! Everything in it is keyed by the name under which the channel was asked for:
//!
//! | what | members of `curve` |
//! |---|---|
//! | nothing found | `NAME: {}` |
//! | events | `NAME: {TS: value}`, `NAME_meta` |
//! | lists of numbers | `NAME: {TS_INDEX: number}`, `NAME_meta` |
//! | bins | `NAME: {TS: average}`, `NAME_min`, `NAME_max`, `NAME_meta` |
//!
//! `TS` is an instant in nanoseconds since 1970 UTC, as text; that of a bin is its middle. Of points at one instant the
//! last stands for all. A number that is none (not a number, infinite) is `null`.

#[cfg(test)]
mod tests;

use std::io::Write;

use serde::Serialize;

use super::events::{Bin, Events, Values};

/// Bytes of a piece, about.
const PIECE_BYTES: usize = 32 * 1024;

/// A curve, under the name by which it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    name: String,
    points: Points,
}

#[derive(Debug, Clone, PartialEq)]
enum Points {
    None,
    Events { events: Events, as_text: bool },
    Bins { bins: Vec<Bin>, interval: Interval },
}

/// Mean and population deviation of the differences between the times of neighbouring bins, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Interval {
    average: f64,
    deviation: f64,
}

impl Curve {
    /// Nothing was found.
    pub fn empty(name: String) -> Self {
        Self { name, points: Points::None }
    }

    /// Events; where there are none, nothing was found. `as_text`: the channel's values are texts, so that numbers among
    /// them are shown as texts, and texts that read as numbers stay texts.
    pub fn of_events(name: String, events: Events, as_text: bool) -> Self {
        if events.timestamps_ns.is_empty() {
            return Self::empty(name);
        }
        Self { name, points: Points::Events { events, as_text } }
    }

    /// Events in place of bins that were too few: also without any event it says that these were looked for.
    pub fn of_events_for_bins(name: String, events: Events, as_text: bool) -> Self {
        Self { name, points: Points::Events { events, as_text } }
    }

    /// Bins; where there are none, nothing was found. Empty ones are left out on request, after the interval between
    /// all of them was taken.
    pub fn of_bins(name: String, mut bins: Vec<Bin>, leave_out_empty: bool) -> Self {
        if bins.is_empty() {
            return Self::empty(name);
        }
        let interval = Interval::between(&bins);
        if leave_out_empty {
            bins.retain(|bin| bin.count > 0);
        }
        Self { name, points: Points::Bins { bins, interval } }
    }

    /// The JSON, in pieces of about 32 KiB.
    pub fn pieces(self) -> Pieces {
        Pieces { curve: self, part: Part::Head, next: 0, element: 0, is_first: true }
    }
}

/// True when bins hold fewer events than there should be bins: then the events themselves say more.
pub fn are_sparse(bins: &[Bin], wanted: u64) -> bool {
    let events = bins.iter().fold(0_u64, |sum, bin| sum.saturating_add(bin.count));
    events < wanted
}

/// True when events can stand in place of bins: single values, or one list.
pub fn can_replace_bins(events: &Events) -> bool {
    match &events.values {
        Values::Waveforms(values) => values.len() <= 1,
        Values::Numbers(_) | Values::Integers(_) | Values::Enums { .. } | Values::Texts(_) => true,
    }
}

impl Bin {
    /// Its middle, in whole nanoseconds, the earlier where there are two.
    pub fn middle_ns(&self) -> i64 {
        self.begin_ns.midpoint(self.end_ns)
    }
}

impl Interval {
    fn between(bins: &[Bin]) -> Self {
        let differences = || bins.windows(2).map(|pair| pair[1].middle_ns().saturating_sub(pair[0].middle_ns()) as f64);
        let count = bins.len().saturating_sub(1).max(1) as f64;
        // Not by `sum`, which gives nothing a sign: of no difference it is -0.
        let average = differences().fold(0.0, |sum, difference| sum + difference) / count;
        let variance = differences().fold(0.0, |sum, difference| sum + (difference - average).powi(2)) / count;
        Self { average, deviation: variance.sqrt() }
    }
}

/// Pieces of the JSON of a curve.
#[derive(Debug)]
pub struct Pieces {
    curve: Curve,
    part: Part,
    /// The next point of this part.
    next: usize,
    /// The next number of that point, where it is a list.
    element: usize,
    /// True before the first member of this part.
    is_first: bool,
}

/// What is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Head,
    Values,
    Least,
    Greatest,
    Meta,
    Tail,
    End,
}

impl Iterator for Pieces {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.part == Part::End {
            return None;
        }
        // A point is at most some hundred bytes longer, texts aside.
        let mut piece = Vec::with_capacity(PIECE_BYTES + 256);
        while piece.len() < PIECE_BYTES && self.part != Part::End {
            self.write_some(&mut piece);
        }
        Some(piece)
    }
}

impl Pieces {
    /// One point, or what stands between the parts.
    fn write_some(&mut self, piece: &mut Vec<u8>) {
        match self.part {
            Part::Head => {
                piece.extend_from_slice(b"{\"curve\":{");
                write(piece, &self.curve.name);
                piece.extend_from_slice(b":{");
                self.start(Part::Values);
            }
            Part::Values | Part::Least | Part::Greatest | Part::Meta => {
                if !self.write_point(piece) {
                    piece.push(b'}');
                    self.end_of_part(piece);
                }
            }
            Part::Tail => {
                match &self.curve.points {
                    Points::None => {}
                    Points::Events { events: Events { values: Values::Waveforms(_), .. }, .. } => {
                        piece.extend_from_slice(b",\"raw\":true,\"waveform\":true}");
                    }
                    Points::Events { .. } => piece.extend_from_slice(
                        b",\"raw\":true,\"waveform\":false,\"interval_avg\":0,\"interval_stddev\":0}",
                    ),
                    Points::Bins { interval, .. } => {
                        piece.extend_from_slice(b",\"raw\":false,\"waveform\":false,\"interval_avg\":");
                        write(piece, &interval.average);
                        piece.extend_from_slice(b",\"interval_stddev\":");
                        write(piece, &interval.deviation);
                        piece.push(b'}');
                    }
                }
                piece.extend_from_slice(b"}}");
                self.part = Part::End;
            }
            Part::End => {}
        }
    }

    fn start(&mut self, part: Part) {
        (self.part, self.next, self.element, self.is_first) = (part, 0, 0, true);
    }

    /// Goes on to the part behind this one.
    fn end_of_part(&mut self, piece: &mut Vec<u8>) {
        let (part, suffix) = match (self.part, &self.curve.points) {
            (_, Points::None) | (Part::Meta, _) => return self.start(Part::Tail),
            (Part::Values, Points::Bins { .. }) => (Part::Least, "_min"),
            (Part::Least, _) => (Part::Greatest, "_max"),
            _ => (Part::Meta, "_meta"),
        };
        piece.push(b',');
        write(piece, &format!("{}{suffix}", self.curve.name));
        piece.extend_from_slice(if part == Part::Meta { b":{\"pointMeta\":{" } else { b":{" });
        self.start(part);
    }

    /// The next point of this part; false when there is none left.
    fn write_point(&mut self, piece: &mut Vec<u8>) -> bool {
        match &self.curve.points {
            Points::None => false,
            Points::Bins { bins, .. } => {
                let Some(bin) = bins.get(self.next) else { return false };
                self.next += 1;
                separate(piece, &mut self.is_first);
                write_key(piece, bin.middle_ns(), None);
                match self.part {
                    Part::Values => write(piece, &bin.average),
                    Part::Least => write(piece, &bin.min),
                    Part::Greatest => write(piece, &bin.max),
                    _ => {
                        piece.extend_from_slice(b"{\"count\":");
                        write(piece, &bin.count);
                        piece.push(b'}');
                    }
                }
                true
            }
            Points::Events { events, as_text } => {
                let times = &events.timestamps_ns;
                while times.get(self.next).is_some_and(|at| times.get(self.next + 1) == Some(at)) {
                    self.next += 1;
                }
                let Some(&at_ns) = times.get(self.next) else { return false };
                let index = self.next;
                if self.part == Part::Meta {
                    self.next += 1;
                    separate(piece, &mut self.is_first);
                    write_key(piece, at_ns, None);
                    write_event_meta(piece, events, index, *as_text);
                    return true;
                }
                if let Values::Waveforms(values) = &events.values {
                    if let Some(number) = values.get(index).and_then(|numbers| numbers.get(self.element)) {
                        separate(piece, &mut self.is_first);
                        write_key(piece, at_ns, Some(self.element));
                        write(piece, number);
                        self.element += 1;
                    } else {
                        (self.next, self.element) = (index + 1, 0);
                    }
                    return true;
                }
                self.next += 1;
                separate(piece, &mut self.is_first);
                write_key(piece, at_ns, None);
                write_event(piece, events, index, *as_text);
                true
            }
        }
    }
}

/// The value of an event that is no list.
fn write_event(piece: &mut Vec<u8>, events: &Events, index: usize, as_text: bool) {
    match &events.values {
        Values::Numbers(_) | Values::Integers(_) if as_text => piece.push(b'1'),
        Values::Numbers(values) => write(piece, &values.get(index)),
        Values::Integers(values) => {
            write(piece, &values.get(index));
            piece.extend_from_slice(b".0");
        }
        Values::Enums { values, .. } => write(piece, &values.get(index)),
        Values::Texts(texts) => match texts.get(index).map(String::as_str).map(|text| (text, number(text, as_text))) {
            Some((_, Some(number))) => write(piece, &number),
            Some((text, None)) => piece.push(if text.is_empty() { b'0' } else { b'1' }),
            None => piece.push(b'0'),
        },
        Values::Waveforms(_) => piece.extend_from_slice(b"null"),
    }
}

/// Pulse and text of an event.
fn write_event_meta(piece: &mut Vec<u8>, events: &Events, index: usize, as_text: bool) {
    piece.extend_from_slice(b"{\"pulseId\":");
    let pulse = events.pulses.as_ref().and_then(|pulses| pulses.get(index).copied().flatten());
    write(piece, &pulse);
    let mut describe = |text: &str| {
        piece.extend_from_slice(b",\"desc\":");
        write(piece, text);
    };
    match &events.values {
        Values::Numbers(values) if as_text => {
            describe(&values.get(index).map(|number| format!("{number:?}")).unwrap_or_default());
        }
        Values::Integers(values) if as_text => {
            describe(&values.get(index).map(ToString::to_string).unwrap_or_default());
        }
        Values::Enums { labels, .. } => describe(labels.get(index).map_or("", |label| label)),
        Values::Texts(texts) => {
            let text = texts.get(index).map_or("", String::as_str);
            if number(text, as_text).is_none() {
                describe(text);
            }
        }
        Values::Numbers(_) | Values::Integers(_) | Values::Waveforms(_) => {}
    }
    piece.push(b'}');
}

/// The number that a text reads as, unless the channel's values are texts.
fn number(text: &str, as_text: bool) -> Option<f64> {
    if as_text {
        return None;
    }
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

fn separate(piece: &mut Vec<u8>, is_first: &mut bool) {
    if !std::mem::take(is_first) {
        piece.push(b',');
    }
}

fn write_key(piece: &mut Vec<u8>, at_ns: i64, element: Option<usize>) {
    let mut digits = itoa::Buffer::new();
    piece.push(b'"');
    piece.extend_from_slice(digits.format(at_ns).as_bytes());
    if let Some(element) = element {
        piece.push(b'_');
        piece.extend_from_slice(digits.format(element).as_bytes());
    }
    piece.extend_from_slice(b"\":");
}

/// A number or a text as JSON. Floats have a point; what is no number is null.
fn write<T: Serialize + ?Sized>(piece: &mut impl Write, value: &T) {
    let written = serde_json::to_writer(piece, value);
    debug_assert!(written.is_ok(), "memory takes every number and text");
}
