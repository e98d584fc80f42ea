//! The indicators of a company by their definitions.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use metrics_core::parameters::Parameters;
use rust_decimal::Decimal;

use super::money::round;
use super::{Heads, Slow, UnitDay, company_currency, count, text, unit_days};
use crate::worlds::world::{Company, Employee, Farmer, Moment, Unit, World};

/// One row of `company_metrics`.
#[derive(Debug, Clone, PartialEq)]
pub struct CompanyRow {
    pub report_date: NaiveDate,
    pub company_id: i64,
    pub comp_name: Option<String>,
    pub comp_country: Option<String>,
    pub currency: Option<String>,
    pub cap_tons: Option<f64>,
    pub cap_num_crates: Option<i32>,
    pub cooling_unit_types: BTreeMap<String, i32>,
    pub operators: Heads,
    pub registered: Heads,
    pub cooling_users: Heads,
    pub farmers: i32,
    pub traders: i32,
    pub unspecified: i32,
    pub beneficiaries: [Decimal; 3],
    pub crates_in: i32,
    pub ops_in: i32,
    pub kg_in: f64,
    pub crates_out: i32,
    pub ops_out: i32,
    pub kg_out: f64,
    /// Not rounded.
    pub occupancy: Option<f64>,
    pub revenue: Option<Decimal>,
    pub revenue_usd: Option<Decimal>,
    pub fx_missing_days: i32,
    pub time_zone: String,
}

/// All rows, by company.
pub fn companies(world: &World, parameters: &Parameters) -> Vec<CompanyRow> {
    let slow = Slow { world, parameters };
    let days = unit_days(world, parameters);
    world.companies.iter().map(|company| slow.company(company, &days)).collect()
}

impl Slow<'_> {
    fn company(&self, company: &Company, all_days: &[UnitDay]) -> CompanyRow {
        let world = self.world;
        let units: Vec<&Unit> = world
            .units
            .iter()
            .filter(|unit| world.is_alive(unit) && world.location_of(unit).company_id == Some(company.id))
            .collect();
        let days: Vec<&UnitDay> =
            all_days.iter().filter(|day| units.iter().any(|unit| unit.id == day.cooling_unit_id)).collect();
        let zone = world.forced_zone.or(self.parameters.time_zone(company.country.as_deref())).unwrap_or(Tz::UTC);

        let tons: Vec<f64> =
            units.iter().filter_map(|unit| unit.capacity_in_metric_tons).filter(|tons| tons.is_finite()).collect();
        let crates: Vec<i32> = units.iter().filter_map(|unit| unit.capacity_in_number_crates).collect();
        let mut types = BTreeMap::new();
        for kind in units.iter().filter_map(|unit| unit.cooling_unit_type.as_deref().and_then(text)) {
            *types.entry(kind).or_insert(0) += 1;
        }

        let cooling_users = self.cooling_users(company);
        let kinds: Vec<Option<String>> = cooling_users.iter().map(|farmer| self.kind(farmer)).collect();
        let of_kind = |wanted: &str| count(kinds.iter().filter(|kind| kind.as_deref() == Some(wanted)).count());
        let household = self.parameters.household(company.country.as_deref());
        let people = Decimal::from(cooling_users.len()) * household.size;

        let complete = || days.iter().filter(|day| day.is_complete && day.occupancy.is_some());
        let capacity = |day: &UnitDay| f64::from(day.cap_num_crates.unwrap_or(0));
        let weights: f64 = complete().map(|day| capacity(day)).sum();
        let weighted: f64 = complete().map(|day| day.occupancy.unwrap_or(0.0) * capacity(day)).sum();

        let sum_of = |figure: fn(&UnitDay) -> Option<Decimal>| {
            let with_fee: Vec<&&UnitDay> = days.iter().filter(|day| day.has_fee).collect();
            let all_lack_it = !with_fee.is_empty() && with_fee.iter().all(|day| figure(day).is_none());
            (!all_lack_it).then(|| round(days.iter().filter_map(|day| figure(day)).sum(), 2))
        };

        CompanyRow {
            report_date: world.as_of.with_timezone(&zone).date_naive(),
            company_id: company.id,
            comp_name: text(&company.name),
            comp_country: company.country.clone(),
            currency: company_currency(company),
            cap_tons: (units.is_empty() || !tons.is_empty()).then(|| tons.iter().sum()),
            cap_num_crates: (units.is_empty() || !crates.is_empty()).then(|| crates.iter().sum()),
            cooling_unit_types: types,
            operators: self.active(&world.operators, company),
            registered: self.active(&world.service_providers, company),
            cooling_users: Heads::of(cooling_users.iter().map(|farmer| world.user(farmer.user_id).gender.as_deref())),
            farmers: of_kind("FARMER"),
            traders: of_kind("TRADER"),
            unspecified: count(cooling_users.len()) - of_kind("FARMER") - of_kind("TRADER"),
            beneficiaries: [people, people * household.fem_share, people * household.ma_share],
            crates_in: days.iter().map(|day| day.crates_in).sum(),
            ops_in: days.iter().map(|day| day.ops_in).sum(),
            kg_in: days.iter().map(|day| day.kg_in).sum(),
            crates_out: days.iter().map(|day| day.crates_out).sum(),
            ops_out: days.iter().map(|day| day.ops_out).sum(),
            kg_out: days.iter().map(|day| day.kg_out).sum(),
            occupancy: (weights > 0.0).then(|| weighted / weights),
            revenue: sum_of(|day| day.revenue),
            revenue_usd: sum_of(|day| day.revenue_usd),
            fx_missing_days: count(
                days.iter().filter(|day| day.revenue.is_none() || day.revenue_usd.is_none()).count(),
            ),
            time_zone: zone.name().to_owned(),
        }
    }

    fn active(&self, employees: &[Employee], company: &Company) -> Heads {
        let users = employees.iter().filter(|row| row.company_id == company.id).map(|row| self.world.user(row.user_id));
        Heads::of(users.filter(|user| user.is_active).map(|user| user.gender.as_deref()))
    }

    /// Farmers linked to the company or created by one of its operators.
    pub(super) fn cooling_users(&self, company: &Company) -> Vec<&Farmer> {
        let operators: BTreeSet<i64> =
            self.world.operators.iter().filter(|row| row.company_id == company.id).map(|row| row.id).collect();
        let belongs = |farmer: &&Farmer| {
            self.world.farmer_companies.contains(&(farmer.id, company.id))
                || farmer.created_by_id.is_some_and(|operator| operators.contains(&operator))
        };
        self.world.farmers.iter().filter(belongs).filter(|farmer| !self.is_placeholder(farmer)).collect()
    }

    /// The type that the farmer's latest baseline survey states.
    fn kind(&self, farmer: &Farmer) -> Option<String> {
        let mut seen: Vec<(Option<DateTime<Utc>>, i64, Option<String>)> = Vec::new();
        for survey in self.world.farmer_surveys.iter().filter(|survey| survey.farmer_id == farmer.id) {
            let time = match survey.date_filled_in {
                None => None,
                Some(Moment::At(time)) if time < self.world.as_of => Some(time),
                Some(_) => continue,
            };
            seen.push((time, survey.id, survey.user_type.clone()));
        }
        seen.into_iter().max_by_key(|(time, id, _)| (*time, *id))?.2
    }
}
