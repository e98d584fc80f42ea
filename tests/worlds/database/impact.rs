//! `--view impact-metrics`: all months, the default months, a range of months, cooling unit by cooling unit.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Months, NaiveDate, Utc};
use metrics_core::parameters::Parameters;
use serde_json::Value;

use super::rows::{count, integer, text};
use super::{Stored, assert_rejects, assert_unchanged, zone_of};
use crate::worlds::compare::assert_same_figures;
use crate::worlds::pure::parameters;
use crate::worlds::slow::{self, ImpactKey, ImpactRow, Impacts, first_of_month};

const VIEW: &str = "impact-metrics";

impl Stored<'_> {
    pub(super) fn check_impact(&self, parameters: &Parameters) {
        let as_of = self.world.as_of;
        let Impacts { rows: all, rejects } = slow::impacts(self.world, parameters);
        // Months of the units may differ; those of the earliest count for all.
        let previous = self.earliest_month() - Months::new(1);
        let rejects_from = |first: NaiveDate| {
            let mut subjects = slow::impact_rejects(self.world);
            subjects.extend(rejects.iter().filter(|(month, _)| *month >= first).map(|(_, subject)| subject.clone()));
            subjects
        };

        // The months that a run without months computes, and then those before.
        let recent: Vec<ImpactRow> = all.iter().filter(|row| row.key.0 >= previous).cloned().collect();
        assert_rejects(&self.report(VIEW, &[], as_of), &rejects_from(previous));
        self.assert_impacts(&recent, "the default months");
        let before: BTreeSet<NaiveDate> = all.iter().map(|row| row.key.0).filter(|month| *month < previous).collect();
        if let (Some(first), Some(last)) = (before.first(), before.last()) {
            let middle = *before.iter().nth(before.len() / 2).unwrap_or(last);
            for [from, to] in [[middle, *last], [*first, middle - Months::new(1)]] {
                let [from, to] = [from, to].map(|month| month.format("%Y-%m").to_string());
                if from <= to {
                    self.report(VIEW, &["--from", &from, "--to", &to], as_of);
                }
            }
        }
        self.assert_impacts(&all, "the months before");

        // Rows that are not produced go, others are put right; and nothing is left for the next run.
        self.db.execute(
            "UPDATE metrics.impact_metrics SET farmer_id = 1000 + farmer_id WHERE surveys = 1;
             UPDATE metrics.impact_metrics SET monthly_kg_loss = -1 WHERE surveys > 1",
        );
        assert_rejects(&self.report(VIEW, &["--rebuild"], as_of), &rejects_from(NaiveDate::MIN));
        self.assert_impacts(&all, "rebuild");
        assert_unchanged(&self.report(VIEW, &["--rebuild"], as_of));

        self.clear();
        let units: BTreeSet<i64> = all.iter().map(|row| row.key.1).collect();
        for unit in units {
            self.report(VIEW, &["--rebuild", "--cooling-unit", &unit.to_string()], as_of);
        }
        self.assert_impacts(&all, "unit by unit");
    }

    /// The earliest local month of a unit at the instant of the run.
    fn earliest_month(&self) -> NaiveDate {
        let world = self.world;
        let today = |unit| world.as_of.with_timezone(&zone_of(world, unit)).date_naive();
        let months = world.units.iter().map(|unit| first_of_month(today(unit)));
        months.min().expect("a unit")
    }

    /// All rows of `impact_metrics`.
    fn assert_impacts(&self, expected: &[ImpactRow], when: &str) {
        let rows =
            self.db.query("SELECT * FROM metrics.impact_metrics ORDER BY month, cooling_unit_id, farmer_id, crop_id");
        let stored: Vec<ImpactKey> = rows.iter().map(key).collect();
        let wanted: Vec<ImpactKey> = expected.iter().map(|row| row.key).collect();
        assert_eq!(stored, wanted, "{when}: the rows");
        for (row, expected) in rows.iter().zip(expected) {
            assert_row(row, expected);
        }
    }
}

fn date(value: &Value) -> NaiveDate {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("not a date: {value}"))
}

fn key(row: &Value) -> ImpactKey {
    let id = |column: &str| integer(&row[column]);
    (date(&row["month"]), id("cooling_unit_id"), id("farmer_id"), id("crop_id"))
}

fn assert_row(row: &Value, expected: &ImpactRow) {
    for (column, expected) in [
        ("unit_name", expected.unit_name.as_deref()),
        ("first_name", expected.first_name.as_deref()),
        ("last_name", None),
        ("crop_name", Some(&*expected.crop_name)),
        ("currency", Some(&*expected.currency)),
        ("time_zone", Some(&*expected.time_zone)),
        ("parameter_set", Some(parameters().set())),
    ] {
        assert_eq!(text(&row[column]).as_deref(), expected, "{column} of {row:#}");
    }
    for (column, expected) in [
        ("surveys", expected.surveys),
        ("baseline_completed_surveys_room", expected.baseline_completed_surveys_room),
        ("possible_post_checkout_survey_room", expected.possible_post_checkout_survey_room),
        ("total_post_checkout_survey_unit", expected.total_post_checkout_survey_unit),
    ] {
        assert_eq!(count(&row[column]), expected, "{column} of {row:#}");
    }
    assert_eq!(date(&row["report_date"]), expected.report_date, "{row:#}");
    assert_eq!(row["company_id"].as_i64(), expected.company_id, "{row:#}");
    let latest: DateTime<Utc> = row["latest_survey_date"].as_str().expect("an instant").parse().expect("an instant");
    assert_eq!(latest, expected.latest_survey_date, "{row:#}");
    let figures: BTreeMap<&str, Option<f64>> =
        expected.figures.keys().map(|column| (*column, row[*column].as_f64())).collect();
    assert_same_figures(&figures, expected);
    let columns: BTreeSet<&str> = row.as_object().expect("a row").keys().map(String::as_str).collect();
    assert_eq!(columns.len(), figures.len() + 19, "columns that nothing is compared with: {columns:?}");
}
