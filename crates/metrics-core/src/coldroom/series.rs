//! Time series: what the days of a cooling unit or company add up to, bucket by bucket.
//!
//! A range of days is cut into **buckets**: days, ISO weeks (from Monday) or calendar months. The first and last
//! bucket are clipped by the range, and each is labelled by its first day in the range. Every bucket of the range is
//! there, also one without any row.
//!
//! Figures follow the rules of [slices](super::slice): sums over the rows that have a figure, ids united (and here
//! counted), what is without a figure counted in `missing_days`. A company's occupancy is weighted by the capacity of
//! the cooling units, and its rows are those of cooling units in use, as in `company_metrics`.
//!
//! The **previous period** is as long and ends the day before the range. Its buckets are those of the range moved
//! back by the range's length, so the two can be compared one by one.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::{Datelike, Days, Months, NaiveDate};
use rust_decimal::Decimal;

use super::slice::{Basis, Beneficiaries, DayRow, DaySums};
use crate::ids::CoolingUnitId;
use crate::window::month_of;

/// First and last day of a bucket or range, both included.
pub type Span = RangeInclusive<NaiveDate>;

/// How a range is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bucket {
    /// Local days.
    #[default]
    Day,
    /// ISO weeks, from Monday to Sunday.
    Week,
    /// Calendar months.
    Month,
}

impl Bucket {
    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// Last day of the bucket that `date` falls in; the calendar's last day where that ends before.
    fn last_day(self, date: NaiveDate) -> NaiveDate {
        let next = match self {
            Self::Day => return date,
            Self::Week => {
                let left = 6 - u64::from(date.weekday().num_days_from_monday());
                return date.checked_add_days(Days::new(left)).unwrap_or(NaiveDate::MAX);
            }
            Self::Month => month_of(date).checked_add_months(Months::new(1)),
        };
        next.and_then(|next| next.pred_opt()).unwrap_or(NaiveDate::MAX)
    }

    /// The buckets of a range, in order.
    pub fn spans(self, days: &Span) -> Vec<Span> {
        let mut spans = Vec::new();
        let mut first = Some(*days.start());
        while let Some(start) = first.filter(|start| start <= days.end()) {
            let last = self.last_day(start).min(*days.end());
            spans.push(start..=last);
            first = last.succ_opt();
        }
        spans
    }
}

/// `days` moved back by `count` days; `None` before the calendar begins.
pub fn moved_back(days: &Span, count: u64) -> Option<Span> {
    let moved = |date: NaiveDate| date.checked_sub_days(Days::new(count));
    Some(moved(*days.start())?..=moved(*days.end())?)
}

/// Number of days of a range that is not reversed.
pub fn length(days: &Span) -> u64 {
    (*days.end() - *days.start()).num_days().unsigned_abs() + 1
}

/// How the occupancies of several rows become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weighting {
    /// Each row counts the same.
    Equal,
    /// By capacity in crates.
    Capacity,
}

/// One stored day of one cooling unit, as a series takes it.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "fields are columns of metrics.cooling_unit_metrics, described there")]
pub struct SeriesDay {
    pub cooling_unit_id: CoolingUnitId,
    pub sums: DayRow,
    pub cap_num_crates: Option<i32>,
    pub currency: Option<String>,
    pub room_stock_kg: f64,
    pub household_size: Decimal,
    pub household_fem_share: Decimal,
    pub household_ma_share: Decimal,
}

/// Household of the latest row.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Household {
    size: Decimal,
    women: Decimal,
    men: Decimal,
}

/// One bucket.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Its days.
    pub span: Span,
    /// Sums and unions; its `days` are rows, of a company one per cooling unit and day.
    pub sums: DaySums,
    cooling_units: BTreeSet<CoolingUnitId>,
    occupancy: f64,
    occupancy_weight: f64,
    stock_kg: f64,
    household: Option<Household>,
    currencies: BTreeSet<String>,
}

impl Point {
    fn new(span: Span) -> Self {
        Self {
            span,
            sums: DaySums::default(),
            cooling_units: BTreeSet::new(),
            occupancy: 0.0,
            occupancy_weight: 0.0,
            stock_kg: 0.0,
            household: None,
            currencies: BTreeSet::new(),
        }
    }

    fn add(&mut self, day: &SeriesDay, weighting: Weighting) {
        // What is in the rooms is not added up over days.
        if self.sums.days == 0 || self.sums.last_date != day.sums.date {
            self.stock_kg = 0.0;
        }
        self.stock_kg += day.room_stock_kg;
        self.sums.add(&day.sums);
        self.cooling_units.insert(day.cooling_unit_id);
        if let Some(occupancy) = day.sums.average_room_occupancy {
            let weight = match weighting {
                Weighting::Equal => 1.0,
                // A row has an occupancy only when it has a capacity.
                Weighting::Capacity => day.cap_num_crates.map_or(0.0, f64::from),
            };
            self.occupancy += weight * occupancy;
            self.occupancy_weight += weight;
        }
        self.household =
            Some(Household { size: day.household_size, women: day.household_fem_share, men: day.household_ma_share });
        if let Some(currency) = &day.currency
            && !self.currencies.contains(currency)
        {
            self.currencies.insert(currency.clone());
        }
    }

    /// True when no row lies in the bucket: then it has no figure at all.
    pub fn is_empty(&self) -> bool {
        self.sums.days == 0
    }

    /// Cooling units with a row.
    pub fn cooling_units(&self) -> usize {
        self.cooling_units.len()
    }

    /// Mean occupancy of the rows that have one, percent.
    pub fn average_room_occupancy(&self) -> Option<f64> {
        (self.occupancy_weight > 0.0).then(|| self.occupancy / self.occupancy_weight)
    }

    /// Weight in the rooms at the end of the latest day with a row, kg.
    pub fn room_stock_kg(&self) -> Option<f64> {
        (!self.is_empty()).then_some(self.stock_kg)
    }

    /// Currency of the revenue; absent when no row states one, or when the rows state several.
    pub fn currency(&self) -> Option<&str> {
        self.currencies.first().filter(|_| self.currencies.len() == 1).map(String::as_str)
    }

    /// Revenue in [`Point::currency`]: amounts in several currencies are not added up.
    pub fn room_revenue(&self) -> Option<Decimal> {
        self.sums.room_revenue.sum.filter(|_| self.currencies.len() <= 1)
    }

    /// People in the households of the distinct active farmers, by the household of the latest row; absent without
    /// rows, or when the product has more digits than a decimal holds.
    pub fn beneficiaries(&self) -> Option<Beneficiaries> {
        let household = self.household?;
        let farmers = self.sums.room_active_farmer_ids.count();
        Beneficiaries::new(farmers, household.size, household.women, household.men)
    }

    /// Columns of which some rows have no figure, and how many, in order of the table's columns.
    pub fn missing_days(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let all_revenue = (self.currencies.len() > 1).then_some(self.sums.days);
        self.sums
            .missing_days_of_all()
            .map(move |(column, days)| match (column, all_revenue) {
                ("room_revenue", Some(all)) => (column, all),
                _ => (column, days),
            })
            .filter(|(_, days)| *days > 0)
    }
}

/// Adds up days that arrive in order of date.
#[derive(Debug)]
pub struct SeriesSums {
    points: Vec<Point>,
    current: usize,
    weighting: Weighting,
    basis: Basis,
}

impl SeriesSums {
    /// Over the given buckets, which follow each other in order of date.
    pub fn new(spans: Vec<Span>, weighting: Weighting) -> Self {
        let points = spans.into_iter().map(Point::new).collect();
        Self { points, current: 0, weighting, basis: Basis::default() }
    }

    /// Adds a row: of a later day than the one before, or of the same day and a later cooling unit. A row outside of
    /// the buckets is passed over.
    pub fn add(&mut self, day: &SeriesDay) {
        while self.points.get(self.current).is_some_and(|point| *point.span.end() < day.sums.date) {
            self.current += 1;
        }
        let Some(point) = self.points.get_mut(self.current).filter(|point| point.span.contains(&day.sums.date)) else {
            return;
        };
        point.add(day, self.weighting);
        let row = &day.sums;
        self.basis.add(&row.time_zone, &row.parameter_set, &row.data_quality);
    }

    /// The buckets, and what they rest on.
    pub fn finish(mut self) -> (Vec<Point>, Basis) {
        for point in &mut self.points {
            point.sums.finish();
        }
        (self.points, self.basis)
    }
}

#[cfg(test)]
mod tests;
