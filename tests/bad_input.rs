//! Bad input to the reporter: a message that says what to do, the right exit code, nothing written.

use std::process::Command;

use crate::coldroom::database;
use crate::support::{TestDb, binary, reporter, run};

fn is_untouched(db: &TestDb) -> bool {
    db.value(
        "SELECT NOT EXISTS (SELECT FROM metrics.report_run) AND NOT EXISTS (SELECT FROM metrics.cooling_unit_metrics) \
         AND NOT EXISTS (SELECT FROM metrics.company_metrics)",
    ) == true
}

fn refused(db: &TestDb, arguments: &[&str], status: i32, message: &str) {
    let output = reporter(db, arguments);
    assert_eq!(output.status, status, "{arguments:?}: {}", output.stderr);
    assert!(output.stderr.contains(message), "{arguments:?}: {}", output.stderr);
    assert!(output.stdout.is_empty(), "{arguments:?}: {}", output.stdout);
    assert!(is_untouched(db), "{arguments:?}");
}

#[test]
fn command_lines_that_cannot_be_meant_are_usage_errors() {
    let db = TestDb::with_source();
    refused(&db, &["--view", "revenue"], 2, "aggregated-comparison");
    refused(&db, &[], 2, "Usage");
    refused(&db, &["--from", "2026-01-01"], 2, "--view");
    refused(&db, &["--view", "all", "--from", "2026-02-01", "--to", "2026-01-01"], 2, "is after --to");
    refused(&db, &["--view", "all", "--to", "2026-01-01"], 2, "--from");
    refused(&db, &["--view", "all", "--rebuild", "--from", "2026-01-01"], 2, "--rebuild");
    refused(&db, &["--view", "company", "--from", "2026-01-01"], 2, "all days");
    refused(&db, &["--view", "company", "--cooling-unit", "1"], 2, "--company");
    refused(&db, &["--view", "all", "--from", "01.02.2026"], 2, "--from");
    refused(&db, &["--view", "all", "--cooling-unit", "one"], 2, "--cooling-unit");
    refused(&db, &["--view", "all", "--cooling-unit", "0"], 2, "--cooling-unit");
    refused(&db, &["--view", "all", "--time-zone", "Lagos"], 2, "Africa/Lagos");
    refused(&db, &["--view", "all", "--as-of", "yesterday"], 2, "--as-of");
}

#[test]
fn a_source_that_lacks_something_is_refused_by_name() {
    for (change, named) in [
        ("DROP TABLE storage_coolingunitpower", "table storage_coolingunitpower is missing"),
        ("ALTER TABLE storage_crate DROP initial_weight", "column storage_crate.initial_weight is missing"),
        (
            "ALTER TABLE storage_crate ALTER initial_weight TYPE text",
            "column storage_crate.initial_weight is text, expected double precision",
        ),
        (
            "ALTER TABLE operation_movement ALTER date TYPE timestamp",
            "column operation_movement.date is timestamp without time zone",
        ),
    ] {
        let db = TestDb::with_source();
        db.execute(change);
        for view in ["aggregated-comparison", "company", "all"] {
            refused(&db, &["--view", view], 3, named);
        }
    }
}

#[test]
fn a_database_that_does_not_answer_is_named_without_its_password() {
    let mut command = Command::new(binary("reporter"));
    command
        .args(["--view", "all"])
        .env_clear()
        .env("METRICS_DATABASE__URL", "postgres://someone:geheim@127.0.0.1:1/metrics");
    let output = run(&mut command);
    assert_eq!(output.status, 3, "{}", output.stderr);
    assert!(output.stderr.contains("127.0.0.1") && !output.stderr.contains("geheim"), "{}", output.stderr);
}

#[test]
fn a_database_without_the_tables_asks_for_the_migration() {
    let db = TestDb::empty();
    let output = reporter(&db, &["--view", "all"]);
    assert_eq!(output.status, 3);
    assert!(output.stderr.contains("reporter migrate"), "{}", output.stderr);
}

#[test]
fn an_as_of_before_that_of_an_earlier_run_is_refused_and_with_leave_changes_no_later_day() {
    let db = database("coldroom/fixture_b.sql", "coldroom/expected/rates_b.csv");
    let utc = ["--time-zone", "UTC", "--quiet"];
    let view = |name, as_of| [&["--view", name, "--as-of", as_of], &utc[..]].concat();
    for name in ["aggregated-comparison", "company"] {
        assert_eq!(reporter(&db, &view(name, "2026-11-21T12:00:00Z")).status, 0);
        let output = reporter(&db, &view(name, "2026-11-19T12:00:00Z"));
        assert_eq!(output.status, 3);
        assert!(output.stderr.contains("--allow-past"), "{}", output.stderr);
    }
    let later = "SELECT jsonb_agg(to_jsonb(t) ORDER BY cooling_unit_id, date) FROM metrics.cooling_unit_metrics AS t \
                 WHERE date > '2026-11-19'";
    let latest = "SELECT jsonb_agg(to_jsonb(t) ORDER BY company_id) FROM metrics.company_metrics AS t";
    let (days, companies) = (db.value(later), db.value(latest));
    for name in ["aggregated-comparison", "company"] {
        let output = reporter(&db, &[&view(name, "2026-11-19T12:00:00Z")[..], &["--allow-past"]].concat());
        assert_eq!(output.status, 0, "{}", output.stderr);
    }
    assert_eq!(db.value(later), days);
    assert_eq!(db.value(latest), companies);
    // Half of the day had gone by: the check-outs of the afternoon have not happened.
    let sql = "SELECT room_kg_out FROM metrics.cooling_unit_metrics WHERE cooling_unit_id = 1 AND date = '2026-11-19'";
    assert_eq!(db.value(sql), 0.0);
    let history =
        "SELECT array_agg(DISTINCT report_date::text ORDER BY report_date::text) FROM metrics.company_metrics_history";
    assert_eq!(db.value(history), serde_json::json!(["2026-11-19", "2026-11-21"]));
}
