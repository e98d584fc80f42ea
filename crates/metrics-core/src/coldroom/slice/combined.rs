//! Several cooling units of a slice taken together.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{Beneficiaries, IdUnion, SumsByName, Total, UnitSlice};

/// What the days of several cooling units add up to.
///
/// The rules are those of a slice, over unit-days instead of days. Money in several currencies has no sum, and
/// farmers whose households differ from unit to unit have no common number of beneficiaries, because a farmer may
/// store in two of them.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "fields are columns of metrics.cooling_unit_metrics, described there")]
pub struct CombinedUnits {
    /// Unit-days with a row.
    pub unit_days: u32,
    pub room_active_user_ids: IdUnion,
    pub room_active_farmer_ids: IdUnion,
    pub room_crates_in: i64,
    pub room_ops_in: i64,
    pub room_kg_in: f64,
    pub room_crates_out: i64,
    pub room_ops_out: i64,
    pub room_kg_out: f64,
    /// Sum over unit-days; the mean is [`CombinedUnits::average_room_occupancy`].
    pub occupancy: Total<f64>,
    /// In the currency of all of them, when they have one in common.
    pub room_revenue: Total<Decimal>,
    /// Currencies of the cooling units.
    pub currencies: BTreeSet<String>,
    pub room_revenue_usd: Total<Decimal>,
    pub check_in_crates_crop: SumsByName,
    pub check_in_kg_crop: SumsByName,
    pub check_out_crates_crop: SumsByName,
    pub check_out_kg_crop: SumsByName,
    pub tot_co2: Total<f64>,
    pub co2_idle: Total<f64>,
    pub co2_breakdown: SumsByName,
    pub room_stock_kg: f64,
    /// In the households of the distinct farmers, when all cooling units count with the same household.
    pub beneficiaries: Option<Beneficiaries>,
    /// Capacity in crates of the cooling units that state one.
    pub cap_num_crates: Option<i64>,
}

impl CombinedUnits {
    /// All of `units`, in their order.
    pub fn of(units: &[UnitSlice]) -> Self {
        let mut all = Self::default();
        for UnitSlice { sums, latest, .. } in units {
            all.unit_days += sums.days;
            all.room_active_user_ids.add(sums.room_active_user_ids.ids());
            all.room_active_farmer_ids.add(sums.room_active_farmer_ids.ids());
            all.room_crates_in += sums.room_crates_in;
            all.room_ops_in += sums.room_ops_in;
            all.room_kg_in += sums.room_kg_in;
            all.room_crates_out += sums.room_crates_out;
            all.room_ops_out += sums.room_ops_out;
            all.room_kg_out += sums.room_kg_out;
            all.occupancy.merge(sums.occupancy);
            all.room_revenue.merge(sums.room_revenue);
            all.room_revenue_usd.merge(sums.room_revenue_usd);
            all.currencies.extend(latest.currency.clone());
            all.check_in_crates_crop.merge(&sums.check_in_crates_crop);
            all.check_in_kg_crop.merge(&sums.check_in_kg_crop);
            all.check_out_crates_crop.merge(&sums.check_out_crates_crop);
            all.check_out_kg_crop.merge(&sums.check_out_kg_crop);
            all.tot_co2.merge(sums.tot_co2);
            all.co2_idle.merge(sums.co2_idle);
            all.co2_breakdown.merge(&sums.co2_breakdown);
            all.room_stock_kg += latest.room_stock_kg;
            all.cap_num_crates = match (all.cap_num_crates, latest.cap_num_crates) {
                (sum, None) => sum,
                (sum, Some(crates)) => Some(sum.unwrap_or(0) + i64::from(crates)),
            };
        }
        all.room_active_user_ids.finish();
        all.room_active_farmer_ids.finish();
        // Units with different currencies, or one without: their amounts are not of one kind.
        let of_one_kind = units.windows(2).all(|pair| pair[0].latest.currency == pair[1].latest.currency);
        if !of_one_kind {
            all.room_revenue = Total { sum: None, missing_days: all.unit_days };
        }
        all.beneficiaries = beneficiaries(units, all.room_active_farmer_ids.count());
        all
    }

    /// Mean occupancy of the unit-days that have one, percent.
    pub fn average_room_occupancy(&self) -> Option<f64> {
        self.occupancy.sum.map(|sum| sum / f64::from(self.unit_days - self.occupancy.missing_days))
    }
}

fn beneficiaries(units: &[UnitSlice], farmers: usize) -> Option<Beneficiaries> {
    let households = |unit: &UnitSlice| {
        (unit.latest.household_size, unit.latest.household_fem_share, unit.latest.household_ma_share)
    };
    let (size, fem_share, ma_share) = units.first().map(households)?;
    if units.iter().any(|unit| households(unit) != (size, fem_share, ma_share)) {
        return None;
    }
    Beneficiaries::new(farmers, size, fem_share, ma_share)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the sums are of numbers that floats hold exactly")]
mod tests {
    use super::super::tests::{day, latest};
    use super::*;
    use crate::coldroom::slice::SliceSums;
    use crate::ids::CoolingUnitId;

    /// A cooling unit with one day: occupancy and revenue as given, farmers 1 and `farmer`.
    fn unit(id: i64, occupancy: Option<f64>, revenue: Option<i64>, farmer: i64, currency: Option<&str>) -> UnitSlice {
        let mut row = day("2026-11-01");
        row.average_room_occupancy = occupancy;
        row.room_revenue = revenue.map(Decimal::from);
        row.room_active_farmer_ids = vec![1, farmer];
        row.room_kg_in = 10.5;
        row.check_in_kg_crop = [("Tomato", 10.5)].into_iter().collect();
        let mut sums = SliceSums::default();
        sums.add(CoolingUnitId(id), &row);
        let (mut sums, _) = sums.finish();
        let (cooling_unit_id, sums) = sums.remove(0);
        let mut latest = latest();
        latest.currency = currency.map(str::to_owned);
        UnitSlice { cooling_unit_id, sums, latest }
    }

    #[test]
    fn units_add_up_and_a_person_counts_once() {
        let all = CombinedUnits::of(&[
            unit(1, Some(20.0), Some(3), 7, Some("NGN")),
            unit(2, Some(40.0), None, 8, Some("NGN")),
            unit(3, None, Some(4), 8, Some("NGN")),
        ]);
        assert_eq!(all.unit_days, 3);
        assert_eq!(all.room_active_farmer_ids.ids(), [1, 7, 8]);
        assert_eq!(all.room_kg_in, 31.5);
        assert_eq!(all.check_in_kg_crop.sorted(), [("Tomato", Some(31.5))]);
        // (20 + 40) / 2: the day without a figure is left out.
        assert_eq!(all.average_room_occupancy(), Some(30.0));
        assert_eq!(all.room_revenue, Total { sum: Some(Decimal::from(7)), missing_days: 1 });
        assert_eq!(all.beneficiaries.map(|people| people.total), Some(Decimal::from(3) * latest().household_size));
    }

    #[test]
    fn several_currencies_have_no_sum() {
        let all = CombinedUnits::of(&[
            unit(1, None, Some(3), 7, Some("NGN")),
            unit(2, None, Some(4), 7, Some("INR")),
            unit(3, None, Some(0), 7, None),
        ]);
        assert_eq!(all.room_revenue, Total { sum: None, missing_days: 3 });
        assert_eq!(all.currencies.len(), 2);
    }

    #[test]
    fn households_of_several_sizes_have_no_common_beneficiaries() {
        let mut other = unit(2, None, None, 8, None);
        other.latest.household_size += Decimal::ONE;
        assert_eq!(CombinedUnits::of(&[unit(1, None, None, 7, None), other]).beneficiaries, None);
    }

    #[test]
    fn nothing_adds_up_to_nothing() {
        let all = CombinedUnits::of(&[]);
        assert_eq!((all.unit_days, all.average_room_occupancy(), all.beneficiaries), (0, None, None));
    }
}
