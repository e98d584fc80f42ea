//! What was read, and what of it was not used.

use serde::Serialize;

/// Counts of one run. A poll counts in at most one of bad, unknown status, future, stale, duplicate and conflict, the
/// first of these that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Diagnostics {
    /// Rows of polls.
    pub polls_rows: u64,
    /// Polls without a store or a readable instant, or with a wrong number of fields.
    pub polls_bad: u64,
    /// Polls whose status is neither active nor inactive.
    pub polls_unknown_status: u64,
    /// Polls after as of, or after the instant beyond which nothing is believed.
    pub polls_future: u64,
    /// Polls before the lookback.
    pub polls_stale: u64,
    /// Polls that say what another of the same store and instant says.
    pub polls_duplicate: u64,
    /// Instants of a store at which polls contradict each other.
    pub polls_conflict: u64,
    /// Rows of opening hours.
    pub hours_rows: u64,
    /// Opening hours without a store, or with an unreadable day or time, or with a wrong number of fields.
    pub hours_bad: u64,
    /// Rows of zones.
    pub zones_rows: u64,
    /// Zones without a store, or with a wrong number of fields.
    pub zones_bad: u64,
    /// Zones whose name is none.
    pub zones_unknown: u64,
    /// Zones that differ from the one read before for the same store.
    pub zones_conflict: u64,
}

impl Diagnostics {
    /// Adds what another part of the run counted.
    pub fn add(&mut self, other: &Self) {
        let Self {
            polls_rows,
            polls_bad,
            polls_unknown_status,
            polls_future,
            polls_stale,
            polls_duplicate,
            polls_conflict,
            hours_rows,
            hours_bad,
            zones_rows,
            zones_bad,
            zones_unknown,
            zones_conflict,
        } = other;
        self.polls_rows += polls_rows;
        self.polls_bad += polls_bad;
        self.polls_unknown_status += polls_unknown_status;
        self.polls_future += polls_future;
        self.polls_stale += polls_stale;
        self.polls_duplicate += polls_duplicate;
        self.polls_conflict += polls_conflict;
        self.hours_rows += hours_rows;
        self.hours_bad += hours_bad;
        self.zones_rows += zones_rows;
        self.zones_bad += zones_bad;
        self.zones_unknown += zones_unknown;
        self.zones_conflict += zones_conflict;
    }

    /// The counts of refused rows that are not zero, with their names.
    pub fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        [
            ("polls_bad", self.polls_bad),
            ("polls_unknown_status", self.polls_unknown_status),
            ("hours_bad", self.hours_bad),
            ("zones_bad", self.zones_bad),
            ("zones_unknown", self.zones_unknown),
        ]
        .into_iter()
        .filter(|(_, count)| *count > 0)
    }
}
