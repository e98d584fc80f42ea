//! `--view store-uptime`: the figures are those of the files that were taken in.

use serde_json::{Value, json};

use super::{ingested, stored, view, without_header};
use crate::support::{TestDb, reporter};
use crate::uptime::{Folder, cases, printed, real, synthetic, uptime};

/// Runs the view and the command over files with the same arguments, and compares every byte.
fn assert_same(db: &TestDb, folder: &Folder, arguments: &[&str]) {
    let report = folder.report(&[&["--format", "json"], arguments].concat());
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    let full = printed(folder.report(&[&["--format", "full"], arguments].concat()));
    let summary = view(db, arguments);
    let policy = report["policy"].as_str().unwrap();
    let rows = without_header(&full);
    assert_eq!(summary["rows_computed"], json!(rows.lines().count()), "{arguments:?}");
    assert_eq!(stored(db, report["as_of"].as_str().unwrap(), policy), rows, "{arguments:?}");
    assert_eq!(summary["details"]["policy"], report["policy"]);
}

#[test]
fn every_case_has_the_same_figures_from_the_database() {
    for case in cases::file()["cases"].as_array().unwrap() {
        let text = |key: &str| case[key].as_str().unwrap();
        let folder = Folder::of(text("status_csv"), text("hours_csv"), text("zones_csv"));
        let db = TestDb::new();
        ingested(&db, &folder);
        let arguments = cases::arguments(case);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let report = folder.report(&[&["--format", "full"][..], &arguments].concat());
        assert_eq!(report.status, 0);
        let summary = view(&db, &arguments);
        let rows = without_header(&report.stdout);
        let Some(as_of) = case["expected"]["as_of"].as_str() else {
            assert_eq!((rows, &summary["id"]), ("", &Value::Null), "{}", case["name"]);
            continue;
        };
        let policy = summary["details"]["policy"].as_str().unwrap();
        assert_eq!(stored(&db, as_of, policy), rows, "{}", case["name"]);
    }
}

#[test]
fn a_fleet_has_the_same_report_from_files_and_from_the_database() {
    let folder = synthetic::folder(20_261_122);
    let db = TestDb::new();
    ingested(&db, &folder);
    for arguments in [
        &[][..],
        &["--max-carry", "90", "--assume", "active", "--stores", "polled"],
        &["--policy", "capped-60m"],
        &["--policy", "count-hours", "--as-of", "2023-01-21T12:00:00Z"],
        &["--policy", "count-hours-edges", "--not-after", "2023-01-22 00:00:00"],
        &["--as-of", "2023-01-30T00:00:00Z", "--stores", "polled"],
        &["--as-of", "2023-01-18T05:00:00Z", "--stores", "polled"],
        &["--as-of", "2023-01-20T00:00:00Z", "--not-after", "2023-01-19T00:00:00Z"],
        &["--as-of", "2026-01-01T00:00:00Z"],
    ] {
        assert_same(&db, &folder, arguments);
    }
}

#[test]
fn real_polls_have_the_same_report_from_files_and_from_the_database() {
    let Some(data) = real::data() else { return };
    let file = |name: &str| data.join(name);
    let [status, hours, zones] = ["store_status_sample.csv.gz", "business_hours.csv.gz", "timezones.csv.gz"].map(file);
    let db = TestDb::new();
    let arguments = [
        "ingest",
        "stores",
        "--status",
        status.to_str().unwrap(),
        "--hours",
        hours.to_str().unwrap(),
        "--zones",
        zones.to_str().unwrap(),
    ];
    assert_eq!(reporter(&db, &arguments).status, 0);
    let summary = view(&db, &[]);
    let full = printed(uptime(&[status], &hours, &zones, &["--format", "full"]));
    assert_eq!(stored(&db, summary["as_of"].as_str().unwrap(), "step"), without_header(&full));
}

#[test]
fn a_second_run_replaces_its_own_rows_and_changes_nothing_else() {
    let folder = synthetic::folder(7);
    let db = TestDb::new();
    ingested(&db, &folder);
    let version = || db.value("SELECT version FROM metrics.view_version WHERE view = 'store-uptime'");
    let first = view(&db, &["--as-of", "2023-01-24T00:00:00Z"]);
    assert!(first["rows_written"].as_i64().unwrap() > 300);
    let (before, rows) = (version(), db.query("SELECT * FROM metrics.store_uptime ORDER BY store"));
    let second = view(&db, &["--as-of", "2023-01-24T00:00:00Z"]);
    assert_eq!((&second["rows_written"], &second["rows_deleted"]), (&json!(0), &json!(0)));
    assert_eq!((version(), db.query("SELECT * FROM metrics.store_uptime ORDER BY store")), (before, rows));

    // Another instant and another policy stand beside; fewer stores replace the rows of theirs alone. An earlier
    // instant is no step back: it has rows of its own.
    view(&db, &["--as-of", "2023-01-23T00:00:00Z"]);
    view(&db, &["--as-of", "2023-01-24T00:00:00Z", "--policy", "capped-60m"]);
    let all = db.value("SELECT count(*) FROM metrics.store_uptime WHERE as_of = '2023-01-24' AND policy = 'step'");
    let polled = view(&db, &["--as-of", "2023-01-24T00:00:00Z", "--stores", "polled"]);
    assert!(polled["rows_deleted"].as_i64().unwrap() > 0 && polled["rows_written"] == 0, "{polled}");
    let counts = db.query(
        "SELECT as_of::date::text, policy, count(*) FROM metrics.store_uptime GROUP BY 1, 2 ORDER BY as_of::date::text, policy",
    );
    let counts: Vec<_> = counts.iter().map(|row| row["count"].as_i64().unwrap()).collect();
    let all = all.as_i64().unwrap();
    assert_eq!(counts, [all, all, polled["rows_computed"].as_i64().unwrap()], "{all}");
}

#[test]
fn figures_are_kept_for_the_hours_of_the_settings() {
    let folder = synthetic::folder(7);
    let db = TestDb::new();
    ingested(&db, &folder);
    let run = |as_of: &str| {
        let mut command = std::process::Command::new(crate::support::binary("reporter"));
        command
            .args(["--view", "store-uptime", "--quiet", "--as-of", as_of])
            .env_clear()
            .env("METRICS_DATABASE__URL", db.url().expose())
            .env("METRICS_UPTIME__HISTORY_HOURS", "2");
        assert_eq!(crate::support::run(&mut command).status, 0);
        let kept = db.query(
            "SELECT DISTINCT to_char(as_of AT TIME ZONE 'UTC', 'HH24:MI') AS at FROM metrics.store_uptime ORDER BY at",
        );
        kept.iter().map(|row| row["at"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(run("2023-01-20T10:00:00Z"), ["10:00"]);
    assert_eq!(run("2023-01-20T11:00:00Z"), ["10:00", "11:00"]);
    assert_eq!(run("2023-01-20T12:00:00Z"), ["10:00", "11:00", "12:00"]);
    assert_eq!(run("2023-01-20T12:00:01Z"), ["11:00", "12:00"]);
    // What was asked for is there for once.
    assert_eq!(run("2023-01-20T08:00:00Z"), ["08:00", "11:00", "12:00"]);
    assert_eq!(run("2023-01-20T12:00:01Z"), ["11:00", "12:00"]);
}

#[test]
fn runs_are_recorded_with_what_they_were_asked_and_did_not_use() {
    let folder = synthetic::folder(7);
    let db = TestDb::new();
    let nothing = view(&db, &[]);
    assert_eq!((&nothing["outcome"], &nothing["rows_computed"]), (&json!("done"), &json!(0)));
    assert_eq!(db.value("SELECT count(*) FROM metrics.report_run"), json!(0));
    ingested(&db, &folder);
    let dry = view(&db, &["--dry-run"]);
    assert!(dry["rows_computed"].as_i64().unwrap() > 300 && dry["id"] == Value::Null);
    assert_eq!(db.value("SELECT count(*) FROM metrics.report_run"), json!(0));
    view(&db, &["--max-carry", "60", "--not-after", "2023-01-24T00:00:00Z"]);
    let run = &db.query("SELECT * FROM metrics.report_run")[0];
    assert_eq!((&run["view"], &run["outcome"]), (&json!("store-uptime"), &json!("done")));
    let details = &run["details"];
    assert_eq!(details["policy"], "step;max_carry=60");
    assert_eq!(details["options"]["not_after"], "2023-01-24T00:00:00.000000Z");
    assert!(details["diagnostics"]["polls_rows"].as_i64().unwrap() > 10_000, "{details}");

    // With all views it comes when there are stores, and speaks of no poll after the present.
    db.execute("INSERT INTO metrics.store_poll SELECT id, now() + interval '1 year', true FROM metrics.store LIMIT 1");
    let all = reporter(&db, &["--view", "all", "--format", "json"]);
    let document: Value = serde_json::from_str(&all.stdout).unwrap();
    let last = document["runs"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["view"], &last["outcome"]), (&json!("store-uptime"), &json!("done")), "{document}");
    assert!(last["as_of"].as_str().unwrap().starts_with("2023-01-25"), "{last}");
    let empty = TestDb::with_source();
    let all = reporter(&empty, &["--view", "all", "--format", "json"]);
    assert!(!all.stdout.contains("store-uptime"), "{}", all.stdout);
}

#[test]
fn what_cannot_be_meant_is_a_usage_error() {
    let db = TestDb::new();
    for arguments in [
        &["--view", "store-uptime", "--from", "2026-01-01"][..],
        &["--view", "store-uptime", "--rebuild"],
        &["--view", "store-uptime", "--company", "1"],
        &["--view", "store-uptime", "--cooling-unit", "1"],
        &["--view", "store-uptime", "--time-zone", "UTC"],
        &["--view", "store-uptime", "--policy", "capped-60m", "--max-carry", "60"],
        &["--view", "store-uptime", "--policy", "count-hours", "--assume", "active"],
        &["--view", "store-uptime", "--policy", "guess"],
        &["--view", "store-uptime", "--max-carry", "0"],
        &["--view", "store-uptime", "--max-carry", "11521"],
        &["--view", "store-uptime", "--as-of", "now"],
        &["--view", "company", "--policy", "step"],
        &["--view", "aggregated-comparison", "--not-after", "now"],
    ] {
        let output = reporter(&db, arguments);
        assert_eq!(output.status, 2, "{arguments:?}: {}", output.stderr);
    }
    assert_eq!(reporter(&db, &["--view", "store-uptime", "--not-after", "now"]).status, 0);
}

#[test]
fn two_runs_at_once_are_one_too_many() {
    let db = TestDb::new();
    let url = db.url().clone();
    let held = crate::support::wait(async move {
        let client = crate::support::open(&url).await;
        client.execute("SELECT pg_advisory_lock(x'6d657472'::int, 4)", &[]).await.unwrap();
        client.execute("SELECT pg_advisory_lock(x'6d657472'::int, 101)", &[]).await.unwrap();
        client
    });
    let output = reporter(&db, &["--view", "store-uptime"]);
    assert_eq!(output.status, 75, "{}", output.stderr);
    assert!(output.stderr.contains("another run of store-uptime is under way"), "{}", output.stderr);
    let output = super::ingest(&db, &synthetic::folder(1), &[]);
    assert_eq!(output.status, 75, "{}", output.stderr);
    drop(held);
}
