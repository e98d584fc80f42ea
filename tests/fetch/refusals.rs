//! What is refused, with what advice, and that nothing is left of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Answer, Fetch, POLLS, Server, printed, versioned};

/// The error of a source whose first fetch went well; everything after it is met by `answer`.
fn refused_later(fetch: &Fetch, answer: impl Fn() -> Answer + Send + Sync + 'static) -> String {
    let has_failed = Arc::new(AtomicBool::new(false));
    let fails = Arc::clone(&has_failed);
    let server =
        Server::start(
            move |_, request| {
                if fails.load(Ordering::SeqCst) { answer() } else { versioned(request, "\"1\"", POLLS) }
            },
        );
    let link = format!("{}/polls.csv?signature=sesame", server.base_url);
    assert_eq!(printed(fetch.report(&link)), fetch.expected(POLLS));
    has_failed.store(true, Ordering::SeqCst);
    let error = fetch.refused(&link);
    assert!(error.contains(&format!("{}/polls.csv: ", server.base_url)), "{error}");
    // A refusal is no reason to forget what there was.
    has_failed.store(false, Ordering::SeqCst);
    assert_eq!(printed(fetch.report(&link)), fetch.expected(POLLS));
    assert_eq!(server.requests().last().unwrap().header("If-None-Match"), Some("\"1\""));
    error
}

#[test]
fn a_file_of_the_largest_size_is_taken_and_no_larger_one() {
    let mut fetch = Fetch::new();
    fetch.set("METRICS_UPTIME__INGEST__MAX_BYTES", POLLS.len().to_string());
    let message = format!("it is larger than {} bytes (uptime.ingest.max_bytes)", POLLS.len());
    let error = refused_later(&fetch, || Answer::text(200, "", format!("{POLLS}\n")));
    assert!(error.contains(&message), "{error}");
    let error = refused_later(&fetch, || Answer::unmeasured(format!("{POLLS}\n").as_bytes()));
    assert!(error.contains(&message), "{error}");
    // The header is enough: nobody waits for what will not be taken.
    let error = refused_later(&fetch, || Answer::cut_off(POLLS.as_bytes()).then_hang());
    assert!(error.contains(&message), "{error}");
}

#[test]
fn a_server_that_does_not_answer_costs_no_more_than_the_time_given() {
    let mut fetch = Fetch::new();
    fetch.set("METRICS_UPTIME__INGEST__TIMEOUT_S", "2");
    for answer in [Answer::hang, || Answer::cut_off(POLLS.as_bytes()).then_hang()] {
        let error = refused_later(&fetch, answer);
        assert!(error.contains("it took longer than 2 s (uptime.ingest.timeout_s)"), "{error}");
    }
}

#[test]
fn a_refusal_comes_with_what_to_do() {
    let fetch = Fetch::new();
    for status in [401, 403, 404] {
        let error = refused_later(&fetch, move || {
            Answer::text(status, "Content-Type: application/json", r#"{"error": "sesame"}"#)
        });
        let message = format!("refused with status {status}; check that the link is whole");
        assert!(error.contains(&message) && !error.contains("sesame"), "{error}");
    }
    // Nothing was kept that could be the same.
    assert!(fetch.refused(&super::always(|| Answer::text(304, "", "")).base_url).contains("refused with status 304"));
    let error = refused_later(&fetch, || Answer::text(410, "", ""));
    assert!(error.ends_with("refused with status 410\n"), "{error}");
}

#[test]
fn a_page_is_no_file() {
    let fetch = Fetch::new();
    let error =
        refused_later(&fetch, || Answer::text(200, "Content-Type: Text/HTML; charset=utf-8", "<html>Sign in</html>"));
    assert!(error.contains("it is a web page, not a CSV file; check that the link is whole"), "{error}");
    let error = refused_later(&fetch, || Answer::text(200, "Content-Encoding: br", POLLS));
    assert!(error.contains("encoded as br, which was not asked for"), "{error}");
}

#[test]
fn the_query_is_in_no_error_and_no_log() {
    let mut fetch = Fetch::new();
    fetch.set("METRICS_LOG__LEVEL", "trace");
    let answers: [fn() -> Answer; 4] = [
        || Answer::text(200, "", POLLS),
        || Answer::text(403, "", ""),
        || Answer::text(302, "Location: ?signature=sesame&again", ""),
        || Answer::text(200, "", "no column"),
    ];
    for answer in answers {
        let server = super::always(answer);
        let output = fetch.report(&format!("{}/polls.csv?signature=sesame", server.base_url));
        assert!(!format!("{}{}", output.stdout, output.stderr).contains("sesame"), "{}", output.stderr);
    }
    // Nor beside what was kept.
    assert!(fetch.kept().iter().all(|(name, bytes)| !format!("{name}{}", bytes.escape_ascii()).contains("sesame")));
}

#[test]
fn a_server_that_is_not_there_is_named() {
    // A port that was free a moment ago: nobody listens.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = Fetch::new().refused(&format!("http://{closed}/polls.csv"));
    assert!(error.contains(&format!("http://{closed}/polls.csv: no answer from http://{closed}: ")), "{error}");
}

#[test]
fn what_is_no_path_and_no_address_is_a_wrong_argument() {
    let fetch = Fetch::new();
    for (text, message) in [
        ("http://h.example/polls.csv", "use https://"),
        ("s3://bucket/polls.csv", "s3:// is not supported"),
        ("https://me:sesame@h.example/polls.csv", "must not hold a user or password"),
        ("drive:a/b", "the id of a file on Google Drive"),
        ("https://drive.google.com/drive/folders/1a", "the link is not one of a file or a sheet"),
    ] {
        let output = fetch.report(text);
        assert_eq!((output.status, output.stdout.as_str()), (2, ""), "{}", output.stderr);
        assert!(output.stderr.contains(message), "{}", output.stderr);
    }
}

#[test]
fn no_report_is_begun_without_all_files() {
    let server = super::always(|| Answer::text(404, "", ""));
    let fetch = Fetch::new();
    let (status, report) = (fetch.write("status.csv", POLLS), fetch.path("report.csv"));
    let zones = fetch.write("zones.csv", super::ZONES);
    let arguments =
        ["--status", &status, "--hours", &server.base_url, "--zones", &zones, "--out", report.to_str().unwrap()];
    assert_eq!(fetch.uptime(&arguments).status, 3);
    assert!(!report.exists());
}

#[test]
fn a_folder_that_cannot_be_used_is_named_with_its_setting() {
    let server = super::always(|| Answer::text(200, "", POLLS));
    let mut fetch = Fetch::new();
    let file = fetch.write("file", "");
    fetch.set("METRICS_UPTIME__INGEST__CACHE_DIR", file.clone());
    let output = fetch.report(&server.base_url);
    assert_eq!(output.status, 3);
    assert!(
        output.stderr.contains(&format!("cannot keep it in {file} (uptime.ingest.cache_dir)")),
        "{}",
        output.stderr
    );
}
