//! Days side by side: the table behind a chart.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::NaiveDate;
use metrics_core::db::reader::ChartDay;

use super::Page;
use super::figure::{Figure, Reason};

/// Days that a chart and its table show at most.
pub const MAX_CHART_DAYS: i64 = 400;

/// Series by day.
#[derive(Debug)]
pub struct DayTable {
    /// Names of the series.
    pub series: Vec<String>,
    /// Unit of the numbers.
    pub unit: String,
    /// Days in order.
    pub rows: Vec<DayRow>,
}

/// One day.
#[derive(Debug)]
pub struct DayRow {
    /// As machines read it.
    pub date: NaiveDate,
    /// As people do.
    pub shown: String,
    /// A figure of each series.
    pub cells: Vec<Figure>,
}

/// Days in words.
pub fn in_words(page: &Page, days: &RangeInclusive<NaiveDate>) -> String {
    let [start, end] = [days.start(), days.end()].map(|day| page.lang.date(*day));
    page.lang.say("range.days", &[("start", &start), ("end", &end)])
}

/// The last days of a range that a chart can show.
pub fn charted(days: &RangeInclusive<NaiveDate>) -> RangeInclusive<NaiveDate> {
    let first = *days.end() - chrono::TimeDelta::days(MAX_CHART_DAYS - 1);
    first.max(*days.start())..=*days.end()
}

/// Occupancy of each cooling unit; a day without a capacity is unknown.
pub fn occupancy(page: &Page, units: &[(i64, String)], days: &[ChartDay]) -> DayTable {
    let mut by_date: BTreeMap<NaiveDate, BTreeMap<i64, Option<f64>>> = BTreeMap::new();
    for day in days {
        by_date.entry(day.date).or_default().insert(day.cooling_unit_id, day.average_room_occupancy);
    }
    let rows = by_date.into_iter().map(|(date, stored)| {
        let cells = units.iter().map(|(id, _)| match stored.get(id) {
            Some(percent) => page.maybe_float(*percent, 1, Reason::NoCapacity),
            None => page.unknown(Reason::NoDays),
        });
        (date, cells.collect())
    });
    table(page, units.iter().map(|(_, name)| name.clone()).collect(), "%", rows)
}

/// Kilograms in and out of all cooling units together.
pub fn kilograms(page: &Page, days: &[ChartDay]) -> DayTable {
    let mut sums: BTreeMap<NaiveDate, (f64, f64)> = BTreeMap::new();
    for day in days {
        let sum = sums.entry(day.date).or_default();
        sum.0 += day.room_kg_in;
        sum.1 += day.room_kg_out;
    }
    let by_date =
        sums.into_iter().map(|(date, (kg_in, kg_out))| (date, vec![page.float(kg_in, 1), page.float(kg_out, 1)]));
    table(page, vec![page.t("figure.kg_in").to_owned(), page.t("figure.kg_out").to_owned()], "kg", by_date)
}

fn table(
    page: &Page,
    series: Vec<String>,
    unit: &str,
    by_date: impl Iterator<Item = (NaiveDate, Vec<Figure>)>,
) -> DayTable {
    let rows = by_date.map(|(date, cells)| DayRow { date, shown: page.lang.date(date), cells });
    DayTable { series, unit: unit.to_owned(), rows: rows.collect() }
}
