//! Reports of uptime on request.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Api;
use super::client::Request;
use crate::stores::ingested;
use crate::support::{TestDb, files, open, reporter, wait};
use crate::uptime::{Folder, printed, synthetic};

/// A database with a fleet, and the files that it came from.
fn fleet() -> (TestDb, Folder) {
    let (db, folder) = (TestDb::new(), synthetic::folder(50));
    ingested(&db, &folder);
    (db, folder)
}

/// Asks for a report; its name.
fn trigger(api: &Api, query: &str) -> String {
    let response = api.send(&Request::new("POST", &format!("/trigger_report?{query}")));
    assert_eq!(response.status, 202, "{}", response.text());
    response.json()["report_id"].as_str().unwrap().to_owned()
}

fn status(api: &Api, id: &str) -> Value {
    let response = api.get(&format!("/get_report?report_id={id}"));
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

/// Waits until the report is no longer running.
fn finished(api: &Api, id: &str) -> Value {
    let start = Instant::now();
    loop {
        let status = status(api, id);
        if status["status"] != "Running" {
            return status;
        }
        assert!(start.elapsed() < Duration::from_mins(2), "{status}\n{}", api.log());
        sleep(Duration::from_millis(20));
    }
}

/// Rows in the queue by status.
fn count(db: &TestDb, status: &str) -> Value {
    db.value(&format!("SELECT count(*) FROM metrics.report WHERE status = '{status}'"))
}

#[test]
fn fifty_reports_at_once_are_those_of_the_files() {
    let (db, folder) = fleet();
    let api = Api::start_with(db.url(), &[("METRICS_API__REPORT_WORKERS", "2")]);
    let instants: Vec<String> =
        (0..50).map(|n| format!("2023-01-{:02}T{:02}:{:02}:00Z", 20 + n % 6, n % 24, n)).collect();
    let ids: Vec<String> = instants.iter().map(|as_of| trigger(&api, &format!("as_of={as_of}"))).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 50);
    assert!(ids.iter().all(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())), "{ids:?}");
    let mut most = 0;
    for (id, as_of) in ids.iter().zip(&instants) {
        most = most.max(count(&db, "Running").as_i64().unwrap());
        let status = finished(&api, id);
        assert_eq!(status["status"], "Complete");
        assert_eq!(status["as_of"], as_of.replace('Z', ".000000Z"));
        let response = api.get(&format!("/{}", status["url"].as_str().unwrap()));
        assert_eq!(response.status, 200);
        let expected = printed(folder.report(&["--as-of", as_of]));
        assert_eq!(response.text(), expected, "{as_of}");
        assert_eq!(status["rows"], json!(expected.lines().count() - 1));
    }
    assert!(most <= 2, "{most} at once");
}

#[test]
fn every_form_has_the_same_figures() {
    let (db, folder) = fleet();
    let api = Api::start(&db);
    let query = "policy=step&max_carry=90&assume=active&stores=polled";
    let id = trigger(&api, query);
    let status = finished(&api, &id);
    assert_eq!(status["status"], "Complete", "{status}");
    let arguments = ["--max-carry", "90", "--assume", "active", "--stores", "polled"];
    let file = |format: &str| api.get(&format!("/get_report?report_id={id}&format={format}"));
    let classic = printed(folder.report(&arguments));
    assert_eq!(file("csv").text(), classic);
    let full = printed(folder.report(&[&["--format", "full"], &arguments[..]].concat()));
    assert_eq!(file("full").text(), full);
    let of_files: Value =
        serde_json::from_str(&printed(folder.report(&[&["--format", "json"], &arguments[..]].concat()))).unwrap();
    let json = file("json").json();
    for key in ["as_of", "policy", "tzdata", "stores"] {
        assert_eq!(json[key], of_files[key], "{key}");
    }
    assert_eq!(json["options"]["stores"], "polled");
    assert!(json["diagnostics"]["polls_rows"].as_i64().unwrap() > 0);
    let workbook = file("xlsx");
    let (sheets, rows) = files::xlsx(&workbook.body, "data");
    assert_eq!(sheets, ["data", "About"]);
    let full = files::csv(&full);
    assert_eq!(rows.rows.len(), full.rows.len());
    for column in ["store_id", "up_last_week_us", "polls_last_hour"] {
        for (cell, expected) in rows.column(column).iter().zip(full.column(column)) {
            let text = cell.as_str().map_or_else(|| format!("{:.0}", cell.as_f64().unwrap()), str::to_owned);
            assert_eq!(json!(text), expected, "{column}");
        }
    }

    let pdf = file("pdf");
    assert_eq!((pdf.status, pdf.header("content-type")), (200, Some("application/pdf")));
    assert!(pdf.body.starts_with(b"%PDF-1.7") && pdf.body.len() > 20_000, "{} bytes", pdf.body.len());

    // A file has a name, and is not sent twice.
    let first = file("csv");
    assert_eq!(first.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(first.header("content-disposition").unwrap().starts_with("attachment; filename=\"uptime-2023"));
    let known = Request::new("GET", &format!("/get_report?report_id={id}&format=csv"))
        .header("if-none-match", first.header("etag").unwrap());
    assert_eq!(api.send(&known).status, 304);
    let by_header = Request::new("GET", &format!("/get_report?report_id={id}")).header("accept", "text/csv");
    assert_eq!(api.send(&by_header).text(), classic);
    let posted = Request::form("/get_report", &format!("report_id={id}&format=csv"));
    assert_eq!(api.send(&posted).text(), classic);
}

#[test]
fn one_store_can_be_asked_for_and_none_is_a_report_too() {
    let (db, folder) = fleet();
    let api = Api::start(&db);
    let full = files::csv(&printed(folder.report(&["--format", "full"])));
    let id = full.column("store_id")[7].as_str().unwrap().to_owned();
    // Without as_of every report speaks of the latest poll of all stores.
    let report = trigger(&api, &format!("store_id={id}"));
    assert_eq!(finished(&api, &report)["rows"], 1);
    let text = api.get(&format!("/get_report?report_id={report}&format=full")).text().to_owned();
    let row = files::csv(&text).rows.remove(0);
    assert_eq!(row, full.rows[7]);
    let report = trigger(&api, "store_id=none");
    assert_eq!(finished(&api, &report)["rows"], 0);
    let empty = TestDb::new();
    let api = Api::start(&empty);
    let report = trigger(&api, "");
    let status = finished(&api, &report);
    assert_eq!((&status["status"], &status["as_of"], &status["rows"]), (&json!("Complete"), &Value::Null, &json!(0)));
    let text = api.get(&format!("/get_report?report_id={report}&format=csv")).text().to_owned();
    assert_eq!(text.lines().count(), 1);
}

#[test]
fn requests_may_come_as_address_form_or_json() {
    let (db, _folder) = fleet();
    let api = Api::start_with(db.url(), &[("METRICS_API__REPORT_WORKERS", "0")]);
    let asked = |request: &Request| {
        let response = api.send(request);
        assert_eq!(response.status, 202, "{}", response.text());
        let id = response.json()["report_id"].as_str().unwrap().to_owned();
        let rows = db.query(&format!("SELECT policy, options FROM metrics.report WHERE id = '{id}'"));
        (rows[0]["policy"].as_str().unwrap().to_owned(), rows[0]["options"].clone())
    };
    let expected = (
        "step;max_carry=60".to_owned(),
        json!({"as_of_us": 1_674_669_600_000_000_i64, "stores": "polled", "store_id": "7"}),
    );
    let query = "as_of=2023-01-25T18:00:00Z&max_carry=60&stores=polled&store_id=7";
    assert_eq!(asked(&Request::new("GET", &format!("/trigger_report?{query}"))), expected);
    assert_eq!(asked(&Request::new("POST", &format!("/trigger_report/?{query}"))), expected);
    assert_eq!(asked(&Request::form("/trigger_report", query)), expected);
    let body =
        r#"{"as_of": "2023-01-25T18:00:00Z", "max_carry": 60, "stores": "polled", "store_id": "7", "assume": null}"#;
    let request = Request::new("POST", "/trigger_report").header("content-type", "application/json").body(body);
    assert_eq!(asked(&request), expected);
    let request = Request::form("/trigger_report", "policy=step%3Bassume%3Dactive");
    assert_eq!(asked(&request).0, "step;assume=active");

    for (query, field) in [
        ("policy=guess", "policy"),
        ("policy=capped-60m&max_carry=60", "policy"),
        ("max_carry=0", "max_carry"),
        ("assume=maybe", "assume"),
        ("stores=some", "stores"),
        ("as_of=now", "as_of"),
        ("as_of=2023-01-25T18:00:00Z&as_of=2023-01-25T19:00:00Z", "as_of"),
        ("store_id=", "store_id"),
        ("stor_id=7", "stor_id"),
    ] {
        let response = api.send(&Request::new("POST", &format!("/trigger_report?{query}")));
        assert_eq!(response.status, 400, "{query}");
        assert_eq!(response.json()["errors"][0]["field"], field, "{query}");
    }
    let not_json = Request::new("POST", "/trigger_report").header("content-type", "application/json").body("[1]");
    assert_eq!(api.send(&not_json).status, 400);
    let text = Request::new("POST", "/trigger_report").header("content-type", "text/plain").body("policy=step");
    assert_eq!(api.send(&text).status, 415);
}

#[test]
fn what_is_not_there_is_told() {
    let db = TestDb::new();
    let api = Api::start_with(db.url(), &[("METRICS_API__REPORT_WORKERS", "0")]);
    for (target, status) in [
        ("/get_report", 400),
        ("/get_report?report_id=", 400),
        ("/get_report?report_id=00000000000000000000000000000000", 404),
        ("/get_report?report_id=%00", 404),
        ("/get_report?report_id=x'--", 404),
        ("/get_report?report_id=a&format=doc", 400),
        ("/get_report?report_id=a&more=1", 400),
    ] {
        let response = api.get(target);
        assert_eq!(response.status, status, "{target}");
        assert_eq!(response.header("content-type"), Some("application/problem+json"), "{target}");
    }
    // Nobody works: it waits, and a file is not there yet.
    let id = trigger(&api, "");
    assert_eq!(status(&api, &id), json!({"status": "Running"}));
    let file = api.get(&format!("/get_report?report_id={id}&format=full"));
    assert_eq!((file.status, file.json()), (202, json!({"status": "Running"})));
    let output = reporter(&db, &["work", "--once"]);
    assert_eq!((output.status, output.stdout.as_str()), (0, "1 reports\n"), "{}", output.stderr);
    assert_eq!(status(&api, &id)["status"], "Complete");
    db.execute("UPDATE metrics.report SET status = 'Failed', error = 'why'");
    assert_eq!(status(&api, &id), json!({"status": "Failed", "error": "why"}));
    assert_eq!(api.get(&format!("/get_report?report_id={id}&format=csv")).status, 409);

    // Old ones go.
    db.execute("UPDATE metrics.report SET requested_at = requested_at - interval '169 hours'");
    assert_eq!(reporter(&db, &["work", "--once"]).stdout, "0 reports\n");
    assert_eq!(api.get(&format!("/get_report?report_id={id}")).status, 404);
}

#[test]
fn the_queue_has_an_end() {
    let db = TestDb::new();
    let api = Api::start_with(db.url(), &[("METRICS_API__REPORT_WORKERS", "0"), ("METRICS_API__REPORT_QUEUE", "2")]);
    trigger(&api, "");
    trigger(&api, "");
    let refused = api.send(&Request::new("POST", "/trigger_report"));
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")), "{}", refused.text());
    reporter(&db, &["work", "--once"]);
    trigger(&api, "");
}

#[test]
fn a_report_whose_worker_was_killed_is_computed_by_the_next() {
    let (db, folder) = fleet();
    let mut api = Api::start(&db);
    // A worker that has begun cannot go on while the polls are locked.
    let url = db.url().clone();
    let hold = wait({
        let url = url.clone();
        async move {
            let client = open(&url).await;
            client.batch_execute("BEGIN; LOCK TABLE metrics.store_poll IN ACCESS EXCLUSIVE MODE").await.unwrap();
            client
        }
    });
    let id = trigger(&api, "");
    let start = Instant::now();
    while count(&db, "Running") != json!(1) {
        assert!(start.elapsed() < Duration::from_mins(1), "{}", api.log());
        sleep(Duration::from_millis(10));
    }
    api.stop("-KILL");
    let api = Api::start(&db);
    assert_eq!(status(&api, &id)["status"], "Running");
    drop(hold);
    assert_eq!(finished(&api, &id)["status"], "Complete");
    let text = api.get(&format!("/get_report?report_id={id}&format=csv")).text().to_owned();
    assert_eq!(text, printed(folder.report(&[])));
    assert!(db.value("SELECT attempts FROM metrics.report").as_i64().unwrap() >= 2);

    // One that kills its workers is given up.
    db.execute("UPDATE metrics.report SET status = 'Running', attempts = 3");
    let status = finished(&api, &id);
    assert_eq!(status["status"], "Failed", "{status}");
    assert!(status["error"].as_str().unwrap().contains("workers"), "{status}");
}
