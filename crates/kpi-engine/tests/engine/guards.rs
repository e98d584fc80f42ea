//! What is refused, and what is warned of.

use std::collections::BTreeMap;
use std::time::Duration;

use kpi_engine::{Engine, EngineOptions, check_offline};
use metrics_core::kpi::{ErrorKind, Form, Kpi, Pushdown};

use super::support::{Database, as_of, definitions, engine, here, kpi, postgres, run, world};

#[tokio::test(flavor = "multi_thread")]
async fn only_a_single_select_over_the_sources_of_the_file_is_planned() {
    let definitions = world().await;
    for (sql, reason) in [
        ("SELECT 1; SELECT 2", "single SELECT"),
        ("DELETE FROM coproduction.public.team", "not a SELECT"),
        ("SELECT COUNT(*) FROM lake.public.team", "\"lake\" is not a source"),
        ("SELECT COUNT(*) FROM public.team", "source.schema.table"),
        ("SELECT COUNT(*) FROM team", "source.schema.table"),
        ("SELECT * FROM generate_series(1, 3)", "FROM takes"),
        ("SELECT COUNT(* FROM coproduction.public.team", "Expected"),
    ] {
        let kpi = kpi(sql, Form::Count);
        let failure = check_offline(&definitions, &kpi).unwrap_err();
        assert_eq!(failure.kind, ErrorKind::Plan);
        assert!(failure.message.contains(reason), "{sql}: {failure}");
        assert_eq!(run(&definitions, kpi).await.unwrap_err().kind, ErrorKind::Plan, "{sql}");
    }
    for (sql, reason) in [
        ("SELECT COUNT(*) FROM coproduction.public.teams", "no table \"teams\""),
        ("SELECT COUNT(*) FROM coproduction.private.team", "no schema \"private\""),
        ("SELECT COUNT(nothing) FROM coproduction.public.team", "nothing"),
        ("SELECT no_such_function(id) FROM coproduction.public.team", "no_such_function"),
    ] {
        let failure = run(&definitions, kpi(sql, Form::Count)).await.unwrap_err();
        assert!(failure.kind == ErrorKind::Plan && failure.message.contains(reason), "{sql}: {failure}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_alone_tells_sources_and_what_is_likely_not_meant() {
    let definitions = world().await;
    let check = |sql| check_offline(&definitions, &kpi(sql, Form::Count)).unwrap();
    let checked =
        check("WITH t AS (SELECT id FROM Coproduction.public.team) SELECT * FROM t, catalogue.public.artefact");
    assert_eq!(checked.sources, ["catalogue", "coproduction"]);
    assert!(checked.warnings.is_empty());
    let checked = check("SELECT id FROM elastic2.logs.log WHERE model = 'a' AND action = 'b' OR action = 'c'");
    assert!(checked.warnings[0].contains("model = 'a' AND action = 'b'"), "{:?}", checked.warnings);
    let checked =
        check("SELECT upper(action) AS a FROM elastic2.logs.log WHERE a = 'X' AND (model = 'x' OR model = 'y')");
    assert_eq!(checked.warnings.len(), 1);
    assert!(checked.warnings[0].contains("\"a\""), "{:?}", checked.warnings);
    assert!(check("SELECT 1 FROM elastic2.logs.log WHERE (a = 1 AND b = 2) OR c = 3").warnings.is_empty());

    let kpis = [kpi(
        "SELECT COUNT(*) FROM coproduction.public.team t JOIN elastic2.logs.log l ON l.user_id = t.name",
        Form::Count,
    )];
    let plan = engine(&definitions, &kpis).await.check(&kpis[0]).await.unwrap();
    assert_eq!(plan.warnings, ["reads all of coproduction.public.team"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_source_is_not_read_whole() {
    let mut definitions = world().await;
    definitions.sources.get_mut("coproduction").unwrap().is_large = true;
    let all = "SELECT COUNT(*) FROM coproduction.public.team";
    for kpi in [kpi(all, Form::Count), here(kpi(all, Form::Count))] {
        let failure = run(&definitions, kpi.clone()).await.unwrap_err();
        assert!(failure.kind == ErrorKind::Plan && failure.message.contains("full_scan"), "{failure}");
        assert_eq!(run(&definitions, Kpi { allows_full_scan: true, ..kpi }).await.unwrap().value, "13");
    }
    let some = "SELECT COUNT(*) FROM coproduction.public.team WHERE type = 'citizen'";
    for kpi in [kpi(some, Form::Count), here(kpi(some, Form::Count))] {
        assert_eq!(run(&definitions, kpi).await.unwrap().value, "3");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_memory_than_allowed_fails_the_kpi_alone() {
    let database = Database::with("CREATE TABLE t AS SELECT md5(g::text) AS s FROM generate_series(1, 100000) g").await;
    let definitions = definitions(vec![("db", postgres(&database.url))]);
    let kpis = [
        here(kpi("SELECT COUNT(*) FROM db.public.t a JOIN db.public.t b ON a.s = b.s", Form::Count)),
        // Goes to disk.
        here(kpi("SELECT COUNT(*) FROM (SELECT s FROM db.public.t GROUP BY s)", Form::Count)),
    ];
    let options = EngineOptions { memory_limit_bytes: 4 << 20, ..EngineOptions::new(as_of()) };
    let engine = Engine::open(&definitions, &[&kpis[0], &kpis[1]], options).await.unwrap();
    let failure = engine.run(&kpis[0]).await.result.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::Memory, "{failure}");
    assert_eq!(engine.run(&kpis[1]).await.result.unwrap().value, "100000");
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_database_shows_its_views_alone() {
    let database = Database::new().await;
    metrics_core::db::migrate::migrate(&database.url).await.unwrap();
    let mut definitions = definitions(Vec::new());
    let source = metrics_core::kpi::Source { kind: metrics_core::kpi::SourceKind::Metrics, is_large: false };
    definitions.sources = BTreeMap::from([("metrics".to_owned(), source)]);
    let options = |url: Option<&str>| EngineOptions {
        metrics_database: url.map(|url| url.to_owned().into()),
        ..EngineOptions::new(as_of())
    };
    let view = kpi("SELECT COUNT(*) FROM metrics.public.company_metrics", Form::Count);
    let table = kpi("SELECT COUNT(*) FROM metrics.metrics.company_metrics", Form::Count);
    let engine = Engine::open(&definitions, &[&view], options(Some(database.url.expose()))).await.unwrap();
    for view in [view.clone(), Kpi { pushdown: Pushdown::None, ..view.clone() }] {
        assert_eq!(engine.run(&view).await.result.unwrap().value, "0");
    }
    assert_eq!(engine.run(&table).await.result.unwrap_err().kind, ErrorKind::Plan);
    let engine = Engine::open(&definitions, &[&view], options(None)).await.unwrap();
    assert_eq!(engine.run(&view).await.result.unwrap_err().kind, ErrorKind::SourceUnavailable);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_changes_the_session_of_the_next() {
    let database = Database::with("CREATE TABLE t AS SELECT 1 AS id").await;
    let definitions = definitions(vec![("db", postgres(&database.url))]);
    let kpis = [
        kpi("SELECT set_config('TimeZone', 'Asia/Tokyo', false) FROM db.public.t", Form::Rows),
        kpi(
            "SELECT current_setting('TimeZone') AS z, current_setting('transaction_read_only') AS r FROM db.public.t",
            Form::Rows,
        ),
    ];
    let engine = engine(&definitions, &kpis).await;
    engine.run(&kpis[0]).await.result.unwrap();
    let outcome = engine.run(&kpis[1]).await;
    assert_eq!(outcome.result.unwrap().value, r#"[{"z":"UTC","r":"on"}]"#);
    assert!(outcome.duration < Duration::from_mins(1));
}
