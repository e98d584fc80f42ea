//! The default policy: status is a step function of time.
//!
//! For an instant of an interval, the first that applies:
//!
//! 1. the latest poll of the interval at or before it;
//! 2. the earliest poll of the interval after it;
//! 3. the latest poll before the interval;
//! 4. the earliest poll after the interval;
//! 5. what is assumed.
//!
//! Polls are those in business hours. With `max_carry` the poll so chosen is believed only so far from it, each
//! way; beyond that, rule 5.

use super::Step;
use crate::uptime::intervals::Interval;
use crate::uptime::poll::{Poll, Status};
use crate::uptime::walk::Visit;
use crate::uptime::window::{Horizon, PerWindow, add};

/// Why a poll was chosen: rules 1 to 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Rule 1.
    LatestInInterval,
    /// Rule 2.
    EarliestInInterval,
    /// Rule 3.
    LatestBefore,
    /// Rule 4.
    EarliestAfter,
}

/// Time up in each window. `visits` are a store's intervals in order.
pub fn step<'a>(options: Step, horizon: &Horizon, visits: impl Iterator<Item = Visit<'a>> + Clone) -> PerWindow<i64> {
    let mut up_us = [0; 3];
    stretches(options, visits, |stretch, status, _| {
        if status == Status::Active {
            add(&mut up_us, horizon.clip(stretch));
        }
    });
    up_us
}

/// Gives `each` the stretches of one status and one poll behind it, in order, with the poll and its rule; without them
/// where the status is assumed. Some may be empty. `visits` are a store's intervals in order.
pub fn stretches<'a>(
    options: Step,
    visits: impl Iterator<Item = Visit<'a>> + Clone,
    mut each: impl FnMut(Interval, Status, Option<(Poll, Rule)>),
) {
    let mut last = None;
    // Intervals before the first poll wait for it: they are walked again, at most once each.
    let mut waiting = 0;
    for visit in visits.clone() {
        let Visit { interval, eligible, .. } = visit;
        let (Some(first), Some(latest)) = (eligible.first(), eligible.last()) else {
            match last {
                Some(last) => believe(options, interval, last, Rule::LatestBefore, &mut each),
                None => waiting += 1,
            }
            continue;
        };
        if last.is_none() {
            for earlier in visits.clone().take(waiting) {
                believe(options, earlier.interval, *first, Rule::EarliestAfter, &mut each);
            }
            waiting = 0;
        }
        let leading = Interval::new(interval.start_us, first.at_us());
        believe(options, leading, *first, Rule::EarliestInInterval, &mut each);
        for pair in eligible.windows(2) {
            let between = Interval::new(pair[0].at_us(), pair[1].at_us());
            believe(options, between, pair[0], Rule::LatestInInterval, &mut each);
        }
        let trailing = Interval::new(latest.at_us(), interval.end_us);
        believe(options, trailing, *latest, Rule::LatestInInterval, &mut each);
        last = Some(*latest);
    }
    for unpolled in visits.take(waiting) {
        each(unpolled.interval, options.assume, None);
    }
}

/// A stretch for which `chosen` speaks, as far as it is believed.
fn believe(
    options: Step,
    stretch: Interval,
    chosen: Poll,
    rule: Rule,
    each: &mut impl FnMut(Interval, Status, Option<(Poll, Rule)>),
) {
    let Some(max_carry) = options.max_carry else {
        return each(stretch, chosen.status(), Some((chosen, rule)));
    };
    let reach = Interval::new(chosen.at_us() - max_carry.us(), chosen.at_us() + max_carry.us());
    let believed = stretch.intersection(reach);
    if believed.is_empty() {
        return each(stretch, options.assume, None);
    }
    each(Interval::new(stretch.start_us, believed.start_us), options.assume, None);
    each(believed, chosen.status(), Some((chosen, rule)));
    each(Interval::new(believed.end_us, stretch.end_us), options.assume, None);
}
