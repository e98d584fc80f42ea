//! `reporter databoard export|import`.

use std::process::Command;

use serde_json::{Value, json};

use super::{EMPTY, created, get, operate, patch, start, stored};
use crate::support::{Output, TestDb, binary, reporter, run};

fn with(db: &TestDb, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    let mut command = Command::new(binary("reporter"));
    command.args(["databoard"]).args(arguments).env_clear().env("METRICS_DATABASE__URL", db.url().expose());
    run(command.env("METRICS_DATABASE__EMBEDDED", "never").envs(settings.iter().copied()))
}

fn record(id: &str, body: &str) -> String {
    format!(r#"{{"_id":"{id}","dashboard":{body},"_size":35,"last_access":{{"$date":"2026-11-21T17:50:38.998Z"}}}}"#)
}

#[test]
fn dashboards_move_from_store_to_store() {
    let (from, to) = (TestDb::new(), TestDb::new());
    let api = start(&from, &[("VALIDATE_DASHBOARD_SCHEMA", "false")]);
    let (plain, odd) = (created(&api, EMPTY), created(&api, r#"{"z":1.0,"a":"\u0000é","n":9007199254740993}"#));
    assert_eq!(operate(&api, "POST", &format!("/dashboard/{odd}/protect")).status, 200);
    let file = tempfile::tempdir().unwrap();
    let path = file.path().join("dashboards.json");
    let path = path.to_str().unwrap();

    // Those that are whitelisted, or all.
    let ids = |text: &str| {
        let records: Vec<Value> = serde_json::from_str(text).unwrap();
        let mut ids: Vec<String> = records.iter().map(|record| record["_id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    let output = reporter(&from, &["databoard", "export", "--file", "-"]);
    assert_eq!((output.status, ids(&output.stdout)), (0, vec![odd.clone()]), "{}", output.stderr);
    assert!(output.stdout.contains(r#""whitelisted":true,"protected":true}"#), "{}", output.stdout);
    let output = reporter(&from, &["databoard", "export", "--all", "--file", path]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let text = std::fs::read_to_string(path).unwrap();
    let mut all = vec![plain.clone(), odd.clone()];
    all.sort();
    assert_eq!(ids(&text), all);
    assert!(text.contains(r#""dashboard":{"z":1.0,"a":"\u0000é","n":9007199254740993},"_size":"#), "{text}");

    let output = with(&to, &["import", "--file", path], &[("VALIDATE_DASHBOARD_SCHEMA", "false")]);
    assert_eq!(
        (output.status, output.stdout.as_str()),
        (0, "2 dashboards were put in, 0 refused\n"),
        "{}",
        output.stderr
    );
    let other = start(&to, &[("VALIDATE_DASHBOARD_SCHEMA", "false")]);
    let record = |api, id: &str| operate(api, "GET", &format!("/dashboard/{id}")).json();
    assert_eq!(record(&other, &odd), record(&api, &odd));
    // Marks that are missing are false.
    assert_eq!(
        (&record(&other, &plain)["whitelisted"], &record(&other, &plain)["protected"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(record(&other, &plain)["last_access"], record(&api, &plain)["last_access"]);
    assert_eq!(stored(&to).0, 2);
    // Again: replaced as a whole, and nothing counts twice.
    assert_eq!(patch(&other, &plain, r#"{"changed":true}"#).status, 200);
    let output = with(&to, &["import", "--file", path], &[("VALIDATE_DASHBOARD_SCHEMA", "false")]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert_eq!(get(&other, &plain).text(), get(&api, &plain).text());
    assert_eq!(stored(&to), stored(&from));
}

#[test]
fn what_is_refused_ends_it_unless_it_is_skipped_or_forced() {
    let db = TestDb::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let records = [
        record("good", EMPTY),
        record("odd", r#"{"free":{"$numberInt":"7"}}"#),
        record("large", &super::sized(200)),
        r#"{"_id":7,"dashboard":{}}"#.to_owned(),
    ];
    std::fs::write(path, format!("[{}]", records.join(",\n"))).unwrap();
    let limit = [("DASHBOARD_MAX_SINGLE_BYTES", "100"), ("METRICS_LOG__LEVEL", "warn")];
    let output = with(&db, &["import", "--file", path], &limit);
    assert_eq!((output.status, stored(&db)), (1, (0, 0)));
    for told in [
        "record 2 is refused: odd does not follow the schema",
        "record 3 is refused: large has 200 bytes",
        "record 4 is refused: _id must be a text",
        "3 of 4 records are refused",
    ] {
        assert!(output.stderr.contains(told), "{told}: {}", output.stderr);
    }
    // What cannot be stored at all is not forced.
    assert_eq!((with(&db, &["import", "--force", "--file", path], &limit).status, stored(&db)), (1, (0, 0)));
    let output = with(&db, &["import", "--skip", "--file", path], &limit);
    assert_eq!((output.status, output.stdout.as_str()), (4, "1 dashboards were put in, 3 refused\n"));
    assert_eq!(stored(&db), (1, 35));
    let output = with(&db, &["import", "--skip", "--force", "--file", path], &limit);
    assert_eq!((output.status, stored(&db).0), (4, 3));
    let api = start(&db, &[]);
    assert_eq!(get(&api, "odd").text(), r#"{"id":"odd","free":7}"#);

    // No array, and an array that is cut off: nothing of it is stored.
    for text in ["{}", &format!("[{},", record("new", EMPTY)), &format!("[{}] x", record("new", EMPTY)), ""] {
        std::fs::write(path, text).unwrap();
        let output = with(&db, &["import", "--skip", "--force", "--file", path], &limit);
        assert_eq!((output.status, stored(&db).0), (1, 3), "{text}: {}", output.stderr);
    }
    let output = with(&db, &["import", "--file", "/nowhere.json"], &limit);
    assert!(output.status == 1 && output.stderr.contains("/nowhere.json"), "{}", output.stderr);
    // Nothing is evicted for what is put in.
    let tight = [("DASHBOARD_MAX_TOTAL_STORAGE_BYTES", "1")];
    std::fs::write(path, format!("[{}]", record("new", EMPTY))).unwrap();
    assert_eq!((with(&db, &["import", "--file", path], &tight).status, stored(&db).0), (0, 4));
}
