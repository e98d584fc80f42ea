//! The indicators of a unit's day by their definitions, one figure at a time, straight from the raw rows.
//!
//! Nothing is precomputed, indexed or carried from one day to the next, and no code of the program is used but the
//! parameters and the room's factors of the assessment, which have tests of their own. Days are found by asking
//! instants for their local date, never by computing bounds.

mod company;
mod food_loss;
mod rejects;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use metrics_core::lca::room::{PowerSupply, RoomDescription, RoomFactors};
use metrics_core::parameters::Parameters;
use rust_decimal::{Decimal, RoundingStrategy};

use super::world::{CheckOut, Company, Crate, Farmer, Moment, Movement, Release, Unit, World};

pub use company::{CompanyRow, companies};
pub use rejects::rejects;

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

/// Emissions of a day by section 5, boundary "production".
#[derive(Debug, Clone, PartialEq)]
pub struct Co2 {
    pub total: Option<f64>,
    pub idle: Option<f64>,
    /// With the cold room, and without it.
    pub crops: Option<BTreeMap<String, [f64; 2]>>,
    pub electricity: Option<f64>,
    pub refrigerant: f64,
    pub disposal: [f64; 2],
    pub production: [f64; 2],
}

/// One release that has happened, of a crate that exists.
struct Out<'w> {
    row: &'w Release,
    check_out: &'w CheckOut,
    time: DateTime<Utc>,
    physical: bool,
    kg: f64,
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

impl<'w> Slow<'w> {
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
            ops_out: count(physical_outs().map(|(_, out)| out.check_out.id).collect::<BTreeSet<_>>().len()),
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

    /// The crates of a unit that are not rejected.
    fn crates_of(&self, unit: &Unit) -> Vec<&'w Crate> {
        self.world.crates.iter().filter(|c| c.cooling_unit_id == Some(unit.id) && self.exists(c)).collect()
    }

    fn exists(&self, produce_crate: &Crate) -> bool {
        let mut releases = self.world.releases.iter().filter(|release| release.crate_id == produce_crate.id);
        produce_crate.initial_weight.is_finite()
            && releases.all(|release| {
                let discount = self.world.check_out(release.checkout_id).discount_amount;
                release.percentage.is_finite()
                    && release.cooling_fees.is_finite()
                    && discount.is_none_or(f64::is_finite)
            })
    }

    /// The time of a movement that is not rejected; it may lie after the run.
    fn dated(&self, movement: &Movement) -> Option<DateTime<Utc>> {
        movement.date.instant().filter(|time| *time >= self.world.first_instant())
    }

    /// Time of the check-in, and whether it is physical, when it has happened.
    fn check_in(&self, produce_crate: &Crate) -> Option<(DateTime<Utc>, bool)> {
        let movement = self.world.movement(self.world.check_in_of(produce_crate)?.movement_id)?;
        let time = self.dated(movement).filter(|time| *time < self.world.as_of)?;
        Some((time, movement.initiated_for != "mo"))
    }

    /// Releases of a crate with a time, by (time, check-out).
    fn dated_outs(&self, produce_crate: &Crate) -> Vec<Out<'w>> {
        let mut outs = Vec::new();
        for row in self.world.releases.iter().filter(|release| release.crate_id == produce_crate.id) {
            let check_out = self.world.check_out(row.checkout_id);
            let Some(movement) = self.world.movement(check_out.movement_id) else { continue };
            let Some(time) = self.dated(movement) else { continue };
            let kg = row.percentage * produce_crate.initial_weight.max(1.0);
            outs.push(Out { row, check_out, time, physical: movement.initiated_for != "mo", kg });
        }
        outs.sort_by_key(|out| (out.time, out.check_out.id));
        outs
    }

    /// Those that have happened.
    fn outs(&self, produce_crate: &Crate) -> Vec<Out<'w>> {
        self.dated_outs(produce_crate).into_iter().filter(|out| out.time < self.world.as_of).collect()
    }

    /// When a crate was emptied, and whether physically.
    fn emptied(&self, produce_crate: &Crate) -> Option<(DateTime<Utc>, bool)> {
        let last = self.dated_outs(produce_crate).pop()?;
        (produce_crate.cmp_fully_checked_out && last.time < self.world.as_of).then_some((last.time, last.physical))
    }

    /// Is a crate in the room when the day, or what has passed of it, is over?
    fn is_in_room_at_end(&self, produce_crate: &Crate, date: NaiveDate, zone: Tz) -> bool {
        // An instant before the run lies before the end of a day when its local date is that day or earlier.
        let before_end = |time: DateTime<Utc>| time.with_timezone(&zone).date_naive() <= date;
        let came = self.check_in(produce_crate).is_some_and(|(time, _)| before_end(time));
        let vanished = produce_crate.cmp_fully_checked_out && self.dated_outs(produce_crate).is_empty();
        let left = self.emptied(produce_crate).is_some_and(|(time, _)| before_end(time));
        came && !vanished && !left
    }

    /// What is left in a crate at the end of the day, kg.
    fn remaining(&self, produce_crate: &Crate, date: NaiveDate, zone: Tz) -> f64 {
        if !self.is_in_room_at_end(produce_crate, date, zone) {
            return 0.0;
        }
        let out: f64 = self
            .outs(produce_crate)
            .iter()
            .filter(|out| out.time.with_timezone(&zone).date_naive() <= date)
            .map(|out| out.kg)
            .sum();
        let left = produce_crate.initial_weight - out;
        if left < 0.0005 { 0.0 } else { left }
    }

    fn owner(&self, produce_crate: &Crate) -> Option<i64> {
        self.world.check_in_of(produce_crate)?.owned_by_user_id
    }

    fn crop_name(&self, produce_crate: &Crate) -> String {
        let crop = self.world.produce_of(produce_crate).and_then(|produce| produce.crop_id);
        let crop = self.world.crops.iter().find(|row| Some(row.id) == crop);
        crop.map_or_else(|| "Unknown".to_owned(), |crop| crop.name.clone())
    }

    fn is_placeholder(&self, farmer: &Farmer) -> bool {
        farmer.is_unknown || self.world.user(farmer.user_id).first_name.as_deref() == Some("User without a phone")
    }

    /// Net fee of a release, as a decimal.
    fn net_fee(&self, out: &Out<'_>) -> Decimal {
        let gross = out.row.cooling_fees;
        let all: f64 = self
            .world
            .releases
            .iter()
            .filter(|other| other.checkout_id == out.check_out.id)
            .filter(|other| self.world.crates.iter().any(|c| c.id == other.crate_id && self.exists(c)))
            .map(|other| other.cooling_fees)
            .sum();
        let net = match out.check_out.discount_amount {
            Some(discount) if discount > 0.0 && all > 0.0 => gross - discount.min(all) * gross / all,
            _ => gross,
        };
        if net.abs() < 0.00005 { Decimal::ZERO } else { format!("{net}").parse().expect("a decimal") }
    }

    fn rate(&self, currency: &str, date: NaiveDate) -> Option<Decimal> {
        if currency == "USD" {
            return Some(Decimal::ONE);
        }
        let usable = self.world.rates.iter().filter(|rate| {
            let age = (date - rate.date).num_days();
            rate.currency == currency && !rate.quarantined && (0..=7).contains(&age)
        });
        usable.max_by_key(|rate| rate.date).map(|rate| rate.usd.parse().expect("a decimal"))
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

    fn room(&self, unit: &Unit) -> RoomDescription {
        let power = self.world.powers.iter().filter(|row| row.cooling_unit_id == unit.id).max_by_key(|row| row.id);
        let [room_length_m, room_width_m, room_height_m] = unit.room_size_m;
        RoomDescription {
            power: power.map(|row| PowerSupply {
                daily_room_kwh: row.daily_room_wattage,
                power_source: row.power_source.clone(),
                diesel_perc: None,
                grid_perc: row.grid_percent,
                pv_perc: row.pv_percent,
                biomass_perc: None,
                refrigerant_type: Some(row.refrigerant_type.clone()),
                refrigerant_kg: row.amount_refrigerant,
            }),
            room_length_m,
            room_width_m,
            room_height_m,
            country: self.world.company_of(unit).and_then(|company| company.country.clone()),
        }
    }

    /// Part of a day that had passed at the run.
    fn elapsed_share(&self, date: NaiveDate, zone: Tz) -> f64 {
        let start = first_instant_of(date, zone).expect("the day exists");
        let end =
            (1..4).find_map(|n| first_instant_of(date + chrono::Days::new(n), zone)).expect("no zone skips three days");
        let seconds = |span: Duration| span.num_microseconds().expect("short") as f64;
        (seconds(self.world.as_of - start) / seconds(end - start)).min(1.0)
    }

    /// Emissions by section 5 from stock and releases by crop.
    fn co2(&self, room: &RoomFactors, loss: Option<f64>, elapsed: f64, masses: &[(String, f64, f64)]) -> Co2 {
        let electricity = match (room.electricity_kwh_per_day, room.electricity_kg_co2e_per_kwh) {
            (Some(energy), Some(factor)) => Some(energy.value() * factor.value() * elapsed),
            _ => None,
        };
        let refrigerant = room.refrigerant_kg_co2e_per_day.value() * elapsed;
        let loss_cold = loss.unwrap_or(room.food_loss_cold_default_ratio.value());
        let loss_ambient = room.food_loss_ambient_ratio.value();
        let disposal_factor = room.disposal_kg_co2e_per_kg.value();
        let stock: f64 = masses.iter().map(|(_, stock, _)| stock).sum();
        let mut crops = BTreeMap::new();
        let (mut disposal, mut production) = ([0.0; 2], [0.0; 2]);
        for (crop, stock_of_crop, released) in
            masses.iter().filter(|(_, stock, released)| *stock > 0.0 || *released > 0.0)
        {
            let footprint = self.parameters.production_footprint(crop).value();
            for (place, share) in [loss_cold, loss_ambient].into_iter().enumerate() {
                disposal[place] += share * released * disposal_factor;
                production[place] += share * released * footprint;
            }
            let lost = |share: f64| share * released * (disposal_factor + footprint);
            let of_room = if stock > 0.0 { stock_of_crop / stock } else { 0.0 };
            let energy = (electricity.unwrap_or(0.0) + refrigerant) * of_room;
            crops.insert(crop.clone(), [energy + lost(loss_cold), lost(loss_ambient)]);
        }
        let idle = electricity.map(|electricity| if stock > 0.0 { 0.0 } else { electricity + refrigerant });
        let saved: f64 = crops.values().map(|[cold, none]| none - cold).sum();
        Co2 {
            total: idle.map(|idle| saved - idle),
            idle,
            crops: electricity.map(|_| crops),
            electricity,
            refrigerant,
            disposal,
            production,
        }
    }
}

/// What the releases of a day brought in.
#[derive(Default)]
struct Money {
    own: Option<Decimal>,
    usd: Option<Decimal>,
    fx_missing: bool,
    has_fee: bool,
}

impl Money {
    fn new(slow: &Slow<'_>, company: Option<&Company>, date: NaiveDate, outs: &[(&Crate, Out<'_>)]) -> Self {
        let own_currency = company.and_then(company_currency);
        let mut result = Self { own: Some(Decimal::ZERO), usd: Some(Decimal::ZERO), ..Self::default() };
        let fees = outs.iter().map(|(c, out)| (c, out, slow.net_fee(out))).filter(|(_, _, fee)| !fee.is_zero());
        for (produce_crate, out, fee) in fees {
            result.has_fee = true;
            let of_crate = produce_crate.currency.as_deref().and_then(text);
            let of_check_out = out.check_out.currency.as_deref().and_then(text);
            let currency = of_crate.or(of_check_out).or_else(|| own_currency.clone());
            let usd_rate = currency.as_deref().and_then(|currency| slow.rate(currency, date));
            let usd = usd_rate.map(|rate| fee * rate);
            result.fx_missing |= currency.is_some() && usd.is_none();
            let own = match (&own_currency, &currency) {
                (Some(own), Some(currency)) if own == currency => Some(fee),
                (Some(own), Some(_)) => {
                    let rate = slow.rate(own, date);
                    result.fx_missing |= rate.is_none();
                    usd.and_then(|usd| Some(usd / rate?))
                }
                _ => None,
            };
            result.own = result.own.and_then(|sum| Some(sum + own?));
            result.usd = result.usd.and_then(|sum| Some(sum + usd?));
        }
        result.own = result.own.map(|sum| round(sum, 2));
        result.usd = result.usd.map(|sum| round(sum, 6));
        result
    }
}

pub fn round(value: Decimal, places: u32) -> Decimal {
    value.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero)
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
