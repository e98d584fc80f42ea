//! Fleets that are computed part by part, and what is guessed from the end of a file.

use std::process::{Command, Stdio};

use super::{Folder, printed, synthetic};
use crate::support::{Output, binary, run};

/// Runs a report whose polls come from a pipe: how much that will be is not known, so with a limit of memory the stores
/// are dealt to parts.
fn from_pipe(folder: &Folder, arguments: &[&str]) -> Output {
    let mut polls = Command::new("cat").arg(folder.path("status.csv")).stdout(Stdio::piped()).spawn().unwrap();
    let mut command = Command::new(binary("reporter"));
    command.args(["uptime", "--status", "/dev/stdin", "--hours"]).arg(folder.path("hours.csv"));
    command.arg("--zones").arg(folder.path("zones.csv")).args(arguments);
    command.env_clear().env("METRICS_LOG__LEVEL", "error").env("TMPDIR", folder.path(""));
    let output = run(command.stdin(polls.stdout.take().unwrap()));
    polls.wait().unwrap();
    output
}

#[test]
fn parts_change_no_byte() {
    let folder = synthetic::folder(7);
    // Rows of every kind that is refused, ids that must be quoted, and stores that are known in one file only.
    let mut status = folder.read("status.csv");
    let last = "2023-01-25 18:59:59.999999 UTC";
    for row in [
        format!("\"a,b\",active,{last}"),
        format!("\"say \"\"no\"\"\",inactive,{last}"),
        format!("old,active,{}", "2021-01-25 17:30:00"),
        format!(",active,{last}"),
        format!("A,closed,{last}"),
        "A,active,soon".to_owned(),
        format!("A,active,{last},more"),
        "late,active,2031-01-01 00:00:00 UTC".to_owned(),
    ] {
        status.push_str(&row);
        status.push('\n');
    }
    folder.write("status.csv", status);
    folder.write("zones.csv", folder.read("zones.csv") + "\"a,b\",Asia/Tokyo\nzoned,Mars/Olympus\nzoned\n");
    folder
        .write("hours.csv", folder.read("hours.csv") + "\"a,b\",0,9:00,17:00\nopen,1,9:00,17:00\nopen,x,9:00,17:00\n");
    let options: [&[&str]; 4] = [
        &["--format", "json", "--not-after", "2023-01-31T00:00:00Z"],
        &["--format", "full", "--not-after", "2023-01-31T00:00:00Z", "--stores", "polled", "--threads", "3"],
        &["--format", "classic", "--as-of", "2023-01-24T12:00:00Z", "--policy", "capped-60m"],
        &["--format", "json"],
    ];
    for options in options {
        let expected = folder.report(options);
        assert_eq!(expected.status, 0, "{}", expected.stderr);
        assert!(expected.stdout.len() > 10_000, "{}", expected.stdout);
        let parts = from_pipe(&folder, &[options, &["--memory", "32M"]].concat());
        assert_eq!((parts.status, parts.stdout == expected.stdout), (0, true), "{options:?} {}", parts.stderr);
    }
    // Nothing is left behind.
    assert_eq!(folder.names(), ["hours.csv", "status.csv", "zones.csv"]);
}

#[test]
fn without_any_poll_parts_give_the_header_alone() {
    let folder = synthetic::folder(8);
    folder.write("status.csv", "store_id,status,timestamp_utc\n");
    let expected = printed(folder.report(&["--format", "full"]));
    assert_eq!(expected.lines().count(), 1);
    assert_eq!(printed(from_pipe(&folder, &["--format", "full", "--memory", "1G"])), expected);
}

#[test]
fn a_limit_is_a_size() {
    let folder = synthetic::folder(9);
    for limit in ["31M", "0G", "64", "64k", "-1G", "99999999999999999G"] {
        let output = folder.report(&["--memory", limit]);
        assert_eq!(output.status, 2, "{limit}: {}", output.stderr);
    }
    assert_eq!(printed(folder.report(&["--memory", "2gib"])), printed(folder.report(&[])));
}

/// The end of the file tells what the latest poll is, as a rule; what it tells is not believed.
#[test]
fn the_end_of_a_file_does_not_decide() {
    let row = |store: usize, at: &str| format!("S{store},active,{at} UTC\n");
    let old: String =
        (0..3_000).map(|n| row(n % 7, &format!("2022-01-{:02} 10:{:02}:00", 1 + n % 28, n % 60))).collect();
    let new: String =
        (0..3_000).map(|n| row(n % 5, &format!("2023-01-{:02} 10:{:02}:00", 20 + n % 6, n % 60))).collect();
    let future: String = (0..3_000).map(|n| row(n, "2031-01-01 00:00:00")).collect();
    let header = "store_id,status,timestamp_utc\n";
    let report = |status: &str| {
        let folder = Folder::of(
            &format!("{header}{status}"),
            "store_id,day,start_time_local,end_time_local\n",
            "store_id,timezone_str\n",
        );
        let output = folder.report(&["--format", "json"]);
        assert_eq!(output.status, 0, "{}", output.stderr);
        serde_json::from_str::<serde_json::Value>(&output.stdout).unwrap()
    };
    let newest_last = report(&format!("{old}{new}"));
    assert_eq!(newest_last["as_of"], "2023-01-25T10:59:00.000000Z");
    assert_eq!(newest_last["diagnostics"]["polls_stale"], 3_000);
    assert_eq!(report(&format!("{new}{old}")), newest_last);
    // The last rows are within a quoted field that is never closed: one record, which is refused.
    let quoted = report(&format!("{old}{new}\"{future}"));
    assert_eq!(quoted["diagnostics"]["polls_bad"], 1);
    assert_eq!(quoted["stores"], newest_last["stores"]);
    assert_eq!(quoted["as_of"], newest_last["as_of"]);
}
