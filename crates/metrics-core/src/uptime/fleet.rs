//! The stores: ids, zones and opening hours.

use chrono_tz::Tz;

use super::diagnostics::Diagnostics;
use super::opening_hours::OpeningHours;
use super::rows::Refused;

/// Zone of stores that have none.
const DEFAULT_ZONE: Tz = Tz::America__Chicago;

/// Ids of stores, numbered from 0 in the order in which they were first seen. An id is text, whatever it looks like.
#[derive(Debug, Clone, Default)]
pub struct StoreIds {
    text: String,
    /// Where each id ends, which is where the next begins.
    ends: Vec<usize>,
}

impl StoreIds {
    /// How many there are.
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds one and gives its number. Whether it is new is the caller's to know.
    pub fn push(&mut self, id: &str) -> u32 {
        let number = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.text.push_str(id);
        self.ends.push(self.text.len());
        number
    }

    /// The id with a number; empty if there is none.
    pub fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let start = number.checked_sub(1).map_or(0, |before| self.ends.get(before).copied().unwrap_or_default());
        self.ends.get(number).map_or("", |end| &self.text[start..*end])
    }
}

/// A row of zones names no zone of the database; the store counts as in Chicago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownZone;

/// Zones and opening hours by number of the store.
#[derive(Debug, Clone, Default)]
pub struct Fleet {
    zones: Vec<Option<Tz>>,
    hours: Vec<(u32, OpeningHours)>,
    diagnostics: Diagnostics,
}

impl Fleet {
    /// Gives a store its zone, where `Err` is a name that is none. The last one given holds.
    pub fn set_zone(&mut self, store: u32, zone: Result<Tz, UnknownZone>) {
        self.diagnostics.zones_rows += 1;
        let zone = zone.unwrap_or_else(|UnknownZone| {
            self.diagnostics.zones_unknown += 1;
            DEFAULT_ZONE
        });
        let store = store as usize;
        if self.zones.len() <= store {
            self.zones.resize(store + 1, None);
        }
        if self.zones[store].is_some_and(|held| held != zone) {
            self.diagnostics.zones_conflict += 1;
        }
        self.zones[store] = Some(zone);
    }

    /// Counts a row of zones that was refused.
    pub const fn refuse_zone(&mut self, _: Refused) {
        self.diagnostics.zones_rows += 1;
        self.diagnostics.zones_bad += 1;
    }

    /// Opens a store at these hours, besides others.
    pub fn add_hours(&mut self, store: u32, hours: OpeningHours) {
        self.diagnostics.hours_rows += 1;
        self.hours.push((store, hours));
    }

    /// Counts a row of hours that was refused.
    pub const fn refuse_hours(&mut self, _: Refused) {
        self.diagnostics.hours_rows += 1;
        self.diagnostics.hours_bad += 1;
    }

    /// The zone that a store was given.
    pub fn given_zone(&self, store: u32) -> Option<Tz> {
        self.zones.get(store as usize).copied().flatten()
    }

    /// All opening hours that were added, each with its store, in the order in which they were.
    pub fn given_hours(&self) -> impl Iterator<Item = (u32, OpeningHours)> {
        self.hours.iter().copied()
    }

    /// What was counted.
    pub const fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }

    /// Zone of a store.
    pub(super) fn zone(&self, store: u32) -> Tz {
        self.given_zone(store).unwrap_or(DEFAULT_ZONE)
    }

    /// Opening hours by store.
    pub(super) fn hours(&self, stores: usize) -> HoursByStore {
        let mut starts = vec![0; stores + 1];
        for (store, _) in &self.hours {
            starts[*store as usize] += 1;
        }
        let mut end = 0;
        for start in &mut starts {
            end += *start;
            *start = end;
        }
        let mut hours: Vec<_> = self.hours.iter().map(|(_, hours)| *hours).collect();
        for (store, row) in &self.hours {
            let start = &mut starts[*store as usize];
            *start -= 1;
            hours[*start] = *row;
        }
        HoursByStore { hours, starts }
    }
}

/// Opening hours, those of a store side by side.
#[derive(Debug)]
pub struct HoursByStore {
    hours: Vec<OpeningHours>,
    starts: Vec<usize>,
}

impl HoursByStore {
    /// Those of one store, in no order; none means that it is always open.
    pub fn get(&self, store: u32) -> &[OpeningHours] {
        let store = store as usize;
        &self.hours[self.starts[store]..self.starts[store + 1]]
    }
}
