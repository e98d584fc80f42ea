//! What runs read, replace, lock and record.

use serde_json::{Value, json};

use crate::coldroom::{SMALL_AS_OF, dump, small};
use crate::support::{TestDb, open, reporter, wait};

fn run(db: &TestDb, arguments: &[&str]) -> Value {
    run_at(db, SMALL_AS_OF, arguments)
}

fn run_at(db: &TestDb, as_of: &str, arguments: &[&str]) -> Value {
    let output = reporter(db, &[&["--as-of", as_of, "--format", "json"], arguments].concat());
    assert!([0, 4].contains(&output.status), "{}", output.stderr);
    serde_json::from_str(&output.stdout).unwrap()
}

#[test]
fn a_dry_run_writes_nothing() {
    let db = small();
    let summary = run(&db, &["--view", "aggregated-comparison", "--dry-run"]);
    assert_eq!(summary["id"], Value::Null);
    assert!(summary["rows_computed"].as_i64().unwrap() > 2000);
    assert_eq!(summary["rejects_total"], 31);
    let tables = ["cooling_unit_metrics", "report_run", "report_reject", "view_version"];
    for table in tables {
        assert_eq!(db.value(&format!("SELECT count(*) FROM metrics.{table}")), 0, "{table}");
    }
}

#[test]
fn as_of_may_be_written_in_every_way_of_the_files() {
    let db = small();
    for as_of in ["2025-11-01 05:30:00 +0530", "2025-11-01t00:00:00.000000999z", "2025-11-01 00:00:00 UTC"] {
        let summary = run_at(&db, as_of, &["--view", "company", "--dry-run"]);
        assert_eq!(summary["as_of"], SMALL_AS_OF, "{as_of}");
    }
    for arguments in [&["--view", "company"][..], &["explain", "cooling-unit", "1", "2025-09-01"]] {
        let output = reporter(&db, &[arguments, &["--as-of", "2025-11-01"]].concat());
        assert_eq!(output.status, 2);
        assert!(
            output.stderr.contains("`2025-11-01` is no instant; for example: 2026-11-21T12:00:00Z"),
            "{}",
            output.stderr
        );
    }
}

#[test]
fn a_range_replaces_its_days_and_no_others() {
    let db = small();
    run(&db, &["--view", "aggregated-comparison"]);
    let clean = dump(&db);
    db.execute(
        "UPDATE metrics.cooling_unit_metrics SET room_kg_in = -1 WHERE date BETWEEN '2025-09-01' AND '2025-09-03';
         DELETE FROM metrics.cooling_unit_metrics WHERE cooling_unit_id = 2 AND date = '2025-09-02'",
    );
    let summary = run(&db, &["--view", "aggregated-comparison", "--from", "2025-09-02", "--to", "2025-09-02"]);
    assert_eq!(summary["rows_written"], 12);
    let wrong = "SELECT count(*) FROM metrics.cooling_unit_metrics WHERE room_kg_in = -1 AND date";
    assert_eq!(db.value(&format!("{wrong} = '2025-09-02'")), 0);
    assert_eq!(db.value(&format!("{wrong} <> '2025-09-02'")), 24);
    run(&db, &["--view", "aggregated-comparison", "--from", "2025-09-01", "--to", "2025-09-03"]);
    assert_eq!(dump(&db), clean);
}

#[test]
fn filters_restrict_everything() {
    let db = small();
    run(&db, &["--view", "aggregated-comparison"]);
    db.execute("UPDATE metrics.cooling_unit_metrics SET room_kg_in = -1, is_unit_deleted = true");
    let summary =
        run(&db, &["--view", "aggregated-comparison", "--rebuild", "--cooling-unit", "1,2", "--company", "1"]);
    assert_eq!((&summary["company_filter"], &summary["cooling_unit_filter"]), (&json!([1]), &json!([1, 2])));
    let touched = "SELECT array_agg(DISTINCT cooling_unit_id ORDER BY cooling_unit_id) FROM metrics.cooling_unit_metrics \
                   WHERE room_kg_in <> -1 OR NOT is_unit_deleted";
    assert_eq!(db.value(touched), json!([1, 2]));
}

#[test]
fn holes_are_filled_and_days_that_are_no_longer_produced_go() {
    let db = small();
    run(&db, &["--view", "aggregated-comparison"]);
    let clean = dump(&db);
    db.execute(
        "DELETE FROM metrics.cooling_unit_metrics WHERE cooling_unit_id = 5 OR (cooling_unit_id = 1 AND date = '2025-08-08');
         INSERT INTO metrics.cooling_unit_metrics
         SELECT (jsonb_populate_record(t, '{\"date\": \"2030-01-01\"}')).* FROM metrics.cooling_unit_metrics AS t
         WHERE cooling_unit_id = 2 AND date = '2025-10-01'",
    );
    run(&db, &["--view", "aggregated-comparison"]);
    assert_eq!(dump(&db), clean);
}

#[test]
fn deleted_units_keep_their_rows_and_come_back() {
    let db = small();
    run(&db, &["--view", "aggregated-comparison"]);
    let clean = dump(&db);
    db.execute("UPDATE storage_coolingunit SET deleted = true WHERE id = 1");
    run(&db, &["--view", "aggregated-comparison", "--rebuild"]);
    let sql = "SELECT array_agg(DISTINCT cooling_unit_id) FROM metrics.cooling_unit_metrics WHERE is_unit_deleted";
    assert_eq!(db.value(sql), json!([1]));
    assert_eq!(db.value("SELECT count(*) > 100 FROM metrics.cooling_unit_metrics WHERE cooling_unit_id = 1"), true);
    db.execute("UPDATE storage_coolingunit SET deleted = false WHERE id = 1");
    run(&db, &["--view", "aggregated-comparison"]);
    assert_eq!(dump(&db), clean);
}

#[test]
fn a_second_run_at_the_same_time_is_told_who_holds_the_lock() {
    let db = small();
    let url = db.url().clone();
    let holder = wait(async move {
        let client = open(&url).await;
        client.execute("SELECT pg_advisory_lock(1835365490, 1)", &[]).await.unwrap();
        client
    });
    let output = reporter(&db, &["--view", "aggregated-comparison"]);
    assert_eq!(output.status, 75, "{}", output.stderr);
    assert!(output.stderr.contains("another run of aggregated-comparison is under way"), "{}", output.stderr);
    // Another view is not held up; of all, the gravest code is reported.
    assert_eq!(reporter(&db, &["--view", "company", "--quiet"]).status, 0);
    assert_eq!(reporter(&db, &["--view", "all", "--quiet"]).status, 75);
    drop(holder);
}

#[test]
fn runs_are_recorded_listed_and_shown_with_their_rejects() {
    let db = small();
    run(&db, &["--view", "all"]);
    let output = reporter(&db, &["runs", "--format", "json"]);
    let runs: Value = serde_json::from_str(&output.stdout).unwrap();
    let runs = runs["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 3);
    assert_eq!((&runs[2]["view"], &runs[2]["outcome"]), (&json!("aggregated-comparison"), &json!("partial")));
    assert_eq!(runs[2]["zone_mode"], "unit");
    assert_eq!(runs[2]["parameter_set"], "2026.1");
    let id = runs[2]["id"].to_string();
    let output = reporter(&db, &["runs", &id]);
    assert!(output.stdout.contains("market survey 1014: it has no date"), "{}", output.stdout);
    assert_eq!(reporter(&db, &["runs", "999"]).status, 2);
}

#[test]
fn the_data_version_grows_only_when_rows_change() {
    let db = small();
    let version = || db.value("SELECT version FROM metrics.view_version WHERE view = 'aggregated-comparison'");
    run(&db, &["--view", "aggregated-comparison"]);
    let first = version();
    run(&db, &["--view", "aggregated-comparison"]);
    assert_eq!(version(), first);
    db.execute("UPDATE storage_coolingunit SET name = 'Another name' WHERE id = 1");
    run(&db, &["--view", "aggregated-comparison"]);
    assert!(version().as_i64() > first.as_i64());
}

#[test]
fn rows_on_another_basis_are_announced() {
    let db = small();
    run(&db, &["--view", "aggregated-comparison"]);
    let summary = run(&db, &["--view", "aggregated-comparison", "--time-zone", "UTC"]);
    let notice = summary["notices"][0].as_str().unwrap();
    assert!(notice.contains("--rebuild") && notice.contains("Africa/Lagos"), "{notice}");
}

#[test]
fn a_row_is_explained_and_held_against_the_stored_one() {
    let db = small();
    run(&db, &["--view", "aggregated-comparison"]);
    let arguments = ["explain", "cooling-unit", "1", "2025-09-01", "--as-of", SMALL_AS_OF, "--format", "json"];
    let explain = || -> Value {
        let output = reporter(&db, &arguments);
        assert_eq!(output.status, 0, "{}", output.stderr);
        serde_json::from_str(&output.stdout).unwrap()
    };
    let explanation = explain();
    assert_eq!(explanation["differences"], json!([]));
    let count = |key: &str| explanation[key].as_array().unwrap().len();
    assert_eq!(explanation["stored"]["room_crates_in"].as_u64().unwrap(), count("check_ins") as u64);
    let sum = |rows: &str, field: &str| -> f64 {
        explanation[rows].as_array().unwrap().iter().map(|row| row[field].as_f64().unwrap()).sum()
    };
    assert!((sum("releases", "kg") - explanation["stored"]["room_kg_out"].as_f64().unwrap()).abs() < 1e-9);
    assert!(
        (sum("in_room_at_end", "remaining_kg") - explanation["stored"]["room_stock_kg"].as_f64().unwrap()).abs() < 1e-9
    );
    db.execute(
        "UPDATE metrics.cooling_unit_metrics SET room_kg_in = 1 WHERE cooling_unit_id = 1 AND date = '2025-09-01'",
    );
    assert_eq!(explain()["differences"][0]["column"], "room_kg_in");
    let text = reporter(&db, &arguments[..6]).stdout;
    assert!(text.contains("The stored row differs"), "{text}");
    assert_eq!(reporter(&db, &["explain", "cooling-unit", "999", "2025-09-01"]).status, 2);
}
