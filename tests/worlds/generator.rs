//! Strategies for worlds: few rows that share few instants, so that ties, repeated crates and empty rooms are common.
//!
//! Rows refer to each other by position, so that a failing world shrinks to a small one. Fees are multiples of an
//! eighth, and rates have no prime factors but 2 and 5: sums and products are then exact in any order, and a
//! comparison of money needs no tolerance.

mod builder;
mod surveys;

use chrono_tz::Tz;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use self::builder::Builder;
use self::surveys::surveys;
use super::world::World;

/// A date around which a world happens, with a country whose clocks change there, or a zone forced on all units.
const ANCHORS: [(&str, Option<&str>, Option<Tz>); 8] = [
    ("2026-06-15", None, None),
    ("2026-03-29", Some("DE"), None),
    ("2026-10-25", Some("DE"), None),
    ("2026-04-24", Some("EG"), None),
    ("2026-11-01", Some("CU"), None),
    ("2026-03-08", Some("US"), None),
    ("2024-03-01", None, Some(Tz::Australia__Lord_Howe)),
    ("2011-12-31", None, Some(Tz::Pacific__Apia)),
];

/// Zones in whose days instants are chosen.
const ZONES: [Tz; 8] = [
    Tz::UTC,
    Tz::Africa__Lagos,
    Tz::Asia__Kolkata,
    Tz::Europe__Berlin,
    Tz::Africa__Cairo,
    Tz::America__Havana,
    Tz::America__New_York,
    Tz::Pacific__Apia,
];

/// An instant in relation to the run.
#[derive(Debug, Clone, Copy)]
enum When {
    /// So many days before the run's date, in a zone, so many microseconds after the day began.
    Day(u64, Tz, i64),
    /// So many months before the run's, in a zone, so many microseconds after the month began.
    Turn(u32, Tz, i64),
    /// So many microseconds after the run.
    Run(i64),
    /// So many microseconds after the earliest instant.
    Earliest(i64),
    Infinity,
    MinusInfinity,
}

const HOUR: i64 = 3_600_000_000;

fn after_midnight() -> impl Strategy<Value = i64> {
    select(vec![0, 0, -1, 1, 9 * HOUR, 9 * HOUR, 15 * HOUR, 22 * HOUR + HOUR / 2])
}

fn when() -> impl Strategy<Value = When> {
    prop_oneof![
        20 => (select(vec![1, 1, 2, 2, 3, 4, 5, 0]), select(&ZONES[..]), after_midnight())
            .prop_map(|(back, zone, after)| When::Day(back, zone, after)),
        2 => (select(&ZONES[..]), after_midnight()).prop_map(|(zone, after)| When::Turn(0, zone, after)),
        1 => select(vec![-1, 0, 1, HOUR]).prop_map(When::Run),
        1 => select(vec![-1, 0, 1]).prop_map(When::Earliest),
        1 => select(vec![When::Infinity, When::MinusInfinity]),
    ]
}

fn currency() -> impl Strategy<Value = Option<String>> {
    select(vec![None, None, Some(""), Some("NGN"), Some("NGN"), Some("INR"), Some("USD"), Some("EUR")]).prop_map(owned)
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

/// A position in a list, seldom none.
fn reference() -> impl Strategy<Value = Option<Index>> {
    prop_oneof![1 => Just(None), 14 => any::<Index>().prop_map(Some)]
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    anchor: (&'static str, Option<&'static str>, Option<Tz>),
    later_days: u64,
    zone: Tz,
    after_midnight: i64,
    days_of_history: u64,
}

/// Location, capacity in crates and in tons, creation, deleted, type, charged per crate.
type DrawnUnit = (Index, Option<i32>, Option<f64>, Option<When>, bool, Option<&'static str>, bool);

#[derive(Debug, Clone)]
struct Places {
    companies: Vec<(Option<&'static str>, Option<String>)>,
    locations: Vec<(Option<Index>, bool, &'static str)>,
    units: Vec<DrawnUnit>,
    powers: Vec<(Index, Option<f64>, &'static str, Option<f64>)>,
    unit_crops: Vec<(Index, Option<&'static str>, bool)>,
    rates: Vec<(&'static str, u64, &'static str, bool)>,
}

#[derive(Debug, Clone)]
struct People {
    users: Vec<(Option<&'static str>, bool, Option<&'static str>)>,
    farmers: Vec<(Option<Index>, bool)>,
    farmer_companies: Vec<(Index, Index)>,
    operators: Vec<Index>,
    service_providers: Vec<Index>,
    unit_operators: Vec<(Index, Index)>,
}

/// Produce, unit, weight, currency, fully checked out.
type DrawnCrate = (Option<Index>, Option<Index>, f64, Option<String>, bool);

#[derive(Debug, Clone)]
struct Moves {
    /// The few instants at which anything moves.
    instants: Vec<When>,
    movements: Vec<(&'static str, Index)>,
    check_ins: Vec<(Option<Index>, Option<Index>)>,
    produces: Vec<(Option<i64>, Option<Index>)>,
    crates: Vec<DrawnCrate>,
    check_outs: Vec<(Option<Index>, Option<String>, Option<f64>)>,
    releases: Vec<(Index, Index, f64, f64)>,
}

fn frames() -> impl Strategy<Value = Frame> {
    let zones = prop_oneof![Just(Tz::UTC), select(&ZONES[..])];
    (select(&ANCHORS[..]), 0_u64..3, zones, after_midnight(), select(vec![8, 8, 8, 20])).prop_map(
        |(anchor, later_days, zone, after_midnight, days_of_history)| Frame {
            anchor,
            later_days,
            zone,
            after_midnight,
            days_of_history,
        },
    )
}

fn places() -> impl Strategy<Value = Places> {
    let country = select(vec![Some("NG"), Some("IN"), Some("DE"), Some("US"), Some("EG"), Some("XX"), None]);
    let capacity = select(vec![Some(3), Some(4), Some(50), Some(0), None]);
    let tons = select(vec![Some(5.7), Some(0.0), None, Some(f64::NAN)]);
    let created = prop_oneof![2 => Just(None), 3 => when().prop_map(Some)];
    let kind = select(vec![Some("MOVABLE_UNIT"), Some("OTHER"), Some(""), None]);
    let seldom = || prop::bool::weighted(0.1);
    let wattage = select(vec![Some(10.5), Some(0.0), None, Some(f64::NAN)]);
    let source = select(vec!["pvpanels", "PV panels", "grid", "hybrid", "generator", "coal"]);
    let charge = select(vec![Some(0.5), Some(0.0), None, Some(f64::INFINITY)]);
    let pricing = select(vec![Some("PERIODICITY"), Some("FIXED"), None]);
    let coin = select(vec!["NGN", "NGN", "INR", "USD"]);
    let usd = select(vec!["0.0005", "0.000625", "0.0125", "2"]);
    (
        vec((country, currency()), 1..4),
        vec((reference(), seldom(), select(vec!["Lagos", ""])), 1..4),
        vec((any::<Index>(), capacity, tons, created, seldom(), kind, any::<bool>()), 1..5),
        vec((any::<Index>(), wattage, source, charge), 0..5),
        vec((any::<Index>(), pricing, any::<bool>()), 0..5),
        vec((coin, 0_u64..18, usd, seldom()), 0..8),
    )
        .prop_map(|(companies, locations, units, powers, unit_crops, rates)| Places {
            companies,
            locations,
            units,
            powers,
            unit_crops,
            rates,
        })
}

/// One of the five crops, often one of the first two, seldom none.
fn crop() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![1 => Just(None), 6 => (1_i64..=2).prop_map(Some), 8 => (1_i64..=5).prop_map(Some)]
}

fn people() -> impl Strategy<Value = People> {
    let gender = select(vec![Some("fe"), Some("ma"), Some("ot"), None]);
    let first_name = select(vec![Some("Ada"), Some("Bo"), Some("Cem"), None, Some("User without a phone")]);
    let pair = || (any::<Index>(), any::<Index>());
    (
        vec((gender, any::<bool>(), first_name), 1..7),
        vec((reference(), prop::bool::weighted(0.15)), 0..16),
        vec(pair(), 0..6),
        vec(any::<Index>(), 0..4),
        vec(any::<Index>(), 0..4),
        vec(pair(), 0..5),
    )
        .prop_map(|(users, farmers, farmer_companies, operators, service_providers, unit_operators)| People {
            users,
            farmers,
            farmer_companies,
            operators,
            service_providers,
            unit_operators,
        })
}

fn moves() -> impl Strategy<Value = Moves> {
    let kind = select(vec!["ci", "co", "co", "mo", "xx"]);
    let weight = prop_oneof![
        12 => select(vec![0.0, 0.25, 0.5, 1.0, 2.5, 10.0, 20.0, 0.3, 33.4, 0.0005, 0.001]),
        1 => select(vec![f64::NAN, f64::INFINITY]),
    ];
    let percentage = prop_oneof![
        30 => select(vec![0.0, 0.125, 0.25, 0.5, 0.5, 1.0, 1.0, 0.3, 0.9996, 0.99995]),
        1 => select(vec![f64::NAN, f64::NEG_INFINITY]),
    ];
    let fee = prop_oneof![
        30 => select(vec![0.0, 0.125, 0.375, 12.5, 100.0, 300.25, 40.0, -2.5, 0.00004]),
        1 => select(vec![f64::NAN, f64::INFINITY]),
    ];
    let discount = prop_oneof![
        30 => select(vec![None, None, Some(0.0), Some(0.5), Some(30.0), Some(1000.0), Some(-3.0)]),
        1 => Just(Some(f64::NAN)),
    ];
    (
        vec(when(), 1..8),
        vec((kind, any::<Index>()), 1..12),
        vec((reference(), reference()), 1..7),
        vec((crop(), reference()), 1..7),
        vec((reference(), reference(), weight, currency(), any::<bool>()), 1..10),
        vec((reference(), currency(), discount), 1..7),
        vec((any::<Index>(), any::<Index>(), percentage, fee), 0..18),
    )
        .prop_map(|(instants, movements, check_ins, produces, crates, check_outs, releases)| Moves {
            instants,
            movements,
            check_ins,
            produces,
            crates,
            check_outs,
            releases,
        })
}

/// Worlds of up to 4 units, 9 crates and 17 releases within 8 or 20 days of the run, some of which are at the instant of
/// a movement.
pub fn worlds() -> impl Strategy<Value = World> {
    let parts = (frames(), places(), people(), moves(), surveys(), prop::option::weighted(0.2, any::<Index>()));
    parts.prop_map(|(frame, places, people, moves, surveys, moved)| {
        let builder = Builder::new(frame);
        let mut world = builder.world(&places, &people, &moves);
        surveys.add_to(&mut world, &builder);
        let times = world.movements.iter().filter_map(|movement| movement.date.instant());
        let times: Vec<_> = times.filter(|time| *time > world.first_instant()).collect();
        if let (Some(moved), false) = (moved, times.is_empty()) {
            world.as_of = *moved.get(&times);
        }
        world
    })
}
