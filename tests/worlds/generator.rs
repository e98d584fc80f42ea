//! Strategies for worlds: few rows that share few instants, so that ties, repeated crates and empty rooms are common.
//!
//! Rows refer to each other by position, so that a failing world shrinks to a small one. Fees are multiples of an
//! eighth, and rates have no prime factors but 2 and 5: sums and products are then exact in any order, and a
//! comparison of money needs no tolerance.

use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::slow::first_instant_of;
use super::world::{
    CheckIn, CheckOut, Company, Crate, Crop, Employee, Farmer, FarmerSurvey, Location, MarketSurvey, Moment, Movement,
    Power, Produce, Rate, Release, Unit, UnitCrop, User, World,
};

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
        1 => select(vec![-1, 0, 1, HOUR]).prop_map(When::Run),
        1 => select(vec![-1, 0, 1]).prop_map(When::Earliest),
        1 => select(vec![When::Infinity, When::MinusInfinity]),
    ]
}

/// When a survey was filled in: up to sixteen months before the run, often near the turn of a month.
fn surveyed_when() -> impl Strategy<Value = When> {
    let near = (0_u64..8, select(&ZONES[..]), after_midnight());
    let far = (0_u64..480, select(&ZONES[..]), after_midnight());
    prop_oneof![
        2 => near.prop_map(|(back, zone, after)| When::Day(back, zone, after)),
        6 => far.prop_map(|(back, zone, after)| When::Day(back, zone, after)),
        1 => select(vec![When::Run(-1), When::Run(0), When::Infinity, When::MinusInfinity]),
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

#[derive(Debug, Clone)]
struct Frame {
    anchor: (&'static str, Option<&'static str>, Option<Tz>),
    later_days: u64,
    zone: Tz,
    after_midnight: i64,
    days_of_history: u64,
}

#[derive(Debug, Clone)]
struct Places {
    companies: Vec<(Option<&'static str>, Option<String>)>,
    locations: Vec<(Option<Index>, bool, &'static str)>,
    units: Vec<(Index, Option<i32>, Option<f64>, Option<When>, bool, Option<&'static str>, bool)>,
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
    farmer_surveys: Vec<(Index, Option<&'static str>, Option<When>)>,
}

#[derive(Debug, Clone)]
struct Moves {
    movements: Vec<(&'static str, When)>,
    check_ins: Vec<(Option<Index>, Option<Index>)>,
    produces: Vec<(Option<Index>, Option<Index>)>,
    crates: Vec<(Option<Index>, Option<Index>, f64, Option<String>, bool)>,
    check_outs: Vec<(Option<Index>, Option<String>, Option<f64>)>,
    releases: Vec<(Index, Index, f64, f64)>,
    surveys: Vec<(Index, Option<Index>, Option<i32>, Option<When>, bool)>,
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

fn people() -> impl Strategy<Value = People> {
    let gender = select(vec![Some("fe"), Some("ma"), Some("ot"), None]);
    let first_name = select(vec![Some("Ada"), Some("Bo"), Some("Cem"), None, Some("User without a phone")]);
    let kind = select(vec![Some("FARMER"), Some("TRADER"), None]);
    let filled_in = prop_oneof![1 => Just(None), 3 => select(vec![
        When::Day(3, Tz::UTC, 0), When::Day(3, Tz::UTC, 0), When::Day(40, Tz::UTC, HOUR), When::Run(-1), When::Run(0),
        When::Infinity,
    ]).prop_map(Some)];
    let pair = || (any::<Index>(), any::<Index>());
    (
        vec((gender, any::<bool>(), first_name), 1..7),
        vec((reference(), prop::bool::weighted(0.15)), 0..6),
        vec(pair(), 0..6),
        vec(any::<Index>(), 0..4),
        vec(any::<Index>(), 0..4),
        vec(pair(), 0..5),
        vec((any::<Index>(), kind, filled_in), 0..5),
    )
        .prop_map(
            |(users, farmers, farmer_companies, operators, service_providers, unit_operators, farmer_surveys)| People {
                users,
                farmers,
                farmer_companies,
                operators,
                service_providers,
                unit_operators,
                farmer_surveys,
            },
        )
}

fn moves() -> impl Strategy<Value = Moves> {
    let kind = select(vec!["ci", "co", "co", "mo", "xx"]);
    let weight = prop_oneof![
        12 => select(vec![0.0, 0.25, 0.5, 1.0, 2.5, 10.0, 20.0, 0.3, 33.4, 0.0005, 0.001]),
        1 => select(vec![f64::NAN, f64::INFINITY]),
    ];
    let percentage = prop_oneof![
        14 => select(vec![0.0, 0.125, 0.25, 0.5, 0.5, 1.0, 1.0, 0.3, 0.9996, 0.99995]),
        1 => select(vec![f64::NAN, f64::NEG_INFINITY]),
    ];
    let fee = prop_oneof![
        14 => select(vec![0.0, 0.125, 0.375, 12.5, 100.0, 300.25, 40.0, -2.5, 0.00004]),
        1 => select(vec![f64::NAN, f64::INFINITY]),
    ];
    let discount = prop_oneof![
        14 => select(vec![None, None, Some(0.0), Some(0.5), Some(30.0), Some(1000.0), Some(-3.0)]),
        1 => Just(Some(f64::NAN)),
    ];
    let loss = select(vec![None, Some(0), Some(1), Some(3), Some(50)]);
    let filled_in = prop_oneof![1 => Just(None), 9 => surveyed_when().prop_map(Some)];
    (
        vec((kind, when()), 1..12),
        vec((reference(), reference()), 1..7),
        vec((reference(), reference()), 1..7),
        vec((reference(), reference(), weight, currency(), any::<bool>()), 1..10),
        vec((reference(), currency(), discount), 1..7),
        vec((any::<Index>(), any::<Index>(), percentage, fee), 0..18),
        vec((any::<Index>(), reference(), loss, filled_in, prop::bool::weighted(0.08)), 0..8),
    )
        .prop_map(|(movements, check_ins, produces, crates, check_outs, releases, surveys)| Moves {
            movements,
            check_ins,
            produces,
            crates,
            check_outs,
            releases,
            surveys,
        })
}

/// Worlds of up to 4 units, 9 crates and 17 releases within 8 or 20 days of the run.
pub fn worlds() -> impl Strategy<Value = World> {
    (frames(), places(), people(), moves())
        .prop_map(|(frame, places, people, moves)| Builder::new(frame).world(places, people, &moves))
}

/// Turns positions into ids, and relations in time into instants.
struct Builder {
    as_of: DateTime<Utc>,
    earliest: NaiveDate,
    country: Option<&'static str>,
    forced_zone: Option<Tz>,
}

/// Ids by position, from 1.
fn ids<T>(rows: &[T]) -> Vec<i64> {
    (1..=i64::try_from(rows.len()).expect("few")).collect()
}

fn numbered<T, R>(rows: &[T], row: impl Fn(i64, &T) -> R) -> Vec<R> {
    ids(rows).into_iter().zip(rows).map(|(id, value)| row(id, value)).collect()
}

fn start_of(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    // A day that a zone skipped stands for the one before.
    first_instant_of(date, zone).or_else(|| first_instant_of(date - Days::new(1), zone)).expect("a day")
}

impl Builder {
    fn new(frame: Frame) -> Self {
        let (date, country, forced_zone) = frame.anchor;
        let date = date.parse::<NaiveDate>().expect("a date") + Days::new(frame.later_days);
        let as_of = start_of(date, forced_zone.unwrap_or(frame.zone)) + Duration::microseconds(frame.after_midnight);
        Self { as_of, earliest: date - Days::new(frame.days_of_history), country, forced_zone }
    }

    fn moment(&self, when: When) -> Moment {
        let after = |instant: DateTime<Utc>, microseconds| Moment::At(instant + Duration::microseconds(microseconds));
        match when {
            When::Day(back, zone, microseconds) => {
                after(start_of(self.as_of.date_naive() - Days::new(back), zone), microseconds)
            }
            When::Run(microseconds) => after(self.as_of, microseconds),
            When::Earliest(microseconds) => {
                after(self.earliest.and_time(chrono::NaiveTime::MIN).and_utc(), microseconds)
            }
            When::Infinity => Moment::Infinity,
            When::MinusInfinity => Moment::MinusInfinity,
        }
    }

    fn world(&self, places: Places, people: People, moves: &Moves) -> World {
        let pick = |index: &Index, ids: &[i64]| *index.get(ids);
        let maybe = |index: &Option<Index>, ids: &[i64]| index.filter(|_| !ids.is_empty()).map(|index| *index.get(ids));
        let [companies, locations, units] = [ids(&places.companies), ids(&places.locations), ids(&places.units)];
        let (users, farmers) =
            (ids(&people.users), ids(&people.farmers[..people.farmers.len().min(people.users.len())]));
        let (operators, movements) = (ids(&people.operators), ids(&moves.movements));
        let (check_ins, produces) = (ids(&moves.check_ins), ids(&moves.produces));
        let (crates, check_outs) = (ids(&moves.crates), ids(&moves.check_outs));
        // Two crops of one name, and one called like those that are not known.
        let crops = ["Tomato", "Irish Potato", "Other", "Other", "Unknown"];
        let crops: Vec<Crop> = numbered(&crops, |id, name| Crop { id, name: (*name).to_owned() });
        let crop_ids = ids(&crops);
        let employees = |rows: &[Index]| -> Vec<Employee> {
            let rows = &rows[..rows.len().min(users.len())];
            // One row a user, as the source demands.
            numbered(rows, |id, company| Employee { id, company_id: pick(company, &companies), user_id: id })
        };

        let mut world = World {
            as_of: self.as_of,
            earliest: self.earliest,
            forced_zone: self.forced_zone,
            companies: numbered(&places.companies, |id, (country, currency)| Company {
                id,
                name: format!("Company {id}"),
                country: owned(if id == 1 { self.country.or(*country) } else { *country }),
                currency: currency.clone(),
            }),
            locations: numbered(&places.locations, |id, (company, deleted, state)| Location {
                id,
                company_id: maybe(company, &companies),
                state: (*state).to_owned(),
                deleted: *deleted,
            }),
            units: numbered(&places.units, |id, (location, capacity, tons, created, deleted, kind, is_per_crate)| {
                Unit {
                    id,
                    location_id: pick(location, &locations),
                    name: if id == 3 { String::new() } else { format!("Room {id}") },
                    cooling_unit_type: owned(*kind),
                    metric: if *is_per_crate { "CRATES" } else { "KILOGRAMS" }.to_owned(),
                    capacity_in_metric_tons: *tons,
                    capacity_in_number_crates: *capacity,
                    room_size_m: if *is_per_crate {
                        [Some(4.0), Some(3.0), Some(2.0)]
                    } else {
                        [Some(4.0), None, Some(f64::NAN)]
                    },
                    deleted: *deleted,
                    date_creation: created.map(|created| self.moment(created)),
                }
            }),
            powers: numbered(&places.powers, |id, (unit, wattage, source, charge)| Power {
                id,
                cooling_unit_id: pick(unit, &units),
                daily_room_wattage: *wattage,
                power_source: (*source).to_owned(),
                grid_percent: Some(40.0),
                pv_percent: Some(60.0),
                refrigerant_type: "R-410A".to_owned(),
                amount_refrigerant: *charge,
            }),
            users: numbered(&people.users, |id, (gender, is_active, first_name)| User {
                id,
                first_name: owned(*first_name),
                gender: owned(*gender),
                is_active: *is_active,
            }),
            operators: employees(&people.operators),
            service_providers: employees(&people.service_providers),
            farmers: numbered(&people.farmers[..farmers.len()], |id, (operator, is_unknown)| Farmer {
                id,
                // From the last user down, so that ids of farmers and users differ.
                user_id: users[users.len() - usize::try_from(id).expect("small")],
                created_by_id: maybe(operator, &operators[..operators.len().min(users.len())]),
                is_unknown: *is_unknown,
            }),
            farmer_companies: Vec::new(),
            unit_operators: people
                .unit_operators
                .iter()
                .map(|(unit, user)| (pick(unit, &units), pick(user, &users)))
                .collect(),
            farmer_surveys: Vec::new(),
            crops,
            unit_crops: numbered(&places.unit_crops, |id, (unit, pricing, active)| UnitCrop {
                id,
                cooling_unit_id: pick(unit, &units),
                pricing_type: owned(*pricing),
                active: *active,
            }),
            movements: numbered(&moves.movements, |id, (kind, when)| Movement {
                id,
                initiated_for: (*kind).to_owned(),
                date: self.moment(*when),
            }),
            check_ins: numbered(&moves.check_ins, |id, (movement, owner)| CheckIn {
                id,
                movement_id: maybe(movement, &movements),
                owned_by_user_id: maybe(owner, &users),
            }),
            produces: numbered(&moves.produces, |id, (crop, check_in)| Produce {
                id,
                crop_id: maybe(crop, &crop_ids),
                checkin_id: maybe(check_in, &check_ins),
            }),
            crates: numbered(&moves.crates, |id, (produce, unit, weight, currency, flag)| Crate {
                id,
                produce_id: maybe(produce, &produces),
                cooling_unit_id: maybe(unit, &units),
                initial_weight: *weight,
                currency: currency.clone(),
                cmp_fully_checked_out: *flag,
            }),
            check_outs: numbered(&moves.check_outs, |id, (movement, currency, discount)| CheckOut {
                id,
                movement_id: maybe(movement, &movements),
                currency: currency.clone(),
                discount_amount: *discount,
            }),
            releases: numbered(&moves.releases, |id, (of_crate, check_out, percentage, fee)| Release {
                // Descending, so that a higher check-out is not always a higher release.
                id: 100 - id,
                crate_id: pick(of_crate, &crates),
                checkout_id: pick(check_out, &check_outs),
                percentage: *percentage,
                cooling_fees: *fee,
            }),
            market_surveys: numbered(&moves.surveys, |id, (check_out, crop, loss, filled_in, is_absurd)| {
                MarketSurvey {
                    id,
                    checkout_id: pick(check_out, &check_outs),
                    crop_id: maybe(crop, &crop_ids),
                    price: if *is_absurd { f64::NAN } else { 10.0 },
                    loss: *loss,
                    date_filled_in: filled_in.map(|when| self.moment(when)),
                }
            }),
            rates: places
                .rates
                .iter()
                .map(|(currency, back, usd, quarantined)| Rate {
                    currency: (*currency).to_owned(),
                    date: self.as_of.date_naive() + Days::new(1) - Days::new(*back),
                    usd: (*usd).to_owned(),
                    quarantined: *quarantined,
                })
                .collect(),
        };
        if !farmers.is_empty() {
            world.farmer_companies = people
                .farmer_companies
                .iter()
                .map(|(farmer, company)| (pick(farmer, &farmers), pick(company, &companies)))
                .collect();
            world.farmer_surveys = numbered(&people.farmer_surveys, |id, (farmer, kind, filled_in)| FarmerSurvey {
                id,
                farmer_id: pick(farmer, &farmers),
                user_type: owned(*kind),
                date_filled_in: filled_in.map(|when| self.moment(when)),
            });
        }
        keep_unique(&mut world);
        world
    }
}

/// Drops what the source's unique constraints forbid.
fn keep_unique(world: &mut World) {
    world.farmer_companies.sort_unstable();
    world.farmer_companies.dedup();
    world.unit_operators.sort_unstable();
    world.unit_operators.dedup();
    world.releases.sort_by_key(|release| (release.crate_id, release.checkout_id));
    world.releases.dedup_by_key(|release| (release.crate_id, release.checkout_id));
    world.rates.retain(|rate| rate.currency != "USD");
    world.rates.sort_by_key(|rate| (rate.currency.clone(), rate.date));
    world.rates.dedup_by_key(|rate| (rate.currency.clone(), rate.date));
}
