//! The definitions, minute by minute, without anything of the engine but its input: every minute of the lookback is
//! asked for its civil time, its interval, its status and its evidence.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, Timelike};
use proptest::prelude::*;

use super::world::{Store, World, policy, world};
use crate::instant::MINUTE_US;
use crate::uptime::{Figures, Policy, Status, Step, StoreFigures};

/// Minutes before and after as of that are looked at: more than the lookback, so that intervals are whole.
const BEFORE: i64 = 10 * 1440;
const AFTER: i64 = 2 * 1440;
const LOOKBACK: i64 = 8 * 1440;
const WINDOWS: [i64; 3] = [60, 1440, 7 * 1440];

/// Whether the store is open in the minute that begins at an instant.
fn is_open(store: &Store, at_us: i64) -> bool {
    if store.hours.is_empty() {
        return true;
    }
    let local = DateTime::from_timestamp_micros(at_us).unwrap().with_timezone(&store.zone);
    let minute = i64::from(local.hour() * 60 + local.minute());
    let today = local.date_naive();
    let weekday = |date: chrono::NaiveDate| u8::try_from(date.weekday().num_days_from_monday()).unwrap();
    let (today, yesterday) = (weekday(today), weekday(today - Days::new(1)));
    store.hours.iter().any(|(day, start, end)| {
        if end > start {
            *day == today && (*start..*end).contains(&minute)
        } else {
            (*day == today && minute >= *start) || (*day == yesterday && minute < *end)
        }
    })
}

/// A store with everything by minutes relative to as of.
struct Simulation {
    /// Number of the interval that a minute is in.
    interval: BTreeMap<i64, i64>,
    /// First and last minute of each interval.
    spans: BTreeMap<i64, (i64, i64)>,
    /// All polls of the lookback.
    polls: BTreeMap<i64, Status>,
    /// Those in an interval: its number, the minute, the status.
    eligible: Vec<(i64, i64, Status)>,
}

impl Simulation {
    fn new(world: &World, store: &Store) -> Self {
        let mut interval = BTreeMap::new();
        let mut spans: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
        let (mut number, mut was_open) = (0, false);
        for minute in -BEFORE..AFTER {
            let is_open = is_open(store, world.as_of_us + minute * MINUTE_US);
            if is_open {
                if !was_open {
                    number += 1;
                }
                interval.insert(minute, number);
                spans.entry(number).or_insert((minute, minute)).1 = minute;
            }
            was_open = is_open;
        }
        let mut polls = BTreeMap::new();
        for (at_us, status) in &store.polls {
            let minute = (at_us - world.as_of_us) / MINUTE_US;
            if (-LOOKBACK..=0).contains(&minute) {
                let held = polls.entry(minute).or_insert(*status);
                *held = (*held).max(*status);
            }
        }
        let inside = |(minute, status): (&i64, &Status)| Some((*interval.get(minute)?, *minute, *status));
        let eligible = polls.iter().filter_map(inside).collect();
        Self { interval, spans, polls, eligible }
    }

    fn eligible(&self) -> impl DoubleEndedIterator<Item = (i64, i64, Status)> {
        self.eligible.iter().copied()
    }

    /// Status of an open minute.
    fn status(&self, options: Step, number: i64, minute: i64) -> Status {
        let inside = || self.eligible().filter(|(interval, ..)| *interval == number);
        let chosen = inside()
            .rfind(|(_, at, _)| *at <= minute)
            .or_else(|| inside().next())
            .or_else(|| self.eligible().rfind(|(interval, ..)| *interval < number))
            .or_else(|| self.eligible().find(|(interval, ..)| *interval > number));
        let carry = options.max_carry.map_or(i64::MAX / 2, |carry| i64::from(carry.minutes()));
        match chosen {
            Some((_, at, status)) if (at - carry..at + carry).contains(&minute) => status,
            _ => options.assume,
        }
    }

    /// Whether an open minute is observed, and what is sure then.
    fn evidence(&self, number: i64, minute: i64) -> (bool, Option<Status>) {
        let inside = || self.eligible().filter(|(interval, ..)| *interval == number);
        let is_observed = inside().any(|(_, at, _)| at - 60 <= minute && minute < at + 60);
        let before = inside().rfind(|(_, at, _)| *at <= minute).map(|(.., status)| status);
        let after = inside().find(|(_, at, _)| *at > minute).map(|(.., status)| status);
        let sure = match (before, after) {
            (Some(before), Some(after)) => (before == after).then_some(before),
            (before, after) => before.or(after),
        };
        (is_observed, sure.filter(|_| is_observed))
    }

    fn figures(&self, policy: Policy) -> StoreFigures {
        let mut figures = [Figures::default(); 3];
        for (minute, number) in self.interval.range(-LOOKBACK..0) {
            let (is_observed, sure) = self.evidence(*number, *minute);
            let status = self.status(policy.options().unwrap_or_default(), *number, *minute);
            for (length, figures) in WINDOWS.iter().zip(&mut figures) {
                if *minute >= -length {
                    figures.business_us += MINUTE_US;
                    figures.observed_us += i64::from(is_observed) * MINUTE_US;
                    figures.up_us += i64::from(status == Status::Active) * MINUTE_US;
                    figures.down_us += i64::from(status == Status::Inactive) * MINUTE_US;
                    figures.lo_us += i64::from(sure == Some(Status::Active)) * MINUTE_US;
                    figures.hi_us += i64::from(sure != Some(Status::Inactive)) * MINUTE_US;
                }
            }
        }
        for (length, figures) in WINDOWS.iter().zip(&mut figures) {
            figures.polls = self.eligible().map(|(_, minute, _)| u32::from(minute >= -length)).sum();
            let (up, down) = match policy {
                Policy::Step(_) => continue,
                Policy::CappedSixtyMinutes => self.capped(*length),
                Policy::CountHours => self.counted(*length, false),
                Policy::CountHoursEdges => self.counted(*length, true),
            };
            (figures.up_us, figures.down_us) = (up * MINUTE_US, down * MINUTE_US);
        }
        figures
    }

    /// Minutes up and down of the policy that counts the gap to the next poll, at most 60 minutes.
    fn capped(&self, length: i64) -> (i64, i64) {
        let counted = |wanted: Status| -> i64 {
            let inside = self.eligible().filter(|(_, minute, status)| *minute >= -length && *status == wanted);
            inside
                .map(|(number, minute, _)| {
                    let next = self.polls.range(minute + 1..).next().map(|(minute, _)| *minute);
                    next.unwrap_or(self.spans[&number].1 + 1).min(minute + 60) - minute
                })
                .sum()
        };
        (counted(Status::Active), counted(Status::Inactive))
    }

    /// Minutes up and down of the policies that count polls.
    fn counted(&self, length: i64, edges: bool) -> (i64, i64) {
        let mut up = 0;
        for (number, (first_minute, last_minute)) in &self.spans {
            let inside: Vec<_> =
                self.eligible().filter(|(interval, minute, _)| interval == number && *minute >= -length).collect();
            up += inside.iter().map(|(.., status)| if *status == Status::Active { 60 } else { 0 }).sum::<i64>();
            if let (true, Some((_, first, Status::Active))) = (edges, inside.first()) {
                up += first - (*first_minute).max(-length);
            }
            if let (true, Some((_, last, Status::Active))) = (edges, inside.last()) {
                up += (*last_minute + 1).min(0) - last;
            }
        }
        (up.min(length), length - up.min(length))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_report_is_what_the_minutes_add_up_to(world in world(), policy in policy()) {
        let expected: Vec<_> =
            world.stores.iter().map(|store| Simulation::new(&world, store).figures(policy)).collect();
        prop_assert_eq!(world.figures(policy), expected);
    }
}
