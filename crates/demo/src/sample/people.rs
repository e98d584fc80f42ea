//! Who and what is there before the first crate comes in: crops, companies, staff, cooling units, farmers, their
//! baseline surveys and the sensors.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::catalogue::{self, COMPANIES, CROPS, Market, Pricing};
use super::table::cells;
use super::tables::Tables;
use crate::random::Random;

/// Somebody who owns produce.
#[derive(Debug, Clone)]
pub struct Owner {
    /// `user_user.id`
    pub user: i64,
    /// Crops with a line in a baseline survey; empty without one.
    pub surveyed_crops: Vec<i64>,
}

/// A crop that a cooling unit takes, and its fee.
#[derive(Debug, Clone, Copy)]
pub struct Offer {
    /// `storage_crop.id`
    pub crop: i64,
    /// True: `fee_cents` is per day, false: per stay.
    pub daily: bool,
    /// Fee for a crate, or for a kilogram where the cooling unit charges by weight, in hundredths of the currency.
    pub fee_cents: i64,
}

/// A cooling unit as the simulation sees it.
#[derive(Debug)]
pub struct Room {
    /// `storage_coolingunit.id`
    pub id: i64,
    /// Index of its company.
    pub company: usize,
    /// What the catalogue says about it.
    pub plan: &'static catalogue::CoolingUnit,
    /// Crops it takes; the first ones most often.
    pub offers: Vec<Offer>,
    /// First day with activity, and the day from which on there is none.
    pub days: (NaiveDate, NaiveDate),
}

/// A company as the simulation sees it.
#[derive(Debug)]
pub struct CompanyPeople {
    /// `user_company.id`
    pub id: i64,
    /// Its market.
    pub market: &'static Market,
    /// `user_operator.id` and `user_user.id` of its operators.
    pub operators: Vec<(i64, i64)>,
    /// Stands for everybody without a telephone.
    pub placeholder: Owner,
    /// Farmers and traders known by name.
    pub farmers: Vec<Owner>,
    /// Buys in the marketplace and is no farmer.
    pub buyer: i64,
}

/// Everything that the simulation starts from.
#[derive(Debug)]
pub struct World {
    /// Continues where the population stopped.
    pub random: Random,
    /// The rows so far.
    pub tables: Tables,
    /// First day with activity.
    pub first_day: NaiveDate,
    /// Nothing is dated at this instant or later.
    pub until: DateTime<Utc>,
    /// Companies.
    pub companies: Vec<CompanyPeople>,
    /// Cooling units.
    pub rooms: Vec<Room>,
}

/// The population of the sample.
pub fn populate(first_day: NaiveDate, until: DateTime<Utc>, random: Random) -> World {
    let mut world = World { random, tables: Tables::new(), first_day, until, companies: Vec::new(), rooms: Vec::new() };
    let crop_ids = world.add_crops();
    for (number, plan) in COMPANIES.iter().enumerate() {
        let company = world.add_company(plan);
        world.companies.push(company);
        world.add_cooling_units(number, plan, &crop_ids);
        world.add_farmers(number, plan, &crop_ids);
    }
    world
}

impl World {
    /// `hour` o'clock, universal time, so many days before the first day.
    fn days_before(&self, days: u64, hour: i64) -> DateTime<Utc> {
        let day = self.first_day.checked_sub_days(Days::new(days)).unwrap_or(self.first_day);
        day.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(hour)
    }

    /// The day at `percent` of the sample's length.
    fn day_at(&self, percent: i64) -> NaiveDate {
        let length = (self.until.date_naive() - self.first_day).num_days();
        self.first_day + TimeDelta::days(length * percent / 100)
    }

    fn add_crops(&mut self) -> BTreeMap<&'static str, i64> {
        let mut ids = BTreeMap::new();
        for (kind, crops) in CROPS {
            let crop_type = self.tables.crop_type.push(cells![*kind]);
            for crop in *crops {
                let id = self.tables.crop.push(cells![crop_type, *crop, 100_i64, 90_i64, 80_i64, 60_i64]);
                ids.insert(*crop, id);
            }
        }
        ids
    }

    fn add_user(&mut self, market: &Market, given_name: Option<&str>, phone: bool, active: bool) -> i64 {
        let id = self.tables.user.next_id();
        let given = given_name.or_else(|| self.random.pick(market.given_names).copied()).unwrap_or_default();
        let family = if given_name.is_some() { "" } else { self.random.pick(market.family_names).unwrap_or(&"") };
        // Drawn apart from the given name, which says nothing about it. Some are not recorded.
        let gender = match self.random.between(1, 20) {
            1..=9 => Some("fe"),
            10..=17 => Some("ma"),
            18 => Some("ot"),
            _ => None,
        };
        let phone = phone.then(|| format!("{}{id:07}", market.phone_prefix));
        let joined = self.days_before(60, id % 24);
        self.tables.user.push(cells![
            &format!("user{id:05}"),
            given,
            family,
            phone.as_ref(),
            gender,
            "en",
            active,
            joined
        ])
    }

    fn add_company(&mut self, plan: &catalogue::Company) -> CompanyPeople {
        let market = plan.market;
        let joined = self.days_before(90, 9);
        let id = self.tables.company.push(cells![plan.name, market.country, plan.logo, market.currency, joined]);
        let mut operators = Vec::new();
        for number in 0..plan.staff.0 {
            // The last operator of a large team has left.
            let user = self.add_user(market, None, true, number < 4);
            operators.push((self.tables.operator.push(cells![id, user]), user));
        }
        for _ in 0..plan.staff.1 {
            let user = self.add_user(market, None, true, true);
            self.tables.service_provider.push(cells![id, user]);
        }
        let buyer = self.add_user(market, None, true, true);
        let placeholder = Owner { user: 0, surveyed_crops: Vec::new() };
        CompanyPeople { id, market, operators, placeholder, farmers: Vec::new(), buyer }
    }

    fn add_cooling_units(&mut self, company: usize, plan: &catalogue::Company, crops: &BTreeMap<&str, i64>) {
        let created = self.days_before(12, 9);
        let (company_id, staff) = (self.companies[company].id, self.companies[company].operators.clone());
        let locations: Vec<i64> = plan
            .market
            .places
            .iter()
            .map(|(state, city)| {
                self.tables.location.push(cells![*city, *state, *city, "", "", company_id, false, created])
            })
            .collect();
        for unit in plan.cooling_units {
            let (open, closed) = (self.day_at(unit.open_percent.0), unit.open_percent.1.map(|day| self.day_at(day)));
            let created = if unit.open_percent.0 == 0 { created } else { open.and_time(NaiveTime::MIN).and_utc() };
            let size = unit.size_m.map_or([None; 3], |size| size.map(Some));
            let id = self.tables.cooling_unit.push(cells![
                locations.get(unit.place).copied().unwrap_or_default(),
                unit.name,
                unit.capacity_tons,
                unit.capacity_tons.map(|tons| tons * 0.5),
                unit.capacity_crates,
                if unit.by_weight { "KILOGRAMS" } else { "CRATES" },
                unit.kind,
                closed.is_some(),
                size[0],
                size[1],
                size[2],
                0.0,
                55.88,
                40.64,
                24.13,
                25.0,
                unit.sensor,
                2.0,
                true,
                false,
                created
            ]);
            for (number, (_, user)) in staff.iter().enumerate() {
                if number == 0 || self.random.chance(60) {
                    self.tables.cooling_unit_operator.push(cells![id, *user]);
                }
            }
            if let Some(power) = &unit.power {
                self.tables.power.push(cells![
                    id,
                    power.electricity_kwh_per_day,
                    power.source,
                    power.percents[0],
                    power.percents[1],
                    power.percents[2],
                    power.percents[3],
                    "battery",
                    "none",
                    power.refrigerant.0,
                    power.refrigerant.1
                ]);
            }
            let offers = self.add_offers(id, plan.market, unit, crops);
            if unit.sensor {
                self.add_readings(id);
            }
            let days = (open, closed.unwrap_or(NaiveDate::MAX));
            self.rooms.push(Room { id, company, plan: unit, offers, days });
        }
    }

    fn add_offers(
        &mut self,
        cooling_unit: i64,
        market: &Market,
        unit: &catalogue::CoolingUnit,
        crops: &BTreeMap<&str, i64>,
    ) -> Vec<Offer> {
        let mut offers = Vec::new();
        for (number, name) in market.crops.iter().enumerate() {
            let Some(crop) = crops.get(name).copied() else { continue };
            let daily = match unit.pricing {
                Pricing::Daily => true,
                Pricing::Fixed => false,
                Pricing::Mixed => number % 2 == 0,
            };
            // A crate holds about 20 kg. A stay is charged like four days.
            let per_day = if unit.by_weight { market.crate_day_fee_cents / 20 } else { market.crate_day_fee_cents };
            let per_stay = per_day * 4;
            let pricing = self.tables.pricing.push(cells![
                if daily { "PERIODICITY" } else { "FIXED" },
                hundredths(per_stay),
                hundredths(per_day)
            ]);
            self.tables.cooling_unit_crop.push(cells![crop, cooling_unit, pricing, true]);
            offers.push(Offer { crop, daily, fee_cents: if daily { per_day } else { per_stay } });
        }
        offers
    }

    fn add_readings(&mut self, cooling_unit: i64) {
        let mut at = self.days_before(0, 0);
        while at < self.until {
            let temperature = tenths(self.random.between(40, 95));
            self.tables.reading.push(cells![cooling_unit, temperature, 5.0, "TEMPERATURE", at]);
            at += TimeDelta::hours(6);
        }
    }

    fn add_farmers(&mut self, company: usize, plan: &catalogue::Company, crops: &BTreeMap<&str, i64>) {
        let market = plan.market;
        let placeholder = self.add_user(market, Some("User without a phone"), false, true);
        self.add_farmer(company, placeholder, true);
        self.companies[company].placeholder.user = placeholder;
        for _ in 0..plan.farmers {
            let with_phone = self.random.chance(85);
            let user = self.add_user(market, None, with_phone, true);
            let farmer = self.add_farmer(company, user, false);
            let surveyed_crops =
                if self.random.chance(75) { self.add_baseline_survey(farmer, market, crops) } else { Vec::new() };
            self.companies[company].farmers.push(Owner { user, surveyed_crops });
        }
    }

    fn add_farmer(&mut self, company: usize, user: i64, placeholder: bool) -> i64 {
        let people = &self.companies[company];
        let (company_id, country) = (people.id, people.market.country);
        let operator = self.random.pick(&people.operators).map(|(operator, _)| *operator);
        let smartphone = self.random.chance(50);
        let farmer = self.tables.farmer.push(cells![user, operator, "", placeholder, smartphone, country]);
        self.tables.farmer_company.push(cells![farmer, company_id]);
        let rooms: Vec<i64> = self.rooms.iter().filter(|room| room.company == company).map(|room| room.id).collect();
        for room in rooms {
            if self.random.chance(50) {
                self.tables.farmer_cooling_unit.push(cells![farmer, room]);
            }
        }
        farmer
    }

    /// A survey with lines for some crops, whose ids it returns. One in eight farmers answered twice.
    fn add_baseline_survey(&mut self, farmer: i64, market: &Market, crops: &BTreeMap<&str, i64>) -> Vec<i64> {
        let mut surveyed = Vec::new();
        let rounds = if self.random.chance(12) { 2 } else { 1 };
        for round in 0..rounds {
            let filled_in = self.days_before(30, 8)
                + TimeDelta::minutes(self.random.between(0, 27 * 24 * 60))
                + TimeDelta::days(40 * round);
            if filled_in >= self.until {
                continue;
            }
            let user_type =
                self.random.pick(&[Some("FARMER"), Some("FARMER"), Some("FARMER"), Some("TRADER"), None]).copied();
            let years = self.random.between(1, 25);
            let survey = self.tables.baseline_survey.push(cells![farmer, user_type.flatten(), true, years, filled_in]);
            for name in market.crops {
                let Some(crop) = crops.get(name).copied() else { continue };
                if !self.random.chance(55) {
                    continue;
                }
                let total_kg = self.random.between(30, 400) * 10;
                let lost_kg = total_kg * self.random.between(2, 35) / 100;
                let eaten_kg = total_kg * self.random.between(2, 12) / 100;
                let (unit, kg_in_unit) = self
                    .random
                    .pick(&[("KILOGRAMS", 1), ("KILOGRAMS", 1), ("CRATES", 20)])
                    .copied()
                    .unwrap_or_default();
                let price = self.random.between(market.price_per_kg.0, market.price_per_kg.1) * 9 / 10 * kg_in_unit;
                self.tables.baseline_line.push(cells![
                    survey,
                    crop,
                    price.max(1),
                    unit,
                    kg_in_unit,
                    total_kg as f64,
                    eaten_kg as f64,
                    (total_kg - lost_kg - eaten_kg) as f64,
                    lost_kg as f64,
                    self.random.between(3, 6),
                    market.currency,
                    filled_in
                ]);
                surveyed.push(crop);
            }
        }
        surveyed
    }
}

/// An amount counted in hundredths.
pub fn hundredths(count: i64) -> f64 {
    count as f64 / 100.0
}

/// An amount counted in tenths.
pub fn tenths(count: i64) -> f64 {
    count as f64 / 10.0
}
