//! `reporter ingest stores`.

use std::process::Command;

use serde_json::{Value, json};

use super::{ingest, ingested};
use crate::support::server::{Answer, Server};
use crate::support::{TestDb, binary, files, reporter, run};
use crate::uptime::{Folder, synthetic};

const STATUS: &str = "store_id,status,timestamp_utc\n";
const HOURS: &str = "store_id,day,start_time_local,end_time_local\n";
const ZONES: &str = "store_id,timezone_str\n";

/// All that is stored of stores.
fn contents(db: &TestDb) -> Vec<Vec<Value>> {
    ["store", "store_hours", "store_poll"]
        .map(|table| db.query(&format!("SELECT stored.* FROM metrics.{table} AS stored ORDER BY stored::text")))
        .into()
}

#[test]
fn the_same_files_twice_change_nothing() {
    let folder = synthetic::folder(3);
    let db = TestDb::new();
    let first = ingested(&db, &folder);
    let before = contents(&db);
    assert_eq!(first["polls"]["polls_added"], json!(before[2].len()));
    assert_eq!(first["hours"]["hours_added"], json!(before[1].len()));
    let rows = first["polls"]["rows"].as_i64().unwrap();
    assert!(rows > i64::try_from(before[2].len()).unwrap(), "some rows are there twice");
    let second = ingested(&db, &folder);
    assert_eq!(contents(&db), before);
    let expected = json!({
        "zones": {"rows": first["zones"]["rows"], "refused": 0, "stores_added": 0, "zones_changed": 0},
        "zones_unknown": 0,
        "hours": {"rows": first["hours"]["rows"], "refused": 0, "stores_added": 0, "hours_added": 0, "hours_removed": 0},
        "polls": {"rows": rows, "refused": 0, "stores_added": 0, "polls_added": 0, "polls_turned_inactive": 0,
                  "polls_known": rows, "polls_outside_kept_days": first["polls"]["polls_outside_kept_days"]},
        "polls_unknown_status": 0,
        "partitions": {"made": 0, "dropped": 0},
    });
    assert_eq!(second, expected);
}

#[test]
fn a_broken_third_is_refused_by_name_and_the_rest_is_taken_in() {
    let broken = ["A,closed,2026-01-02 10:00:00", "A,active,soon", ",active,2026-01-02 10:00:00", "\"B\",active", "x"];
    let mut rows = Vec::new();
    for (hour, broken) in (0..10).zip(broken.iter().cycle()) {
        rows.push(format!("A,active,2026-01-02 {hour:02}:00:00 UTC"));
        rows.push(format!("\"B, b\",inactive,2026-01-02 {hour:02}:30:00 UTC"));
        rows.push((*broken).to_owned());
    }
    let folder = Folder::of(
        &format!("{STATUS}{}", rows.join("\n")),
        &format!("{HOURS}A,0,09:00,17:00\nA,7,09:00,17:00\nC,1,noon,17:00\n"),
        &format!("{ZONES}A,Asia/Kolkata\n,UTC\nB,Mars/Olympus\n"),
    );
    let db = TestDb::new();
    let rejects = folder.path("rejects.csv");
    let output = ingest(&db, &folder, &["--rejects", rejects.to_str().unwrap(), "--format", "json"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let summary: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((&summary["polls"]["refused"], &summary["polls_unknown_status"]), (&json!(10), &json!(2)));
    assert_eq!((&summary["polls"]["polls_added"], &summary["hours"]["refused"]), (&json!(20), &json!(2)));
    assert_eq!((&summary["zones"]["refused"], &summary["zones_unknown"]), (&json!(1), &json!(1)));
    assert!(output.stderr.contains("10 rows of polls could not be used"), "{}", output.stderr);
    let stores = db.query("SELECT ext_id, tz FROM metrics.store ORDER BY ext_id");
    // C has no row that can be used; a zone of unknown name is that of Chicago.
    let expected = [
        json!({"ext_id": "A", "tz": "Asia/Kolkata"}),
        json!({"ext_id": "B", "tz": "America/Chicago"}),
        json!({"ext_id": "B, b", "tz": null}),
    ];
    assert_eq!(stores, expected);

    let rows = files::csv(&folder.read("rejects.csv"));
    assert_eq!(rows.columns, ["kind", "file", "row", "reason", "record"]);
    let kinds = rows.column("kind");
    assert_eq!(kinds.iter().filter(|kind| **kind == "poll").count(), 10);
    assert_eq!(kinds[..3], ["zone", "hours", "hours"]);
    assert_eq!(
        rows.column("record")[..7],
        [",UTC", "A,7,09:00,17:00", "C,1,noon,17:00", broken[0], broken[1], broken[2], broken[3]]
    );
    assert_eq!(rows.column("row")[..5], ["2", "2", "3", "3", "6"]);
    assert!(rows.column("reason")[3].as_str().unwrap().contains("neither active nor inactive"));
}

#[test]
fn a_missing_column_or_file_stops_everything_before_anything_is_written() {
    let db = TestDb::new();
    let good = synthetic::folder(3);
    let bad = Folder::of(STATUS, "store_id,day,start_time_local\n", ZONES);
    let path = |folder: &Folder, name: &str| folder.path(name).to_str().unwrap().to_owned();
    let missing = path(&bad, "none.csv");
    for (hours, what) in [(path(&bad, "hours.csv"), "end_time_local"), (missing, "none.csv")] {
        let rejects = path(&bad, "rejects.csv");
        let (status, zones) = (path(&good, "status.csv"), path(&good, "zones.csv"));
        let output = reporter(
            &db,
            &["ingest", "stores", "--status", &status, "--hours", &hours, "--zones", &zones, "--rejects", &rejects],
        );
        assert_eq!(output.status, 3, "{}", output.stderr);
        assert!(output.stderr.contains(what), "{}", output.stderr);
        assert_eq!(db.value("SELECT count(*) FROM metrics.store"), json!(0));
        assert!(!bad.path("rejects.csv").exists());
    }
    assert_eq!(reporter(&db, &["ingest", "stores"]).status, 2);
    let output = reporter(&db, &["ingest", "stores", "--from-config"]);
    assert_eq!(output.status, 3, "{}", output.stderr);
    assert!(output.stderr.contains("uptime.ingest"), "{}", output.stderr);
}

#[test]
fn inactive_wins_whichever_file_comes_first() {
    let at = "2026-01-02 10:00:00 UTC";
    for order in [["active", "inactive"], ["inactive", "active"]] {
        let db = TestDb::new();
        for status in order {
            let folder = Folder::of(&format!("{STATUS}A,{status},{at}\nA,{status},{at}\n"), HOURS, ZONES);
            let summary = ingested(&db, &folder);
            let turned = i64::from(status == "inactive" && order[0] == "active");
            assert_eq!(summary["polls"]["polls_turned_inactive"], json!(turned), "{order:?}");
        }
        assert_eq!(db.value("SELECT up FROM metrics.store_poll"), json!(false), "{order:?}");
    }
}

#[test]
fn opening_hours_replace_those_of_the_stores_that_the_file_names() {
    let db = TestDb::new();
    let take = |hours: &str| ingested(&db, &Folder::of(STATUS, &format!("{HOURS}{hours}"), ZONES));
    let stored = || {
        let rows = db.query(
            "SELECT format('%s %s %s-%s', ext_id, day, start_us / 3600000000, end_us / 3600000000) AS line
             FROM metrics.store_hours JOIN metrics.store ON store.id = store_hours.store ORDER BY line",
        );
        rows.iter().map(|row| row["line"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    take("A,0,09:00,17:00\nA,1,09:00,17:00\nB,0,22:00,04:00\nC,0,08:00,08:00\nD,6,00:00,23:59:59\n");
    assert_eq!(stored(), ["A 0 9-17", "A 1 9-17", "B 0 22-4", "C 0 8-8", "D 6 0-24"]);
    let summary = take("A,0,09:00,17:00\nA,0,09:00,17:00\nA,2,10:00,11:00\nC,0,soon,08:00\nE,0,soon,08:00\n");
    assert_eq!(stored(), ["A 0 9-17", "A 2 10-11", "B 0 22-4", "D 6 0-24"]);
    assert_eq!((&summary["hours"]["hours_added"], &summary["hours"]["hours_removed"]), (&json!(1), &json!(2)));
    assert_eq!(db.value("SELECT count(*) FROM metrics.store WHERE ext_id = 'E'"), json!(0));
}

#[test]
fn the_earliest_poll_is_remembered() {
    let db = TestDb::new();
    let first = || db.value("SELECT first_poll::text FROM metrics.store");
    for (hour, expected) in [(5, "05"), (3, "03"), (8, "03")] {
        let row = format!("{STATUS}A,active,2026-01-02 {hour:02}:00:00 UTC\n");
        ingested(&db, &Folder::of(&row, HOURS, ZONES));
        assert_eq!(first(), json!(format!("2026-01-02 {expected}:00:00+00")));
    }
}

/// What the scheduler does by the hour: the files of the settings, from wherever they are.
#[test]
fn the_files_of_the_settings_are_fetched_and_not_again_while_they_are_the_same() {
    let server = Server::start(|number, request| {
        let polls = format!("{STATUS}A,active,2026-01-02 10:00:00 UTC\n");
        match (number, request.header("if-none-match")) {
            (_, Some("\"1\"")) => Answer::text(304, "ETag: \"1\"", ""),
            (0, _) => Answer::text(200, "ETag: \"1\"", polls),
            _ => Answer::text(500, "X-Asked: again", "the whole file is asked for again"),
        }
    });
    let folder = Folder::of("", &format!("{HOURS}A,0,09:00,17:00\n"), &format!("{ZONES}A,Asia/Kolkata\n"));
    let db = TestDb::new();
    let run = |status: &str| {
        let mut command = Command::new(binary("reporter"));
        command
            .args(["ingest", "stores", "--from-config", "--format", "json"])
            .env_clear()
            .env("METRICS_DATABASE__URL", db.url().expose())
            .env("METRICS_UPTIME__INGEST__CACHE_DIR", folder.path("cache"))
            .env("METRICS_UPTIME__INGEST__STATUS", status)
            .env("METRICS_UPTIME__INGEST__HOURS", folder.path("hours.csv"))
            .env("METRICS_UPTIME__INGEST__ZONES", folder.path("zones.csv"));
        run(&mut command)
    };
    let address = format!("{}/polls.csv?key=secret", server.base_url);
    for added in [1, 0] {
        let output = run(&address);
        assert_eq!(output.status, 0, "{}", output.stderr);
        let summary: Value = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!(summary["polls"]["polls_added"], json!(added), "{summary}");
        assert!(!output.stderr.contains("secret"), "{}", output.stderr);
    }
    assert_eq!(server.requests().len(), 2);
    let before = contents(&db);
    let output = run("http://example.com/polls.csv");
    assert_eq!(output.status, 3, "{}", output.stderr);
    assert!(output.stderr.contains("uptime.ingest"), "{}", output.stderr);
    assert_eq!(contents(&db), before);
}
