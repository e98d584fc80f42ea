//! Four months of an invented operator's database.
//!
//! Five companies in four countries, one of them not set up yet; check-ins in local business hours, partial check-outs
//! over days, discounts, marketplace orders, a room-to-room transfer now and then, surveys before and after. The rows
//! are a function of the instant at which the sample ends, and of nothing else.

mod activity;
mod catalogue;
mod people;
mod rates;
mod table;
mod tables;

use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};

pub use table::Table;

use crate::random::Random;

/// The version of the generator: another number says that the same end gives other rows.
pub const VERSION: i32 = 1;

const SEED: u64 = 20_251_101;

/// A generated sample.
#[derive(Debug, PartialEq, Eq)]
pub struct Sample {
    /// First day with activity.
    pub first_day: NaiveDate,
    /// End of the sample: nothing is dated at it or later.
    pub until: DateTime<Utc>,
    /// The tables, in an order in which they can be loaded.
    pub tables: Vec<Table>,
    /// Exchange rates as a file for `reporter fx import`.
    pub rates_csv: String,
    /// Number of crates.
    pub crates: i64,
    /// Number of movements.
    pub movements: i64,
}

impl Sample {
    /// Last day with activity: that of the last instant before the end, in universal time.
    pub fn last_day(&self) -> NaiveDate {
        (self.until - TimeDelta::microseconds(1)).date_naive()
    }
}

/// The first day of the sample that ends at `until`: the same day of the month, four months before.
pub fn first_day(until: DateTime<Utc>) -> NaiveDate {
    let last = until.date_naive();
    last.checked_sub_months(Months::new(4)).unwrap_or(last)
}

/// The sample that ends at `until`, always the same for the same instant.
pub fn generate(until: DateTime<Utc>) -> Sample {
    let first_day = first_day(until);
    let mut random = Random::new(SEED);
    let rates_csv = rates::csv(rates::first_day_of_rates(first_day), until.date_naive(), &mut random);
    let world = people::populate(first_day, until, random);
    let tables = activity::simulate(world);
    Sample {
        first_day,
        until,
        crates: tables.produce_crate.len(),
        movements: tables.movement.len(),
        tables: tables.in_load_order(),
        rates_csv,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn until(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    /// The cells of every row of the table whose COPY statement begins so.
    fn rows(sample: &Sample, name: &str) -> Vec<Vec<String>> {
        let begins = format!("COPY {name} (");
        let table = sample.tables.iter().find(|table| table.copy().starts_with(&begins)).expect("a table");
        table.rows().lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
    }

    fn number(cell: &str) -> f64 {
        cell.parse().expect("a number")
    }

    #[test]
    fn the_same_end_gives_the_same_sample() {
        let end = until("2026-06-30T12:00:00Z");
        assert_eq!(generate(end), generate(end));
        assert_ne!(generate(end).rates_csv, generate(until("2026-07-01T12:00:00Z")).rates_csv);
    }

    #[test]
    fn it_has_the_size_and_the_variety_that_it_is_for() {
        let sample = generate(until("2026-06-30T12:00:00Z"));
        assert_eq!(sample.first_day, "2026-02-28".parse().expect("a date"));
        assert_eq!(sample.last_day(), "2026-06-30".parse().expect("a date"));
        assert_eq!(generate(until("2026-07-01T00:00:00Z")).last_day(), sample.last_day());
        assert!((6_000..=10_000).contains(&sample.crates), "{} crates", sample.crates);
        assert_eq!(sample.tables.len(), 25);
        assert!(sample.tables.iter().all(|table| !table.is_empty()));
        assert_eq!(rows(&sample, "user_company").len(), 5);
        let units = rows(&sample, "storage_coolingunit");
        assert_eq!(units.len(), 14);
        assert_eq!(units.iter().filter(|unit| unit[8] == "t").count(), 1, "deleted");
        assert_eq!(units.iter().filter(|unit| unit[5] == "\\N").count(), 1, "without capacity");
        assert_eq!(rows(&sample, "storage_coolingunitpower").len(), 13, "one has no power row");
        let movements = rows(&sample, "operation_movement");
        assert!(movements.iter().filter(|movement| movement[1] == "mo").count() >= 8);
        assert!(movements.iter().filter(|movement| movement[6] == "t").count() >= 8, "transfers");
        let crates = rows(&sample, "storage_crate");
        assert!(crates.iter().filter(|stored| stored[5] == "\\N").count() >= 50, "without currency");
        let check_outs = rows(&sample, "operation_checkout");
        assert!(check_outs.iter().filter(|check_out| check_out[3] != "0").count() >= 50, "discounts");
        assert!(rows(&sample, "operation_marketsurvey").len() >= 100);
        assert!(rows(&sample, "user_farmersurvey").len() >= 50);
        let placeholders = rows(&sample, "user_farmer").iter().filter(|farmer| farmer[4] == "t").count();
        assert_eq!(placeholders, 5);
    }

    #[test]
    fn every_row_has_a_cell_for_every_column() {
        let sample = generate(until("2026-06-30T12:00:00Z"));
        for table in &sample.tables {
            let columns = table.copy().matches(',').count() + 1;
            assert!(table.rows().lines().all(|line| line.split('\t').count() == columns), "{}", table.copy());
        }
    }

    #[test]
    fn nothing_is_dated_at_the_end_or_later_and_no_crate_leaves_before_it_came() {
        let end = until("2026-06-30T09:00:00Z");
        let sample = generate(end);
        let moved_at: BTreeMap<String, DateTime<Utc>> = rows(&sample, "operation_movement")
            .into_iter()
            .map(|row| (row[0].clone(), until(&row[4].replace(' ', "T").replace("+00", "Z"))))
            .collect();
        assert!(moved_at.values().all(|at| *at < end));
        let came: BTreeMap<String, DateTime<Utc>> =
            rows(&sample, "operation_checkin").into_iter().map(|row| (row[0].clone(), moved_at[&row[1]])).collect();
        let left: BTreeMap<String, DateTime<Utc>> =
            rows(&sample, "operation_checkout").into_iter().map(|row| (row[0].clone(), moved_at[&row[1]])).collect();
        let produce: BTreeMap<String, String> =
            rows(&sample, "storage_produce").into_iter().map(|row| (row[0].clone(), row[2].clone())).collect();
        let stored: BTreeMap<String, DateTime<Utc>> =
            rows(&sample, "storage_crate").into_iter().map(|row| (row[0].clone(), came[&produce[&row[1]]])).collect();
        for release in rows(&sample, "storage_cratepartialcheckout") {
            assert!(left[&release[2]] > stored[&release[1]], "{release:?}");
        }
    }

    #[test]
    fn what_was_taken_and_what_is_left_add_up_to_every_crate() {
        let sample = generate(until("2026-06-30T12:00:00Z"));
        let mut taken: BTreeMap<String, f64> = BTreeMap::new();
        for release in rows(&sample, "storage_cratepartialcheckout") {
            *taken.entry(release[1].clone()).or_default() += number(&release[3]);
        }
        for stored in rows(&sample, "storage_crate") {
            let (initial, left) = (number(&stored[3]), number(&stored[4]));
            let taken = taken.get(&stored[0]).copied().unwrap_or_default() * initial.max(1.0);
            assert!((initial - taken - left).abs() < 1e-9, "{stored:?}");
            assert_eq!(stored[6] == "t", left == 0.0, "{stored:?}");
        }
    }
}
