//! Small worlds: a few stores with hours and polls, on whole minutes, and strategies that make them.

use std::num::NonZeroUsize;

use chrono_tz::Tz;
use proptest::prelude::*;
use proptest::sample::select;

use crate::instant::{DAY_US, MINUTE_US, parse_us};
use crate::uptime::{
    Bounds, Diagnostics, Fleet, Intake, OpeningHours, Options, Policy, Poll, Report, Status, StoreFigures, StoreIds,
    Stores,
};

/// One row of opening hours in minutes since midnight.
pub type Hours = (u8, i64, i64);

/// A store.
#[derive(Debug, Clone, PartialEq)]
pub struct Store {
    pub zone: Tz,
    pub hours: Vec<Hours>,
    /// Instants in microseconds.
    pub polls: Vec<(i64, Status)>,
}

/// Stores named A, B, C, …, and as of.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    pub as_of_us: i64,
    pub stores: Vec<Store>,
}

impl World {
    pub fn one(as_of: &str, store: Store) -> Self {
        Self { as_of_us: us(as_of), stores: vec![store] }
    }

    pub fn options(&self, policy: Policy) -> Options {
        let bounds = Bounds { as_of_us: Some(self.as_of_us), not_after_us: None };
        Options { bounds, policy, stores: Stores::All }
    }

    pub fn report(&self, options: Options) -> Report {
        self.report_of(options, 1, &mut |_| {})
    }

    /// The report by so many threads, of rows in the order into which `arrange` brings the pairs of store and row.
    pub fn report_of(&self, options: Options, threads: usize, arrange: &mut dyn FnMut(&mut Rows)) -> Report {
        let mut rows = Rows::default();
        let mut ids = StoreIds::default();
        let mut fleet = Fleet::default();
        for (name, store) in ('A'..='Z').zip(&self.stores) {
            let number = ids.push(&name.to_string());
            fleet.set_zone(number, Ok(store.zone));
            rows.polls.extend(store.polls.iter().map(|poll| (number, *poll)));
            rows.hours.extend(store.hours.iter().map(|hours| (number, *hours)));
        }
        arrange(&mut rows);
        for (number, (day, start, end)) in rows.hours {
            fleet.add_hours(number, OpeningHours::new(day, start * MINUTE_US, end * MINUTE_US).expect("hours"));
        }
        // As by several threads that read: every other poll goes to another intake.
        let mut intakes: Vec<Intake> = (0..threads).map(|_| Intake::new(options.bounds)).collect();
        for (index, (number, (at_us, status))) in rows.polls.into_iter().enumerate() {
            intakes[index % threads].take(Poll::new(at_us, status), Some(number));
        }
        let intake = intakes.into_iter().reduce(|mut all, intake| {
            all.append(intake);
            all
        });
        Report::compute(ids, &fleet, intake.expect("an intake"), options, NonZeroUsize::new(threads).expect("one"))
    }

    /// The figures under a policy, by store.
    pub fn figures(&self, policy: Policy) -> Vec<StoreFigures> {
        self.report(self.options(policy)).rows().map(|(_, figures)| *figures).collect()
    }
}

/// Rows by number of their store.
#[derive(Debug, Default)]
pub struct Rows {
    pub polls: Vec<(u32, (i64, Status))>,
    pub hours: Vec<(u32, Hours)>,
}

/// Figures and counts of a report, to compare.
pub fn outcome(report: &Report) -> (Vec<(String, StoreFigures)>, Diagnostics) {
    (report.rows().map(|(id, figures)| (id.to_owned(), *figures)).collect(), report.head.diagnostics)
}

pub fn us(text: &str) -> i64 {
    parse_us(text.as_bytes()).expect("an instant")
}

/// Zones and an instant near which their clocks change, if they do.
const NIGHTS: &[(Tz, &str)] = &[
    (Tz::America__New_York, "2023-03-12 07:00:00"),
    (Tz::America__New_York, "2023-11-05 06:00:00"),
    (Tz::America__Chicago, "2023-03-12 08:00:00"),
    (Tz::America__Denver, "2023-11-05 08:00:00"),
    (Tz::America__Los_Angeles, "2023-03-12 10:00:00"),
    (Tz::America__Phoenix, "2023-01-25 18:00:00"),
    (Tz::Pacific__Honolulu, "2023-01-25 18:00:00"),
    (Tz::Asia__Beirut, "2023-03-25 22:00:00"),
    (Tz::Asia__Beirut, "2023-10-28 21:00:00"),
    (Tz::Asia__Kolkata, "2023-01-25 18:00:00"),
    (Tz::Asia__Kathmandu, "2023-01-25 18:00:00"),
    (Tz::Australia__Lord_Howe, "2023-09-30 15:30:00"),
    (Tz::Australia__Lord_Howe, "2023-04-01 15:00:00"),
    (Tz::Pacific__Apia, "2011-12-30 10:00:00"),
    (Tz::Europe__Berlin, "2024-03-31 01:00:00"),
];

pub fn status() -> impl Strategy<Value = Status> {
    select(vec![Status::Active, Status::Inactive])
}

/// Hours of any kind: within a day, over night, around the clock, to midnight, and often on neat times, so that
/// windows touch and overlap.
fn hours() -> impl Strategy<Value = Hours> {
    let neat = select(vec![0_i64, 1, 105, 120, 150, 540, 720, 1020, 1320, 1439]);
    let minute = prop_oneof![neat.clone(), 0..1440_i64];
    let end = prop_oneof![neat, 0..1440_i64, Just(1440)];
    (0..7_u8, minute, end)
}

/// A store around `night`, with polls in minutes before as of.
fn store(zone: Tz, as_of_us: i64) -> impl Strategy<Value = Store> {
    let around_the_clock: Vec<Hours> = (0..7).map(|day| (day, 0, 1440)).collect();
    let hours = prop_oneof![
        1 => Just(Vec::new()),
        1 => Just(around_the_clock),
        8 => prop::collection::vec(hours(), 1..12),
    ];
    // Some a little too old, some too young; many close together.
    let minutes = prop_oneof![3 => -5..200_i64, 3 => 0..1600_i64, 4 => 0..11_700_i64];
    let polls = prop::collection::vec((minutes, status()), 0..40);
    (hours, polls).prop_map(move |(hours, polls)| {
        let polls = polls.into_iter().map(|(before, status)| (as_of_us - before * MINUTE_US, status)).collect();
        Store { zone, hours, polls }
    })
}

/// Worlds of one to four stores in zones whose clocks may change in the lookback.
pub fn world() -> impl Strategy<Value = World> {
    (select(NIGHTS), -DAY_US / MINUTE_US..9 * DAY_US / MINUTE_US).prop_flat_map(|((zone, night), minutes)| {
        let as_of_us = us(night) + minutes * MINUTE_US;
        prop::collection::vec(store(zone, as_of_us), 1..5).prop_map(move |stores| World { as_of_us, stores })
    })
}

/// Every policy.
pub fn policy() -> impl Strategy<Value = Policy> {
    let step = (prop::option::of(select(vec![1_u16, 7, 60, 90, 1500, 11_520])), status());
    prop_oneof![
        6 => step.prop_map(|(carry, assume)| {
            let max_carry = carry.and_then(crate::uptime::MaxCarry::new);
            Policy::new("step", max_carry, Some(assume)).expect("a policy")
        }),
        1 => Just(Policy::CappedSixtyMinutes),
        1 => Just(Policy::CountHours),
        1 => Just(Policy::CountHoursEdges),
    ]
}
