//! The program: starting, health, names of requests, a database that is away, and stopping.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use metrics_core::settings::DatabaseUrl;
use serde_json::json;
use tokio_postgres::Client;

use super::client::{Request, Response};
use super::{Api, rows};
use crate::support::{TestDb, binary, open, run, wait};

const UNITS: &str = "/api/coolingunit-slice?unit_ids=1&start_date=2026-11-01&end_date=2026-11-30";

fn nowhere() -> DatabaseUrl {
    // A port that was free a moment ago, and that nobody listens on.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    format!("postgres://nobody@127.0.0.1:{port}/nothing").parse().unwrap()
}

#[test]
fn both_listeners_tell_health() {
    let db = TestDb::new();
    rows::two_companies(&db);
    let api = Api::start(&db);
    for path in ["/health/live", "/health/ready"] {
        let request = Request::new("GET", path);
        let (public, maintenance) = (api.send(&request), api.ask_maintenance(&request));
        assert_eq!((public.status, maintenance.status), (200, 200), "{path}");
        assert_eq!(public.text(), maintenance.text());
        assert_eq!(public.header("cache-control"), Some("no-store"));
    }
    let ready = api.get("/health/ready").json();
    assert_eq!(
        (&ready["status"], &ready["reason"], &ready["embedded_database"]),
        (&json!("ready"), &json!(null), &json!(null))
    );
    assert_eq!(
        ready["runs"],
        json!([{"view": "company", "as_of": "2026-11-04T03:05:00Z", "finished_at": "2026-11-04T03:05:09Z",
                "outcome": "done", "rows_rejected": 0}])
    );
    assert_eq!(api.ask_maintenance(&Request::new("GET", "/api/companies")).status, 404);
}

#[test]
fn without_its_tables_it_lives_but_is_not_ready() {
    let db = TestDb::empty();
    let api = Api::start(&db);
    assert_eq!(api.get("/health/live").status, 200);
    let ready = api.get("/health/ready");
    assert_eq!((ready.status, &ready.json()["status"]), (503, &"unready".into()));
    assert!(ready.json()["reason"].as_str().unwrap().contains("reporter migrate"));
    let response = api.get("/api/companies");
    assert_eq!((response.status, response.header("retry-after")), (503, Some("5")));
}

#[test]
fn without_its_database_it_lives_and_tells_no_internals() {
    let url = nowhere();
    let api = Api::start_with(&url, &[]);
    assert_eq!(api.get("/health/live").status, 200);
    let ready = api.get("/health/ready");
    assert_eq!(ready.status, 503);

    let response = api.get("/api/companies");
    assert_eq!((response.status, response.header("content-type")), (503, Some("application/problem+json")));
    assert_eq!(response.header("retry-after"), Some("5"));
    assert_eq!(response.json()["detail"], "the database does not answer at the moment");
    let form = api.send(&Request::form("/company-slice/", "company_id=1"));
    assert_eq!((form.status, form.json()), (503, json!({"error": "the database does not answer at the moment"})));
    for body in [ready.text(), response.text(), form.text()] {
        assert!(!body.contains("127.0.0.1") && !body.contains("nobody"), "{body}");
    }
    let log = api.log();
    assert_eq!(log.matches(" ERROR ").count(), 2, "each failure once:\n{log}");
}

#[test]
fn a_database_that_comes_back_is_used_again() {
    let db = TestDb::new();
    rows::two_units(&db);
    let api = Api::start(&db);
    assert_eq!(api.get(UNITS).status, 200);
    db.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'metrics-api'",
    );
    assert_eq!(api.get(UNITS).status, 200, "{}", api.log());
}

#[test]
fn an_operator_finds_its_sessions_by_name() {
    let db = TestDb::new();
    let api = Api::start(&db);
    assert_eq!(api.get("/api/companies").status, 200);
    // The worker of reports connects by itself, in its own time.
    let sessions = db.query(
        "SELECT application_name FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> 'metrics-reports'",
    );
    assert_eq!(sessions, [json!({"application_name": "metrics-api"})]);
}

#[test]
fn a_request_that_takes_too_long_is_given_up() {
    let db = TestDb::new();
    rows::two_units(&db);
    let settings = [("METRICS_API__REQUEST_TIMEOUT_S", "1"), ("METRICS_API__POOL_SIZE", "1")];
    let api = Api::start_with(db.url(), &settings);
    let held = lock(&db);
    let started = Instant::now();
    let response = api.get(UNITS);
    assert_eq!((response.status, response.header("retry-after")), (503, Some("5")));
    assert!(response.json()["detail"].as_str().unwrap().contains("too long"));
    assert!(started.elapsed() < Duration::from_secs(3));
    drop(held);
    assert_eq!(api.get(UNITS).status, 200, "{}", api.log());
}

#[test]
fn a_statement_that_takes_too_long_is_given_up() {
    let db = TestDb::new();
    rows::two_units(&db);
    let api = Api::start_with(db.url(), &[("METRICS_API__QUERY_TIMEOUT_S", "1")]);
    let _held = lock(&db);
    let response = api.get(UNITS);
    assert_eq!((response.status, response.header("retry-after")), (503, Some("5")));
    assert!(!response.text().contains("statement timeout"));
}

#[test]
fn requests_have_names() {
    let db = TestDb::new();
    let api = Api::start(&db);
    let taken_over = api.send(&Request::new("GET", "/api/companies").header("x-request-id", "client-1.2:3"));
    assert_eq!(taken_over.header("x-request-id"), Some("client-1.2:3"));
    assert!(api.log().contains("client-1.2:3"));
    let names: Vec<_> = ["", "a b", "a\"b", &"a".repeat(129)]
        .map(|name| api.send(&Request::new("GET", "/").header("x-request-id", name)))
        .iter()
        .map(|response| response.header("x-request-id").unwrap().to_owned())
        .collect();
    for (index, name) in names.iter().enumerate() {
        assert!(name.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'), "{name}");
        assert!(!names[..index].contains(name), "{name} twice");
    }
}

#[test]
fn wrong_arguments_and_settings_have_their_exit_codes() {
    let api = || {
        let mut command = Command::new(binary("api"));
        command.env_clear().env("METRICS_DATABASE__EMBEDDED", "never");
        command
    };
    let version = run(api().arg("--version"));
    assert_eq!((version.status, version.stdout), (0, format!("api {}\n", env!("CARGO_PKG_VERSION"))));
    assert_eq!(run(api().arg("--help")).status, 0);
    assert_eq!(run(api().arg("--nonsense")).status, 2);
    let without_database = run(&mut api());
    assert_eq!(without_database.status, 3, "{}", without_database.stderr);
    let wrong = run(api().env("METRICS_API__LISTEN", "nonsense"));
    assert_eq!(wrong.status, 3, "{}", wrong.stderr);

    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let url = nowhere();
    let in_use = run(api().env("METRICS_DATABASE__URL", url.expose()).env("METRICS_API__LISTEN", &address));
    assert_eq!(in_use.status, 1);
    assert!(in_use.stderr.contains(&address) && in_use.stderr.contains("METRICS_API__LISTEN"), "{}", in_use.stderr);
}

/// A request that waits for a lock, and who holds that.
fn under_way(db: &TestDb, api: &Api) -> (Client, TcpStream) {
    let held = lock(db);
    let mut stream = TcpStream::connect(api.address).unwrap();
    stream.write_all(&Request::new("GET", UNITS).bytes()).unwrap();
    wait_for_a_blocked_reader(db);
    (held, stream)
}

#[test]
fn requests_under_way_are_finished_at_a_signal() {
    for signal in ["-TERM", "-INT"] {
        let db = TestDb::new();
        rows::two_units(&db);
        let mut api = Api::start(&db);
        let (held, stream) = under_way(&db, &api);
        api.signal(signal);
        thread::sleep(Duration::from_millis(200));
        drop(held);
        assert_eq!(Response::read(stream, "GET").status, 200, "{signal}");
        assert_eq!(api.child.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[test]
fn a_second_signal_waits_for_no_request() {
    let db = TestDb::new();
    rows::two_units(&db);
    let mut api = Api::start(&db);
    let (held, _stream) = under_way(&db, &api);
    api.signal("-TERM");
    // The second one would be one with the first if it came before that was seen.
    while TcpStream::connect(api.address).is_ok() {
        thread::sleep(Duration::from_millis(20));
    }
    let start = Instant::now();
    api.signal("-TERM");
    assert_eq!(api.child.wait().unwrap().code(), Some(0));
    // The query would be waited for as long as it may take.
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    drop(held);
}

#[test]
fn without_requests_it_stops_at_once() {
    let db = TestDb::new();
    let mut api = Api::start(&db);
    // A client that keeps its connection open asks for nothing.
    let mut idle = TcpStream::connect(api.address).unwrap();
    idle.write_all(b"GET /health/live HTTP/1.1\r\nhost: test\r\n\r\n").unwrap();
    let _ = idle.read(&mut [0; 1024]).unwrap();
    let started = Instant::now();
    assert_eq!(api.stop("-TERM").code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

/// Keeps everybody from reading `cooling_unit_metrics`, until it is dropped.
fn lock(db: &TestDb) -> Client {
    let url = db.url().clone();
    wait(async move {
        let client = open(&url).await;
        let lock = "BEGIN; LOCK TABLE metrics.cooling_unit_metrics IN ACCESS EXCLUSIVE MODE";
        client.batch_execute(lock).await.unwrap();
        client
    })
}

fn wait_for_a_blocked_reader(db: &TestDb) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while db.value("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0 {
        assert!(Instant::now() < deadline, "nobody waits for the lock");
        thread::sleep(Duration::from_millis(20));
    }
}
