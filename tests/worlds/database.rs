//! The program on real tables against the slow implementation: loaders, stored rows, ranges, filters, rejects.

mod impact;
mod rows;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use chrono::{DateTime, Days, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;
use metrics_core::parameters::Parameters;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::Value;

use super::generator::worlds;
use super::pure::{cases, parameters};
use super::slow::{self, ImpactKey, ImpactRow, UnitDay};
use super::world::{Unit, World};
use crate::support::{TestDb, binary, run};

/// Databases at a time.
const DATABASES: usize = 4;

/// So many worlds that `is_wanted`; the same ones in every test run, unless `PROPTEST_RNG_SEED` asks for others.
fn drawn(worlds_wanted: u32, is_wanted: impl Fn(&World) -> bool) -> Vec<World> {
    let seed = match Config::default().rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => 0,
    };
    let mut runner = TestRunner::new(Config { rng_seed: RngSeed::Fixed(seed), ..Config::default() });
    let worlds = worlds();
    let all = std::iter::repeat_with(|| worlds.new_tree(&mut runner).expect("a world").current());
    all.filter(is_wanted).take(usize::try_from(worlds_wanted).expect("few")).collect()
}

/// Checks each world in a database.
fn check_all(worlds: &[World], check: impl Fn(&Stored<'_>) + Sync) {
    let check = &check;
    std::thread::scope(|scope| {
        let threads: Vec<_> = worlds
            .chunks(worlds.len().div_ceil(DATABASES).max(1))
            .map(|worlds| {
                scope.spawn(move || {
                    let db = TestDb::with_source();
                    tables::drop_constraints(&db);
                    for world in worlds {
                        tables::store(&db, world);
                        let check = std::panic::AssertUnwindSafe(|| check(&Stored { db: &db, world }));
                        if let Err(failure) = std::panic::catch_unwind(check) {
                            eprintln!("in this world: {world:#?}");
                            std::panic::resume_unwind(failure);
                        }
                    }
                })
            })
            .collect();
        for thread in threads {
            if let Err(failure) = thread.join() {
                std::panic::resume_unwind(failure);
            }
        }
    });
}

/// On an eighth as many worlds as the pure functions get cases, because each takes about ten runs of the program.
#[test]
fn stored_rows_follow_the_definitions_whichever_runs_made_them() {
    check_all(&drawn(cases() / 8, |_| true), |stored| stored.check(parameters()));
}

/// A third each on worlds that have a row, on those whose counts tell whether as-of itself is seen, and on those whose
/// counts tell in which unit's zone a month is.
#[test]
fn stored_impact_follows_the_definitions_whichever_runs_made_it() {
    let rows = |world: &World| slow::impacts(world, parameters()).rows;
    let counts = |world: &World| -> BTreeMap<ImpactKey, [i32; 2]> {
        let counts = |row: &ImpactRow| [row.possible_post_checkout_survey_room, row.baseline_completed_surveys_room];
        rows(world).iter().map(|row| (row.key, counts(row))).collect()
    };
    let differ = |world: &World, other: &World| {
        let others = counts(other);
        counts(world).iter().any(|(key, counts)| others.get(key).is_some_and(|other| other != counts))
    };
    let is_told_by_an_instant =
        |world: &World| differ(world, &World { as_of: world.as_of + TimeDelta::microseconds(1), ..world.clone() });
    let is_told_by_the_zone = |world: &World| {
        let mut zones = world.units.iter().map(|unit| zone_of(world, unit));
        zones.any(|zone| differ(world, &World { forced_zone: Some(zone), ..world.clone() }))
    };
    let each = cases() / 36;
    let mut worlds = drawn(each, |world| !rows(world).is_empty());
    worlds.extend(drawn(each, is_told_by_an_instant));
    worlds.extend(drawn(each, is_told_by_the_zone));
    check_all(&worlds, |stored| stored.check_impact(parameters()));
}

/// The zone of a unit's days and months.
fn zone_of(world: &World, unit: &Unit) -> Tz {
    let country = world.company_of(unit).and_then(|company| company.country.as_deref());
    world.forced_zone.or(parameters().time_zone(country)).unwrap_or(Tz::UTC)
}

/// A world in a database.
struct Stored<'a> {
    db: &'a TestDb,
    world: &'a World,
}

impl Stored<'_> {
    fn check(&self, parameters: &Parameters) {
        let world = self.world;
        let expected = slow::unit_days(world, parameters);

        // All at once, and once more.
        let summary = self.report("aggregated-comparison", &["--rebuild"], world.as_of);
        assert_rejects(&summary, &slow::rejects(world, true));
        self.assert_days(&expected, "rebuild");
        assert_unchanged(&self.report("aggregated-comparison", &[], world.as_of));

        let summary = self.report("company", &[], world.as_of);
        assert_rejects(&summary, &slow::rejects(world, false));
        rows::assert_companies(self.db, "company_metrics", &slow::companies(world, parameters));
        rows::assert_companies(self.db, "company_metrics_history", &slow::companies(world, parameters));

        self.check_filters(&expected);
        self.check_parts(&expected);
        self.check_an_earlier_run(parameters, &expected);
    }

    /// Each unit alone, each company alone.
    fn check_filters(&self, expected: &[UnitDay]) {
        self.clear();
        let units: BTreeSet<i64> = expected.iter().map(|day| day.cooling_unit_id).collect();
        for unit in units {
            let id = unit.to_string();
            self.report("aggregated-comparison", &["--rebuild", "--cooling-unit", &id], self.world.as_of);
        }
        self.assert_days(expected, "unit by unit");

        self.clear();
        let of_company: Vec<UnitDay> = expected.iter().filter(|day| day.company_id == Some(1)).cloned().collect();
        self.report("aggregated-comparison", &["--company", "1"], self.world.as_of);
        self.assert_days(&of_company, "one company");
        let mut companies = slow::companies(self.world, parameters());
        companies.retain(|company| company.company_id == 1);
        self.report("company", &["--company", "1"], self.world.as_of);
        rows::assert_companies(self.db, "company_metrics", &companies);
    }

    /// The second half of the days before the first.
    fn check_parts(&self, expected: &[UnitDay]) {
        self.clear();
        let [first, middle, next] = [
            self.world.earliest - Days::new(3),
            self.world.as_of.date_naive() - Days::new(3),
            self.world.as_of.date_naive() - Days::new(2),
        ]
        .map(|date| date.to_string());
        self.report("aggregated-comparison", &["--from", &next], self.world.as_of);
        self.report("aggregated-comparison", &["--from", &first, "--to", &middle], self.world.as_of);
        self.assert_days(expected, "in parts");
    }

    /// A run of two days before, of what had happened by then, and one without dates.
    fn check_an_earlier_run(&self, parameters: &Parameters, expected: &[UnitDay]) {
        self.clear();
        let before = World { as_of: self.world.as_of - Days::new(2), ..self.world.clone() };
        self.report("aggregated-comparison", &[], before.as_of);
        self.assert_days(&slow::unit_days(&before, parameters), "two days before");
        self.report("aggregated-comparison", &[], self.world.as_of);
        self.assert_days(expected, "two days later");
    }

    fn clear(&self) {
        self.db.execute(
            "TRUNCATE metrics.cooling_unit_metrics, metrics.company_metrics, metrics.company_metrics_history, \
             metrics.impact_metrics, metrics.report_run CASCADE",
        );
    }

    /// Runs a view and gives its summary.
    fn report(&self, view: &str, arguments: &[&str], as_of: DateTime<Utc>) -> Value {
        let mut command = Command::new(binary("reporter"));
        command
            .args(["--view", view, "--format", "json", "--as-of", &as_of.to_rfc3339_opts(SecondsFormat::Micros, true)])
            .args(arguments)
            .env_clear()
            .env("METRICS_DATABASE__URL", self.db.url().expose())
            .env("METRICS_DATABASE__EMBEDDED", "never")
            .env("METRICS_LOG__LEVEL", "warn")
            .env("METRICS_REPORTING__EARLIEST_DATE", self.world.earliest.to_string())
            // Every unit is a batch of its own.
            .env("METRICS_REPORTING__BATCH_ROWS", "1")
            // As long as any history here, so that a late survey is seen.
            .env("METRICS_REPORTING__TRAILING_DAYS", "30");
        if let Some(zone) = self.world.forced_zone {
            command.env("METRICS_REPORTING__TIME_ZONE", zone.name());
        }
        let output = run(&mut command);
        assert!(matches!(output.status, 0 | 4), "{view} {arguments:?}: {output:#?}");
        let summary: Value = serde_json::from_str(&output.stdout).expect("a summary");
        let is_partial = summary["rejects_total"] != 0;
        assert_eq!(output.status == 4, is_partial, "{view} {arguments:?}: {output:#?}");
        summary
    }

    fn assert_days(&self, expected: &[UnitDay], when: &str) {
        rows::assert_days(self.db, expected, when);
    }
}

fn assert_unchanged(summary: &Value) {
    let changes = (&summary["rows_written"], &summary["rows_deleted"]);
    assert_eq!(changes, (&Value::from(0), &Value::from(0)), "a second run changes nothing");
}

fn assert_rejects(summary: &Value, expected: &BTreeSet<String>) {
    let rejects = summary["rejects"].as_array().expect("a list");
    let subjects: BTreeSet<String> =
        rejects.iter().map(|reject| reject["subject"].as_str().expect("a name").to_owned()).collect();
    assert_eq!(subjects, *expected);
}
