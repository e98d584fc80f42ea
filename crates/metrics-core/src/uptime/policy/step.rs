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
use crate::uptime::poll::Poll;
use crate::uptime::walk::Visit;
use crate::uptime::window::{Horizon, PerWindow, add};

/// Time up in each window. `visits` are a store's intervals in order.
pub fn step<'a>(options: Step, horizon: &Horizon, visits: impl Iterator<Item = Visit<'a>> + Clone) -> PerWindow<i64> {
    let mut sum = Sum { options, horizon, up_us: [0; 3] };
    let mut last = None;
    // Intervals before the first poll wait for it: they are walked again, at most once each.
    let mut waiting = 0;
    for visit in visits.clone() {
        let Visit { interval, eligible, .. } = visit;
        let (Some(first), Some(latest)) = (eligible.first(), eligible.last()) else {
            match last {
                Some(last) => sum.believe(interval, last),
                None => waiting += 1,
            }
            continue;
        };
        if last.is_none() {
            for earlier in visits.clone().take(waiting) {
                sum.believe(earlier.interval, *first);
            }
            waiting = 0;
        }
        sum.believe(Interval::new(interval.start_us, first.at_us()), *first);
        for pair in eligible.windows(2) {
            sum.believe(Interval::new(pair[0].at_us(), pair[1].at_us()), pair[0]);
        }
        sum.believe(Interval::new(latest.at_us(), interval.end_us), *latest);
        last = Some(*latest);
    }
    for unpolled in visits.take(waiting) {
        sum.assume(unpolled.interval);
    }
    sum.up_us
}

struct Sum<'a> {
    options: Step,
    horizon: &'a Horizon,
    up_us: PerWindow<i64>,
}

impl Sum<'_> {
    /// Adds a stretch for which `chosen` speaks.
    fn believe(&mut self, stretch: Interval, chosen: Poll) {
        let Some(max_carry) = self.options.max_carry else {
            if chosen.is_active() {
                add(&mut self.up_us, self.horizon.clip(stretch));
            }
            return;
        };
        let reach = Interval::new(chosen.at_us() - max_carry.us(), chosen.at_us() + max_carry.us());
        let believed = stretch.intersection(reach);
        if believed.is_empty() {
            return self.assume(stretch);
        }
        if chosen.is_active() {
            add(&mut self.up_us, self.horizon.clip(believed));
        }
        self.assume(Interval::new(stretch.start_us, believed.start_us));
        self.assume(Interval::new(believed.end_us, stretch.end_us));
    }

    /// Adds a stretch for which no poll speaks.
    fn assume(&mut self, stretch: Interval) {
        if self.options.assume == super::Status::Active {
            add(&mut self.up_us, self.horizon.clip(stretch));
        }
    }
}
