//! Timelines: what a report sums up, piece by piece.

use chrono_tz::Tz;
use proptest::prelude::*;

use super::world::{Store, World, policy, us, world};
use crate::instant::{DAY_US, HOUR_US, MINUTE_US};
use crate::uptime::{
    Figures, Fleet, Ground, Horizon, Intake, Interval, LOOKBACK_US, MaxCarry, OpeningHours, Policy, Poll, Segment,
    Status, Step, Timeline, Window,
};
use Status::{Active, Inactive};

/// The timeline of a store up to a world's as of.
fn of_store(world: &World, store: &Store, length_us: i64, options: Step) -> Timeline {
    let mut fleet = Fleet::default();
    fleet.set_zone(0, Ok(store.zone));
    for (day, start, end) in &store.hours {
        fleet.add_hours(0, OpeningHours::new(*day, start * MINUTE_US, end * MINUTE_US).unwrap());
    }
    let bounds = world.options(Policy::Step(options)).bounds;
    let mut intake = Intake::new(bounds);
    for (at_us, status) in &store.polls {
        intake.take(Poll::new(*at_us, *status), Some(0));
    }
    Timeline::of_store(&fleet, intake, world.as_of_us - length_us, options).unwrap()
}

/// Sums of what lies in a window.
fn clipped(timeline: &Timeline, window: Interval) -> Figures {
    let segments =
        timeline.segments.iter().map(|segment| Segment { span: segment.span.intersection(window), ..*segment });
    let polls = timeline.polls.iter().filter(|shown| shown.poll.at_us() >= window.start_us);
    let clipped = Timeline {
        span: window,
        segments: segments.filter(|segment| !segment.span.is_empty()).collect(),
        polls: polls.copied().collect(),
        is_always_open: timeline.is_always_open,
    };
    clipped.figures()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    /// Every figure of every window, bounds and polls too.
    #[test]
    fn segments_add_up_to_the_figures(world in world(), policy in policy(), beyond in 0..=DAY_US) {
        let Policy::Step(options) = policy else { return Ok(()) };
        for (store, figures) in world.stores.iter().zip(world.figures(policy)) {
            let timeline = of_store(&world, store, 7 * DAY_US + beyond, options);
            let horizon = Horizon::new(world.as_of_us);
            for (start_us, figures) in horizon.starts_us().iter().zip(figures) {
                prop_assert_eq!(clipped(&timeline, Interval::new(*start_us, world.as_of_us)), figures);
            }
            let inside = |span: Interval| timeline.span.start_us <= span.start_us && span.end_us <= timeline.span.end_us;
            for segment in &timeline.segments {
                prop_assert!(!segment.span.is_empty() && inside(segment.span), "{:?}", segment);
                prop_assert!(segment.is_observed || segment.proven.is_none(), "{:?}", segment);
                prop_assert!(segment.is_observed || segment.ground != Ground::Poll, "{:?}", segment);
            }
            for pair in timeline.segments.windows(2) {
                prop_assert!(pair[0].span.end_us <= pair[1].span.start_us);
                let differ = (Segment { span: pair[0].span, ..pair[1] }) != pair[0];
                prop_assert!(differ || pair[0].span.end_us < pair[1].span.start_us);
            }
        }
    }

    /// A shorter span is the end of a longer one.
    #[test]
    fn a_span_is_a_part_of_a_longer_one(world in world(), length in 1..=LOOKBACK_US) {
        for store in &world.stores {
            let whole = of_store(&world, store, LOOKBACK_US, Step::default());
            let part = of_store(&world, store, length, Step::default());
            prop_assert_eq!(clipped(&whole, part.span), part.figures());
        }
    }
}

fn store(hours: &[(u8, i64, i64)], polls: &[(&str, Status)]) -> Store {
    let polls = polls.iter().map(|(at, status)| (us(at), *status)).collect();
    Store { zone: Tz::UTC, hours: hours.to_vec(), polls }
}

/// Segments as `start end status ground observed proven`, in hours and minutes.
fn described(timeline: &Timeline) -> Vec<String> {
    let time =
        |at_us: i64| format!("{:02}:{:02}", at_us.rem_euclid(DAY_US) / HOUR_US, at_us.rem_euclid(HOUR_US) / MINUTE_US);
    let segments = timeline.segments.iter().map(|Segment { span, status, ground, is_observed, proven }| {
        let proven = proven.map_or("unsure", Status::as_str);
        let observed = if *is_observed { "observed" } else { "unobserved" };
        format!("{}-{} {status} {} {observed} {proven}", time(span.start_us), time(span.end_us), ground.as_str())
    });
    segments.collect()
}

/// 2023-01-23 was a Monday.
#[test]
fn each_ground_is_named() {
    let hours = [(0, 9 * 60, 17 * 60), (1, 9 * 60, 12 * 60), (2, 9 * 60, 12 * 60), (6, 9 * 60, 10 * 60)];
    let polls = [
        ("2023-01-23 08:00:00", Inactive),
        ("2023-01-23 10:30:00", Active),
        ("2023-01-23 11:00:00", Inactive),
        ("2023-01-23 14:00:00", Inactive),
    ];
    let world = World::one("2023-01-25 10:00:00", store(&hours, &polls));
    let timeline = of_store(&world, &world.stores[0], 3 * DAY_US + HOUR_US, Step::default());
    assert_eq!(
        described(&timeline),
        [
            "09:00-10:00 active from-later unobserved unsure",
            "09:00-09:30 active extended-back unobserved unsure",
            "09:30-10:30 active extended-back observed active",
            "10:30-11:00 active poll observed unsure",
            "11:00-12:00 inactive poll observed inactive",
            "12:00-13:00 inactive carried-forward unobserved unsure",
            "13:00-14:00 inactive carried-forward observed inactive",
            "14:00-15:00 inactive poll observed inactive",
            "15:00-17:00 inactive carried-forward unobserved unsure",
            "09:00-12:00 inactive from-earlier unobserved unsure",
            "09:00-10:00 inactive from-earlier unobserved unsure",
        ]
    );
    let eligible: Vec<_> = timeline.polls.iter().map(|shown| shown.is_eligible).collect();
    assert_eq!((eligible, timeline.is_always_open), (vec![false, true, true, true], false));

    let options = Step { max_carry: MaxCarry::new(30), assume: Active };
    let timeline = of_store(&world, &world.stores[0], 2 * DAY_US + HOUR_US, options);
    assert_eq!(
        described(&timeline)[..6],
        [
            "09:00-09:30 active assumed unobserved unsure",
            "09:30-10:00 active assumed observed active",
            "10:00-10:30 active extended-back observed active",
            "10:30-11:00 active poll observed unsure",
            "11:00-11:30 inactive poll observed inactive",
            "11:30-12:00 active assumed observed inactive",
        ]
    );
}

#[test]
fn a_store_without_hours_or_polls_is_one_segment() {
    let world = World::one("2023-01-25 10:00:00", store(&[], &[]));
    let timeline = of_store(&world, &world.stores[0], Window::Week.length_us(), Step::default());
    assert_eq!(described(&timeline), ["10:00-10:00 inactive assumed unobserved unsure"]);
    assert!(timeline.is_always_open && timeline.polls.is_empty());
    assert_eq!(timeline.figures().business_us, 7 * DAY_US);
    let intake = || Intake::new(world.options(Policy::default()).bounds);
    let of = |start_us| Timeline::of_store(&Fleet::default(), intake(), start_us, Step::default());
    assert_eq!(of(world.as_of_us), None);
    assert_eq!(of(world.as_of_us - LOOKBACK_US - 1), None);
    assert_eq!(Timeline::of_store(&Fleet::default(), Intake::default(), 0, Step::default()), None);
}
