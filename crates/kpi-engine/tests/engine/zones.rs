//! Instants where the clock is not that of UTC: the same from a database and from the engine.

use metrics_core::kpi::{Definitions, Form, MultiValue, SearchSource, SearchTable, Source, SourceKind, Timestamps};
use serde_json::{Value, json};

use super::support::{Database, definitions, engine, here, kpi, postgres, run};
use crate::stub::{Answer, Stub};

/// The run speaks of 12:00 on 2026-11-21 in Riga; of the instants two are of that day there, and one by the clock of UTC.
async fn riga() -> (Database, Definitions) {
    let database = Database::with(
        "CREATE TABLE t (id int, z timestamptz, d date);
         INSERT INTO t VALUES (1, '2026-11-20 21:30+00', '2026-11-21'), (2, '2026-11-20 22:30+00', '2026-11-21'),
            (3, '2026-11-21 09:00+00', '2026-11-21'), (4, NULL, NULL);
         CREATE TABLE autumn (z timestamptz);
         INSERT INTO autumn VALUES ('2026-10-25 00:30+00'), ('2026-10-25 01:30+00'), ('2026-07-01 21:30+00')",
    )
    .await;
    let definitions = definitions(vec![("db", postgres(&database.url))]);
    (database, Definitions { time_zone: chrono_tz::Europe::Riga, ..definitions })
}

#[tokio::test(flavor = "multi_thread")]
async fn days_begin_at_midnight_of_the_zone() {
    let (_database, definitions) = riga().await;
    for (filter, expected) in [
        ("z >= CURRENT_DATE", "2"),
        ("z < CURRENT_DATE", "1"),
        ("CURRENT_DATE <= z", "2"),
        ("NOT (z < CURRENT_DATE)", "2"),
        ("z BETWEEN CURRENT_DATE AND NOW()", "2"),
        ("z IN (CURRENT_DATE, TIMESTAMP '2026-11-21 00:30:00')", "1"),
        ("z >= d", "2"),
        ("d <> z AND z > d", "2"),
        ("CASE WHEN z >= CURRENT_DATE THEN 1 ELSE 0 END = 1", "2"),
        ("CAST(z AS DATE) = CURRENT_DATE", "2"),
        ("z::date = d", "2"),
        ("CAST(z AS TIMESTAMP) >= TIMESTAMP '2026-11-21 00:00:00'", "2"),
        ("CAST(z AS TIMESTAMP) = TIMESTAMP '2026-11-21 00:30:00'", "1"),
        ("CAST(z AS TIMESTAMP) > d", "2"),
        ("z >= TIMESTAMP '2026-11-21 00:00:00'", "2"),
        ("z >= '2026-11-21'", "2"),
        ("EXTRACT(HOUR FROM z) = 0", "1"),
        ("EXTRACT(DAY FROM CAST(z AS TIMESTAMP)) = 21", "2"),
        ("date_trunc('day', z) = CURRENT_DATE", "2"),
        ("z > CURRENT_DATE - INTERVAL '30 minutes'", "2"),
    ] {
        let sql = format!("SELECT COUNT(*) FROM db.public.t WHERE {filter}");
        for (how, kpi) in [("whole", kpi(&sql, Form::Count)), ("here", here(kpi(&sql, Form::Count)))] {
            let answer = run(&definitions, kpi).await.unwrap_or_else(|failure| panic!("{failure}\nin: {sql}"));
            assert_eq!(answer.value, expected, "{how}: {filter}");
        }
    }
    // The instant at which the day begins is one that a database can be asked for.
    let kpis = [here(kpi("SELECT id FROM db.public.t WHERE z >= CURRENT_DATE", Form::Rows))];
    let explanation = engine(&definitions, &kpis).await.explain(&kpis[0], false).await.unwrap();
    assert!(explanation.sent[0].text.contains("2026-11-20 22:00:00"), "{}", explanation.sent[0].text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instant_becomes_a_time_by_the_clock_of_the_zone() {
    let (_database, definitions) = riga().await;
    for (sql, expected) in [
        (
            "SELECT CAST(z AS TIMESTAMP) AS s, CAST(z AS DATE) AS d FROM db.public.t WHERE id < 3 ORDER BY id",
            concat!(
                r#"[{"s":"2026-11-20T23:30:00","d":"2026-11-20"},"#,
                r#"{"s":"2026-11-21T00:30:00","d":"2026-11-21"}]"#
            ),
        ),
        (
            "SELECT CAST(MAX(z) AS TIMESTAMP) AS s, MAX(z) AS z FROM db.public.t",
            r#"[{"s":"2026-11-21T11:00:00","z":"2026-11-21T09:00:00Z"}]"#,
        ),
        (
            "SELECT CAST(z AS TIMESTAMP) AS s FROM db.public.autumn ORDER BY z",
            r#"[{"s":"2026-07-02T00:30:00"},{"s":"2026-10-25T03:30:00"},{"s":"2026-10-25T03:30:00"}]"#,
        ),
        (
            "SELECT CAST(z AS TIMESTAMP) AS s, COUNT(*) AS n FROM db.public.autumn GROUP BY CAST(z AS TIMESTAMP) ORDER BY s",
            r#"[{"s":"2026-07-02T00:30:00","n":1},{"s":"2026-10-25T03:30:00","n":2}]"#,
        ),
    ] {
        for (how, kpi) in [("whole", kpi(sql, Form::Rows)), ("here", here(kpi(sql, Form::Rows)))] {
            let answer = run(&definitions, kpi).await.unwrap_or_else(|failure| panic!("{failure}\nin: {sql}"));
            assert_eq!(answer.value, expected, "{how}: {sql}");
        }
    }
}

/// A search server with two documents, which leaves filtering to whoever asks.
fn search_server() -> Stub {
    Stub::start(|request| match (request.method.as_str(), request.path()) {
        ("GET", "/") => Answer::with_headers(
            200,
            "X-Elastic-Product: Elasticsearch\r\n",
            &json!({ "version": { "number": "8.17.0" } }),
        ),
        ("GET", "/logs/_mapping") => {
            let date = json!({ "type": "date" });
            Answer::json(200, &json!({ "logs": { "mappings": { "properties": { "at": date, "seen": date } } } }))
        }
        ("GET", _) => Answer::json(200, &json!({ "logs": { "settings": {} } })),
        ("POST", "/logs/_pit") => Answer::json(200, &json!({ "id": "pit" })),
        ("DELETE", _) => Answer::json(200, &json!({})),
        _ => {
            let body = request.json();
            let hits = if body["size"] == 0 || !body["search_after"].is_null() {
                Value::Null
            } else {
                let hit = |n: i32, at: &str| {
                    let source = json!({ "at": at, "seen": [at, at] });
                    json!({ "_index": "logs", "_id": n.to_string(), "_source": source, "sort": [n] })
                };
                json!([hit(0, "2026-11-20T21:30:00Z"), hit(1, "2026-11-20T22:30:00")])
            };
            let hits = if hits.is_null() { json!([]) } else { hits };
            let counted = json!({ "0": { "doc_count": 2, "values": { "value": 2 } } });
            Answer::json(
                200,
                &json!({
                    "timed_out": false, "_shards": { "total": 1, "failed": 0 }, "pit_id": "pit",
                    "hits": { "hits": hits }, "aggregations": counted,
                }),
            )
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn times_of_a_search_server_that_are_of_utc_are_shown_in_the_zone() {
    let stub = search_server();
    let table = SearchTable {
        index: "logs".to_owned(),
        table: "log".to_owned(),
        arrays: vec!["seen".to_owned()],
        multi_value: MultiValue::Error,
        timestamps: Timestamps::Utc,
    };
    let search = SearchSource {
        url: stub.url.clone(),
        authentication: None,
        request_timeout: std::time::Duration::from_secs(10),
        page_size: 1_000,
        schemas: [("logs".to_owned(), table)].into(),
    };
    let source = Source { kind: SourceKind::Search(search), is_large: false };
    let definitions = Definitions { time_zone: chrono_tz::Europe::Riga, ..definitions(vec![("es", source)]) };
    for (sql, expected) in [
        (
            "SELECT at, CAST(at AS TIMESTAMP) AS s, date_trunc('day', at) AS d FROM es.logs.log ORDER BY at",
            concat!(
                r#"[{"at":"2026-11-20T21:30:00Z","s":"2026-11-20T23:30:00","d":"2026-11-19T22:00:00Z"},"#,
                r#"{"at":"2026-11-20T22:30:00Z","s":"2026-11-21T00:30:00","d":"2026-11-20T22:00:00Z"}]"#
            ),
        ),
        ("SELECT COUNT(*) AS n FROM es.logs.log WHERE EXTRACT(DAY FROM at) = 21", r#"[{"n":1}]"#),
        (
            "SELECT array_length(seen) AS n, seen[1] AS first FROM es.logs.log WHERE EXTRACT(DAY FROM at) = 21",
            r#"[{"n":2,"first":"2026-11-20T22:30:00Z"}]"#,
        ),
    ] {
        let answer =
            run(&definitions, kpi(sql, Form::Rows)).await.unwrap_or_else(|failure| panic!("{failure}\nin: {sql}"));
        assert_eq!(answer.value, expected, "{sql}");
    }
    // What the server is asked for begins at midnight in Riga.
    for sql in [
        "SELECT at FROM es.logs.log WHERE at >= TIMESTAMP '2026-11-21 00:00:00'",
        "SELECT at FROM es.logs.log WHERE at >= CURRENT_DATE",
    ] {
        let before = stub.requests().len();
        run(&definitions, kpi(sql, Form::Rows)).await.unwrap();
        let asked =
            stub.requests()[before..].iter().any(|request| request.body.contains("\"2026-11-20T22:00:00.000Z\""));
        assert!(
            asked,
            "{sql}: {:?}",
            stub.requests()[before..].iter().map(|request| &request.body).collect::<Vec<_>>()
        );
    }
}
