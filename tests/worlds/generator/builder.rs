//! Turns what was drawn into rows.

use chrono::{DateTime, Datelike, Days, Duration, Months, NaiveDate, Utc};
use chrono_tz::Tz;
use proptest::sample::Index;

use super::{Frame, Moves, People, Places, When, owned};
use crate::worlds::slow::first_instant_of;
use crate::worlds::world::{
    CheckIn, CheckOut, Company, Crate, Crop, Employee, Farmer, Location, Moment, Movement, Power, Produce, Rate,
    Release, Unit, UnitCrop, User, World,
};

/// Turns positions into ids, and relations in time into instants.
pub(super) struct Builder {
    as_of: DateTime<Utc>,
    earliest: NaiveDate,
    country: Option<&'static str>,
    forced_zone: Option<Tz>,
}

/// Ids by position, from 1.
fn ids<T>(rows: &[T]) -> Vec<i64> {
    (1..=i64::try_from(rows.len()).expect("few")).collect()
}

pub(super) fn numbered<T, R>(rows: &[T], row: impl Fn(i64, &T) -> R) -> Vec<R> {
    ids(rows).into_iter().zip(rows).map(|(id, value)| row(id, value)).collect()
}

fn start_of(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    // A day that a zone skipped stands for the one before.
    first_instant_of(date, zone).or_else(|| first_instant_of(date - Days::new(1), zone)).expect("a day")
}

impl Builder {
    pub(super) fn new(frame: Frame) -> Self {
        let (date, country, forced_zone) = frame.anchor;
        let date = date.parse::<NaiveDate>().expect("a date") + Days::new(frame.later_days);
        let as_of = start_of(date, forced_zone.unwrap_or(frame.zone)) + Duration::microseconds(frame.after_midnight);
        Self { as_of, earliest: date - Days::new(frame.days_of_history), country, forced_zone }
    }

    pub(super) fn moment(&self, when: When) -> Moment {
        let after = |instant: DateTime<Utc>, microseconds| Moment::At(instant + Duration::microseconds(microseconds));
        match when {
            When::Day(back, zone, microseconds) => {
                after(start_of(self.as_of.date_naive() - Days::new(back), zone), microseconds)
            }
            When::Turn(back, zone, microseconds) => {
                let month = self.as_of.date_naive().with_day(1).expect("every month has a first day");
                after(start_of(month - Months::new(back), self.forced_zone.unwrap_or(zone)), microseconds)
            }
            When::Run(microseconds) => after(self.as_of, microseconds),
            When::Earliest(microseconds) => {
                after(self.earliest.and_time(chrono::NaiveTime::MIN).and_utc(), microseconds)
            }
            When::Infinity => Moment::Infinity,
            When::MinusInfinity => Moment::MinusInfinity,
        }
    }

    pub(super) fn world(&self, places: &Places, people: &People, moves: &Moves) -> World {
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
                source: (*source).to_owned(),
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
            commodity_lines: Vec::new(),
            crops,
            unit_crops: numbered(&places.unit_crops, |id, (unit, pricing, active)| UnitCrop {
                id,
                cooling_unit_id: pick(unit, &units),
                pricing_type: owned(*pricing),
                active: *active,
            }),
            movements: numbered(&moves.movements, |id, (kind, at)| Movement {
                id,
                initiated_for: (*kind).to_owned(),
                date: self.moment(*at.get(&moves.instants)),
            }),
            check_ins: numbered(&moves.check_ins, |id, (movement, owner)| CheckIn {
                id,
                movement_id: maybe(movement, &movements),
                owned_by_user_id: maybe(owner, &users),
            }),
            produces: numbered(&moves.produces, |id, (crop, check_in)| Produce {
                id,
                crop_id: *crop,
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
            market_surveys: Vec::new(),
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
