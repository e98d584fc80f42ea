//! The indicators of a unit's day by their definitions, one figure at a time, straight from the raw rows.
//!
//! Nothing is precomputed, indexed or carried from one day to the next, and no code of the program is used but the
//! parameters and the room's factors of the assessment, which have tests of their own. Days are found by asking
//! instants for their local date, never by computing bounds.

mod company;
mod emissions;
mod food_loss;
mod impact;
mod lifecycle;
mod money;
mod rejects;
mod surveys;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use metrics_core::lca::room::RoomFactors;
use metrics_core::parameters::Parameters;
use rust_decimal::Decimal;

use self::lifecycle::Out;
use self::money::Money;
use super::world::{Company, Crate, Moment, Unit, World};

pub use company::{CompanyRow, companies};
pub use emissions::Co2;
pub use impact::{ImpactKey, ImpactRow, Impacts, impacts};
pub use rejects::{impact_rejects, rejects};
pub use surveys::first_of_month;

/// One row of `cooling_unit_metrics`.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitDay {
    pub date: NaiveDate,
    pub cooling_unit_id: i64,
    pub unit_name: Option<String>,
    pub state: Option<String>,
    pub cool_unit_type: Option<String>,
    pub cap_tons: Option<f64>,
    pub cap_num_crates: Option<i32>,
    pub company_id: Option<i64>,
    pub comp_name: Option<String>,
    pub comp_pricing: String,
    pub currency: Option<String>,
    pub operators: Heads,
    pub user_ids: Vec<i64>,
    pub farmer_ids: Vec<i64>,
    pub fem: Vec<i64>,
    pub ma: Vec<i64>,
    pub ot: Vec<i64>,
    pub beneficiaries: [Decimal; 3],
    pub crates_in: i32,
    pub ops_in: i32,
    pub kg_in: f64,
    pub crates_out: i32,
    pub ops_out: i32,
    pub kg_out: f64,
    pub stock_kg: f64,
    pub occupancy: Option<f64>,
    pub revenue: Option<Decimal>,
    pub revenue_usd: Option<Decimal>,
    pub crates_in_by_crop: BTreeMap<String, f64>,
    pub kg_in_by_crop: BTreeMap<String, f64>,
    pub crates_out_by_crop: BTreeMap<String, f64>,
    pub kg_out_by_crop: BTreeMap<String, f64>,
    pub co2: Co2,
    pub country: Option<String>,
    pub time_zone: String,
    pub report_date: NaiveDate,
    pub data_quality: BTreeSet<String>,
    /// Whether a net fee other than 0 fell on the day.
    pub has_fee: bool,
    /// Whether the day was over at the instant of the run.
    pub is_complete: bool,
}

/// Women, men, others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heads {
    pub female: i32,
    pub male: i32,
    pub other: i32,
}

impl Heads {
    pub fn of<'a>(genders: impl Iterator<Item = Option<&'a str>>) -> Self {
        let mut heads = Self::default();
        for gender in genders {
            match gender {
                Some("fe") => heads.female += 1,
                Some("ma") => heads.male += 1,
                _ => heads.other += 1,
            }
        }
        heads
    }

    pub fn total(self) -> i32 {
        self.female + self.male + self.other
    }
}

/// The world as a run sees it.
pub struct Slow<'w> {
    world: &'w World,
    parameters: &'w Parameters,
}

/// All rows of all units alive, by unit and date.
pub fn unit_days(world: &World, parameters: &Parameters) -> Vec<UnitDay> {
    let slow = Slow { world, parameters };
    let mut rows = Vec::new();
    for unit in &world.units {
        if world.is_alive(unit) {
            rows.extend(world.dates().filter_map(|date| slow.unit_day(unit, date)));
        }
    }
    rows
}

impl Slow<'_> {
    fn unit_day(&self, unit: &Unit, date: NaiveDate) -> Option<UnitDay> {
        let world = self.world;
        let zone = self.zone(unit);
        let first = self.first_day(unit)?;
        let start = first_instant_of(date, zone)?;
        if date < first || start >= world.as_of {
            return None;
        }
        let today = world.as_of.with_timezone(&zone).date_naive();
        let company = world.company_of(unit);
        let country = company.and_then(|company| company.country.as_deref());
        let capacity = unit.capacity_in_number_crates.filter(|capacity| *capacity != 0);
        let here = self.crates_of(unit);
        let on = |time: DateTime<Utc>| time.with_timezone(&zone).date_naive() == date;

        let ins: Vec<&Crate> = here
            .iter()
            .copied()
            .filter(|c| self.check_in(c).is_some_and(|(time, physical)| physical && on(time)))
            .collect();
        let emptied: Vec<&Crate> = here
            .iter()
            .copied()
            .filter(|c| self.emptied(c).is_some_and(|(time, physical)| physical && on(time)))
            .collect();
        let mut outs: Vec<(&Crate, Out<'_>)> = Vec::new();
        for produce_crate in &here {
            outs.extend(
                self.outs(produce_crate).into_iter().filter(|out| on(out.time)).map(|out| (*produce_crate, out)),
            );
        }
        let physical_outs = || outs.iter().filter(|(_, out)| out.physical);

        let active = |c: &Crate| {
            self.check_in(c).is_some_and(|(time, _)| on(time)) || self.outs(c).iter().any(|out| on(out.time))
        };
        let user_ids: BTreeSet<i64> = here.iter().filter(|c| active(c)).filter_map(|c| self.owner(c)).collect();
        let farmer_ids: BTreeSet<i64> = user_ids
            .iter()
            .filter_map(|user| world.farmer_of_user(*user))
            .filter(|farmer| !self.is_placeholder(farmer))
            .map(|farmer| farmer.id)
            .collect();
        let users_of = |wanted: Option<&str>| -> Vec<i64> {
            let group = |user: &i64| match world.user(*user).gender.as_deref() {
                Some("fe") => Some("fe"),
                Some("ma") => Some("ma"),
                _ => None,
            };
            user_ids.iter().copied().filter(|user| group(user) == wanted).collect()
        };
        let household = self.parameters.household(country);
        let people = Decimal::from(farmer_ids.len()) * household.size;

        let stock_by_crop = |name: &str| -> f64 {
            here.iter().filter(|c| self.crop_name(c) == name).map(|c| self.remaining(c, date, zone)).sum()
        };
        let in_room = here.iter().filter(|c| self.is_in_room_at_end(c, date, zone)).count();
        let stock_kg: f64 = here.iter().map(|c| self.remaining(c, date, zone)).sum();

        let revenue = Money::new(self, company, date, &outs);
        let mut flags = BTreeSet::new();
        let mut flag = |name: &str, is_set: bool| {
            if is_set {
                flags.insert(name.to_owned());
            }
        };
        flag("capacity_missing", capacity.is_none());
        flag("country_missing", self.parameters.time_zone(country).is_none());
        // Where the company has none, a fee may lack one; the flags do not depend on the day's activity.
        flag("currency_missing", company.and_then(company_currency).is_none());
        flag("fx_missing", revenue.fx_missing);

        let loss = self.food_loss_cold(unit, date);
        flag("food_loss_default", loss.is_none());
        let factors = RoomFactors::new(&self.room(unit), self.parameters);
        for lca in &factors.flags {
            flag(lca.as_str(), true);
        }
        let kg_out_by_crop = by_crop(physical_outs().map(|(c, out)| (self.crop_name(c), out.kg)));
        let crops: BTreeSet<String> = here.iter().map(|c| self.crop_name(c)).collect();
        let masses = crops.into_iter().map(|crop| {
            let released = physical_outs().filter(|(c, _)| self.crop_name(c) == crop).map(|(_, out)| out.kg).sum();
            (crop.clone(), stock_by_crop(&crop), released)
        });
        let elapsed = self.elapsed_share(date, zone);
        let co2 = self.co2(&factors, loss, elapsed, &masses.collect::<Vec<_>>());

        Some(UnitDay {
            date,
            cooling_unit_id: unit.id,
            unit_name: text(&unit.name),
            state: text(&world.location_of(unit).state),
            cool_unit_type: unit.cooling_unit_type.as_deref().and_then(text),
            cap_tons: unit.capacity_in_metric_tons.filter(|tons| tons.is_finite()),
            cap_num_crates: unit.capacity_in_number_crates,
            company_id: company.map(|company| company.id),
            comp_name: company.and_then(|company| text(&company.name)),
            comp_pricing: self.pricing(unit),
            currency: company.and_then(company_currency),
            operators: self.operators(unit),
            fem: users_of(Some("fe")),
            ma: users_of(Some("ma")),
            ot: users_of(None),
            user_ids: user_ids.into_iter().collect(),
            farmer_ids: farmer_ids.into_iter().collect(),
            beneficiaries: [people, people * household.fem_share, people * household.ma_share],
            crates_in: count(ins.len()),
            ops_in: count(ins.iter().filter_map(|c| world.check_in_of(c)).map(|c| c.id).collect::<BTreeSet<_>>().len()),
            kg_in: ins.iter().map(|c| c.initial_weight).sum(),
            crates_out: count(emptied.len()),
            ops_out: count(physical_outs().map(|(_, out)| out.operation.id).collect::<BTreeSet<_>>().len()),
            kg_out: physical_outs().map(|(_, out)| out.kg).sum(),
            stock_kg,
            occupancy: capacity.map(|capacity| in_room as f64 / f64::from(capacity) * 100.0),
            revenue: revenue.own,
            revenue_usd: revenue.usd,
            crates_in_by_crop: by_crop(ins.iter().map(|c| (self.crop_name(c), 1.0))),
            kg_in_by_crop: by_crop(ins.iter().map(|c| (self.crop_name(c), c.initial_weight))),
            crates_out_by_crop: by_crop(emptied.iter().map(|c| (self.crop_name(c), 1.0))),
            kg_out_by_crop,
            co2,
            country: country.map(str::to_owned),
            time_zone: zone.name().to_owned(),
            report_date: today,
            data_quality: flags,
            has_fee: revenue.has_fee,
            is_complete: date < today,
        })
    }

    /// The zone of the unit's days.
    fn zone(&self, unit: &Unit) -> Tz {
        let country = self.world.company_of(unit).and_then(|company| company.country.as_deref());
        self.world.forced_zone.or_else(|| self.parameters.time_zone(country)).unwrap_or(Tz::UTC)
    }

    /// The earlier of the day of creation and of the first check-in of any kind. A creation before the earliest day
    /// that is computed, or at infinity, is none.
    fn first_day(&self, unit: &Unit) -> Option<NaiveDate> {
        let zone = self.zone(unit);
        let created = unit.date_creation.and_then(Moment::instant).filter(|at| *at >= self.world.first_instant());
        let checked_in = self.crates_of(unit).into_iter().filter_map(|c| self.check_in(c)).map(|(time, _)| time);
        checked_in.chain(created).map(|time| time.with_timezone(&zone).date_naive()).min()
    }

    fn pricing(&self, unit: &Unit) -> String {
        let prefix = if unit.metric == "CRATES" { "Per Crate" } else { "Per KG" };
        let of_unit = self.world.unit_crops.iter().filter(|crop| crop.cooling_unit_id == unit.id && crop.active);
        let kinds: Vec<&str> = of_unit.filter_map(|crop| crop.pricing_type.as_deref()).collect();
        let daily = kinds.iter().filter(|kind| **kind == "PERIODICITY").count();
        let suffix = match (kinds.len(), daily) {
            (0, _) => "",
            (_, 0) => " fixed",
            (all, daily) if all == daily => " per day",
            _ => " mixed",
        };
        format!("{prefix}{suffix}")
    }

    fn operators(&self, unit: &Unit) -> Heads {
        let users =
            self.world.unit_operators.iter().filter(|(id, _)| *id == unit.id).map(|(_, user)| self.world.user(*user));
        Heads::of(users.filter(|user| user.is_active).map(|user| user.gender.as_deref()))
    }
}

fn company_currency(company: &Company) -> Option<String> {
    company.currency.as_deref().and_then(text)
}

/// A text of the source: the empty one is none.
fn text(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

fn count(n: usize) -> i32 {
    i32::try_from(n).expect("few")
}

/// Sums by crop name, without what counts as 0.
fn by_crop(values: impl Iterator<Item = (String, f64)>) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    for (crop, value) in values {
        *sums.entry(crop).or_insert(0.0) += value;
    }
    sums.retain(|_, sum| *sum >= 0.0005);
    sums
}

/// The first instant of a local date, found by walking from quarter of an hour to quarter of an hour; clocks of
/// this century change at none other. `None` when no instant has that date.
pub fn first_instant_of(date: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let from = date.and_time(chrono::NaiveTime::MIN).and_utc() - Duration::hours(30);
    (0..60 * 4)
        .map(|quarter| from + Duration::minutes(15 * quarter))
        .find(|instant| instant.with_timezone(&zone).date_naive() == date)
}
