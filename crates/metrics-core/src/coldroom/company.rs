//! Indicators of one company since the first day of each of its cooling units.
//!
//! Operations and money are sums of the same daily figures that `cooling_unit_metrics` holds, over alive units and
//! every day up to as-of; they are computed from the source, never from stored rows.

use rust_decimal::Decimal;

use super::HeadCount;
use super::cooling_unit_day::{CoolingUnit, CoolingUnitDay};
use crate::money::{decimal, rounded};
use crate::parameters::Household;

/// Sums over the days of a company's alive units.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CompanyTotals {
    crates_in: i64,
    check_ins: i64,
    kg_in: f64,
    crates_out: i64,
    check_outs: i64,
    kg_out: f64,
    occupied: f64,
    capacity_days: f64,
    revenue: Money,
    revenue_usd: Money,
    days_without_revenue: i64,
    days_with_fee: i64,
}

#[derive(Debug, Clone, PartialEq, Default)]
struct Money {
    sum: Decimal,
    days_with_fee: i64,
    is_out_of_range: bool,
}

impl Money {
    fn add(&mut self, amount: Option<Decimal>, has_fee: bool) {
        let Some(amount) = amount else { return };
        match self.sum.checked_add(amount) {
            Some(sum) => self.sum = sum,
            None => self.is_out_of_range = true,
        }
        self.days_with_fee += i64::from(has_fee);
    }

    /// The sum; absent when days had fees and none of them has a figure.
    fn total(&self, days_with_fee: i64) -> Option<Decimal> {
        (days_with_fee == 0 || self.days_with_fee > 0).then(|| rounded(self.sum, 2))
    }

    /// Whether the sum fits numeric(18,2).
    fn is_storable(&self) -> bool {
        !self.is_out_of_range && self.sum.abs() < Decimal::from(10_i64.pow(16))
    }
}

/// Figures of one company; columns of `company_metrics`.
#[derive(Debug, Clone, PartialEq)]
pub struct CompanyFigures {
    /// Crates checked in.
    pub crates_in: i32,
    /// Check-in operations, per unit and day.
    pub check_ins: i32,
    /// Weight checked in, kg.
    pub kg_in: f64,
    /// Crates emptied.
    pub crates_out: i32,
    /// Check-out operations, per unit and day.
    pub check_outs: i32,
    /// Weight released, kg.
    pub kg_out: f64,
    /// Mean occupancy of complete days, weighted by capacity, percent, two decimals.
    pub occupancy_perc: Option<Decimal>,
    /// Net fees in the company's currency.
    pub revenue: Option<Decimal>,
    /// Net fees in US dollars, two decimals.
    pub revenue_usd: Option<Decimal>,
    /// Unit-days that lack either revenue.
    pub days_without_revenue: i32,
}

impl CompanyTotals {
    /// Adds the days of one alive unit.
    pub fn add(&mut self, unit: &CoolingUnit, days: impl IntoIterator<Item = CoolingUnitDay>) {
        for day in days {
            self.crates_in += i64::from(day.crates_in);
            self.check_ins += i64::from(day.check_ins);
            self.kg_in += day.kg_in;
            self.crates_out += i64::from(day.crates_out);
            self.check_outs += i64::from(day.check_outs);
            self.kg_out += day.kg_out;
            if day.is_complete
                && let (Some(occupancy), Some(capacity)) = (day.occupancy_perc, unit.capacity_crates)
            {
                self.occupied += occupancy * f64::from(capacity);
                self.capacity_days += f64::from(capacity);
            }
            self.days_with_fee += i64::from(day.has_fee);
            self.days_without_revenue += i64::from(day.revenue.is_none() || day.revenue_usd.is_none());
            self.revenue.add(day.revenue, day.has_fee);
            self.revenue_usd.add(day.revenue_usd, day.has_fee);
        }
    }

    /// The company's figures, or `None` when a sum does not fit its column.
    pub fn figures(&self) -> Option<CompanyFigures> {
        let is_storable = self.revenue.is_storable() && self.revenue_usd.is_storable();
        if !is_storable || !self.kg_in.is_finite() || !self.kg_out.is_finite() {
            return None;
        }
        let occupancy_perc = if self.capacity_days > 0.0 {
            Some(rounded(decimal(self.occupied / self.capacity_days)?, 2))
        } else {
            None
        };
        Some(CompanyFigures {
            crates_in: self.crates_in.try_into().ok()?,
            check_ins: self.check_ins.try_into().ok()?,
            kg_in: self.kg_in,
            crates_out: self.crates_out.try_into().ok()?,
            check_outs: self.check_outs.try_into().ok()?,
            kg_out: self.kg_out,
            occupancy_perc,
            revenue: self.revenue.total(self.days_with_fee),
            revenue_usd: self.revenue_usd.total(self.days_with_fee),
            days_without_revenue: self.days_without_revenue.try_into().ok()?,
        })
    }
}

/// People in the households of a number of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beneficiaries {
    /// Users × household size.
    pub total: Decimal,
    /// Women and girls among them.
    pub female: Decimal,
    /// Men and boys among them.
    pub male: Decimal,
}

/// People in the households of `users` users: n·h, n·h·f and n·h·m.
pub fn beneficiaries(users: usize, household: &Household) -> Beneficiaries {
    let total = Decimal::from(users) * household.size;
    Beneficiaries { total, female: total * household.fem_share, male: total * household.ma_share }
}

/// Cooling users by what their latest baseline survey calls them; the three add up to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CoolingUsers {
    /// By gender.
    pub people: HeadCount,
    /// Surveyed as `FARMER`.
    pub farmers: i32,
    /// Surveyed as `TRADER`.
    pub traders: i32,
}

impl CoolingUsers {
    /// Neither, or never surveyed.
    pub fn unspecified(&self) -> i32 {
        self.people.total() - self.farmers - self.traders
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 3 users × 4.7 = 14.1; × 0.495 = 6.9795; × 0.505 = 7.1205.
    #[test]
    fn beneficiaries_are_exact_decimals() {
        let household =
            Household { size: Decimal::new(47, 1), fem_share: Decimal::new(495, 3), ma_share: Decimal::new(505, 3) };
        let people = beneficiaries(3, &household);
        assert_eq!(people.total, Decimal::new(141, 1));
        assert_eq!(people.female, Decimal::new(69_795, 4));
        assert_eq!(people.male, Decimal::new(71_205, 4));
    }

    #[test]
    fn without_fees_revenue_is_nothing_and_with_fees_but_no_figure_it_is_unknown() {
        let money = Money::default();
        assert_eq!(money.total(0), Some(Decimal::new(0, 2)));
        assert_eq!(money.total(1), None);
    }
}
