//! Where reports go, and what command lines mean.

use std::process::Command;

use super::{Folder, printed};
use crate::support::{binary, run};

const AS_OF: &[&str] = &["--as-of", "2023-01-25 18:00:00"];

fn folder() -> Folder {
    Folder::of(
        "store_id,status,timestamp_utc\nA,active,2023-01-25 17:30:00 UTC\n",
        "store_id,day,start_time_local,end_time_local\n",
        "store_id,timezone_str\n",
    )
}

#[test]
fn a_report_replaces_its_file_as_a_whole_and_leaves_nothing_else() {
    let folder = folder();
    let expected = printed(folder.report(&[]));
    let path = folder.write("report.csv", "old");
    let output = printed(folder.report(&["--out", path.to_str().unwrap()]));
    assert!(output.starts_with("uptime of 1 stores as of 2023-01-25T17:30:00.000000Z: "), "{output}");
    assert_eq!(folder.read("report.csv"), expected);
    assert_eq!(printed(folder.report(&["--quiet", "--out", path.to_str().unwrap()])), "");
    assert_eq!(folder.names(), ["hours.csv", "report.csv", "status.csv", "zones.csv"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |name| std::fs::metadata(folder.path(name)).unwrap().permissions().mode();
        assert_eq!(mode("report.csv"), mode("status.csv"), "as any new file");
        // A link stays a link; what is no file is written to.
        std::os::unix::fs::symlink("report.csv", folder.path("link.csv")).unwrap();
        folder.write("report.csv", "old");
        printed(folder.report(&["--quiet", "--out", folder.path("link.csv").to_str().unwrap()]));
        assert!(folder.path("link.csv").is_symlink());
        assert_eq!(folder.read("report.csv"), expected);
        printed(folder.report(&["--quiet", "--out", "/dev/null"]));
        assert!(!std::path::Path::new("/dev/null").is_file());
    }
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let folder = folder();
    let output = folder.report(&["--out", folder.path("none/report.csv").to_str().unwrap()]);
    assert_eq!(output.status, 3);
    assert!(output.stderr.contains("there is no folder "), "{}", output.stderr);
    let output = folder.report(&["--out", folder.path("").to_str().unwrap()]);
    assert_eq!(output.status, 3);
    assert!(output.stderr.contains(" is a folder"), "{}", output.stderr);
}

#[test]
fn the_log_never_reaches_standard_output() {
    let folder = folder();
    let expected = printed(folder.report(&["--format", "full"]));
    let mut command = Command::new(binary("reporter"));
    command.args(["uptime", "--format", "full", "--out", "-"]);
    for (option, name) in [("--status", "status.csv"), ("--hours", "hours.csv"), ("--zones", "zones.csv")] {
        command.arg(option).arg(folder.path(name));
    }
    let output = run(command.env_clear().env("METRICS_LOG__LEVEL", "debug"));
    assert_eq!(output.stdout, expected);
    assert!(output.stderr.contains("computed the uptime of 1 stores polls_rows=1"), "{}", output.stderr);
}

#[test]
fn what_cannot_be_meant_is_a_usage_error() {
    let folder = folder();
    for (arguments, message) in [
        (&["--policy", "guess"][..], "`guess` is no policy; there are: step, capped-60m"),
        (&["--policy", "count-hours", "--max-carry", "60"], "max_carry is an option of the policy step"),
        (&["--policy", "capped-60m", "--assume", "active"], "assume is an option of the policy step"),
        (&["--max-carry", "0"], "max_carry is 1 to 11520 minutes, not 0"),
        (&["--max-carry", "-1"], "max_carry is 1 to 11520 minutes, not -1"),
        (&["--max-carry", "11521"], "max_carry is 1 to 11520 minutes"),
        (&["--assume", "up"], "assume is active or inactive, not up"),
        (&["--as-of", "2023-01-25"], "`2023-01-25` is no instant; for example: 2026-11-21T12:00:00Z"),
        (&["--not-after", "2023-01-25 24:00:00"], "is no instant"),
        (&["--threads", "0"], "threads"),
        (&["--format", "xml"], "classic, full, json"),
        (&["--stores", "some"], "all, polled"),
    ] {
        let output = folder.report(arguments);
        assert_eq!((output.status, output.stdout.as_str()), (2, ""), "{arguments:?}: {}", output.stderr);
        let words = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(message), "{arguments:?}: {words}");
    }
}

#[test]
fn an_instant_may_be_written_in_every_way_of_the_files() {
    let folder = folder();
    let expected = printed(folder.report(AS_OF));
    for as_of in [
        "2023-01-25T18:00:00Z",
        "2023-01-25t18:00:00.000000999z",
        "2023-01-25 23:30:00 +05:30",
        "2023-01-25 12:00:00-0600",
        "2023-01-25 18:00:00 utc",
    ] {
        assert_eq!(printed(folder.report(&["--as-of", as_of])), expected, "{as_of}");
    }
}
