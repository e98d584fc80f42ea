//! The predecessors' policies: polls are counted, not business time. Uptime and downtime do not add up to business.
//! A window holds the polls at its start and at as of.

use crate::instant::HOUR_US;
use crate::uptime::poll::Poll;
use crate::uptime::walk::Visit;
use crate::uptime::window::{Horizon, PerWindow, Window};

/// The longest that one poll counts.
const CAP_US: i64 = HOUR_US;

/// Time up and time down: each poll counts until the next poll of the store, in business hours or not, at most an
/// hour; the last one until its interval closes, at most an hour. It is added whole to each window that holds the
/// poll.
pub fn capped_sixty_minutes<'a>(
    horizon: &Horizon,
    visits: impl Iterator<Item = Visit<'a>>,
) -> (PerWindow<i64>, PerWindow<i64>) {
    let (mut up_us, mut down_us) = ([0; 3], [0; 3]);
    for Visit { interval, eligible, next } in visits {
        let nexts = eligible.iter().skip(1).copied().chain(next);
        let ends_us = nexts.map(Poll::at_us).chain([interval.end_us]);
        for (poll, end_us) in eligible.iter().zip(ends_us) {
            let counted_us = CAP_US.min(end_us - poll.at_us());
            let sum = if poll.is_active() { &mut up_us } else { &mut down_us };
            for (sum, start_us) in sum.iter_mut().zip(horizon.starts_us()) {
                if poll.at_us() >= *start_us {
                    *sum += counted_us;
                }
            }
        }
    }
    (up_us, down_us)
}

/// Time up and time down: an hour for each active poll in business hours, at most the window; the rest of the window
/// is down. With `edges`, the time from an interval's start to its first poll in the window, and from its last poll
/// to its end, counts too where that poll is active.
pub fn count_hours<'a>(
    edges: bool,
    horizon: &Horizon,
    visits: impl Iterator<Item = Visit<'a>>,
) -> (PerWindow<i64>, PerWindow<i64>) {
    let mut counted_us = [0; 3];
    for Visit { interval, eligible, .. } in visits {
        for (sum, start_us) in counted_us.iter_mut().zip(horizon.starts_us()) {
            let inside = &eligible[eligible.partition_point(|poll| poll.at_us() < *start_us)..];
            *sum += inside.iter().map(|poll| if poll.is_active() { CAP_US } else { 0 }).sum::<i64>();
            let (true, Some(first), Some(last)) = (edges, inside.first(), inside.last()) else { continue };
            if first.is_active() {
                *sum += first.at_us() - interval.start_us.max(*start_us);
            }
            if last.is_active() {
                *sum += interval.end_us.min(horizon.as_of_us()) - last.at_us();
            }
        }
    }
    let lengths_us = Window::ALL.map(Window::length_us);
    let up_us = std::array::from_fn(|window| counted_us[window].min(lengths_us[window]));
    (up_us, std::array::from_fn(|window| lengths_us[window] - up_us[window]))
}
