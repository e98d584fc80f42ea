//! Polls as they come in: those that can matter are kept, the others counted.

use super::diagnostics::Diagnostics;
use super::poll::Poll;
use super::polls::Polls;
use super::rows::Refused;
use super::window::LOOKBACK_US;

/// What is known of as of before polls are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bounds {
    /// As of, if it is given; otherwise it is the instant of the latest poll.
    pub as_of_us: Option<i64>,
    /// Later polls are dropped before anything else, so that one wrong clock does not move as of.
    pub not_after_us: Option<i64>,
}

impl Bounds {
    /// Whether a poll is dropped before anything else.
    pub fn is_after_limit(&self, poll: Poll) -> bool {
        self.not_after_us.is_some_and(|not_after_us| poll.at_us() > not_after_us)
    }
}

/// Takes polls in any order; several, one per thread, are put together at the end.
///
/// Where as of is not given, polls before the lookback of the latest one so far are dropped on the way, so that a
/// long history takes no more memory than its last eight days.
#[derive(Debug, Clone, Default)]
pub struct Intake {
    bounds: Bounds,
    /// The latest accepted poll.
    latest_us: Option<i64>,
    /// An instant that some poll is expected to have.
    expected_us: Option<i64>,
    polls: Polls,
    /// Per store: whether there was a poll at or before as of that is not kept. Kept polls tell by themselves.
    has_stale: Vec<bool>,
    diagnostics: Diagnostics,
    /// No poll that is kept is earlier.
    earliest_us: i64,
    /// Number of polls at which those that have become stale are dropped.
    sweep_at: usize,
}

/// Fewer polls than this are not swept.
const LEAST_SWEEP: usize = 1 << 18;

impl Intake {
    /// Nothing yet.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, earliest_us: i64::MAX, sweep_at: LEAST_SWEEP, ..Self::default() }
    }

    /// Drops from the beginning what is stale where some poll is of this instant: a history whose latest polls come last
    /// is not kept then to be dropped later. The polls must keep the promise: see [`Intake::is_as_expected`].
    #[must_use]
    pub const fn expecting(mut self, latest_us: i64) -> Self {
        self.expected_us = Some(latest_us);
        self
    }

    /// Whether a poll came that is as late as the one that was expected; if not, too much was dropped.
    pub fn is_as_expected(&self) -> bool {
        self.bounds.as_of_us.is_some() || self.latest_us >= self.expected_us
    }

    /// Counts a row that was refused.
    pub const fn refuse(&mut self, refused: Refused) {
        self.diagnostics.polls_rows += 1;
        match refused {
            Refused::Bad => self.diagnostics.polls_bad += 1,
            Refused::UnknownStatus => self.diagnostics.polls_unknown_status += 1,
        }
    }

    /// Whether a poll is dropped before anything else, so that its store need not be known.
    pub fn is_after_limit(&self, poll: Poll) -> bool {
        self.bounds.is_after_limit(poll)
    }

    /// Takes a poll of the store with this number; `None` means that the id cannot be one.
    pub fn take(&mut self, poll: Poll, store: Option<u32>) {
        let at_us = poll.at_us();
        if self.is_after_limit(poll) {
            self.diagnostics.polls_rows += 1;
            self.diagnostics.polls_future += 1;
            return;
        }
        let Some(store) = store else { return self.refuse(Refused::Bad) };
        self.diagnostics.polls_rows += 1;
        let as_of_us = self.bounds.as_of_us.unwrap_or_else(|| {
            let latest_us = self.latest_us.map_or(at_us, |latest_us| latest_us.max(at_us));
            self.latest_us = Some(latest_us);
            self.expected_us.map_or(latest_us, |expected_us| latest_us.max(expected_us))
        });
        if at_us > as_of_us {
            self.diagnostics.polls_future += 1;
        } else if at_us < as_of_us - LOOKBACK_US {
            self.diagnostics.polls_stale += 1;
            mark(&mut self.has_stale, store);
        } else {
            self.polls.push(store, poll);
            self.earliest_us = self.earliest_us.min(at_us);
            if self.polls.len() >= self.sweep_at {
                self.sweep(as_of_us - LOOKBACK_US);
            }
        }
    }

    /// Notes that the store had a poll at or before as of that is not given here.
    pub fn was_polled(&mut self, store: u32) {
        mark(&mut self.has_stale, store);
    }

    /// Drops what lies before the lookback, if anything does.
    fn sweep(&mut self, start_us: i64) {
        if self.earliest_us < start_us {
            let Self { polls, has_stale, diagnostics, .. } = self;
            polls.drop_before(start_us, |store| {
                diagnostics.polls_stale += 1;
                mark(has_stale, store);
            });
            self.earliest_us = start_us;
        }
        self.sweep_at = LEAST_SWEEP.max(2 * self.polls.len());
    }

    /// Takes over all that another one took.
    pub fn append(&mut self, other: Self) {
        self.latest_us = self.latest_us.max(other.latest_us);
        self.polls.append(other.polls);
        self.diagnostics.add(&other.diagnostics);
        for (store, has_stale) in (0..).zip(other.has_stale) {
            if has_stale {
                mark(&mut self.has_stale, store);
            }
        }
    }

    /// As of: the one given, or the latest poll; `None` when there is neither.
    pub const fn as_of_us(&self) -> Option<i64> {
        match self.bounds.as_of_us {
            Some(as_of_us) => Some(as_of_us),
            None => self.latest_us,
        }
    }

    /// Everything, to compute with.
    pub(super) fn into_parts(self) -> (Polls, Vec<bool>, Diagnostics) {
        (self.polls, self.has_stale, self.diagnostics)
    }
}

fn mark(stores: &mut Vec<bool>, store: u32) {
    let store = store as usize;
    if stores.len() <= store {
        stores.resize(store + 1, false);
    }
    stores[store] = true;
}
