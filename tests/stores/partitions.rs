//! Polls by days: partitions come and go with the days that are kept.

use std::process::Command;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde_json::{Value, json};

use crate::support::{Output, TestDb, binary, run};
use crate::uptime::Folder;

/// Takes in polls of store A at these instants, with so many days kept.
fn ingest(db: &TestDb, instants: &[DateTime<Utc>], retention_days: u32) -> Output {
    let rows: Vec<String> = instants.iter().map(|at| format!("A,active,{}", at.format("%F %T"))).collect();
    let folder = Folder::of(&format!("store_id,status,timestamp_utc\n{}", rows.join("\n")), "", "");
    let mut command = Command::new(binary("reporter"));
    command.args(["ingest", "stores", "--format", "json", "--status"]).arg(folder.path("status.csv"));
    command.env_clear().env("METRICS_DATABASE__URL", db.url().expose());
    let output = run(command.env("METRICS_UPTIME__POLLS_RETENTION_DAYS", retention_days.to_string()));
    assert_eq!(output.status, 0, "{}", output.stderr);
    output
}

/// Days that have partitions.
fn days(db: &TestDb) -> Vec<NaiveDate> {
    let rows = db.query(
        "SELECT relname FROM pg_class JOIN pg_inherits ON inhrelid = oid
         WHERE inhparent = 'metrics.store_poll'::regclass AND relname <> 'store_poll_default' ORDER BY relname",
    );
    let day = |row: &Value| {
        let name = row["relname"].as_str().unwrap();
        NaiveDate::parse_from_str(name.strip_prefix("store_poll_").unwrap(), "%Y%m%d").unwrap()
    };
    rows.iter().map(day).collect()
}

#[test]
fn days_from_the_retention_to_tomorrow_have_partitions_and_other_polls_are_kept_too() {
    let db = TestDb::new();
    #[expect(
        clippy::disallowed_methods,
        reason = "the reporter keeps days by the clock; it may pass midnight meanwhile"
    )]
    let now = Utc::now();
    let today = now.date_naive();
    let instants = [-40, -10, 0, 2].map(|days| now + Duration::days(days));
    let output = ingest(&db, &instants, 12);
    let made = days(&db);
    assert_eq!(made.len(), 14);
    assert!(made.contains(&today) && made.windows(2).all(|pair| pair[0].succ_opt() == Some(pair[1])), "{made:?}");
    let summary: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(summary["partitions"], json!({"made": 14, "dropped": 0}));
    let in_default = || db.value("SELECT count(*) FROM metrics.store_poll_default").as_i64().unwrap();
    let outside = summary["polls"]["polls_outside_kept_days"].as_i64().unwrap();
    // Two, unless it was the last moment of a day.
    assert!((1..=2).contains(&outside) && in_default() == outside, "{summary}");

    // Fewer days: their polls go. More days: those that waited move to their own.
    ingest(&db, &[], 5);
    assert_eq!(days(&db).len(), 7);
    assert_eq!(in_default(), outside);
    assert_eq!(db.value("SELECT count(*) FROM metrics.store_poll"), json!(3), "that of ten days ago went");
    ingest(&db, &[], 45);
    assert_eq!(days(&db).len(), 47);
    assert_eq!(in_default(), outside - 1);
    assert_eq!(db.value("SELECT count(*) FROM metrics.store_poll"), json!(3));

    // Reports read them all; without --as-of they speak of the latest, wherever it lies.
    let report = |arguments: &[&str]| -> Value {
        let mut command = Command::new(binary("reporter"));
        command.args(["--view", "store-uptime", "--format", "json"]).args(arguments);
        command.env_clear().env("METRICS_DATABASE__URL", db.url().expose());
        let output = run(command.env("METRICS_UPTIME__POLLS_RETENTION_DAYS", "45"));
        serde_json::from_str(&output.stdout).unwrap()
    };
    let earlier = report(&["--as-of", &(now - Duration::days(39)).format("%FT%TZ").to_string()]);
    assert_eq!(earlier["details"]["diagnostics"]["polls_rows"], json!(1), "{earlier}");
    let report = report(&[]);
    let as_of: DateTime<Utc> = report["as_of"].as_str().unwrap().parse().unwrap();
    assert_eq!(as_of.timestamp(), instants[3].timestamp());
}
