//! What a machine may not have: a test that needs it is passed over, loudly and counted.

use std::fs::OpenOptions;
use std::io::Write as _;

/// What begins so is data that may not be copied here: most machines cannot have them.
const DATA: &str = "../shared";

/// Says that the test that calls this is passed over because `what` is not there. Where `CI` is set it fails instead,
/// unless it is data that only some machines may have.
///
/// `./test` names a file by `METRICS_TEST_PASSED_OVER` and counts its lines at the end.
pub fn passes_over(what: &str) {
    let is_ci = std::env::var_os("CI").is_some_and(|ci| !ci.is_empty());
    assert!(!is_ci || what.starts_with(DATA), "{what}");
    let thread = std::thread::current();
    let line = format!("{}: {what}\n", thread.name().unwrap_or("a test"));
    // Not `eprintln!`, which a test that passes does not show. In one piece, as below: tests write at the same time.
    let _ = std::io::stderr().write_all(format!("PASSED OVER: {line}").as_bytes());
    if let Some(path) = std::env::var_os("METRICS_TEST_PASSED_OVER") {
        let file = OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).expect("./test reads this file");
    }
}
