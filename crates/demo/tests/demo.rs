//! The demo on a PostgreSQL server of its own: the sample in the database, and the command from start to end.

#![expect(clippy::expect_used, reason = "a test fails where it cannot go on")]

use std::fs::Permissions;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use chrono::{DateTime, Utc};
use demo::database::{self, Origin, Wanted};
use metrics_core::db::embedded::{Embedded, EmbeddedOptions};
use metrics_core::settings::Settings;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

/// A folder that the server's user can enter, also where root runs the tests.
fn folder() -> TempDir {
    tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().expect("a folder")
}

fn start_server(data_dir: &Path) -> Embedded {
    let mut options = EmbeddedOptions::new(data_dir.join("postgres"));
    options.search_path = Settings::search_path();
    options.durable = false;
    Embedded::start(&options).expect("an embedded server")
}

async fn connect(server: &Embedded, name: &str) -> Client {
    let (client, connection) = server.url(name).config().connect(NoTls).await.expect("a connection");
    tokio::spawn(connection);
    client
}

async fn count(server: &Embedded, query: &str) -> i64 {
    let client = connect(server, database::NAME).await;
    client.query_one(query, &[]).await.expect("a count").get(0)
}

const CRATES: &str = "SELECT count(*) FROM storage_crate";

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_is_loaded_once_kept_and_replaced_and_no_other_database_is_touched() {
    let folder = folder();
    let server = start_server(folder.path());
    let address = server.url(database::NAME);
    let at = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
    let (morning, noon, next_day) =
        (at("2026-06-30T08:00:00Z"), at("2026-06-30T12:00:00Z"), at("2026-07-01T09:00:00Z"));

    let first = database::prepare(address.config(), Wanted::Today(morning)).await.expect("the first sample");
    assert_eq!((first.origin, first.sample.until), (Origin::Loaded, morning));
    assert_eq!(count(&server, CRATES).await, first.sample.crates);
    first.unlock();

    let later = database::prepare(address.config(), Wanted::Today(noon)).await.expect("the same day");
    assert_eq!((later.origin, later.sample.until), (Origin::Kept, morning));
    assert_eq!(count(&server, CRATES).await, later.sample.crates);
    later.unlock();

    // Somebody looks at it: another day's demo leaves it, and one for a certain day says that it cannot.
    let reader = connect(&server, database::NAME).await;
    let in_use = database::prepare(address.config(), Wanted::Today(next_day)).await.expect("the old sample");
    assert_eq!((in_use.origin, in_use.sample.until), (Origin::InUse, morning));
    in_use.unlock();
    assert!(database::prepare(address.config(), Wanted::Until(noon)).await.is_err());
    drop(reader);

    // A session ends a moment after its client.
    let mut replaced = database::prepare(address.config(), Wanted::Today(next_day)).await.expect("a sample");
    for _ in 0..100 {
        if replaced.origin == Origin::Loaded {
            break;
        }
        replaced.unlock();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        replaced = database::prepare(address.config(), Wanted::Today(next_day)).await.expect("a sample");
    }
    assert_eq!((replaced.origin, replaced.sample.until), (Origin::Loaded, next_day));
    assert_eq!(count(&server, CRATES).await, replaced.sample.crates);
    replaced.unlock();

    let maintenance = connect(&server, "postgres").await;
    maintenance.batch_execute("DROP DATABASE coldroom_demo WITH (FORCE)").await.expect("to drop");
    maintenance.batch_execute("CREATE DATABASE coldroom_demo").await.expect("to create");
    let foreign = connect(&server, database::NAME).await;
    foreign.batch_execute("CREATE TABLE somebodys (id int); INSERT INTO somebodys VALUES (1)").await.expect("a table");
    let refused = database::prepare(address.config(), Wanted::Today(noon)).await.expect_err("a foreign database");
    assert!(refused.to_string().contains("did not make"), "{refused}");
    assert_eq!(count(&server, "SELECT count(*) FROM somebodys").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operational_tables_take_every_statement_twice() {
    let folder = folder();
    let server = start_server(folder.path());
    let client = connect(&server, "postgres").await;
    for _ in 0..2 {
        client.batch_execute(include_str!("../source_schema.sql")).await.expect("the tables");
    }
}

/// The demo with settings in its environment that must not reach anything.
fn demo(data_dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
    command
        .arg("--data-dir")
        .arg(data_dir)
        .args(arguments)
        .env("METRICS_DATABASE__URL", "postgres://nobody@127.0.0.1:1/nothing")
        .env("METRICS_NO__SUCH_SETTING", "1")
        .env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing")
        .stdin(Stdio::null());
    command
}

#[test]
fn the_demo_answers_every_slice_serves_until_interrupted_and_leaves_nothing_running() {
    let folder = folder();
    let is_running = || folder.path().join("postgres/data/postmaster.pid").exists();

    let once = demo(folder.path(), &["--once"]).output().expect("the demo");
    let (lines, errors) = (String::from_utf8_lossy(&once.stdout), String::from_utf8_lossy(&once.stderr));
    assert_eq!(once.status.code(), Some(0), "{lines}{errors}");
    for slice in
        ["GET /api/company-slice", "GET /api/coolingunit-slice", "POST /company-slice/", "POST /coolingunit-slice/"]
    {
        assert!(lines.lines().any(|line| line.trim().starts_with(&format!("{slice} -> "))), "{slice}: {lines}");
    }
    assert!(lines.contains("Harmattan Cold Rooms") && lines.contains("Bodija market"), "{lines}");
    assert!(!is_running());

    let mut serving = demo(folder.path(), &[]).stdout(Stdio::piped()).spawn().expect("the demo");
    let mut lines = BufReader::new(serving.stdout.take().expect("its output")).lines().map_while(Result::ok);
    let ready = lines.find_map(|line| line.strip_prefix("Ready: http://127.0.0.1:").map(str::to_owned));
    let port: u16 = ready.expect("a line Ready").trim_end_matches('/').parse().expect("a port");
    let answers = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
    assert!(answers() && is_running());

    // Another one beside it says that the port is taken when it is told to use that one, and does nothing.
    let refused = demo(folder.path(), &["--port", &port.to_string()]).output().expect("the demo");
    assert_eq!(refused.status.code(), Some(3));

    kill_process(Pid::from_child(&serving), Signal::INT).expect("to interrupt it");
    assert_eq!(serving.wait().expect("its end").code(), Some(0));
    assert!(!answers() && !is_running());
}

#[test]
fn arguments_that_cannot_be_meant_are_refused() {
    let folder = folder();
    for arguments in [&["--end", "2999-01-01"][..], &["--end", "yesterday"], &["--port", "0"], &["--twice"]] {
        assert_eq!(demo(folder.path(), arguments).output().expect("the demo").status.code(), Some(2), "{arguments:?}");
    }
}
