//! The week of one store, piece by piece: what its figures are sums of.
//!
//! A timeline speaks of a span as a report as of its end does: by the polls of the lookback before that end, under
//! [`Policy::Step`](super::Policy::Step). Closed time is left out.

use super::evidence::{CADENCE_US, observed_stretches};
use super::fleet::Fleet;
use super::intake::Intake;
use super::intervals::{FOREVER, Interval};
use super::policy::{Rule, Step, stretches};
use super::poll::{Poll, Status, unite};
use super::polls::Groups;
use super::schedule::ZoneCalendar;
use super::walk::{Figures, Visits};
use super::window::{Horizon, LOOKBACK_US};

/// What a status rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// A poll of the interval, at most an hour before.
    Poll,
    /// The latest poll of the interval, more than an hour before.
    CarriedForward,
    /// The first poll of the interval, which is later.
    ExtendedBack,
    /// The latest poll of earlier intervals: this one has none.
    FromEarlier,
    /// The earliest poll of later intervals: there is none before.
    FromLater,
    /// No poll.
    Assumed,
}

impl Ground {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::CarriedForward => "carried-forward",
            Self::ExtendedBack => "extended-back",
            Self::FromEarlier => "from-earlier",
            Self::FromLater => "from-later",
            Self::Assumed => "assumed",
        }
    }
}

/// A stretch of business time in which nothing changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// When.
    pub span: Interval,
    /// Up (active) or down, by the policy.
    pub status: Status,
    /// Why.
    pub ground: Ground,
    /// Whether a poll is near.
    pub is_observed: bool,
    /// What the polls around prove, whatever the policy; nothing unless observed.
    pub proven: Option<Status>,
}

/// A poll and whether it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownPoll {
    /// The poll.
    pub poll: Poll,
    /// Whether it was taken in business hours; others are no evidence.
    pub is_eligible: bool,
}

/// A span of one store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// The span.
    pub span: Interval,
    /// Its business time, in order; neighbours differ.
    pub segments: Vec<Segment>,
    /// Its polls, in order; one at its end is among them.
    pub polls: Vec<ShownPoll>,
    /// Whether the store has no opening hours, and so is always open.
    pub is_always_open: bool,
}

impl Timeline {
    /// The timeline of the store with the number 0, from `start_us` to as of, which is at most the lookback later;
    /// `None` when there is no as of, or it is out of order.
    pub fn of_store(fleet: &Fleet, intake: Intake, start_us: i64, options: Step) -> Option<Self> {
        let span = Interval::new(start_us, intake.as_of_us()?);
        if span.is_empty() || span.end_us - span.start_us > LOOKBACK_US {
            return None;
        }
        let (polls, _, _) = intake.into_parts();
        let mut groups = Groups::default();
        if let Some(shard) = polls.into_shards().into_iter().next() {
            shard.into_groups(1, &mut groups);
        }
        let mut polls = groups.polls;
        polls.sort_unstable();
        let (kept, _, _) = unite(&mut polls);
        polls.truncate(kept);

        let hours = fleet.hours(1);
        let mut intervals = vec![FOREVER];
        let is_always_open = hours.get(0).is_empty();
        if !is_always_open {
            ZoneCalendar::new(fleet.zone(0), &Horizon::new(span.end_us)).intervals(hours.get(0), &mut intervals);
        }
        Some(Self { is_always_open, ..timeline(&polls, &intervals, span, options) })
    }

    /// Sums over the span.
    pub fn figures(&self) -> Figures {
        let mut sums = Figures::default();
        for Segment { span, status, is_observed, proven, .. } in &self.segments {
            let length_us = span.end_us - span.start_us;
            sums.business_us += length_us;
            *if *status == Status::Active { &mut sums.up_us } else { &mut sums.down_us } += length_us;
            sums.observed_us += if *is_observed { length_us } else { 0 };
            sums.lo_us += if *proven == Some(Status::Active) { length_us } else { 0 };
            sums.hi_us += if *proven == Some(Status::Inactive) { 0 } else { length_us };
        }
        sums.polls = u32::try_from(self.polls.iter().filter(|shown| shown.is_eligible).count()).unwrap_or(u32::MAX);
        sums
    }
}

/// The timeline of a store over `span`. `polls` are those of the lookback before its end, in order, one per instant;
/// `intervals` the store's business time, in order.
pub fn timeline(polls: &[Poll], intervals: &[Interval], span: Interval, options: Step) -> Timeline {
    let visits = Visits::new(polls, intervals, span.end_us);
    let mut grounds = Vec::new();
    stretches(options, visits.clone(), |stretch, status, chosen| {
        let ground = match chosen {
            None => Ground::Assumed,
            Some((_, Rule::EarliestInInterval)) => Ground::ExtendedBack,
            Some((_, Rule::LatestBefore)) => Ground::FromEarlier,
            Some((_, Rule::EarliestAfter)) => Ground::FromLater,
            Some((poll, Rule::LatestInInterval)) => {
                let hour_us = poll.at_us() + CADENCE_US;
                let near = Interval::new(stretch.start_us, stretch.end_us.min(hour_us));
                push(&mut grounds, near, span, (status, Ground::Poll));
                let far = Interval::new(stretch.start_us.max(hour_us), stretch.end_us);
                return push(&mut grounds, far, span, (status, Ground::CarriedForward));
            }
        };
        push(&mut grounds, stretch, span, (status, ground));
    });
    let mut observed = Vec::new();
    for visit in visits {
        observed_stretches(visit.interval, visit.eligible, |stretch, is_active| {
            let proven = is_active.map(|is_active| if is_active { Status::Active } else { Status::Inactive });
            push(&mut observed, stretch, span, proven);
        });
    }
    let shown = polls.iter().filter(|poll| (span.start_us..=span.end_us).contains(&poll.at_us()));
    let is_open = |at_us: i64| {
        let next = intervals.get(intervals.partition_point(|interval| interval.end_us <= at_us));
        next.is_some_and(|interval| interval.start_us <= at_us)
    };
    let shown = shown.map(|poll| ShownPoll { poll: *poll, is_eligible: is_open(poll.at_us()) });
    Timeline { span, segments: overlay(&grounds, &observed), polls: shown.collect(), is_always_open: false }
}

/// Adds what `stretch` shares with `span`, if that is anything.
fn push<T>(list: &mut Vec<(Interval, T)>, stretch: Interval, span: Interval, value: T) {
    let shared = stretch.intersection(span);
    if !shared.is_empty() {
        list.push((shared, value));
    }
}

/// Both lists as one; what is alike and touches is one segment.
fn overlay(grounds: &[(Interval, (Status, Ground))], observed: &[(Interval, Option<Status>)]) -> Vec<Segment> {
    let spans = grounds.iter().map(|(span, _)| span).chain(observed.iter().map(|(span, _)| span));
    let mut edges: Vec<i64> = spans.flat_map(|span| [span.start_us, span.end_us]).collect();
    edges.sort_unstable();
    edges.dedup();
    let mut segments: Vec<Segment> = Vec::new();
    for edge in edges.windows(2) {
        let span = Interval::new(edge[0], edge[1]);
        // Closed time has no ground.
        let Some((status, ground)) = find(span.start_us, grounds) else { continue };
        let proven = find(span.start_us, observed);
        let next = Segment { span, status, ground, is_observed: proven.is_some(), proven: proven.flatten() };
        match segments.last_mut() {
            Some(last) if (Segment { span, ..*last }) == next && last.span.end_us == span.start_us => {
                last.span.end_us = span.end_us;
            }
            _ => segments.push(next),
        }
    }
    segments
}

/// What a list in order has at an instant.
fn find<T: Copy>(at_us: i64, list: &[(Interval, T)]) -> Option<T> {
    let (span, value) = list.get(list.partition_point(|(span, _)| span.end_us <= at_us))?;
    (span.start_us <= at_us).then_some(*value)
}
