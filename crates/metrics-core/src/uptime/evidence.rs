//! What polls prove, whatever the policy: observed time, and bounds of uptime.
//!
//! An instant is **observed** if a poll of its interval is at most [`CADENCE_US`] after it, or less than that or as
//! much before it (`p − c ≤ t < p + c`). It is **surely up** if it is observed and the nearest polls of its interval
//! on either side, where there are any, are active; surely down if they are inactive; unsure otherwise.

use super::intervals::Interval;
use super::poll::Poll;
use super::window::{Horizon, PerWindow, add};
use crate::instant::HOUR_US;

/// How far a poll is evidence, each way: stores are polled about once an hour.
pub const CADENCE_US: i64 = HOUR_US;

/// Evidence in each window.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence {
    pub observed_us: PerWindow<i64>,
    pub surely_up_us: PerWindow<i64>,
    pub surely_down_us: PerWindow<i64>,
    pub polls: PerWindow<u32>,
}

impl Evidence {
    /// Adds an interval with its eligible polls, in order.
    pub fn add(&mut self, interval: Interval, eligible: &[Poll], horizon: &Horizon) {
        for poll in eligible {
            for (polls, start_us) in self.polls.iter_mut().zip(horizon.starts_us()) {
                *polls += u32::from(poll.at_us() >= *start_us);
            }
        }
        observed_stretches(interval, eligible, |stretch, is_active| self.observe(stretch, is_active, horizon));
    }

    /// Adds an observed stretch in which the polls around say this, or contradict each other.
    fn observe(&mut self, stretch: Interval, is_active: Option<bool>, horizon: &Horizon) {
        let amounts_us = horizon.clip(stretch);
        add(&mut self.observed_us, amounts_us);
        match is_active {
            Some(true) => add(&mut self.surely_up_us, amounts_us),
            Some(false) => add(&mut self.surely_down_us, amounts_us),
            None => {}
        }
    }
}

/// Gives `each` the observed stretches of an interval with its eligible polls, in order, and what the polls around
/// them say if they agree. Some may be empty.
pub fn observed_stretches(interval: Interval, eligible: &[Poll], mut each: impl FnMut(Interval, Option<bool>)) {
    let (Some(first), Some(last)) = (eligible.first(), eligible.last()) else { return };
    let leading = Interval::new(interval.start_us.max(first.at_us() - CADENCE_US), first.at_us());
    each(leading, Some(first.is_active()));
    for pair in eligible.windows(2) {
        let (before, after) = (pair[0], pair[1]);
        // Both the poll before and the one after are heard; they prove something if they say the same.
        let status = (before.is_active() == after.is_active()).then_some(before.is_active());
        let (start_us, end_us) = (before.at_us(), after.at_us());
        if end_us - start_us <= 2 * CADENCE_US {
            each(Interval::new(start_us, end_us), status);
        } else {
            each(Interval::new(start_us, start_us + CADENCE_US), status);
            each(Interval::new(end_us - CADENCE_US, end_us), status);
        }
    }
    let trailing = Interval::new(last.at_us(), interval.end_us.min(last.at_us() + CADENCE_US));
    each(trailing, Some(last.is_active()));
}
