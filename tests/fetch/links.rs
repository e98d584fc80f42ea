//! Addresses: versions, forms of files, redirects, and servers that are busy.

use std::io::Write as _;
use std::sync::{Arc, Mutex};

use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::{Answer, Fetch, HOURS, MORE_POLLS, POLLS, Server, ZONES, always, printed, versioned};

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_has_not_changed_is_not_fetched_again() {
    let current = Arc::new(Mutex::new(("\"1\"", POLLS)));
    let now = Arc::clone(&current);
    let server = Server::start(move |_, request| {
        let (version, body) = *now.lock().unwrap();
        versioned(request, version, body)
    });
    let fetch = Fetch::new();
    let link = format!("{}/polls.csv", server.base_url);

    assert_eq!(printed(fetch.report(&link)), fetch.expected(POLLS));
    let kept = fetch.kept();
    assert_eq!(kept.len(), 2, "{:?}", kept.keys());
    assert!(kept.keys().all(|name| name.starts_with("polls.csv-")), "{:?}", kept.keys());
    assert_eq!(server.requests()[0].header("If-None-Match"), None);

    assert_eq!(printed(fetch.report(&link)), fetch.expected(POLLS));
    assert!(fetch.kept() == kept);
    let requests = server.requests();
    assert_eq!(requests[1].header("If-None-Match"), Some("\"1\""));
    assert_eq!(requests[1].header("If-Modified-Since"), Some("Wed, 25 Jan 2023 18:00:00 GMT"));

    *current.lock().unwrap() = ("\"2\"", MORE_POLLS);
    assert_eq!(printed(fetch.report(&link)), fetch.expected(MORE_POLLS));
    assert!(fetch.kept().keys().eq(kept.keys()));

    // What somebody changed or took away is not what the server has.
    let file = kept.keys().find(|name| !name.contains(".json")).unwrap();
    std::fs::write(fetch.path("cache").join(file), POLLS).unwrap();
    assert_eq!(printed(fetch.report(&link)), fetch.expected(MORE_POLLS));
    std::fs::remove_file(fetch.path("cache").join(file)).unwrap();
    assert_eq!(printed(fetch.report(&link)), fetch.expected(MORE_POLLS));
    assert!(server.requests()[3..].iter().all(|request| request.header("If-None-Match").is_none()));
    assert_eq!(server.requests().len(), 5);
}

#[test]
fn without_a_version_a_file_is_fetched_each_time() {
    let server = always(|| Answer::unmeasured(POLLS.as_bytes()));
    let fetch = Fetch::new();
    for _ in 0..2 {
        assert_eq!(printed(fetch.report(&format!("{}/polls", server.base_url))), fetch.expected(POLLS));
    }
    assert!(server.requests().iter().all(|request| request.header("If-Modified-Since").is_none()));
    assert_eq!(fetch.kept().len(), 2);
}

#[test]
fn compressed_files_are_known_by_how_they_begin() {
    let fetch = Fetch::new();
    let zstd = compress_to_vec(POLLS.as_bytes(), CompressionLevel::Fastest);
    for (path, headers, body) in [
        ("/polls.csv.gz", "", gzip(POLLS)),
        ("/download?file=1", "Content-Type: application/octet-stream", gzip(POLLS)),
        ("/polls.csv", "Content-Encoding: gzip", gzip(POLLS)),
        ("/polls.csv.zst", "", zstd.clone()),
        ("/polls", "Content-Type: text/csv", zstd),
        ("/polls.csv.gz", "", POLLS.into()),
    ] {
        let server = always(move || Answer::text(200, headers, body.clone()));
        assert_eq!(printed(fetch.report(&format!("{}{path}", server.base_url))), fetch.expected(POLLS), "{path}");
        assert_eq!(server.requests()[0].header("Accept-Encoding"), Some("identity"));
    }
}

#[test]
fn all_three_files_may_come_from_elsewhere() {
    let server = Server::start(|_, request| match request.target.as_str() {
        "/status.csv" => Answer::text(200, "", POLLS),
        "/more.csv" => Answer::text(200, "", MORE_POLLS),
        "/hours.csv" => Answer::text(200, "", format!("{HOURS}A,2,09:00,11:45\n")),
        "/zones.csv" => Answer::text(200, "", format!("{ZONES}A,Africa/Lagos\n")),
        _ => Answer::text(404, "", ""),
    });
    let fetch = Fetch::new();
    fetch.write("hours.csv", format!("{HOURS}A,2,09:00,11:45\n"));
    fetch.write("zones.csv", format!("{ZONES}A,Africa/Lagos\n"));
    let expected = fetch.expected(MORE_POLLS);
    let link = |name: &str| format!("{}/{name}.csv", server.base_url);
    let arguments = ["--status", &link("status"), &link("more"), "--hours", &link("hours"), "--zones", &link("zones")];
    let report = printed(fetch.uptime(&arguments));
    // The same poll in both files is counted, and changes nothing else.
    let without_counts = |report: &str| report.split("\"diagnostics\"").next().unwrap().to_owned();
    assert_eq!(without_counts(&report), without_counts(&expected));
    assert_eq!((server.requests().len(), fetch.kept().len()), (4, 8));
}

#[test]
fn a_few_redirects_are_followed_and_many_are_not() {
    let server = Server::start(|_, request| match request.target[1..].parse().unwrap_or(0_u32) {
        0 => Answer::text(200, "", POLLS),
        left => Answer::text([301, 302, 303, 307, 308][left as usize % 5], &format!("Location: {}", left - 1), ""),
    });
    let fetch = Fetch::new();
    assert_eq!(printed(fetch.report(&format!("{}/5", server.base_url))), fetch.expected(POLLS));
    let error = fetch.refused(&format!("{}/6", server.base_url));
    assert!(error.contains("/6: more than 5 redirects"), "{error}");
    let circle = always(|| Answer::text(302, "Location: /again", ""));
    let error = fetch.refused(&circle.base_url);
    assert!(error.contains("more than 5 redirects"), "{error}");
    assert_eq!(circle.requests().len(), 6);
}

#[test]
fn a_redirect_must_not_lead_to_where_anybody_can_listen() {
    let fetch = Fetch::new();
    for (to, message) in [
        ("http://h.example/polls.csv", "http://h.example is not asked"),
        ("ftp://h.example/polls.csv", "ftp:// is not supported"),
        ("https://me:sesame@h.example/", "an address must not hold a user or password"),
        ("https://", "the address cannot be read"),
    ] {
        let server = always(move || Answer::text(302, &format!("Location: {to}"), ""));
        let error = fetch.refused(&server.base_url);
        assert!(error.contains("redirected to where it must not lead: ") && error.contains(message), "{error}");
        assert!(!error.contains("sesame"), "{error}");
    }
    let lost = always(|| Answer::text(302, "", ""));
    assert!(fetch.refused(&lost.base_url).contains("refused with status 302"));
}

#[test]
fn a_busy_server_is_asked_again() {
    let server = Server::start(|number, _| match number {
        0 => Answer::text(429, "Retry-After: 0", ""),
        1 => Answer::text(503, "", ""),
        2 => Answer::cut_off(POLLS.as_bytes()),
        _ => Answer::text(200, "", POLLS),
    });
    let fetch = Fetch::new();
    assert_eq!(printed(fetch.report(&server.base_url)), fetch.expected(POLLS));
    assert_eq!((server.requests().len(), fetch.kept().len()), (4, 2));
}

#[test]
fn a_server_that_stays_busy_is_left_alone() {
    let fetch = Fetch::new();
    let server = always(|| Answer::text(500, "", "sesame"));
    let error = fetch.refused(&server.base_url);
    assert!(error.contains("refused with status 500\n"), "{error}");
    assert_eq!(server.requests().len(), 4);
    // It says itself that there is no point in asking again now.
    let server = always(|| Answer::text(429, "Retry-After: 3600", ""));
    assert!(fetch.refused(&server.base_url).contains("refused with status 429"));
    assert_eq!(server.requests().len(), 1);
}
