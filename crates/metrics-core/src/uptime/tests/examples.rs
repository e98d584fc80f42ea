//! Worked examples, with their arithmetic.

use chrono_tz::Tz;

use super::world::{Store, World, outcome, us};
use crate::instant::MINUTE_US;
use crate::uptime::{Bounds, Figures, MaxCarry, Options, Policy, Status, Stores};
use Status::{Active, Inactive};

const ALWAYS: &[(u8, i64, i64)] = &[];
const NINE: i64 = 9 * 60;
const FIVE: i64 = 17 * 60;

/// A store in UTC.
fn store(hours: &[(u8, i64, i64)], polls: &[(&str, Status)]) -> Store {
    let polls = polls.iter().map(|(at, status)| (us(at), *status)).collect();
    Store { zone: Tz::UTC, hours: hours.to_vec(), polls }
}

/// Business, up, down, observed, lo, hi in minutes, of hour, day and week.
fn minutes(as_of: &str, store: Store, policy: Policy) -> [[i64; 6]; 3] {
    World::one(as_of, store).figures(policy)[0].map(|figures| {
        let Figures { business_us, up_us, down_us, observed_us, lo_us, hi_us, .. } = figures;
        [business_us, up_us, down_us, observed_us, lo_us, hi_us].map(|us| us / MINUTE_US)
    })
}

/// Monday 09-12; 10:14 active, 11:15 inactive. Up from opening to 11:15, observed from 09:14.
#[test]
fn one_morning() {
    let store = store(&[(0, NINE, 12 * 60)], &[("2023-01-23 10:14:00", Active), ("2023-01-23 11:15:00", Inactive)]);
    let [hour, day, week] = minutes("2023-01-23 18:00:00", store, Policy::default());
    assert_eq!(hour, [0; 6]);
    assert_eq!(day, [180, 135, 45, 166, 60, 135]);
    assert_eq!(week, day);
}

/// One poll half an hour ago: 90 minutes of it are observed.
#[test]
fn one_poll_of_a_store_that_never_closes() {
    let store = store(ALWAYS, &[("2023-01-25 17:30:00", Active)]);
    let [hour, day, _] = minutes("2023-01-25 18:00:00", store, Policy::default());
    assert_eq!(hour, [60, 60, 0, 60, 60, 60]);
    assert_eq!(day, [1440, 1440, 0, 90, 90, 1440]);
}

#[test]
fn without_evidence_a_store_is_down_unless_it_is_assumed_to_be_up() {
    let as_of = "2023-01-25 18:00:00";
    assert_eq!(minutes(as_of, store(ALWAYS, &[]), Policy::default())[0], [60, 0, 60, 0, 0, 60]);
    let policy = Policy::new("step", None, Some(Active)).unwrap();
    assert_eq!(minutes(as_of, store(ALWAYS, &[]), policy)[0], [60, 60, 0, 0, 0, 60]);
}

/// Two shifts: 11:00 inactive decides the first, 18:00 active the second.
#[test]
fn evidence_does_not_cross_from_one_interval_to_another() {
    let hours = [(1, NINE, 12 * 60), (1, FIVE, 22 * 60)];
    let store = store(&hours, &[("2023-01-24 11:00:00", Inactive), ("2023-01-24 18:00:00", Active)]);
    assert_eq!(minutes("2023-01-25 00:00:00", store, Policy::default())[1], [480, 300, 180, 240, 120, 360]);
}

/// Monday and Tuesday 09-17. Polled on Monday: up 09-16, and Tuesday takes Monday's last word. Polled on Tuesday:
/// all of Monday takes Tuesday's first.
#[test]
fn an_interval_without_polls_takes_the_word_before_it_or_else_the_word_after() {
    let hours = [(0, NINE, FIVE), (1, NINE, FIVE)];
    let monday = store(&hours, &[("2023-01-23 10:00:00", Active), ("2023-01-23 16:00:00", Inactive)]);
    let [_, day, week] = minutes("2023-01-25 00:00:00", monday, Policy::default());
    assert_eq!((week[1], week[2]), (420, 540));
    assert_eq!(day, [480, 0, 480, 0, 0, 480]);
    let tuesday = store(&hours, &[("2023-01-24 10:00:00", Active), ("2023-01-24 16:00:00", Inactive)]);
    let week = minutes("2023-01-25 00:00:00", tuesday, Policy::default())[2];
    assert_eq!((week[1], week[2]), (900, 60));
}

/// 16:50 active, 17:20 inactive: up to 17:20, which no agreeing poll proves.
#[test]
fn a_poll_before_a_window_decides_its_beginning() {
    let polls = [("2023-01-25 16:50:00", Active), ("2023-01-25 17:20:00", Inactive)];
    let hour = minutes("2023-01-25 18:00:00", store(ALWAYS, &polls), Policy::default())[0];
    assert_eq!(hour, [60, 20, 40, 60, 0, 20]);
}

/// 10:00 and 13:00 active: believed 09-11 and 12-14 by their distance, but 12-13 has the poll of 10:00 chosen.
#[test]
fn a_status_is_believed_only_near_its_poll() {
    let polls = [("2023-01-24 10:00:00", Active), ("2023-01-24 13:00:00", Active)];
    let policy = Policy::new("step", MaxCarry::new(60), None).unwrap();
    let day = minutes("2023-01-24 13:30:00", store(ALWAYS, &polls), policy)[1];
    assert_eq!(day, [1440, 150, 1290, 210, 210, 1440]);
}

/// 30 + 60 + 10 minutes up, 60 down; and a poll out of hours that ends the one before it.
#[test]
fn gaps_to_the_next_poll_count_an_hour_at_most() {
    let hours = [(2, NINE, FIVE)];
    let polls = [
        ("2023-01-25 10:00:00", Active),
        ("2023-01-25 10:30:00", Inactive),
        ("2023-01-25 12:00:00", Active),
        ("2023-01-25 16:50:00", Active),
    ];
    let day = minutes("2023-01-25 17:30:00", store(&hours, &polls), Policy::CappedSixtyMinutes)[1];
    assert_eq!((day[1], day[2]), (100, 60));
    let polls = [("2023-01-25 16:40:00", Active), ("2023-01-25 17:10:00", Inactive)];
    let day = minutes("2023-01-25 17:30:00", store(&hours, &polls), Policy::CappedSixtyMinutes)[1];
    assert_eq!((day[1], day[2]), (30, 0));
}

/// As of is the instant of opening on Wednesday, and so is the poll: it speaks for Tuesday, and is in every window.
#[test]
fn a_poll_at_as_of_is_evidence_also_when_its_interval_begins_there() {
    let store = store(&[(1, NINE, FIVE), (2, NINE, FIVE)], &[("2023-01-25 09:00:00", Active)]);
    let figures = World::one("2023-01-25 09:00:00", store).figures(Policy::default())[0];
    let [hour, day, _] = figures;
    assert_eq!((hour.business_us, hour.polls), (0, 1));
    assert_eq!((day.business_us, day.up_us), (480 * MINUTE_US, 480 * MINUTE_US));
}

/// Open on Wednesday and Thursday around the clock, as of Wednesday 23:50: the interval goes on after midnight, so the
/// poll of 23:45 counts an hour.
#[test]
fn an_interval_goes_on_after_as_of() {
    let store = store(&[(2, 0, 1440), (3, 0, 1440)], &[("2023-01-25 23:45:00", Active)]);
    let day = minutes("2023-01-25 23:50:00", store, Policy::CappedSixtyMinutes)[1];
    assert_eq!((day[1], day[2]), (60, 0));
}

/// Two active polls are 120 minutes; 09:00 to 09:20 and 16:30 to 17:00 are the edges.
#[test]
fn counted_hours_are_held_against_the_whole_window() {
    let polls = [("2023-01-25 09:20:00", Active), ("2023-01-25 16:30:00", Active)];
    let store = store(&[(2, NINE, FIVE)], &polls);
    let day = minutes("2023-01-25 23:00:00", store.clone(), Policy::CountHoursEdges)[1];
    assert_eq!((day[1], day[2]), (170, 1270));
    let day = minutes("2023-01-25 23:00:00", store, Policy::CountHours)[1];
    assert_eq!((day[1], day[2]), (120, 1320));
}

/// As of is the latest accepted poll; what is later than `not_after` is not there at all.
#[test]
fn one_wrong_clock_does_not_move_as_of() {
    let polls = [("2023-01-25 17:30:00", Active), ("2032-01-25 17:30:00", Active)];
    let world = World::one("2023-01-25 18:00:00", store(ALWAYS, &polls));
    let options = |as_of_us, not_after_us| Options { bounds: Bounds { as_of_us, not_after_us }, ..Options::default() };
    assert_eq!(world.report(options(None, None)).head.as_of_us, Some(us("2032-01-25 17:30:00")));
    let report = world.report(options(None, Some(us("2023-01-25 18:00:00"))));
    assert_eq!(report.head.as_of_us, Some(us("2023-01-25 17:30:00")));
    assert_eq!((report.head.diagnostics.polls_rows, report.head.diagnostics.polls_future), (2, 1));
    let none = World::one("2023-01-25 18:00:00", store(ALWAYS, &[])).report(options(None, None));
    assert_eq!((none.head.as_of_us, none.len()), (None, 0));
}

/// A is polled long ago, B after as of, C never.
#[test]
fn polled_stores_are_those_with_a_poll_up_to_as_of() {
    let as_of = "2023-01-25 18:00:00";
    let stores = vec![
        store(ALWAYS, &[("2022-01-25 17:30:00", Active)]),
        store(ALWAYS, &[("2023-01-25 18:00:00.000001", Active)]),
        store(ALWAYS, &[]),
    ];
    let world = World { as_of_us: us(as_of), stores };
    let ids = |stores| {
        let report = world.report(Options { stores, ..world.options(Policy::default()) });
        report.rows().map(|(id, _)| id.to_owned()).collect::<String>()
    };
    assert_eq!(ids(Stores::All), "ABC");
    assert_eq!(ids(Stores::Polled), "A");
}

/// A long history in order of time is swept on the way, and counts as if it had not been.
#[test]
fn a_history_is_dropped_on_the_way() {
    let count = 700_000_i64;
    let polls: Vec<_> = (0..count).map(|minute| (minute * MINUTE_US, Active)).collect();
    let world = World { as_of_us: 0, stores: vec![Store { zone: Tz::UTC, hours: Vec::new(), polls }] };
    let (ascending, counts) = outcome(&world.report(Options::default()));
    assert_eq!(counts.polls_stale.cast_signed(), count - 1 - 8 * 1440);
    let mut backwards = |rows: &mut super::world::Rows| rows.polls.reverse();
    assert_eq!(outcome(&world.report_of(Options::default(), 2, &mut backwards)), (ascending, counts));
}
