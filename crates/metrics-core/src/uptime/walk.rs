//! The figures of one store: its polls and its intervals, walked together.

use super::evidence::Evidence;
use super::intervals::Interval;
use super::policy::{Policy, capped_sixty_minutes, count_hours, step};
use super::poll::Poll;
use super::window::{Horizon, PerWindow, add};

/// An interval and the polls in it.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    pub interval: Interval,
    /// Polls in the interval, in order. Only these are evidence.
    pub eligible: &'a [Poll],
    /// The store's next poll after those, in business hours or not.
    pub next: Option<Poll>,
}

/// Figures of one store in one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Business time.
    pub business_us: i64,
    /// Time up, by the policy.
    pub up_us: i64,
    /// Time down, by the policy.
    pub down_us: i64,
    /// Business time near a poll.
    pub observed_us: i64,
    /// Least uptime that the polls allow.
    pub lo_us: i64,
    /// Most uptime that the polls allow.
    pub hi_us: i64,
    /// Polls in business hours, from the start of the window to as of, both included.
    pub polls: u32,
}

/// Figures of one store in each window.
pub type StoreFigures = PerWindow<Figures>;

/// The figures of a store. `polls` are those of the lookback, in order, one per instant; `intervals` its business
/// time, in order.
pub fn figures(polls: &[Poll], intervals: &[Interval], horizon: &Horizon, policy: &Policy) -> StoreFigures {
    let visits = Visits::new(polls, intervals, horizon.as_of_us());
    let mut business_us = [0; 3];
    let mut evidence = Evidence::default();
    for visit in visits.clone() {
        add(&mut business_us, horizon.clip(visit.interval));
        evidence.add(visit.interval, visit.eligible, horizon);
    }
    let (up_us, down_us) = match policy {
        Policy::Step(options) => {
            let up_us = step(*options, horizon, visits);
            (up_us, std::array::from_fn(|window| business_us[window] - up_us[window]))
        }
        Policy::CappedSixtyMinutes => capped_sixty_minutes(horizon, visits),
        Policy::CountHours => count_hours(false, horizon, visits),
        Policy::CountHoursEdges => count_hours(true, horizon, visits),
    };
    std::array::from_fn(|window| Figures {
        business_us: business_us[window],
        up_us: up_us[window],
        down_us: down_us[window],
        observed_us: evidence.observed_us[window],
        lo_us: evidence.surely_up_us[window],
        hi_us: business_us[window] - evidence.surely_down_us[window],
        polls: evidence.polls[window],
    })
}

/// The intervals up to as of, each with its polls.
#[derive(Debug, Clone)]
pub struct Visits<'a> {
    /// Not yet passed by.
    polls: &'a [Poll],
    intervals: std::slice::Iter<'a, Interval>,
    as_of_us: i64,
}

impl<'a> Visits<'a> {
    /// Visits of a store's intervals; both lists are in order.
    pub fn new(polls: &'a [Poll], intervals: &'a [Interval], as_of_us: i64) -> Self {
        Self { polls, intervals: intervals.iter(), as_of_us }
    }
}

impl<'a> Iterator for Visits<'a> {
    type Item = Visit<'a>;

    fn next(&mut self) -> Option<Visit<'a>> {
        let interval = *self.intervals.next().filter(|interval| interval.start_us <= self.as_of_us)?;
        let before = count_while(self.polls, |poll| poll.at_us() < interval.start_us);
        let polls = &self.polls[before..];
        let (eligible, rest) = polls.split_at(count_while(polls, |poll| poll.at_us() < interval.end_us));
        self.polls = rest;
        Some(Visit { interval, eligible, next: rest.first().copied() })
    }
}

/// How many at the beginning hold; there are few.
fn count_while(polls: &[Poll], holds: impl Fn(&Poll) -> bool) -> usize {
    polls.iter().position(|poll| !holds(poll)).unwrap_or(polls.len())
}
