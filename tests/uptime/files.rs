//! Files that are dressed oddly, broken in part, or not usable at all.

use serde_json::{Value, json};

use super::{Folder, printed, uptime};

const HOURS: &str = "store_id,day,start_time_local,end_time_local\n";
const ZONES: &str = "store_id,timezone_str\n";
const STATUS: &str = "store_id,status,timestamp_utc\n";

/// The report as JSON, whatever the log says.
fn json(folder: &Folder, arguments: &[&str]) -> Value {
    let output = folder.report(&[&["--format", "json"], arguments].concat());
    assert_eq!(output.status, 0, "{}", output.stderr);
    serde_json::from_str(&output.stdout).unwrap()
}

/// Ids of the stores in a report.
fn ids(report: &Value) -> Vec<&str> {
    report["stores"].as_array().unwrap().iter().map(|store| store["store_id"].as_str().unwrap()).collect()
}

/// The counts that are not zero.
fn counts(report: &Value) -> Value {
    report["diagnostics"].as_object().unwrap().clone().into_iter().filter(|(_, count)| *count != 0).collect()
}

#[test]
fn each_refused_poll_is_counted_once_and_the_others_are_used() {
    let rows = [
        "A,active,2023-01-25 17:30:00 UTC",
        "A,active,2023-01-25 17:30:00.000000 UTC",
        "A,inactive,2023-01-25T18:30:00+01:00",
        " A , ACTIVE ,2023-01-25 17:40:00",
        ",active,2023-01-25 17:30:00 UTC",
        "  ,closed,2023-01-25 17:30:00 UTC",
        "A,active,yesterday",
        "A,closed,yesterday",
        "A,active,2023-02-29 17:30:00 UTC",
        "A,active",
        "A,active,2023-01-25 17:30:00 UTC,more",
        "B,closed,2023-01-25 17:30:00 UTC",
        "B,closed,2032-01-25 17:30:00 UTC",
        "C,active,2032-01-25 17:30:00 UTC",
        "D,active,2021-01-25 17:30:00 UTC",
        "",
        "\"E\",\"inactive\",\"2023-01-25 17:50:00 UTC\"",
    ];
    let folder = Folder::of(&format!("{STATUS}{}", rows.join("\n")), HOURS, ZONES);
    let report = json(&folder, &["--as-of", "2023-01-25 18:00:00"]);
    let expected = json!({
        "polls_rows": 16, "polls_bad": 7, "polls_unknown_status": 2, "polls_future": 1, "polls_stale": 1,
        "polls_duplicate": 1, "polls_conflict": 1,
    });
    assert_eq!(counts(&report), expected);
    // C is known by a poll that is not yet; B has no accepted row.
    assert_eq!(ids(&report), ["A", "C", "D", "E"]);
    assert_eq!(ids(&json(&folder, &["--as-of", "2023-01-25 18:00:00", "--stores", "polled"])), ["A", "D", "E"]);
    let output = folder.report(&["--as-of", "2023-01-25 18:00:00"]);
    assert!(output.stderr.contains("polls_bad 7, polls_unknown_status 2"), "{}", output.stderr);

    // What is after the limit does not even make a store known.
    let report = json(&folder, &["--not-after", "2023-01-25T18:00:00Z"]);
    assert_eq!(ids(&report), ["A", "D", "E"]);
    assert_eq!(report["as_of"], "2023-01-25T17:50:00.000000Z");
    assert_eq!(report["diagnostics"]["polls_future"], 1);
    // Without a limit, one wrong clock makes all others old.
    assert_eq!(counts(&json(&folder, &[]))["polls_stale"], 6);
}

#[test]
fn a_broken_third_of_the_rows_is_refused_and_the_rest_is_used() {
    let hours: String = (0..300)
        .map(|n| match n % 3 {
            0 => format!("S{n},{},09:00,17:00\n", n % 7),
            1 => format!("S{n},{},09:00,17:00\n", 7 + n % 3),
            _ => format!("S{n},{},9h,17h\n", n % 7),
        })
        .collect();
    let zones: String = (0..90)
        .map(|n| match n % 3 {
            0 => format!("Z{n},Asia/Kolkata\n"),
            1 => format!("Z{n},Mars/Olympus\n"),
            _ => ",Asia/Kolkata\n".to_owned(),
        })
        .collect();
    let folder = Folder::of(STATUS, &format!("{HOURS}{hours}"), &format!("{ZONES}{zones}X\nZ0,Asia/Tokyo\n"));
    let report = json(&folder, &["--as-of", "2023-01-25 18:00:00"]);
    let expected = json!({
        "hours_rows": 300, "hours_bad": 200, "zones_rows": 92, "zones_bad": 31, "zones_unknown": 30,
        "zones_conflict": 1,
    });
    assert_eq!(counts(&report), expected);
    // A zone that is unknown makes a store all the same.
    assert_eq!(ids(&report).len(), 100 + 60);
}

#[test]
fn ids_are_text_and_sorted_by_their_bytes() {
    let ids_of =
        ["8139926242460185114", "8.13992624246019E+018", "08139926242460185114", "é", "a b", "Z", "a\"b", "10", "9"];
    let rows = ids_of.map(|id| format!("\"{}\",active,2023-01-25 17:30:00\n", id.replace('"', "\"\""))).concat();
    let folder = Folder::of(&format!("{STATUS}{rows}"), HOURS, ZONES);
    let mut sorted = ids_of.to_vec();
    sorted.sort_unstable();
    assert_eq!(ids(&json(&folder, &[])), sorted);
    // What is no UTF-8 is no text.
    folder.write(
        "status.csv",
        [STATUS.as_bytes(), b"\xff,active,2023-01-25 17:30:00\nA,active,2023-01-25 17:30:00\n"].concat(),
    );
    let report = json(&folder, &[]);
    assert_eq!((ids(&report), &report["diagnostics"]["polls_bad"]), (vec!["A"], &json!(1)));
}

#[test]
fn without_polls_and_instant_there_is_only_the_header() {
    let folder = Folder::of(STATUS, &format!("{HOURS}A,0,09:00,17:00\n"), ZONES);
    assert_eq!(printed(folder.report(&[])).lines().count(), 1);
    assert_eq!(printed(folder.report(&["--format", "full"])).lines().count(), 1);
    let report = json(&folder, &[]);
    assert_eq!((&report["as_of"], &report["stores"]), (&Value::Null, &json!([])));
    assert_eq!(printed(folder.report(&["--as-of", "2023-01-25 18:00:00"])).lines().count(), 2);
}

#[test]
fn a_file_that_cannot_be_read_or_lacks_a_column_stops_everything() {
    let broken = [
        (
            "status.csv",
            "store_id,status,timestamp\n",
            "there is no column timestamp_utc; the header is `store_id,status,timestamp`",
        ),
        ("status.csv", "", "there is no column store_id"),
        (
            "hours.csv",
            "store_id,weekday,start_time_local,end_time_local\n",
            "there is no column day or dayOfWeek or day_of_week",
        ),
        ("hours.csv", "store_id,day,dayOfWeek,start_time_local,end_time_local\n", "is there twice"),
        ("zones.csv", "store_id\tstimezone_str\n", "there is no column store_id"),
    ];
    for (name, text, message) in broken {
        let folder = Folder::of(&format!("{STATUS}A,active,2023-01-25 17:30:00\n"), HOURS, ZONES);
        folder.write(name, text);
        let report = folder.path("report.csv");
        let output = folder.report(&["--out", report.to_str().unwrap()]);
        assert_eq!((output.status, output.stdout.as_str()), (3, ""), "{}", output.stderr);
        assert!(output.stderr.contains(message) && output.stderr.contains(name), "{}", output.stderr);
        assert_eq!(folder.names(), ["hours.csv", "status.csv", "zones.csv"]);
    }
    let folder = Folder::of(STATUS, HOURS, ZONES);
    let output = uptime(&[folder.path("none.csv")], &folder.path("hours.csv"), &folder.path("zones.csv"), &[]);
    assert_eq!((output.status, output.stdout.as_str()), (3, ""));
    assert!(output.stderr.contains("cannot open ") && output.stderr.contains("none.csv"), "{}", output.stderr);
    // A folder; and compressed data that ends too early.
    let output = uptime(&[folder.path("")], &folder.path("hours.csv"), &folder.path("zones.csv"), &[]);
    assert_eq!((output.status, output.stdout.as_str()), (3, ""), "{}", output.stderr);
    folder.write("status.csv", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x2b]);
    let output = folder.report(&[]);
    assert_eq!((output.status, output.stdout.as_str()), (3, ""), "{}", output.stderr);
}

#[test]
fn a_quote_that_is_never_closed_is_announced() {
    let rows = "A,active,2023-01-25 17:30:00\n\"B,active,2023-01-25 17:30:00\nC,active,2023-01-25 17:30:00\n";
    let folder = Folder::of(&format!("{STATUS}{rows}"), HOURS, ZONES);
    let output = folder.report(&["--format", "json"]);
    assert_eq!(output.status, 0);
    assert_eq!(output.stderr.matches("a quote is never closed").count(), 1, "{}", output.stderr);
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((ids(&report), counts(&report)), (vec!["A"], json!({"polls_rows": 2, "polls_bad": 1})));
}
