//! What holds for every input.

use chrono_tz::Tz;
use proptest::prelude::*;

use super::world::{Rows, Store, World, outcome, policy, status, world};
use crate::instant::{DAY_US, MINUTE_US};
use crate::uptime::{
    FOREVER, Figures, Horizon, Interval, OpeningHours, Policy, Status, Step, StoreFigures, Window, ZoneCalendar,
};

/// Intervals of a store around a world's as of.
fn intervals(world: &World, store: &Store) -> Vec<Interval> {
    let hours: Vec<_> = store
        .hours
        .iter()
        .map(|(day, start, end)| OpeningHours::new(*day, start * MINUTE_US, end * MINUTE_US).unwrap())
        .collect();
    let mut intervals = vec![FOREVER];
    if !hours.is_empty() {
        ZoneCalendar::new(store.zone, &Horizon::new(world.as_of_us)).intervals(&hours, &mut intervals);
    }
    intervals
}

/// Everything but uptime and downtime.
fn without_policy(figures: StoreFigures) -> StoreFigures {
    figures.map(|figures| Figures { up_us: 0, down_us: 0, ..figures })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn uptime_and_downtime_are_business_time_and_bounds_hold(world in world(), policy in policy()) {
        for figures in world.figures(policy).into_iter().flatten() {
            let Figures { business_us, up_us, down_us, observed_us, lo_us, hi_us, .. } = figures;
            prop_assert!(0 <= lo_us && lo_us <= hi_us && hi_us <= business_us);
            prop_assert!(0 <= observed_us && observed_us <= business_us);
            if let Policy::Step(Step { max_carry, .. }) = policy {
                prop_assert_eq!(up_us + down_us, business_us);
                prop_assert!(max_carry.is_some() || (lo_us <= up_us && up_us <= hi_us));
            }
        }
    }

    #[test]
    fn windows_are_nested(world in world(), policy in policy()) {
        for (store, figures) in world.stores.iter().zip(world.figures(policy)) {
            for pair in figures.windows(2) {
                let parts = |figures: &Figures| {
                    let Figures { business_us, up_us, down_us, observed_us, lo_us, hi_us, polls } = *figures;
                    let both = if policy.options().is_some() { [up_us, down_us] } else { [0, 0] };
                    [business_us, observed_us, lo_us, hi_us, i64::from(polls), both[0], both[1]]
                };
                prop_assert!(parts(&pair[0]).iter().zip(parts(&pair[1])).all(|(shorter, longer)| *shorter <= longer));
            }
            let is_always_open = store.hours.is_empty() || (0..7).all(|day| store.hours.contains(&(day, 0, 1440)));
            if is_always_open {
                prop_assert_eq!(figures.map(|figures| figures.business_us), Window::ALL.map(Window::length_us));
            }
        }
    }

    /// Also: threads, and into how many parts the polls were read, change nothing.
    #[test]
    fn the_order_of_rows_changes_nothing(
        world in world(),
        policy in policy(),
        threads in 1..5_usize,
        seed in any::<u64>(),
    ) {
        let options = world.options(policy);
        let report = outcome(&world.report(options));
        let mut shuffled = |rows: &mut Rows| {
            let mut random = seed;
            // Xorshift, and a sort by what it gives.
            let mut key = || {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                random
            };
            rows.polls.sort_by_cached_key(|_| key());
            rows.hours.sort_by_cached_key(|_| key());
        };
        prop_assert_eq!(outcome(&world.report_of(options, threads, &mut shuffled)), report);
    }

    #[test]
    fn rows_that_come_twice_are_only_counted(world in world(), policy in policy(), every in 1..4_usize) {
        let options = world.options(policy);
        let (rows, mut counts) = outcome(&world.report(options));
        let lookback = Horizon::new(world.as_of_us).lookback_start_us()..=world.as_of_us;
        let mut again = (0, 0);
        let mut twice = |rows: &mut Rows| {
            let polls: Vec<_> =
                rows.polls.iter().filter(|(_, (at_us, _))| lookback.contains(at_us)).step_by(every).copied().collect();
            let hours: Vec<_> = rows.hours.iter().step_by(every).copied().collect();
            again = (polls.len() as u64, hours.len() as u64);
            rows.polls.extend(polls);
            rows.hours.extend(hours);
        };
        let (rows_twice, counts_twice) = outcome(&world.report_of(options, 1, &mut twice));
        prop_assert_eq!(rows_twice, rows);
        counts.polls_rows += again.0;
        counts.polls_duplicate += again.0;
        counts.hours_rows += again.1;
        prop_assert_eq!(counts_twice, counts);
    }

    #[test]
    fn polls_out_of_hours_are_no_evidence(
        world in world(),
        extra in prop::collection::vec((0..11_700_i64, status()), 1..40),
    ) {
        let mut more = world.clone();
        for store in &mut more.stores {
            let intervals = intervals(&world, store);
            let outside = |at_us: i64| !intervals.iter().any(|span| span.start_us <= at_us && at_us < span.end_us);
            let extra = extra.iter().map(|(before, status)| (world.as_of_us - before * MINUTE_US, *status));
            store.polls.extend(extra.filter(|(at_us, _)| outside(*at_us)));
        }
        prop_assert_eq!(more.figures(Policy::default()), world.figures(Policy::default()));
    }

    /// Where no instant conflicts and there is evidence.
    #[test]
    fn what_is_up_for_one_is_down_for_its_opposite(world in world()) {
        let mut world = world;
        for store in &mut world.stores {
            store.polls.sort_unstable();
            store.polls.dedup_by_key(|(at_us, _)| *at_us);
        }
        let mut opposite = world.clone();
        for (_, status) in opposite.stores.iter_mut().flat_map(|store| &mut store.polls) {
            *status = if *status == Status::Active { Status::Inactive } else { Status::Active };
        }
        let (all, opposites) = (world.figures(Policy::default()), opposite.figures(Policy::default()));
        let lookback = Interval::new(Horizon::new(world.as_of_us).lookback_start_us(), world.as_of_us + 1);
        for ((store, figures), opposites) in world.stores.iter().zip(all).zip(opposites) {
            let holds = |span: &Interval, at_us: i64| (span.start_us..span.end_us).contains(&at_us);
            let open = intervals(&world, store);
            let has_evidence = store
                .polls
                .iter()
                .any(|(at_us, _)| holds(&lookback, *at_us) && open.iter().any(|span| holds(span, *at_us)));
            for (figures, opposite) in figures.into_iter().zip(opposites).filter(|_| has_evidence) {
                let Figures { business_us, up_us, down_us, lo_us, hi_us, .. } = figures;
                let (lo_us, hi_us) = (business_us - hi_us, business_us - lo_us);
                prop_assert_eq!(opposite, Figures { up_us: down_us, down_us: up_us, lo_us, hi_us, ..figures });
            }
        }
    }

    #[test]
    fn split_hours_are_the_same_hours(world in world(), policy in policy(), at in 1..1439_i64) {
        let mut split = world.clone();
        for store in &mut split.stores {
            let hours = store.hours.iter().flat_map(|(day, start, end)| {
                let is_inside = *start < at && at < *end;
                if is_inside { vec![(*day, *start, at), (*day, at, *end)] } else { vec![(*day, *start, *end)] }
            });
            store.hours = hours.collect();
        }
        prop_assert_eq!(split.figures(policy), world.figures(policy));
    }

    #[test]
    fn a_week_later_is_the_same_where_clocks_do_not_change(world in world(), policy in policy()) {
        let mut world = world;
        for store in &mut world.stores {
            store.zone = Tz::Asia__Kathmandu;
        }
        let mut later = world.clone();
        later.as_of_us += 7 * DAY_US;
        for (at_us, _) in later.stores.iter_mut().flat_map(|store| &mut store.polls) {
            *at_us += 7 * DAY_US;
        }
        prop_assert_eq!(later.figures(policy), world.figures(policy));
    }

    #[test]
    fn only_uptime_and_downtime_depend_on_the_policy(world in world(), one in policy(), other in policy()) {
        let figures = |policy| world.figures(policy).into_iter().map(without_policy).collect::<Vec<_>>();
        prop_assert_eq!(figures(one), figures(other));
    }
}
