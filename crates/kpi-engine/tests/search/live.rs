//! The logs in a real search server, in both flavours.

use std::path::Path;

use serde_json::Value;

use super::facade;
use super::osmem::Osmem;
use super::session::{Session, source};

/// The documents of the fixture.
pub fn logs() -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/kpi/logs.ndjson");
    let text = std::fs::read_to_string(file).expect("the fixture");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Queries over the logs alone, and what an independent count over the lines of the file gives.
fn expected(documents: &[Value]) -> Vec<(&'static str, String)> {
    let is = |document: &Value, field: &str, value: &str| document[field] == value;
    let count = |matches: &dyn Fn(&Value) -> bool| documents.iter().filter(|one| matches(one)).count().to_string();
    let distinct = |field: &str, matches: &dyn Fn(&Value) -> bool| {
        let values = documents.iter().filter(|one| matches(one)).filter_map(|one| one[field].as_str());
        values.collect::<std::collections::BTreeSet<_>>().len().to_string()
    };
    let created = |one: &Value| is(one, "action", "CREATE") && is(one, "model", "ASSET");
    let at = |one: &Value| one["timestamp"].as_str().unwrap().to_owned();
    vec![
        ("SELECT COUNT(*) FROM elastic2.logs.log", documents.len().to_string()),
        ("SELECT COUNT(*) FROM Elastic2.LOGS.Log", documents.len().to_string()),
        ("SELECT COUNT(*) FROM elastic2.logs.log WHERE action LIKE 'CREATE' AND model LIKE 'ASSET'", count(&created)),
        (
            "SELECT COUNT(DISTINCT(softwareinterlinker_id)) FROM elastic2.logs.log \
             WHERE action LIKE 'CREATE' AND model LIKE 'ASSET'",
            distinct("softwareinterlinker_id", &created),
        ),
        (
            "SELECT COUNT(softwareinterlinker_name) FROM elastic2.logs.log",
            count(&|one| one["softwareinterlinker_name"].is_string()),
        ),
        (
            "SELECT COUNT(*) FROM elastic2.logs.log WHERE softwareinterlinker_name IS NULL",
            count(&|one| one["softwareinterlinker_name"].is_null()),
        ),
        (
            "SELECT COUNT(*) FROM elastic2.logs.log WHERE knowledgeinterlinker_name <> 'Interlinker 06'",
            count(&|one| one["knowledgeinterlinker_name"].as_str().is_some_and(|name| name != "Interlinker 06")),
        ),
        (
            "SELECT COUNT(*) FROM elastic2.logs.log WHERE model='TASK' AND action='DISABLE' OR action='DELETE'",
            count(&|one| is(one, "model", "TASK") && is(one, "action", "DISABLE") || is(one, "action", "DELETE")),
        ),
        (
            "SELECT COUNT(*) FROM elastic2.logs.log WHERE user_id LIKE '%-07'",
            count(&|one| one["user_id"].as_str().is_some_and(|user| user.ends_with("-07"))),
        ),
        (
            "SELECT COUNT(*) FROM elastic2.logs.log WHERE \"timestamp\" >= TIMESTAMP '2026-11-01'",
            count(&|one| at(one).as_str() >= "2026-11-01"),
        ),
        ("SELECT CAST(MAX(\"timestamp\") AS VARCHAR) FROM elastic2.logs.log", documents.iter().map(at).max().unwrap()),
        (
            "SELECT COUNT(*) FROM elastic2.logs.log WHERE cardinality(roles) > 0",
            count(&|one| one["roles"].as_array().is_some_and(|roles| !roles.is_empty())),
        ),
        (
            "SELECT COUNT(DISTINCT user_id) FROM elastic2.logs.log AS l WHERE l.\"from\" = 'API'",
            distinct("user_id", &|one| is(one, "from", "API")),
        ),
        (
            "SELECT COUNT(*) FROM (SELECT model, action, COUNT(*) n FROM elastic2.logs.log GROUP BY model, action) WHERE n > 1",
            {
                let mut groups = std::collections::BTreeMap::new();
                for one in documents {
                    *groups.entry((one["model"].to_string(), one["action"].to_string())).or_insert(0) += 1;
                }
                groups.values().filter(|count| **count > 1).count().to_string()
            },
        ),
    ]
}

async fn gives_what_is_expected(server: &Osmem, url: &str, documents: &[Value]) {
    for (sql, expected) in expected(documents) {
        let session = Session::open(&source(url)).await;
        let value = session.value(&sql.replace("Elastic2", "elastic2")).await;
        assert_eq!(value.unwrap_or_else(|error| panic!("{sql}: {error}")), expected, "{sql}");
        session.close().await;
        assert_eq!(server.open_pits(), 0, "{sql}");
    }
}

#[tokio::test]
async fn the_logs_are_counted_right_in_opensearch_and_in_elasticsearch() {
    let Some(server) = Osmem::start() else { return };
    let documents = logs();
    server.fill("logs", &documents);
    gives_what_is_expected(&server, &server.url, &documents).await;
    gives_what_is_expected(&server, &facade::elasticsearch(&server.url).url, &documents).await;
}

#[tokio::test]
async fn pages_and_parts_change_nothing() {
    let Some(server) = Osmem::start() else { return };
    let documents = logs();
    server.call("PUT", "/logs", r#"{"settings":{"number_of_shards":7}}"#);
    server.fill("logs", &documents);
    let mut small = source(&server.url);
    small.page_size = 5;
    let session = Session::open(&small).await;
    let plan = session.plan("SELECT _id FROM elastic2.logs.log").await;
    assert!(plan.contains("parts=4"), "{plan}");
    let ids = session.rows("SELECT _id FROM elastic2.logs.log").await.unwrap();
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!((ids.len(), distinct.len()), (documents.len(), documents.len()));
    assert_eq!(session.rows("SELECT _id FROM elastic2.logs.log LIMIT 12").await.unwrap().len(), 12);
    session.close().await;
    assert_eq!(server.open_pits(), 0);
}

#[tokio::test]
async fn all_queries_of_a_session_see_one_state() {
    let Some(server) = Osmem::start() else { return };
    let documents = logs();
    server.fill("logs", &documents[..100]);
    let session = Session::open(&source(&server.url)).await;
    let count = "SELECT COUNT(*) FROM elastic2.logs.log";
    assert_eq!(session.value(count).await.unwrap(), "100");
    server.fill("logs", &documents);
    assert_eq!(session.value(count).await.unwrap(), "100");
    assert_eq!(session.rows("SELECT _id FROM elastic2.logs.log").await.unwrap().len(), 100);
    let server_of_run = std::sync::Arc::clone(&session.server);
    session.close().await;
    let next = Session::over(server_of_run);
    assert_eq!(next.value(count).await.unwrap(), documents.len().to_string());
}

#[tokio::test]
async fn only_what_is_needed_is_asked_for() {
    let Some(server) = Osmem::start() else { return };
    server.fill("logs", &logs());
    let session = Session::open(&source(&server.url)).await;
    let plan = session
        .plan("SELECT user_id FROM elastic2.logs.log WHERE action LIKE 'CREATE' AND user_id LIKE '%organization%' AND model <> 'X'")
        .await;
    assert!(plan.contains(r#"{"term":{"action.keyword":"CREATE"}}"#), "{plan}");
    assert!(plan.contains(r#""_source":["model","user_id"]"#), "{plan}");
    assert!(!plan.contains("wildcard") && !plan.contains("must_not"), "long values are not in the index: {plan}");

    let plan = session.plan("SELECT _id FROM elastic2.logs.log LIMIT 3").await;
    assert!(plan.contains(r#"{"_source":false,"size":3}"#), "{plan}");
}
