//! Slices: what several days of cooling units add up to.
//!
//! A slice takes the stored days of some cooling units between two dates and gives one figure per cooling unit and
//! column:
//!
//! * counts, kilograms, money and emissions are summed;
//! * occupancy is the unweighted mean of the days;
//! * lists of ids are united, so a person active on two days counts once;
//! * dictionaries are summed by name;
//! * everything that describes the cooling unit is that of its latest day in the range.
//!
//! **Absent is not zero.** A day without a figure is left out of the sum or mean and counted in
//! [`Total::missing_days`]; a column without any figure is absent. Floats are summed in order of date, so the same
//! rows give the same bits. Nothing is rounded.

mod by_name;
mod combined;
mod emissions;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;

pub use by_name::{NumbersByName, SumsByName};
pub use combined::CombinedUnits;
pub use emissions::{CropEmissions, EmissionDay, EmissionSums, EmissionsByCrop};

use crate::ids::{CompanyId, CoolingUnitId};

/// One stored day of one cooling unit: the columns that a slice adds up.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "fields are columns of metrics.cooling_unit_metrics, described there")]
pub struct DayRow {
    pub date: NaiveDate,
    pub room_active_user_ids: Vec<i64>,
    pub room_active_fem: Vec<i64>,
    pub room_active_ma: Vec<i64>,
    pub room_active_ot: Vec<i64>,
    pub room_active_farmer_ids: Vec<i64>,
    pub room_crates_in: i32,
    pub room_ops_in: i32,
    pub room_kg_in: f64,
    pub room_crates_out: i32,
    pub room_ops_out: i32,
    pub room_kg_out: f64,
    pub average_room_occupancy: Option<f64>,
    pub room_revenue: Option<Decimal>,
    pub room_revenue_usd: Option<Decimal>,
    pub check_in_crates_crop: NumbersByName,
    pub check_in_kg_crop: NumbersByName,
    pub check_out_crates_crop: NumbersByName,
    pub check_out_kg_crop: NumbersByName,
    pub tot_co2: Option<f64>,
    /// The difference per crop.
    pub co2_crops: Option<NumbersByName>,
    pub co2_idle: Option<f64>,
    pub co2_breakdown: NumbersByName,
    pub time_zone: String,
    pub parameter_set: String,
    pub data_quality: Vec<String>,
}

/// What the latest day of the range says of a cooling unit.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "fields are columns of metrics.cooling_unit_metrics, described there")]
pub struct LatestDay {
    pub unit_name: Option<String>,
    pub is_unit_deleted: bool,
    pub state: Option<String>,
    pub cool_unit_type: Option<String>,
    pub cap_tons: Option<Decimal>,
    pub cap_num_crates: Option<i32>,
    pub company_id: Option<CompanyId>,
    pub comp_name: Option<String>,
    pub comp_pricing: String,
    pub currency: Option<String>,
    pub room_op: i32,
    pub room_op_fem: i32,
    pub room_op_ma: i32,
    pub room_op_ot: i32,
    pub room_stock_kg: f64,
    pub co2_model: String,
    pub country: Option<String>,
    pub household_size: Decimal,
    pub household_fem_share: Decimal,
    pub household_ma_share: Decimal,
    pub time_zone: String,
    pub parameter_set: String,
}

/// A sum over the days that have a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Total<T> {
    /// The sum; absent when no day has a figure.
    pub sum: Option<T>,
    /// Days without a figure, left out of the sum.
    pub missing_days: u32,
}

impl<T: std::ops::Add<Output = T> + Copy> Total<T> {
    fn add(&mut self, figure: Option<T>) {
        match figure {
            Some(figure) => self.sum = Some(self.sum.map_or(figure, |sum| sum + figure)),
            None => self.missing_days += 1,
        }
    }

    /// Adds the sum of other days.
    fn merge(&mut self, other: Self) {
        if other.sum.is_some() {
            self.add(other.sum);
        }
        self.missing_days += other.missing_days;
    }
}

/// Distinct ids of several days.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IdUnion(Vec<i64>);

impl IdUnion {
    fn add(&mut self, ids: &[i64]) {
        self.0.extend_from_slice(ids);
    }

    fn finish(&mut self) {
        self.0.sort_unstable();
        self.0.dedup();
    }

    /// The ids, ascending.
    pub fn ids(&self) -> &[i64] {
        &self.0
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// Sums, means and unions of one cooling unit over its days in the range; named like the columns they come from.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "fields are columns of metrics.cooling_unit_metrics, described there")]
pub struct DaySums {
    /// Days with a row.
    pub days: u32,
    /// Latest day with a row.
    pub last_date: NaiveDate,
    pub room_active_user_ids: IdUnion,
    pub room_active_fem: IdUnion,
    pub room_active_ma: IdUnion,
    pub room_active_ot: IdUnion,
    pub room_active_farmer_ids: IdUnion,
    pub room_crates_in: i64,
    pub room_ops_in: i64,
    pub room_kg_in: f64,
    pub room_crates_out: i64,
    pub room_ops_out: i64,
    pub room_kg_out: f64,
    /// Sum over days; the mean is [`DaySums::average_room_occupancy`].
    pub occupancy: Total<f64>,
    pub room_revenue: Total<Decimal>,
    pub room_revenue_usd: Total<Decimal>,
    pub check_in_crates_crop: SumsByName,
    pub check_in_kg_crop: SumsByName,
    pub check_out_crates_crop: SumsByName,
    pub check_out_kg_crop: SumsByName,
    pub tot_co2: Total<f64>,
    /// Difference by crop; absent when no day has one.
    pub co2_crops: Option<SumsByName>,
    /// Days without `co2_crops`.
    pub co2_crops_missing_days: u32,
    pub co2_idle: Total<f64>,
    pub co2_breakdown: SumsByName,
    pub data_quality: BTreeSet<String>,
}

impl DaySums {
    /// Adds the next day; days come in order of date.
    pub(super) fn add(&mut self, day: &DayRow) {
        self.days += 1;
        self.last_date = day.date;

        self.room_active_user_ids.add(&day.room_active_user_ids);
        self.room_active_fem.add(&day.room_active_fem);
        self.room_active_ma.add(&day.room_active_ma);
        self.room_active_ot.add(&day.room_active_ot);
        self.room_active_farmer_ids.add(&day.room_active_farmer_ids);

        self.room_crates_in += i64::from(day.room_crates_in);
        self.room_ops_in += i64::from(day.room_ops_in);
        self.room_kg_in += day.room_kg_in;
        self.room_crates_out += i64::from(day.room_crates_out);
        self.room_ops_out += i64::from(day.room_ops_out);
        self.room_kg_out += day.room_kg_out;
        self.occupancy.add(day.average_room_occupancy);

        // Decimals hold 28 digits and the columns 18, so the sum of 10^10 days fits.
        self.room_revenue.add(day.room_revenue);
        self.room_revenue_usd.add(day.room_revenue_usd);

        self.check_in_crates_crop.add(&day.check_in_crates_crop);
        self.check_in_kg_crop.add(&day.check_in_kg_crop);
        self.check_out_crates_crop.add(&day.check_out_crates_crop);
        self.check_out_kg_crop.add(&day.check_out_kg_crop);

        self.tot_co2.add(day.tot_co2);
        match &day.co2_crops {
            Some(crops) => self.co2_crops.get_or_insert_default().add(crops),
            None => self.co2_crops_missing_days += 1,
        }
        self.co2_idle.add(day.co2_idle);
        self.co2_breakdown.add(&day.co2_breakdown);

        day.data_quality.iter().for_each(|flag| insert_new(&mut self.data_quality, flag));
    }

    /// Ends the adding; counts and lists of ids hold only from here on.
    pub(super) fn finish(&mut self) {
        self.room_active_user_ids.finish();
        self.room_active_fem.finish();
        self.room_active_ma.finish();
        self.room_active_ot.finish();
        self.room_active_farmer_ids.finish();
    }

    /// Mean occupancy of the days that have one, percent.
    pub fn average_room_occupancy(&self) -> Option<f64> {
        self.occupancy.sum.map(|sum| sum / f64::from(self.days - self.occupancy.missing_days))
    }

    /// Columns with days without a figure, and how many; in order of the table's columns.
    pub fn missing_days(&self) -> impl Iterator<Item = (&'static str, u32)> {
        self.missing_days_of_all().filter(|(_, days)| *days > 0)
    }

    /// Columns of which a day may have no figure, and how many have none; in order of the table's columns.
    pub(super) fn missing_days_of_all(&self) -> impl Iterator<Item = (&'static str, u32)> {
        [
            ("average_room_occupancy", self.occupancy.missing_days),
            ("room_revenue", self.room_revenue.missing_days),
            ("room_revenue_usd", self.room_revenue_usd.missing_days),
            ("tot_co2", self.tot_co2.missing_days),
            ("co2_crops", self.co2_crops_missing_days),
            ("co2_idle", self.co2_idle.missing_days),
        ]
        .into_iter()
    }
}

/// People in the households of the distinct active farmers of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beneficiaries {
    /// Everybody: farmers × household size.
    pub total: Decimal,
    /// Women and girls: total × their share.
    pub women: Decimal,
    /// Men and boys: total × their share.
    pub men: Decimal,
}

impl Beneficiaries {
    /// People in the households of `farmers`; absent when the product has more digits than a decimal holds.
    pub(super) fn new(farmers: usize, size: Decimal, fem_share: Decimal, ma_share: Decimal) -> Option<Self> {
        let total = Decimal::from(farmers).checked_mul(size)?;
        let women = total.checked_mul(fem_share)?;
        let men = total.checked_mul(ma_share)?;
        Some(Self { total: total.normalize(), women: women.normalize(), men: men.normalize() })
    }
}

/// One cooling unit of a slice.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitSlice {
    /// The cooling unit.
    pub cooling_unit_id: CoolingUnitId,
    /// What its days add up to.
    pub sums: DaySums,
    /// What its latest day in the range says.
    pub latest: LatestDay,
}

impl UnitSlice {
    /// Beneficiaries of the range, exact; absent when the product has more digits than a decimal holds.
    pub fn beneficiaries(&self) -> Option<Beneficiaries> {
        let LatestDay { household_size, household_fem_share, household_ma_share, .. } = self.latest;
        let farmers = self.sums.room_active_farmer_ids.count();
        Beneficiaries::new(farmers, household_size, household_fem_share, household_ma_share)
    }
}

/// What the rows of a slice were computed with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Basis {
    /// IANA time zones.
    pub time_zones: BTreeSet<String>,
    /// Versions of the literature values.
    pub parameter_sets: BTreeSet<String>,
    /// What limits the rows.
    pub data_quality: BTreeSet<String>,
}

impl Basis {
    /// Takes in what one row was computed with.
    pub fn add(&mut self, time_zone: &str, parameter_set: &str, data_quality: &[String]) {
        insert_new(&mut self.time_zones, time_zone);
        insert_new(&mut self.parameter_sets, parameter_set);
        for flag in data_quality {
            insert_new(&mut self.data_quality, flag);
        }
    }
}

/// Adds up days that arrive ordered by cooling unit and date.
#[derive(Debug, Default)]
pub struct SliceSums {
    units: Vec<(CoolingUnitId, DaySums)>,
    basis: Basis,
}

impl SliceSums {
    /// Adds the next day of `unit`: a day after the one before, or the first day of the next cooling unit.
    pub fn add(&mut self, unit: CoolingUnitId, day: &DayRow) {
        self.basis.add(&day.time_zone, &day.parameter_set, &day.data_quality);
        match self.units.last_mut() {
            Some((current, sums)) if *current == unit => sums.add(day),
            current => {
                if let Some((_, sums)) = current {
                    sums.finish();
                }
                let mut sums = DaySums::default();
                sums.add(day);
                self.units.push((unit, sums));
            }
        }
    }

    /// The sums of each cooling unit, in order of arrival, and what they rest on.
    pub fn finish(mut self) -> (Vec<(CoolingUnitId, DaySums)>, Basis) {
        if let Some((_, sums)) = self.units.last_mut() {
            sums.finish();
        }
        (self.units, self.basis)
    }
}

fn insert_new(set: &mut BTreeSet<String>, value: &str) {
    // Nearly every day repeats the one before.
    if !set.contains(value) {
        set.insert(value.to_owned());
    }
}

#[cfg(test)]
mod tests;
