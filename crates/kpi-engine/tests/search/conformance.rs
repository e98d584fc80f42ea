//! All queries, views and traps, over PostgreSQL and a live search server, in both flavours.

use kpi_engine::{Engine, EngineOptions, Tier};
use metrics_core::kpi::{Definitions, Form, Kpi, Pushdown, Source, SourceKind};
use serde_json::Value;

use super::facade;
use super::live::logs;
use super::osmem::Osmem;
use super::session::source;
use crate::engine::conformance::{CANNOT_RUN, data, text, wrong};
use crate::engine::support::{as_of, definitions, fixture, fixtures, here, kpi, postgres, run};

/// The fixtures: two databases, and the logs in a search server at `url`.
async fn world(url: &str) -> Definitions {
    let [catalogue, coproduction] = fixtures().await;
    let logs = Source { kind: SourceKind::Search(source(url)), is_large: false };
    definitions(vec![("catalogue", postgres(catalogue)), ("coproduction", postgres(coproduction)), ("elastic2", logs)])
}

/// Whether a query with this expectation is to fail, and what its message names.
fn fails(expected: &Value) -> Option<&str> {
    expected["error_names"].as_str()
}

/// Runs all that read the logs, as they are and without any filter or group at the server's hands but one scan.
async fn all_are_right(server: &Osmem, url: &str, list: &[Value], form: impl Fn(&Value) -> Form) {
    let definitions = world(url).await;
    let kpis: Vec<Kpi> = list.iter().map(|query| kpi(text(query, "sql"), form(query))).collect();
    let engine =
        Engine::open(&definitions, &kpis.iter().collect::<Vec<_>>(), EngineOptions::new(as_of())).await.unwrap();
    let (mut problems, mut reads_logs) = (Vec::new(), 0);
    for (query, kpi) in list.iter().zip(&kpis) {
        let id = if query["id"].is_null() { &query["name"] } else { &query["id"] };
        let expected = if query["expected"].is_null() { query } else { &query["expected"] };
        if !text(query, "sql").to_lowercase().contains("elastic2") {
            continue;
        }
        reads_logs += 1;
        match engine.run(&here(kpi.clone())).await.result {
            Ok(answer) if fails(expected).is_none() => {
                if expected.get("value").is_some() || expected.get("rows").is_some() {
                    problems.extend(wrong(expected, kpi.form, &answer.value).map(|problem| format!("{id}: {problem}")));
                }
            }
            Ok(answer) => problems.push(format!("{id}: {} and no error", answer.value)),
            Err(failure) => match fails(expected) {
                Some(name) if failure.message.contains(name) => {}
                _ if id.as_str().is_some_and(|name| CANNOT_RUN.contains(&name)) => {}
                _ => problems.push(format!("{id}: {failure}")),
            },
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(reads_logs > 0);
    engine.settle().await;
    assert_eq!(server.open_pits(), 0);
}

/// The same list in both flavours.
async fn in_both_flavours(list: &[Value], form: impl Fn(&Value) -> Form + Copy) {
    let Some(server) = Osmem::start() else { return };
    server.fill("logs", &logs());
    all_are_right(&server, &server.url, list, form).await;
    all_are_right(&server, &facade::elasticsearch(&server.url).url, list, form).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_has_its_expected_value() {
    let Some(data) = data("queries.json") else { return };
    let form = |query: &Value| if query["extract_count"] == true { Form::Count } else { Form::Rows };
    in_both_flavours(data["queries"].as_array().unwrap(), form).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_has_its_expected_rows() {
    let Some(data) = data("views.json") else { return };
    let views = data["views"].as_array().unwrap();
    if views.iter().any(|view| text(view, "sql").to_lowercase().contains("elastic2")) {
        in_both_flavours(views, |_| Form::Rows).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn traps_are_avoided() {
    let traps: Value = serde_json::from_str(&std::fs::read_to_string(fixture("traps.json")).unwrap()).unwrap();
    in_both_flavours(traps["queries"].as_array().unwrap(), |_| Form::Rows).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_columns_are_there_for_who_names_them() {
    let Some(server) = Osmem::start() else { return };
    server.fill("logs", &logs());
    let definitions = world(&server.url).await;
    let value = async |sql: &str, form| {
        let answer = run(&definitions, kpi(sql, form)).await.unwrap_or_else(|failure| panic!("{failure}"));
        serde_json::from_str::<Value>(&answer.value).unwrap()
    };
    assert_eq!(value("SELECT COUNT(DISTINCT _id) FROM elastic2.logs.log", Form::Count).await, 136);
    assert_eq!(value("SELECT COUNT(*) FROM elastic2.logs.log WHERE _index = 'logs'", Form::Count).await, 136);
    let all = value("SELECT * FROM elastic2.logs.log LIMIT 1", Form::Rows).await;
    assert!(all[0].get("user_id").is_some() && all[0].get("_id").is_none(), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_told_what_the_server_is_sent() {
    let Some(server) = Osmem::start() else { return };
    server.fill("logs", &logs());
    let definitions = world(&server.url).await;
    let sql = "SELECT COUNT(*) FROM coproduction.public.coproductionprocess WHERE id NOT IN \
               (SELECT coproductionprocess_id FROM elastic2.logs.log WHERE action = 'CREATE')";
    let kpi = Kpi { pushdown: Pushdown::Auto, ..kpi(sql, Form::Count) };
    let engine = Engine::open(&definitions, &[&kpi], EngineOptions::new(as_of())).await.unwrap();
    let explanation = engine.explain(&kpi, false).await.unwrap();
    assert_eq!(explanation.tier, Tier::Engine);
    let sent = explanation.sent.iter().find(|sent| sent.source == "elastic2").expect("a request");
    let expected = r#"{"_source":["coproductionprocess_id"],"query":{"term":{"action.keyword":"CREATE"}},"size":1000}"#;
    assert_eq!(sent.text, format!("logs/_search {expected}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_index_is_not_read_whole_unless_that_is_wanted() {
    let Some(server) = Osmem::start() else { return };
    server.fill("logs", &logs());
    let mut definitions = world(&server.url).await;
    definitions.sources.get_mut("elastic2").unwrap().is_large = true;
    let all = kpi("SELECT COUNT(*) FROM elastic2.logs.log", Form::Count);
    let failure = run(&definitions, all.clone()).await.expect_err("it is large");
    assert!(failure.message.contains("full_scan"), "{failure}");
    assert!(run(&definitions, Kpi { allows_full_scan: true, ..all }).await.is_ok());
    let some = kpi("SELECT COUNT(*) FROM elastic2.logs.log WHERE action = 'CREATE'", Form::Count);
    assert!(run(&definitions, some).await.is_ok());
}
