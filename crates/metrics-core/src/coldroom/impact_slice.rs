//! Impact slices: what the months, farmers and crops of one or more cooling units add up to.
//!
//! * weights, revenues and counts are summed over the rows that have them;
//! * percentages are recomputed from totals, over the rows in which both parts are known;
//! * the baseline price is weighted by the baseline harvest, the price of the month by the surveyed weight;
//! * a change is that of the two totals over the rows that have both;
//! * survey coverage is that of each cooling unit and month once, and completed baselines, which a company's units
//!   share, those of each company's latest month once.
//!
//! Money of several currencies does not add up: those columns are then absent. Floats are summed in the order of the
//! rows, so the same rows give the same bits.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use super::slice::Basis;
use crate::ids::{CompanyId, CoolingUnitId};

/// A stored row: the columns of `metrics.impact_metrics` that a slice adds up.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "fields are columns of metrics.impact_metrics, described there")]
pub struct ImpactRecord {
    pub month: NaiveDate,
    pub cooling_unit_id: CoolingUnitId,
    pub company_id: Option<CompanyId>,
    pub unit_name: Option<String>,
    pub currency: String,
    pub baseline_quantity_total_month: Option<f64>,
    pub baseline_kg_selling_price_month: Option<f64>,
    pub baseline_kg_loss_month: Option<f64>,
    pub baseline_kg_sold_month: Option<f64>,
    pub baseline_farmer_revenue_month: Option<f64>,
    pub monthly_kg_selling_price: Option<f64>,
    pub monthly_kg_checkin: f64,
    pub monthly_kg_loss: f64,
    pub monthly_farmer_revenue: Option<f64>,
    pub latest_survey_date: DateTime<Utc>,
    pub baseline_completed_surveys_room: i32,
    pub possible_post_checkout_survey_room: i32,
    pub total_post_checkout_survey_unit: i32,
    pub surveys: i32,
    pub time_zone: String,
    pub parameter_set: String,
}

/// A sum that is absent until something is added.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Sum(Option<f64>);

impl Sum {
    fn add(&mut self, value: f64) {
        self.0 = Some(self.0.unwrap_or(0.0) + value);
    }
}

/// Two totals over the rows in which both are known.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Pair {
    numerator: f64,
    denominator: f64,
}

impl Pair {
    fn add(&mut self, numerator: f64, denominator: f64) {
        self.numerator += numerator;
        self.denominator += denominator;
    }

    fn ratio(self) -> Option<f64> {
        ratio(self.numerator, self.denominator)
    }
}

fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    let ratio = numerator / denominator;
    (denominator != 0.0 && ratio.is_finite()).then_some(ratio)
}

/// Rows being added up.
#[derive(Debug, Clone, Default)]
pub struct ImpactSums {
    rows: u32,
    unit_name: Option<String>,
    units: BTreeSet<CoolingUnitId>,
    currencies: BTreeSet<String>,
    total_kg: Sum,
    lost_before_kg: Sum,
    sold_kg: Sum,
    surveyed_kg: f64,
    lost_kg: f64,
    baseline_revenue: Sum,
    revenue: Sum,
    /// b weighted by tb; p weighted by W.
    baseline_price: Pair,
    price: Pair,
    /// The same, over rows with both prices.
    compared_baseline_price: Pair,
    compared_price: Pair,
    /// lb and tb; L and W; both over rows with lb and tb.
    baseline_loss: Pair,
    compared_loss: Pair,
    /// Revenue and baseline revenue, over rows with both.
    compared_revenue: Pair,
    has_compared_revenue: bool,
    latest_survey_at: Option<DateTime<Utc>>,
    surveys: i64,
    coverage: BTreeMap<(CoolingUnitId, NaiveDate), (i32, i32)>,
    /// Completed baselines of the latest month, by company.
    completed: BTreeMap<Option<CompanyId>, (NaiveDate, i32)>,
    basis: Basis,
}

impl ImpactSums {
    /// Adds a row.
    pub fn add(&mut self, row: &ImpactRecord) {
        self.rows += 1;
        if row.unit_name > self.unit_name {
            self.unit_name.clone_from(&row.unit_name);
        }
        self.units.insert(row.cooling_unit_id);
        self.currencies.insert(row.currency.clone());
        let (total, lost) = (row.baseline_quantity_total_month, row.baseline_kg_loss_month);
        add_if_any(&mut self.total_kg, total);
        add_if_any(&mut self.lost_before_kg, lost);
        add_if_any(&mut self.sold_kg, row.baseline_kg_sold_month);
        add_if_any(&mut self.baseline_revenue, row.baseline_farmer_revenue_month);
        add_if_any(&mut self.revenue, row.monthly_farmer_revenue);
        self.surveyed_kg += row.monthly_kg_checkin;
        self.lost_kg += row.monthly_kg_loss;

        let baseline_price = row.baseline_kg_selling_price_month.zip(total);
        if let Some((price, kg)) = baseline_price {
            self.baseline_price.add(price * kg, kg);
        }
        if let Some(price) = row.monthly_kg_selling_price {
            self.price.add(price * row.monthly_kg_checkin, row.monthly_kg_checkin);
            if let Some((before, kg)) = baseline_price {
                self.compared_baseline_price.add(before * kg, kg);
                self.compared_price.add(price * row.monthly_kg_checkin, row.monthly_kg_checkin);
            }
        }
        if let Some((lost, total)) = lost.zip(total) {
            self.baseline_loss.add(lost, total);
            self.compared_loss.add(row.monthly_kg_loss, row.monthly_kg_checkin);
        }
        if let Some((revenue, before)) = row.monthly_farmer_revenue.zip(row.baseline_farmer_revenue_month) {
            self.compared_revenue.add(revenue, before);
            self.has_compared_revenue = true;
        }

        self.latest_survey_at = self.latest_survey_at.max(Some(row.latest_survey_date));
        self.surveys += i64::from(row.surveys);
        self.coverage.insert(
            (row.cooling_unit_id, row.month),
            (row.possible_post_checkout_survey_room, row.total_post_checkout_survey_unit),
        );
        let latest = (row.month, row.baseline_completed_surveys_room);
        let known = self.completed.entry(row.company_id).or_insert(latest);
        *known = latest.max(*known);
        self.basis.add(&row.time_zone, &row.parameter_set, &[]);
    }

    /// What the rows were computed with.
    pub fn basis(&self) -> &Basis {
        &self.basis
    }

    /// Currencies of the rows.
    pub fn currencies(&self) -> &BTreeSet<String> {
        &self.currencies
    }

    /// The figures; absent without rows.
    pub fn finish(&self) -> Option<ImpactSlice> {
        let latest_survey_at = self.latest_survey_at?;
        let mut currencies = self.currencies.iter();
        let currency = currencies.next().filter(|_| currencies.next().is_none()).cloned();
        let money = |value: Option<f64>| value.filter(|value| currency.is_some() && value.is_finite());
        let price = self.compared_price.ratio();
        let price_before = self.compared_baseline_price.ratio();
        let price_change = price.zip(price_before).map(|(price, before)| price - before);
        let loss_before = self.baseline_loss.ratio();
        let loss_change = self.compared_loss.ratio().zip(loss_before).map(|(loss, before)| loss - before);
        let revenue_change =
            self.has_compared_revenue.then_some(self.compared_revenue.numerator - self.compared_revenue.denominator);
        let percent = |ratio: f64| ratio * 100.0;
        Some(ImpactSlice {
            unit_name: self.unit_name.clone(),
            cooling_units: self.units.clone(),
            baseline_quantity_total_month: self.total_kg.0,
            avg_baseline_kg_selling_price_month: money(self.baseline_price.ratio()),
            baseline_kg_loss_month: self.lost_before_kg.0,
            baseline_kg_sold_month: self.sold_kg.0,
            avg_baseline_perc_loss_month: loss_before.map(percent),
            avg_baseline_farmer_revenue_month: money(self.baseline_revenue.0),
            avg_monthly_kg_selling_price: money(self.price.ratio()),
            monthly_kg_checkin: self.surveyed_kg,
            monthly_kg_loss: self.lost_kg,
            avg_monthly_perc_loss: ratio(self.lost_kg, self.surveyed_kg).map(percent),
            avg_monthly_perc_foodloss_evolution: loss_change
                .zip(loss_before)
                .and_then(|(change, before)| ratio(change, before))
                .map(percent),
            avg_monthly_farmer_revenue: money(self.revenue.0),
            avg_monthly_perc_revenue_increase_evolution: money(
                revenue_change.and_then(|change| ratio(change, self.compared_revenue.denominator)).map(percent),
            ),
            avg_monthly_kg_selling_price_evolution: money(price_change),
            avg_monthly_perc_unit_selling_price_evolution: money(
                price_change.zip(price_before).and_then(|(change, before)| ratio(change, before)).map(percent),
            ),
            avg_monthly_farmer_revenue_evolution: money(revenue_change),
            latest_survey_date: latest_survey_at,
            num_post_harvest_surveys: self.surveys,
            possible_post_checkout_survey_room: self.coverage.values().map(|(possible, _)| i64::from(*possible)).sum(),
            total_post_checkout_survey_unit: self.coverage.values().map(|(_, total)| i64::from(*total)).sum(),
            baseline_completed_surveys_room: self.completed.values().map(|(_, lines)| i64::from(*lines)).sum(),
            rows: self.rows,
            currency,
        })
    }
}

fn add_if_any(sum: &mut Sum, value: Option<f64>) {
    if let Some(value) = value {
        sum.add(value);
    }
}

/// What rows add up to; named like the columns of the predecessor's slice, whose `avg_` revenues are sums.
///
/// Weights are kg, money is per kg or in all in `currency`, percentages are 0–100 and may be negative where they tell a
/// change.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are those of the slice, described in docs/indicators.md")]
pub struct ImpactSlice {
    pub unit_name: Option<String>,
    /// Units with a row.
    pub cooling_units: BTreeSet<CoolingUnitId>,
    pub baseline_quantity_total_month: Option<f64>,
    pub avg_baseline_kg_selling_price_month: Option<f64>,
    pub baseline_kg_loss_month: Option<f64>,
    pub baseline_kg_sold_month: Option<f64>,
    pub avg_baseline_perc_loss_month: Option<f64>,
    pub avg_baseline_farmer_revenue_month: Option<f64>,
    pub avg_monthly_kg_selling_price: Option<f64>,
    pub monthly_kg_checkin: f64,
    pub monthly_kg_loss: f64,
    pub avg_monthly_perc_loss: Option<f64>,
    pub avg_monthly_perc_foodloss_evolution: Option<f64>,
    pub avg_monthly_farmer_revenue: Option<f64>,
    pub avg_monthly_perc_revenue_increase_evolution: Option<f64>,
    pub avg_monthly_kg_selling_price_evolution: Option<f64>,
    pub avg_monthly_perc_unit_selling_price_evolution: Option<f64>,
    pub avg_monthly_farmer_revenue_evolution: Option<f64>,
    pub latest_survey_date: DateTime<Utc>,
    pub num_post_harvest_surveys: i64,
    pub possible_post_checkout_survey_room: i64,
    pub total_post_checkout_survey_unit: i64,
    pub baseline_completed_surveys_room: i64,
    /// Rows behind the figures: months, farmers and crops.
    pub rows: u32,
    /// Currency of the money; absent when the rows have several, and all money is absent with it.
    pub currency: Option<String>,
}

#[cfg(test)]
mod tests;
