//! Indicators of one cooling unit in one local day.
//!
//! A day `D` is the half-open local civil day of the unit; the day that contains as-of ends at as-of. Check-ins and
//! releases count on the day of their instant; stock and occupancy are those at the end of the day. Counts and
//! kilograms are of physical movements; people and money are of all.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;

use super::Gender;
use super::food_loss_history::FoodLossHistory;
use super::lifecycle::{Emptied, MovementKind, Owner, ProduceCrate, RESIDUE_KG, Release, remaining_kg};
use crate::ids::{CoolingUnitId, FarmerId, UserId};
use crate::lca::FoodLossBoundary;
use crate::lca::room::RoomFactors;
use crate::lca::room_day::{CropDay, RoomDayEmissions, RoomDayInput, room_day_emissions};
use crate::lca::workbook::{WorkbookIntensity, workbook_day};
use crate::money::{RateBook, decimal, rounded};
use crate::parameters::Parameters;
use crate::quality::QualityFlag;
use crate::units::{KgCo2ePerKg, Kilograms};
use crate::window::{day_window, local_date, month_of};

/// What the day's figures need to know of a cooling unit.
#[derive(Debug, Clone)]
pub struct CoolingUnit {
    /// Its id.
    pub id: CoolingUnitId,
    /// Zone of its days.
    pub zone: Tz,
    /// Capacity, crates; unknown and 0 have no occupancy.
    pub capacity_crates: Option<i32>,
    /// Currency of its company.
    pub company_currency: Option<Arc<str>>,
    /// Whether the company's country is known.
    pub has_known_country: bool,
}

/// How the day's emissions are computed.
#[derive(Debug, Clone, Copy)]
pub enum EmissionModel<'a> {
    /// Not at all.
    Omitted,
    /// See [`crate::lca::room_day`].
    RoomDay {
        /// Factors of this unit.
        factors: &'a RoomFactors,
        /// Losses that market surveys reported.
        history: &'a FoodLossHistory,
        /// What a lost kilogram stands for.
        boundary: FoodLossBoundary,
    },
    /// See [`crate::lca::workbook`].
    Workbook(&'a WorkbookIntensity),
}

/// What all units of a run share.
#[derive(Debug, Clone, Copy)]
pub struct DayContext<'a> {
    /// Instant of which the run speaks.
    pub as_of: DateTime<Utc>,
    /// Exchange rates.
    pub rates: &'a RateBook,
    /// Literature values.
    pub parameters: &'a Parameters,
}

/// A number of crates by crop name, ascending by name, without crops that have none.
pub type CratesByCrop = Vec<(Arc<str>, i32)>;
/// Kilograms by crop name, ascending by name, without residues.
pub type KilogramsByCrop = Vec<(Arc<str>, f64)>;

/// Figures of one cooling unit in one local day; columns of `cooling_unit_metrics`.
#[derive(Debug, Clone, PartialEq)]
pub struct CoolingUnitDay {
    /// The local day.
    pub date: NaiveDate,
    /// False for the day that contains as-of.
    pub is_complete: bool,
    /// Owners of crates checked in or released, ascending.
    pub active_users: Vec<UserId>,
    /// Of them, women.
    pub active_female: Vec<UserId>,
    /// Of them, men.
    pub active_male: Vec<UserId>,
    /// Of them, other or unknown.
    pub active_other: Vec<UserId>,
    /// Farmers behind the owners, without placeholders, ascending.
    pub active_farmers: Vec<FarmerId>,
    /// Crates checked in.
    pub crates_in: i32,
    /// Check-in operations of those crates.
    pub check_ins: i32,
    /// Their initial weight, kg.
    pub kg_in: f64,
    /// Crates emptied.
    pub crates_out: i32,
    /// Check-out operations with a physical release.
    pub check_outs: i32,
    /// Weight released, kg.
    pub kg_out: f64,
    /// Crates in the room at the end of the day ÷ capacity × 100.
    pub occupancy_perc: Option<f64>,
    /// Weight in the room at the end of the day, kg.
    pub stock_kg: f64,
    /// Net fees in the company's currency, two decimals.
    pub revenue: Option<Decimal>,
    /// Net fees in US dollars, six decimals.
    pub revenue_usd: Option<Decimal>,
    /// Whether any net fee of the day is not 0.
    pub has_fee: bool,
    /// `crates_in` by crop.
    pub crates_in_by_crop: CratesByCrop,
    /// `kg_in` by crop.
    pub kg_in_by_crop: KilogramsByCrop,
    /// `crates_out` by crop.
    pub crates_out_by_crop: CratesByCrop,
    /// `kg_out` by crop.
    pub kg_out_by_crop: KilogramsByCrop,
    /// Emissions; absent when the run does not compute them.
    pub emissions: Option<RoomDayEmissions>,
    /// What limits the figures, ascending.
    pub quality: Vec<QualityFlag>,
    /// False when a sum left the range of its type: the row cannot be stored.
    pub is_representable: bool,
}

/// First day of a unit: the earlier of the local days of its creation and of its first check-in of any kind.
pub fn first_day(
    created_at: Option<DateTime<Utc>>,
    first_check_in: Option<DateTime<Utc>>,
    zone: Tz,
) -> Option<NaiveDate> {
    [created_at, first_check_in].into_iter().flatten().min().map(|at| local_date(at, zone))
}

/// Instant of the first check-in of any kind among `crates`.
pub fn first_check_in(crates: &[ProduceCrate]) -> Option<DateTime<Utc>> {
    crates.iter().filter_map(|produce| produce.check_in).map(|check_in| check_in.at).min()
}

/// Figures of `unit` for every civil day of `from..=to` that begins before as-of, one after the other.
///
/// `crates` are those of the unit that were in the room or moved in the range; others change nothing. A day that the
/// zone skipped has no figures.
pub fn cooling_unit_days<'a>(
    unit: &'a CoolingUnit,
    crates: &'a [ProduceCrate],
    from: NaiveDate,
    to: NaiveDate,
    model: EmissionModel<'a>,
    context: &'a DayContext<'a>,
) -> impl Iterator<Item = CoolingUnitDay> + 'a {
    let mut room = Room::new(crates, context.parameters);
    from.iter_days()
        .take_while(move |date| *date <= to)
        .filter_map(|date| Some((date, day_window(date, unit.zone)?)))
        .take_while(|(_, window)| window.start < context.as_of)
        .map(move |(date, window)| {
            let end = window.end.min(context.as_of);
            let elapsed_ratio = (end - window.start).as_seconds_f64() / (window.end - window.start).as_seconds_f64();
            let is_complete = end == window.end;
            let events = room.advance(window.start, end);
            figures(unit, date, is_complete, elapsed_ratio, &events, &mut room, end, model, context)
        })
}

/// Positions in the unit's check-ins and releases that fall into one day.
struct Events {
    check_ins: std::ops::Range<usize>,
    releases: std::ops::Range<usize>,
}

/// The crates of one unit, walked through in time.
struct Room<'a> {
    crates: &'a [ProduceCrate],
    crops: Vec<Arc<str>>,
    production: Vec<KgCo2ePerKg>,
    /// Index into `crops`, per crate.
    crop_of: Vec<usize>,
    /// Crates with a check-in, ascending by (instant, id).
    check_ins: Vec<usize>,
    /// (crate, release) ascending by (instant, release id).
    releases: Vec<(usize, usize)>,
    next_check_in: usize,
    next_release: usize,
    /// Crates in the room, in order of check-in.
    present: Vec<usize>,
    /// Weight released so far, per crate, kg.
    released_kg: Vec<f64>,
}

impl<'a> Room<'a> {
    fn new(crates: &'a [ProduceCrate], parameters: &Parameters) -> Self {
        let mut crops: Vec<Arc<str>> = crates.iter().map(|produce| Arc::clone(&produce.crop)).collect();
        crops.sort_unstable();
        crops.dedup();
        // Every crate's crop was just put into the list, so the search always finds it.
        let crop_of = crates.iter().map(|produce| crops.partition_point(|crop| *crop < produce.crop)).collect();
        let production = crops.iter().map(|crop| parameters.production_footprint(crop)).collect();

        let mut check_ins: Vec<usize> = (0..crates.len()).filter(|&i| crates[i].check_in.is_some()).collect();
        check_ins.sort_unstable_by_key(|&i| (crates[i].check_in.map(|check_in| check_in.at), crates[i].id));
        let mut releases: Vec<(usize, usize)> = crates
            .iter()
            .enumerate()
            .flat_map(|(i, produce)| (0..produce.releases.len()).map(move |r| (i, r)))
            .collect();
        releases.sort_unstable_by_key(|&(i, r)| (crates[i].releases[r].at, crates[i].releases[r].id));
        Self {
            crates,
            crops,
            production,
            crop_of,
            check_ins,
            releases,
            next_check_in: 0,
            next_release: 0,
            present: Vec::new(),
            released_kg: vec![0.0; crates.len()],
        }
    }

    fn release(&self, position: usize) -> (usize, &'a Release) {
        let (i, r) = self.releases[position];
        (i, &self.crates[i].releases[r])
    }

    /// Moves on to `end`; gives what happened from `start` on.
    fn advance(&mut self, start: DateTime<Utc>, end: DateTime<Utc>) -> Events {
        let came_in_before = |room: &Self, instant| {
            let rest = &room.check_ins[room.next_check_in..];
            let crates = room.crates;
            room.next_check_in
                + rest.partition_point(|&i| crates[i].check_in.is_some_and(|check_in| check_in.at < instant))
        };
        let first_check_in = came_in_before(self, start);
        let last_check_in = came_in_before(self, end);
        self.present.extend_from_slice(&self.check_ins[self.next_check_in..last_check_in]);
        self.next_check_in = last_check_in;

        let released_before = |room: &Self, instant| {
            let rest = &room.releases[room.next_release..];
            room.next_release + rest.partition_point(|&(i, r)| room.crates[i].releases[r].at < instant)
        };
        let first_release = released_before(self, start);
        let last_release = released_before(self, end);
        for position in self.next_release..last_release {
            let (i, release) = self.release(position);
            self.released_kg[i] += release.kg;
        }
        self.next_release = last_release;

        let crates = self.crates;
        self.present.retain(|&i| crates[i].is_in_room(end));
        Events { check_ins: first_check_in..last_check_in, releases: first_release..last_release }
    }
}

#[expect(clippy::too_many_arguments, reason = "the day's facts, passed once, from one place")]
fn figures(
    unit: &CoolingUnit,
    date: NaiveDate,
    is_complete: bool,
    elapsed_ratio: f64,
    events: &Events,
    room: &mut Room<'_>,
    end: DateTime<Utc>,
    model: EmissionModel<'_>,
    context: &DayContext<'_>,
) -> CoolingUnitDay {
    let crops = room.crops.len();
    let (mut crates_in, mut kg_in) = (vec![0; crops], vec![0.0; crops]);
    let (mut crates_out, mut kg_out) = (vec![0; crops], vec![0.0; crops]);
    let (mut kg_in_total, mut kg_out_total) = (0.0, 0.0);
    let (mut check_ins, mut check_outs, mut owners) = (Vec::new(), Vec::new(), Vec::new());

    for &i in &room.check_ins[events.check_ins.clone()] {
        let produce = &room.crates[i];
        owners.extend(produce.owner);
        if let Some(check_in) = produce.check_in.filter(|check_in| check_in.kind == MovementKind::Physical) {
            crates_in[room.crop_of[i]] += 1;
            kg_in[room.crop_of[i]] += produce.initial_weight_kg;
            kg_in_total += produce.initial_weight_kg;
            check_ins.push(check_in.id);
        }
    }
    let mut fees = Fees::default();
    for position in events.releases.clone() {
        let (i, release) = room.release(position);
        let produce = &room.crates[i];
        owners.extend(produce.owner);
        fees.add(release);
        if release.kind == MovementKind::Physical {
            kg_out[room.crop_of[i]] += release.kg;
            kg_out_total += release.kg;
            check_outs.push(release.check_out);
        }
        // The crate's last release of the day stands for its emptying, so that it counts once.
        let is_last = produce.releases.last().is_some_and(|last| last.id == release.id);
        if let Emptied::At(_, MovementKind::Physical) = produce.emptied
            && is_last
        {
            crates_out[room.crop_of[i]] += 1;
        }
    }
    check_ins.sort_unstable();
    check_ins.dedup();
    check_outs.sort_unstable();
    check_outs.dedup();

    let mut stock_kg = vec![0.0; crops];
    let mut stock_total = 0.0;
    for &i in &room.present {
        let kg = remaining_kg(room.crates[i].initial_weight_kg, room.released_kg[i]);
        stock_kg[room.crop_of[i]] += kg;
        stock_total += kg;
    }
    debug_assert!(room.present.iter().all(|&i| room.crates[i].is_in_room(end)));

    let occupancy_perc = unit
        .capacity_crates
        .filter(|capacity| *capacity > 0)
        .map(|capacity| room.present.len() as f64 / f64::from(capacity) * 100.0);
    let revenue = fees.revenue(unit.company_currency.as_deref(), date, context.rates);
    let emissions = emissions(unit, date, elapsed_ratio, room, &stock_kg, &kg_out, model);
    let people = Active::of(owners);

    let mut quality = Vec::new();
    let mut flag = |is_set: bool, flag: QualityFlag| {
        if is_set {
            quality.push(flag);
        }
    };
    flag(occupancy_perc.is_none(), QualityFlag::CapacityMissing);
    flag(!unit.has_known_country, QualityFlag::CountryMissing);
    flag(unit.company_currency.is_none(), QualityFlag::CurrencyMissing);
    flag(revenue.is_rate_missing, QualityFlag::FxMissing);
    flag(emissions.as_ref().is_some_and(|emissions| emissions.food_loss_defaulted), QualityFlag::FoodLossDefault);
    if let EmissionModel::RoomDay { factors, .. } = model {
        quality.extend(&factors.flags);
    }
    quality.sort_unstable();
    quality.dedup();

    CoolingUnitDay {
        date,
        is_complete,
        active_users: people.users,
        active_female: people.female,
        active_male: people.male,
        active_other: people.other,
        active_farmers: people.farmers,
        crates_in: crates_in.iter().sum(),
        check_ins: count(check_ins.len()),
        kg_in: kg_in_total,
        crates_out: crates_out.iter().sum(),
        check_outs: count(check_outs.len()),
        kg_out: kg_out_total,
        occupancy_perc,
        stock_kg: stock_total,
        revenue: revenue.local,
        revenue_usd: revenue.usd,
        has_fee: !fees.by_currency.is_empty(),
        crates_in_by_crop: by_crop(&room.crops, &crates_in, |crates| *crates > 0),
        kg_in_by_crop: by_crop(&room.crops, &kg_in, |kg| *kg >= RESIDUE_KG),
        crates_out_by_crop: by_crop(&room.crops, &crates_out, |crates| *crates > 0),
        kg_out_by_crop: by_crop(&room.crops, &kg_out, |kg| *kg >= RESIDUE_KG),
        emissions,
        quality,
        is_representable: revenue.is_representable
            && [kg_in_total, kg_out_total, stock_total].into_iter().all(f64::is_finite),
    }
}

/// A count as stored; a day with more than two thousand million operations saturates.
fn count(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

fn by_crop<T: Copy>(crops: &[Arc<str>], values: &[T], is_kept: impl Fn(&T) -> bool) -> Vec<(Arc<str>, T)> {
    crops
        .iter()
        .zip(values)
        .filter(|(_, value)| is_kept(value))
        .map(|(crop, value)| (Arc::clone(crop), *value))
        .collect()
}

fn emissions(
    unit: &CoolingUnit,
    date: NaiveDate,
    elapsed_ratio: f64,
    room: &Room<'_>,
    stock_kg: &[f64],
    released_kg: &[f64],
    model: EmissionModel<'_>,
) -> Option<RoomDayEmissions> {
    let crops: Vec<CropDay<'_>> = (0..room.crops.len())
        .filter(|&crop| stock_kg[crop] > 0.0 || released_kg[crop] > 0.0)
        .map(|crop| CropDay {
            name: &room.crops[crop],
            stock: Kilograms::new(stock_kg[crop]),
            released: Kilograms::new(released_kg[crop]),
            production: room.production[crop],
        })
        .collect();
    match model {
        EmissionModel::Omitted => None,
        EmissionModel::Workbook(intensity) => Some(workbook_day(intensity, &crops)),
        EmissionModel::RoomDay { factors, history, boundary } => Some(room_day_emissions(&RoomDayInput {
            factors,
            elapsed_ratio,
            crops: &crops,
            food_loss_cold_ratio: history.lost_ratio(unit.id, month_of(date)),
            food_loss: boundary,
        })),
    }
}

/// People of a day, each once, ascending.
#[derive(Default)]
struct Active {
    users: Vec<UserId>,
    female: Vec<UserId>,
    male: Vec<UserId>,
    other: Vec<UserId>,
    farmers: Vec<FarmerId>,
}

impl Active {
    fn of(mut owners: Vec<Owner>) -> Self {
        owners.sort_unstable_by_key(|owner| owner.user);
        owners.dedup_by_key(|owner| owner.user);
        let mut active = Self::default();
        for owner in owners {
            active.users.push(owner.user);
            match owner.gender {
                Gender::Female => active.female.push(owner.user),
                Gender::Male => active.male.push(owner.user),
                Gender::Other => active.other.push(owner.user),
            }
            active.farmers.extend(owner.farmer.filter(|farmer| !farmer.is_placeholder).map(|farmer| farmer.id));
        }
        active.farmers.sort_unstable();
        active.farmers.dedup();
        active
    }
}

/// Net fees of a day that are not 0, summed per currency as decimals.
#[derive(Default)]
struct Fees {
    by_currency: Vec<(Option<Arc<str>>, Option<Decimal>)>,
}

/// What the fees of a day come to.
struct Revenue {
    local: Option<Decimal>,
    usd: Option<Decimal>,
    is_rate_missing: bool,
    is_representable: bool,
}

/// Why an amount is not known.
enum Missing {
    Currency,
    Rate,
    Range,
}

impl Fees {
    fn add(&mut self, release: &Release) {
        if release.net_fee == 0.0 {
            return;
        }
        let fee = decimal(release.net_fee);
        match self.by_currency.iter_mut().find(|(currency, _)| *currency == release.currency) {
            Some((_, sum)) => *sum = sum.and_then(|sum| sum.checked_add(fee?)),
            None => self.by_currency.push((release.currency.clone(), fee)),
        }
    }

    /// Sum of the fees, each converted by `convert`.
    fn sum(&self, convert: impl Fn(&str, Decimal) -> Result<Decimal, Missing>) -> Result<Decimal, Missing> {
        let mut total = Decimal::ZERO;
        for (currency, sum) in &self.by_currency {
            let currency = currency.as_deref().ok_or(Missing::Currency)?;
            let converted = convert(currency, sum.ok_or(Missing::Range)?)?;
            total = total.checked_add(converted).ok_or(Missing::Range)?;
        }
        Ok(total)
    }

    fn revenue(&self, company_currency: Option<&str>, date: NaiveDate, rates: &RateBook) -> Revenue {
        let usd_per = |currency: &str| rates.rate(currency, date).ok_or(Missing::Rate);
        let usd = self.sum(|currency, amount| amount.checked_mul(usd_per(currency)?).ok_or(Missing::Range));
        let local = self.sum(|currency, amount| {
            let company_currency = company_currency.ok_or(Missing::Currency)?;
            if currency == company_currency {
                return Ok(amount);
            }
            let usd = amount.checked_mul(usd_per(currency)?).ok_or(Missing::Range)?;
            usd.checked_div(usd_per(company_currency)?).ok_or(Missing::Range)
        });
        // Every fee is asked, so that the flag does not depend on which one came first.
        let needs_local = |currency: &str| company_currency.is_some_and(|company| company != currency);
        let is_rate_missing = self.by_currency.iter().filter_map(|(currency, _)| currency.as_deref()).any(|currency| {
            usd_per(currency).is_err() || needs_local(currency) && company_currency.is_some_and(|c| usd_per(c).is_err())
        });
        // numeric(18,2) and numeric(18,6) hold 16 and 12 digits before the point.
        let fits = |sum: &Result<Decimal, Missing>, digits| match sum {
            Ok(sum) => sum.abs() < Decimal::from(10_i64.pow(digits)),
            Err(missing) => !matches!(missing, Missing::Range),
        };
        Revenue {
            is_representable: fits(&local, 16) && fits(&usd, 12),
            local: local.ok().map(|sum| rounded(sum, 2)),
            usd: usd.ok().map(|sum| rounded(sum, 6)),
            is_rate_missing,
        }
    }
}
