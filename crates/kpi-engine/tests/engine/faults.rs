//! Sources that are down, slow, or changing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use metrics_core::kpi::{ErrorKind, FileFormat, Form, Kpi, SourceKind};

use super::support::{Database, definitions, engine, file, files, here, kpi, postgres, world};

const SLOW: &str = "CREATE VIEW slow AS SELECT pg_sleep(60)::text AS s, 1 AS n";

/// Waits until as many statements of the engine as `wanted` run in the database.
async fn until_running(database: &Database, wanted: i64) {
    let sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND \
               application_name = 'reporter-kpi' AND state = 'active'";
    let started = Instant::now();
    while database.number(sql).await != wanted {
        assert!(started.elapsed() < Duration::from_secs(20), "{wanted} statements are expected to run");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_down_fails_its_own_kpis_alone() {
    let mut definitions = world().await;
    let down = "postgres://somebody:open-sesame@127.0.0.1:1/down".parse().unwrap();
    definitions.sources.insert("down".to_owned(), postgres(&down));
    let kpis = [
        kpi("SELECT COUNT(*) FROM down.public.t", Form::Count),
        kpi("SELECT COUNT(*) FROM down.public.t, catalogue.public.artefact", Form::Count),
        kpi("SELECT COUNT(*) FROM catalogue.public.artefact", Form::Count),
    ];
    let engine = engine(&definitions, &kpis).await;
    for kpi in &kpis[..2] {
        let failure = engine.run(kpi).await.result.unwrap_err();
        assert_eq!(failure.kind, ErrorKind::SourceUnavailable);
        assert!(failure.message.contains("127.0.0.1:1") && !failure.message.contains("open-sesame"), "{failure}");
        assert_eq!(engine.check(kpi).await.unwrap_err(), failure);
    }
    assert_eq!(engine.run(&kpis[2]).await.result.unwrap().value, "20");
    assert!(!format!("{engine:?}").contains("open-sesame"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_ends_the_statement_at_the_server_and_the_next_kpi_runs() {
    let database = Database::with(SLOW).await;
    let definitions = definitions(vec![("db", postgres(&database.url))]);
    let slow = Kpi { timeout: Duration::from_millis(500), ..kpi("SELECT s FROM db.public.slow", Form::Rows) };
    let kpis = [slow.clone(), here(slow), kpi("SELECT COUNT(*) FROM db.public.slow WHERE n = 2", Form::Count)];
    let engine = engine(&definitions, &kpis).await;
    for kpi in &kpis[..2] {
        let failure = engine.run(kpi).await.result.unwrap_err();
        assert_eq!(failure.kind, ErrorKind::Timeout, "{failure}");
        until_running(&database, 0).await;
    }
    assert_eq!(engine.run(&kpis[2]).await.result.unwrap().value, "0");
}

/// A program ends right after it has settled, and its tasks with it.
#[tokio::test(flavor = "multi_thread")]
async fn to_settle_is_to_wait_until_statements_are_cancelled() {
    let database = Database::with(SLOW).await;
    let definitions = definitions(vec![("db", postgres(&database.url))]);
    let slow = Kpi { timeout: Duration::from_millis(500), ..kpi("SELECT s FROM db.public.slow", Form::Rows) };
    let program = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let engine = engine(&definitions, std::slice::from_ref(&slow)).await;
            assert_eq!(engine.run(&slow).await.result.unwrap_err().kind, ErrorKind::Timeout);
            engine.settle().await;
        });
    });
    tokio::task::spawn_blocking(|| program.join()).await.unwrap().unwrap();
    until_running(&database, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_waiting_ends_the_statement_too() {
    let database = Database::with(SLOW).await;
    let definitions = definitions(vec![("db", postgres(&database.url))]);
    let slow = kpi("SELECT s FROM db.public.slow", Form::Rows);
    for kpi in [slow.clone(), here(slow)] {
        let engine = Arc::new(engine(&definitions, std::slice::from_ref(&kpi)).await);
        let task = tokio::spawn(async move { engine.run(&kpi).await });
        until_running(&database, 1).await;
        task.abort();
        until_running(&database, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_out_of_a_source_is_a_time_out() {
    let database = Database::with(SLOW).await;
    let mut source = postgres(&database.url);
    if let SourceKind::Postgres(postgres) = &mut source.kind {
        postgres.statement_timeout = Duration::from_millis(300);
    }
    let definitions = definitions(vec![("db", source)]);
    let slow = kpi("SELECT s FROM db.public.slow", Form::Rows);
    for kpi in [slow.clone(), here(slow)] {
        let failure = super::support::run(&definitions, kpi).await.unwrap_err();
        assert_eq!(failure.kind, ErrorKind::Timeout, "{failure}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_fails_says_why() {
    let database = Database::with("CREATE VIEW v AS SELECT 1 / (random() * 0)::int AS n, 1 AS m").await;
    let definitions = definitions(vec![("db", postgres(&database.url))]);
    let failing = kpi("SELECT n FROM db.public.v", Form::Count);
    let kpis = [failing.clone(), here(failing), kpi("SELECT m FROM db.public.v WHERE m = 2", Form::Rows)];
    let engine = engine(&definitions, &kpis).await;
    for kpi in &kpis[..2] {
        let failure = engine.run(kpi).await.result.unwrap_err();
        assert_eq!(failure.kind, ErrorKind::Execution);
        assert!(failure.message.contains("division by zero"), "{failure}");
    }
    assert_eq!(engine.run(&kpis[2]).await.result.unwrap().value, "[]");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_scans_of_a_kpi_see_one_state() {
    let database = Arc::new(
        Database::with("CREATE TABLE t (n int); CREATE VIEW v AS SELECT pg_current_snapshot()::text AS s").await,
    );
    let definitions = definitions(vec![("db", postgres(&database.url))]);
    let kpi = here(kpi(
        "SELECT COUNT(DISTINCT s) FROM (SELECT s FROM db.public.v UNION ALL SELECT s FROM db.public.v UNION ALL SELECT s FROM db.public.v)",
        Form::Count,
    ));
    let engine = engine(&definitions, std::slice::from_ref(&kpi)).await;
    let is_done = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (database, is_done) = (Arc::clone(&database), Arc::clone(&is_done));
        async move {
            while !is_done.load(Ordering::Relaxed) {
                database.execute("INSERT INTO t VALUES (1)").await;
            }
        }
    });
    for _ in 0..20 {
        assert_eq!(engine.run(&kpi).await.result.unwrap().value, "1");
    }
    is_done.store(true, Ordering::Relaxed);
    writer.await.unwrap();
}

/// More rows than one batch, read at the same time by two sides of a join on one session.
#[tokio::test(flavor = "multi_thread")]
async fn scans_of_one_session_do_not_wait_for_each_other() {
    let database =
        Database::with("CREATE TABLE t AS SELECT g AS id, g % 10 AS n FROM generate_series(1, 50000) g").await;
    let mut source = postgres(&database.url);
    if let SourceKind::Postgres(postgres) = &mut source.kind {
        postgres.pool = 1;
    }
    let definitions = definitions(vec![("db", source)]);
    for (sql, expected) in [
        ("SELECT COUNT(*) FROM db.public.t a FULL JOIN db.public.t b ON a.id = b.id + 1", "50001"),
        ("SELECT COUNT(*) FROM (SELECT id FROM db.public.t UNION SELECT id + 25000 FROM db.public.t)", "75000"),
        (
            "SELECT COUNT(*) FROM db.public.t a, db.public.t b WHERE a.id = b.n AND a.id IN (SELECT n FROM db.public.t)",
            "45000",
        ),
        (
            "SELECT COUNT(*) FROM db.public.t a WHERE EXISTS (SELECT 1 FROM db.public.t b WHERE b.n = a.id AND b.id > a.id)",
            "9",
        ),
    ] {
        let kpi = here(kpi(sql, Form::Count));
        assert_eq!(super::support::run(&definitions, kpi).await.unwrap().value, expected, "{sql}");
    }
}

/// Its socket takes connections, and nobody answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_silent_keeps_nobody_waiting() {
    let mut definitions = world().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("postgres://somebody@{}/silent", listener.local_addr().unwrap()).parse().unwrap();
    definitions.sources.insert("silent".to_owned(), postgres(&silent));
    let timeout = Duration::from_millis(300);
    let kpis = [
        Kpi { timeout, ..kpi("SELECT COUNT(*) FROM silent.public.t", Form::Count) },
        kpi("SELECT COUNT(*) FROM catalogue.public.artefact", Form::Count),
    ];
    let engine = engine(&definitions, &kpis).await;
    let failure = engine.run(&kpis[0]).await.result.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::SourceUnavailable);
    assert_eq!(failure.message, "silent: it did not say within 300ms what it has");
    assert_eq!(engine.run(&kpis[1]).await.result.unwrap().value, "20");
}

/// The join computes for long between two batches, and the test has one thread.
#[tokio::test]
async fn a_query_that_computes_keeps_no_clock_from_ticking() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("numbers.csv");
    let numbers: Vec<String> = (0..8_000).map(|number| number.to_string()).collect();
    std::fs::write(&path, format!("n\n{}\n", numbers.join("\n"))).unwrap();
    let definitions = definitions(vec![("f", files("public", vec![("t", file(&path, FileFormat::Csv))]))]);
    let sql = "SELECT COUNT(*) FROM f.public.t AS a, f.public.t AS b WHERE (a.n * b.n) % 7 < b.n % 5";
    let kpis = [Kpi { timeout: Duration::from_millis(300), ..kpi(sql, Form::Count) }];
    let engine = engine(&definitions, &kpis).await;
    let mut ticks = 0;
    let mut clock = tokio::time::interval(Duration::from_millis(10));
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let run = engine.run(&kpis[0]);
    let mut run = std::pin::pin!(run);
    let outcome = loop {
        tokio::select! {
            outcome = &mut run => break outcome,
            _ = clock.tick() => ticks += 1,
        }
    };
    assert_eq!(outcome.result.unwrap_err().kind, ErrorKind::Timeout);
    assert!(ticks > 5, "{ticks}");
}
