//! Dremio's REST interface.

use std::sync::atomic::{AtomicUsize, Ordering};

use kpi_engine::external::connect;
use metrics_core::kpi::ExternalKind;
use serde_json::{Value, json};

use super::{first, is_given_up, message_of, read, source};
use crate::stub::{Answer, Request, Stub};

/// A job of 1,203 rows; `state` is what it says when asked for the nth time.
fn dremio(state: impl Fn(usize) -> Value + Send + Sync + 'static) -> Stub {
    let asked = AtomicUsize::new(0);
    Stub::start(move |request| answer(request, &state, &asked))
}

fn answer(request: &Request, state: &dyn Fn(usize) -> Value, asked: &AtomicUsize) -> Answer {
    match (request.method.as_str(), request.path()) {
        ("POST", "/apiv2/login") => {
            assert_eq!(request.json(), json!({ "userName": "me", "password": "sesame" }));
            Answer::json(200, &json!({ "token": "abc" }))
        }
        _ if request.header("authorization") != Some("_dremioabc") => Answer::json(401, &json!({})),
        ("POST", "/api/v3/sql") => Answer::json(200, &json!({ "id": "job-1" })),
        ("GET", "/api/v3/job/job-1") => Answer::json(200, &state(asked.fetch_add(1, Ordering::Relaxed))),
        ("GET", "/api/v3/job/job-1/results") => {
            let number = |name: &str| -> usize {
                let (_, query) = request.target.split_once('?').unwrap();
                let value = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
                value.unwrap().parse().unwrap()
            };
            let (offset, limit) = (number("offset"), number("limit"));
            if limit > 500 {
                return Answer::json(400, &json!({ "errorMessage": "limit cannot exceed 500 rows" }));
            }
            let rows: Vec<Value> = (offset..1_203.min(offset + limit)).map(|n| json!({ "EXPR$0": n })).collect();
            let schema = json!([{ "name": "EXPR$0", "type": { "name": "BIGINT" } }]);
            Answer::json(200, &json!({ "rowCount": 1_203, "schema": schema, "rows": rows }))
        }
        ("POST", "/api/v3/job/job-1/cancel") => Answer::json(200, &json!({})),
        (method, path) => Answer::json(404, &json!({ "errorMessage": format!("{method} {path}") })),
    }
}

fn states(names: &'static [&'static str]) -> impl Fn(usize) -> Value + Send + Sync + 'static {
    move |nth| json!({ "jobState": names[nth.min(names.len() - 1)], "errorMessage": "Table 'x' not found" })
}

#[tokio::test]
async fn a_job_is_waited_for_and_read_in_pages() {
    let stub = dremio(states(&["PENDING", "PLANNING", "RUNNING", "COMPLETED"]));
    let engine = connect(&source(ExternalKind::DremioRest, &stub.url)).await.unwrap();
    let (schema, batches) = read(&*engine, "SELECT n FROM t", 10_000).await.unwrap();
    assert_eq!(schema.field(0).name(), "EXPR$0");
    let expected: Vec<String> = (0..1_203).map(|n| n.to_string()).collect();
    assert_eq!(first(&batches), expected);
    let submitted = stub.requests().into_iter().find(|request| request.path() == "/api/v3/sql").unwrap();
    assert_eq!(submitted.json(), json!({ "sql": "SELECT n FROM t", "context": ["lake"] }));

    let (_, batches) = read(&*engine, "SELECT n FROM t", 501).await.unwrap();
    assert_eq!(first(&batches).len(), 501);
    engine.settle().await;
    assert!(!stub.requests().iter().any(|request| request.path().ends_with("/cancel")));
}

#[tokio::test]
async fn a_job_that_failed_says_why() {
    let stub = dremio(states(&["FAILED"]));
    assert_eq!(message_of(ExternalKind::DremioRest, &stub.url).await, "the engine says: Table 'x' not found");
    let stub = dremio(states(&["CANCELED"]));
    assert_eq!(message_of(ExternalKind::DremioRest, &stub.url).await, "the query was cancelled at the engine");
}

#[tokio::test]
async fn a_job_that_nobody_waits_for_is_cancelled() {
    let stub = dremio(states(&["RUNNING"]));
    let engine = connect(&source(ExternalKind::DremioRest, &stub.url)).await.unwrap();
    is_given_up(&*engine).await;
    let last = stub.requests().pop().unwrap();
    assert_eq!((last.method.as_str(), last.path()), ("POST", "/api/v3/job/job-1/cancel"));
    assert!(!format!("{engine:?}").contains("abc"), "the token is a secret");
}
