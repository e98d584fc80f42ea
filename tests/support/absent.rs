//! What a machine may not have: a test that needs it is passed over, loudly and counted, and fails in CI.

use std::fs::OpenOptions;
use std::io::Write as _;

/// Says that the test that calls this is passed over because `what` is not there. Where `CI` is set it fails instead.
///
/// `./test` names a file by `METRICS_TEST_PASSED_OVER` and counts its lines at the end.
pub fn passes_over(what: &str) {
    assert!(std::env::var_os("CI").is_none_or(|ci| ci.is_empty()), "{what}");
    let thread = std::thread::current();
    let line = format!("{}: {what}\n", thread.name().unwrap_or("a test"));
    // Not `eprintln!`, which a test that passes does not show. In one piece, as below: tests write at the same time.
    let _ = std::io::stderr().write_all(format!("PASSED OVER: {line}").as_bytes());
    if let Some(path) = std::env::var_os("METRICS_TEST_PASSED_OVER") {
        let file = OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).expect("./test reads this file");
    }
}
