//! The tables of KPIs, through their database layer.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt as _;
use metrics_core::db::connect::connect_diesel;
use metrics_core::db::metrics::kpi::{
    self, Delivery, Ending, HistoryPart, KpiEntry, NewResult, NewRun, Newest, Period, Pruned,
};
use metrics_core::db::reader::Page;
use metrics_core::db::{ConnectOptions, Connection};
use metrics_core::kpi::{Answer, ErrorKind, Failure, Form, Outcome, RunStatus};
use metrics_core::settings::DatabaseUrl;
use serde_json::json;

use crate::support::{TestDb, wait};

/// A KPI of a run.
#[derive(Debug, Clone)]
pub struct Ran {
    pub name: &'static str,
    pub form: Form,
    pub outcome: Outcome,
}

/// A count of which this is the JSON text.
pub fn count(name: &'static str, value: &str) -> Ran {
    let value_num = value.parse().ok();
    answered(name, Form::Count, Answer { value: value.to_owned(), value_num, rows: None, is_truncated: false })
}

/// A result of rows of which this is the JSON text.
pub fn rows(name: &'static str, value: &str, rows: u32, is_truncated: bool) -> Ran {
    let answer = Answer { value: value.to_owned(), value_num: None, rows: Some(rows), is_truncated };
    answered(name, Form::Rows, answer)
}

fn answered(name: &'static str, form: Form, answer: Answer) -> Ran {
    Ran { name, form, outcome: Outcome { result: Ok(answer), duration: Duration::from_millis(12) } }
}

/// A count without a value.
pub fn failed(name: &'static str, kind: ErrorKind, message: &str) -> Ran {
    let result = Err(Failure { kind, message: message.to_owned() });
    Ran { name, form: Form::Count, outcome: Outcome { result, duration: Duration::from_millis(340) } }
}

/// Midnight of so many days after 1 November 2026, UTC.
pub fn day(days: i64) -> DateTime<Utc> {
    "2026-11-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::days(days)
}

async fn connected(url: &DatabaseUrl) -> Connection {
    let options = ConnectOptions {
        application_name: "acceptance kpis".to_owned(),
        read_only: false,
        statement_timeout: Duration::from_mins(1),
        connect_timeout: Duration::from_secs(30),
    };
    connect_diesel(url, &options).await.unwrap()
}

/// What `body` makes of a connection to `db`.
pub fn with<T: Send + 'static>(db: &TestDb, body: impl AsyncFnOnce(&mut Connection) -> T + Send + 'static) -> T {
    let url = db.url().clone();
    // The future of a closure that borrows cannot be told to be Send: it gets a thread of its own.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let mut conn = connected(&url).await;
            body(&mut conn).await
        })
    })
    .join()
    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// A run that started at this instant.
pub fn new_run(environment: &str, started_at: DateTime<Utc>, kpis: usize) -> NewRun {
    NewRun {
        environment: environment.to_owned(),
        as_of: started_at,
        started_at,
        trigger: "test".to_owned(),
        host: "here".to_owned(),
        definition_hash: "d1".to_owned(),
        kpis,
    }
}

/// Stores a whole run that took a second; its number comes back. The unit of all KPIs is things.
pub fn stored_run(db: &TestDb, environment: &'static str, started_at: DateTime<Utc>, ran: Vec<Ran>) -> i64 {
    with(db, async move |conn| {
        let begun = kpi::begin(conn, &new_run(environment, started_at, ran.len())).await.unwrap();
        finish(conn, environment, begun.run, started_at, &ran, false).await;
        begun.run
    })
}

async fn finish(
    conn: &mut Connection,
    environment: &str,
    run: i64,
    started_at: DateTime<Utc>,
    ran: &[Ran],
    is_interrupted: bool,
) -> RunStatus {
    let entries: Vec<_> = ran.iter().enumerate().map(|(position, ran)| entry(ran.name, position)).collect();
    kpi::upsert_kpis(conn, environment, &entries, started_at).await.unwrap();
    let results: Vec<_> = ran
        .iter()
        .enumerate()
        .map(|(position, ran)| NewResult {
            name: ran.name,
            position,
            form: ran.form,
            sql_hash: "s1",
            outcome: &ran.outcome,
        })
        .collect();
    let ending = Ending { is_interrupted, finished_at: started_at + TimeDelta::seconds(1) };
    kpi::finish(conn, run, &results, ending).await.unwrap()
}

fn entry(name: &str, position: usize) -> KpiEntry {
    let description = Some(format!("What {name} tells."));
    KpiEntry { name: name.to_owned(), unit: Some("things".to_owned()), description, position }
}

/// Begins a run and leaves it under way; its number comes back.
pub fn started(db: &TestDb, new: &NewRun) -> i64 {
    let new = new.clone();
    with(db, async move |conn| kpi::begin(conn, &new).await.unwrap().run)
}

/// Notes a delivery of a run.
pub fn delivered(db: &TestDb, run: i64, sink: &str, attempts: u32, error: Option<&str>, at: DateTime<Utc>) {
    let delivery = Delivery { sink: sink.to_owned(), attempts, error: error.map(str::to_owned), at };
    with(db, async move |conn| kpi::record_delivery(conn, run, &delivery).await.unwrap());
}

#[test]
fn one_run_at_a_time_has_the_lock_of_an_environment() {
    let db = TestDb::new();
    let url = db.url().clone();
    wait(async move {
        let (mut first, mut second) = (connected(&url).await, connected(&url).await);
        kpi::lock(&mut first, "demo").await.unwrap().unwrap();
        let begun = kpi::begin(&mut first, &new_run("demo", day(0), 1)).await.unwrap();
        let holder = kpi::lock(&mut second, "demo").await.unwrap().unwrap_err();
        assert_eq!((holder.application.as_str(), holder.run), ("acceptance kpis", Some(begun.run)));
        assert!(holder.session > 0 && holder.since.is_some(), "{holder:?}");
        // Another environment is not in the way.
        kpi::lock(&mut second, "production").await.unwrap().unwrap();
        kpi::unlock(&mut first, "demo").await.unwrap();
        kpi::lock(&mut second, "demo").await.unwrap().unwrap();
    });
}

#[test]
fn a_run_whose_process_is_gone_becomes_interrupted() {
    let db = TestDb::new();
    with(&db, async |conn| {
        let dead = kpi::begin(conn, &new_run("demo", day(0), 2)).await.unwrap();
        let other = kpi::begin(conn, &new_run("production", day(0), 2)).await.unwrap();
        let next = kpi::begin(conn, &new_run("demo", day(1), 2)).await.unwrap();
        assert_eq!((dead.interrupted, next.interrupted), (vec![], vec![dead.run]));
        let status = async |conn: &mut Connection, run| kpi::run(conn, run).await.unwrap().unwrap().status;
        assert_eq!(status(conn, dead.run).await, "interrupted");
        assert_eq!(status(conn, other.run).await, "running");
        // One that is stopped by a signal says so itself, and keeps what it has.
        let ran = [count("A", "1"), failed("B", ErrorKind::Interrupted, "the run was stopped")];
        assert_eq!(finish(conn, "demo", next.run, day(1), &ran, true).await, RunStatus::Interrupted);
        let results = kpi::results(conn, next.run).await.unwrap();
        assert_eq!(results.iter().map(|result| result.status.as_str()).collect::<Vec<_>>(), ["ok", "skipped"]);
        let run = kpi::run(conn, next.run).await.unwrap().unwrap();
        assert_eq!((run.kpis, run.ok, run.failed, run.finished_at.is_some()), (2, 1, 1, true));
    });
}

#[test]
fn values_keep_their_digits_and_the_order_of_their_keys() {
    let db = TestDb::new();
    let list = r#"[{"z":1.10,"a":"=1+1"},{"z":123456789012345678901234567890,"a":null}]"#;
    let ran = vec![
        count("big", "123456789012345678901234567890.50"),
        rows("list", list, 2, true),
        count("nothing", "null"),
        failed("gone", ErrorKind::Timeout, "no answer from postgres://me:secret@db/x in 60 s"),
    ];
    let run = stored_run(&db, "demo", day(0), ran);
    with(&db, async move |conn| {
        let results = kpi::results(conn, run).await.unwrap();
        let values: Vec<_> = results.iter().map(|result| result.value.as_ref().map(kpi::JsonText::as_str)).collect();
        assert_eq!(values, [Some("123456789012345678901234567890.50"), Some(list), Some("null"), None]);
        assert_eq!(results[0].value_num, Some(1.234_567_890_123_456_8e29));
        assert_eq!((results[1].rows, results[1].is_truncated, results[1].form.as_str()), (Some(2), true, "rows"));
        let gone = &results[3];
        assert_eq!((gone.status.as_str(), gone.error_kind.as_deref()), ("timeout", Some("timeout")));
        assert_eq!(gone.error.as_deref(), Some("no answer from postgres://me:***@db/x in 60 s"));
        assert_eq!(kpi::run(conn, run).await.unwrap().unwrap().status, "partial");
    });
    assert_eq!(db.value("SELECT value_num FROM metrics.kpi_results WHERE name = 'nothing'"), json!(null));
    assert_eq!(db.value("SELECT value::text FROM metrics.kpi_results WHERE name = 'nothing'"), json!("null"));
}

#[test]
fn an_id_never_changes_and_is_its_kpi_s_alone() {
    let db = TestDb::new();
    with(&db, async |conn| {
        let ids = async |conn: &mut Connection, environment| {
            let page = Page { limit: 10, offset: 0 };
            let kpis = kpi::kpis(conn, environment, page).await.unwrap().kpis;
            kpis.into_iter().map(|kpi| format!("{} {} {}", kpi.environment, kpi.id, kpi.name)).collect::<Vec<_>>()
        };
        kpi::upsert_kpis(conn, "demo", &[entry("Users", 0), entry("users!", 1)], day(0)).await.unwrap();
        kpi::upsert_kpis(conn, "other", &[entry("users!", 0)], day(0)).await.unwrap();
        let version = kpi::data_version(conn).await.unwrap();
        // The first one is gone from the definitions, which keeps it; a third one comes before.
        kpi::upsert_kpis(conn, "demo", &[entry("USERS", 0), entry("users!", 1)], day(1)).await.unwrap();
        let demo = ["demo users-3 USERS", "demo users Users", "demo users-2 users!"];
        assert_eq!(ids(conn, Some("demo")).await, demo);
        assert_eq!(ids(conn, None).await, [&demo[..], &["other users users!"]].concat());
        assert_eq!(kpi::environments(conn).await.unwrap(), ["demo", "other"]);
        assert_eq!(kpi::kpis_by_id(conn, "users").await.unwrap().len(), 2);
        assert_eq!(kpi::kpi_by_name(conn, "demo", "USERS").await.unwrap().unwrap().id, "users-3");
        assert_eq!(kpi::data_version(conn).await.unwrap(), version + 1);
        // The same again changes nothing, for readers either.
        kpi::upsert_kpis(conn, "demo", &[entry("USERS", 0), entry("users!", 1)], day(2)).await.unwrap();
        assert_eq!(kpi::data_version(conn).await.unwrap(), version + 1);
        let changed = KpiEntry { unit: None, ..entry("USERS", 0) };
        kpi::upsert_kpis(conn, "demo", &[changed], day(3)).await.unwrap();
        let stored = kpi::kpi_by_name(conn, "demo", "USERS").await.unwrap().unwrap();
        assert_eq!((stored.id.as_str(), stored.unit), ("users-3", None));
    });
}

#[test]
fn the_history_has_failed_runs_and_its_newest_end() {
    let db = TestDb::new();
    stored_run(&db, "demo", day(0), vec![count("A", "1"), count("B", "10")]);
    stored_run(&db, "other", day(1), vec![count("A", "999")]);
    stored_run(&db, "demo", day(1), vec![failed("A", ErrorKind::SourceUnavailable, "down"), count("B", "11")]);
    stored_run(&db, "demo", day(2), vec![count("A", "3")]);
    stored_run(&db, "demo", day(3), vec![failed("A", ErrorKind::Plan, "no table x")]);
    with(&db, async |conn| {
        let all = Period::default();
        let numbers = |points: &[kpi::HistoryPoint]| points.iter().map(|point| point.value_num).collect::<Vec<_>>();
        let mut history = async |period, limit, has_rows| {
            let part = HistoryPart { period, limit, has_rows };
            let points = kpi::history(conn, "demo", "A", part).await.unwrap();
            points.try_collect::<Vec<_>>().await.unwrap()
        };
        let (last_two, without_rows) = (history(all, 2, true).await, history(all, 100, false).await);
        let period = Period { from: Some(day(1)), before: Some(day(3)) };
        let in_period = history(period, 100, true).await;
        let history = history(all, 100, true).await;
        assert_eq!(history, without_rows);
        assert_eq!(numbers(&history), [Some(1.0), None, Some(3.0), None]);
        assert_eq!(history[1].error_kind.as_deref(), Some("source_unavailable"));
        assert_eq!(history[1].started_at, day(1));
        assert_eq!(numbers(&last_two), [Some(3.0), None]);
        assert_eq!(numbers(&in_period), [None, Some(3.0)]);
        assert_eq!(kpi::history_length(conn, "demo", "A", period).await.unwrap(), 2);
        assert_eq!(kpi::history_length(conn, "demo", "C", all).await.unwrap(), 0);

        let kpis = kpi::kpis(conn, Some("demo"), Page { limit: 10, offset: 0 }).await.unwrap().kpis;
        let last = kpi::newest(conn, &kpis, Newest::Last).await.unwrap();
        let last_ok = kpi::newest(conn, &kpis, Newest::LastOk).await.unwrap();
        assert_eq!((last[0][0].status.as_str(), last_ok[0][0].value_num), ("failed", Some(3.0)));
        assert_eq!((last[1][0].started_at, last_ok[1][0].value_num), (day(1), Some(11.0)));
        let numbered = kpi::newest(conn, &kpis, Newest::Numbers(3)).await.unwrap();
        assert_eq!(numbers(&numbered[0]), [None, Some(3.0), None]);
        assert!(numbered[0].iter().all(|point| point.value.is_none()));
        let runs = kpi::newest_runs(conn).await.unwrap();
        let runs: Vec<_> = runs.iter().map(|run| (run.environment.as_str(), run.status.as_str())).collect();
        assert_eq!(runs, [("demo", "failed"), ("other", "ok")]);
    });
}

#[test]
fn a_sheet_has_columns_as_they_came_and_rows_as_the_runs_began() {
    let db = TestDb::new();
    stored_run(&db, "demo", day(0), vec![count("Z", "1"), count("B", "2")]);
    stored_run(&db, "demo", day(1), vec![count("A", "3"), count("B", "4"), failed("Z", ErrorKind::Plan, "x")]);
    stored_run(&db, "other", day(1), vec![count("C", "5")]);
    with(&db, async |conn| {
        kpi::begin(conn, &new_run("demo", day(2), 3)).await.unwrap();
        assert_eq!(kpi::sheet_columns(conn, "demo").await.unwrap(), ["Z", "B", "A"]);
        let cells: Vec<_> = kpi::sheet_cells(conn, "demo", 1).await.unwrap().try_collect().await.unwrap();
        let cells: Vec<_> = cells
            .iter()
            .map(|cell| (cell.started_at, cell.name.as_str(), cell.value.as_ref().map(kpi::JsonText::as_str)))
            .collect();
        let [first, second] = [day(0), day(1)];
        let expected = [
            (first, "Z", Some("1")),
            (first, "B", Some("2")),
            (second, "A", Some("3")),
            (second, "B", Some("4")),
            (second, "Z", None),
        ];
        assert_eq!(cells, expected);
    });
}

#[test]
fn a_delivery_that_is_repeated_is_one_row() {
    let db = TestDb::new();
    let run = stored_run(&db, "demo", day(0), vec![count("A", "1")]);
    delivered(&db, run, "sheet", 5, Some("429 from https://a:b@sheets/"), day(1));
    delivered(&db, run, "csv", 1, None, day(1));
    delivered(&db, run, "sheet", 1, None, day(2));
    delivered(&db, run, "csv", 1, Some("disk full"), day(3));
    with(&db, async move |conn| {
        let [csv, sheet] = kpi::deliveries(conn, run).await.unwrap().try_into().unwrap();
        assert_eq!((csv.sink.as_str(), csv.status.as_str(), csv.attempts), ("csv", "failed", 2));
        // What once arrived stays said.
        assert_eq!((csv.error.as_deref(), csv.delivered_at), (Some("disk full"), Some(day(1))));
        assert_eq!((sheet.status.as_str(), sheet.attempts, sheet.error), ("ok", 6, None));
        assert_eq!(sheet.delivered_at, Some(day(2)));
    });
}

#[test]
fn old_runs_go_with_what_belongs_to_them() {
    let db = TestDb::new();
    let old = stored_run(&db, "demo", day(0), vec![count("A", "1"), count("dropped", "2")]);
    delivered(&db, old, "csv", 1, None, day(0));
    stored_run(&db, "other", day(0), vec![count("C", "1")]);
    stored_run(&db, "demo", day(5), vec![count("A", "2")]);
    with(&db, async |conn| {
        let version = kpi::data_version(conn).await.unwrap();
        let pruned = kpi::prune(conn, Some("demo"), day(1), day(6)).await.unwrap();
        assert_eq!(pruned, Pruned { runs: 1, kpis: 1 });
        assert_eq!(kpi::data_version(conn).await.unwrap(), version + 1);
        assert_eq!(kpi::prune(conn, Some("demo"), day(1), day(6)).await.unwrap(), Pruned::default());
        assert_eq!(kpi::data_version(conn).await.unwrap(), version + 1);
        // Under way for a week: not for this to judge.
        kpi::begin(conn, &new_run("other", day(0), 1)).await.unwrap();
        assert_eq!(kpi::prune(conn, None, day(1), day(6)).await.unwrap(), Pruned { runs: 1, kpis: 0 });
    });
    let left = "SELECT (SELECT count(*) FROM metrics.kpi_deliveries) + (SELECT count(*) FROM metrics.kpi_results)";
    assert_eq!(db.value(left), json!(1));
}
