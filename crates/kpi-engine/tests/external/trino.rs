//! Trino's statement interface.

use std::sync::Mutex;

use kpi_engine::external::connect;
use metrics_core::kpi::ExternalKind;
use serde_json::{Value, json};

use super::{first, is_given_up, message_of, read, source};
use crate::stub::{Answer, Request, Stub};

/// Answers one after the other, each with the address of the next one; the last is repeated if `hangs`.
fn trino(answers: Vec<Value>, hangs: bool) -> Stub {
    let state = Mutex::new((0, false));
    Stub::start(move |request| {
        let mut state = state.lock().unwrap();
        if request.method == "DELETE" {
            return Answer::json(204, &json!({}));
        }
        // Once, the coordinator is busy.
        if state.0 == 1 && !std::mem::replace(&mut state.1, true) {
            return Answer::with_headers(503, "Retry-After: 0\r\n", &json!({}));
        }
        let host = request.header("host").unwrap();
        let mut answer = answers[state.0.min(answers.len() - 1)].clone();
        state.0 += 1;
        if state.0 < answers.len() || hangs {
            answer["nextUri"] = format!("http://{host}/v1/statement/executing/q1/{}", state.0).into();
        }
        Answer::json(200, &answer)
    })
}

fn pages() -> Vec<Value> {
    let columns = json!([{ "name": "_col0", "type": "bigint" }]);
    vec![
        json!({ "id": "q1", "stats": { "state": "QUEUED" } }),
        json!({ "id": "q1", "stats": { "state": "RUNNING" } }),
        json!({ "id": "q1", "columns": columns, "data": [[1], [2]] }),
        json!({ "id": "q1", "columns": columns, "data": [[9_007_199_254_740_993_i64], [null]] }),
        json!({ "id": "q1", "columns": columns, "stats": { "state": "FINISHED" } }),
    ]
}

/// A coordinator whose every result is one number.
pub fn counts_to(number: i64) -> Stub {
    let columns = json!([{ "name": "_col0", "type": "bigint" }]);
    Stub::start(move |_| Answer::json(200, &json!({ "id": "q1", "columns": columns, "data": [[number]] })))
}

fn deleted(stub: &Stub) -> Vec<Request> {
    stub.requests().into_iter().filter(|request| request.method == "DELETE").collect()
}

#[tokio::test]
async fn answers_are_followed_to_the_last() {
    let stub = trino(pages(), false);
    let engine = connect(&source(ExternalKind::Trino, &stub.url)).await.unwrap();
    let (_, batches) = read(&*engine, "SELECT n FROM t", 100).await.unwrap();
    assert_eq!(first(&batches), ["1", "2", "9007199254740993", ""]);
    let requests = stub.requests();
    let start = &requests[0];
    assert_eq!(
        (start.method.as_str(), start.path(), start.body.as_str()),
        ("POST", "/v1/statement", "SELECT n FROM t")
    );
    assert_eq!(start.header("x-trino-user"), Some("me"));
    assert_eq!(start.header("x-trino-catalog"), Some("lake"));
    assert!(requests.iter().all(|request| request.header("authorization") == Some("Basic bWU6c2VzYW1l")));
    engine.settle().await;
    assert!(deleted(&stub).is_empty());
}

#[tokio::test]
async fn what_is_not_read_to_the_end_is_cancelled() {
    let stub = trino(pages(), false);
    let engine = connect(&source(ExternalKind::Trino, &stub.url)).await.unwrap();
    let (_, batches) = read(&*engine, "SELECT n FROM t", 1).await.unwrap();
    assert_eq!(first(&batches), ["1"]);
    engine.settle().await;
    assert_eq!(deleted(&stub).len(), 1);

    let stub = trino(vec![json!({ "id": "q1", "stats": { "state": "QUEUED" } })], true);
    let engine = connect(&source(ExternalKind::Trino, &stub.url)).await.unwrap();
    is_given_up(&*engine).await;
    assert!(deleted(&stub)[0].path().starts_with("/v1/statement/executing/q1/"));
}

#[tokio::test]
async fn a_query_that_failed_says_why() {
    let error = json!({ "message": "line 1:8: Column 'x' cannot be resolved", "errorName": "COLUMN_NOT_FOUND" });
    let stub = trino(vec![json!({ "id": "q1", "error": error })], false);
    let message = message_of(ExternalKind::Trino, &stub.url).await;
    assert_eq!(message, "the engine says: COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved");
}

#[tokio::test]
async fn the_password_goes_to_no_other_server() {
    let elsewhere = Stub::start(|_| Answer::json(200, &json!({})));
    let next = format!("{}/v1/statement/executing/q1/1", elsewhere.url);
    let stub = Stub::start(move |_| Answer::json(200, &json!({ "id": "q1", "nextUri": next })));
    let message = message_of(ExternalKind::Trino, &stub.url).await;
    assert!(message.contains("leads to another server"), "{message}");
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn the_blanks_that_fill_up_a_char_are_not_part_of_it() {
    let columns = json!([{ "name": "c", "type": "char(5)" }, { "name": "v", "type": "varchar(5)" }]);
    let data = json!([["ab   ", "ab   "], [null, null], ["     ", ""]]);
    let stub = trino(vec![json!({ "id": "q1", "columns": columns, "data": data })], false);
    let engine = connect(&source(ExternalKind::Trino, &stub.url)).await.unwrap();
    let (_, batches) = read(&*engine, "SELECT c, v FROM t", 100).await.unwrap();
    assert_eq!(first(&batches), ["ab", "", ""]);
    assert!(batches[0].column(0).is_null(1));
    assert_eq!(first(&[batches[0].project(&[1]).unwrap()]), ["ab   ", "", ""]);
}
