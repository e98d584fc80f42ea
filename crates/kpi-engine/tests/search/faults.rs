//! What goes wrong at a server is an error of the query, never a smaller number, and leaves nothing open there.

use std::time::Duration;

use datafusion::error::DataFusionError;
use futures_util::StreamExt;
use kpi_engine::search::SearchServer;
use metrics_core::kpi::{Authentication, SearchSource};
use metrics_core::kpi::{ErrorKind, Failure};

use super::fake::{Fake, Fault};
use super::session::{Session, source};
use crate::stub::{Answer, Stub};

const SUM: &str = "SELECT sum(abs(n)) FROM elastic2.logs.log";

fn pages_of_ten(fake: &Fake) -> SearchSource {
    SearchSource { page_size: 10, request_timeout: Duration::from_secs(2), ..source(&fake.stub.url) }
}

/// What the source says of itself.
fn failure(error: &DataFusionError) -> &Failure {
    let DataFusionError::External(error) = error.find_root() else { panic!("{error}") };
    error.downcast_ref().expect("a failure of the source")
}

/// Result of a query over 35 documents whose search number 1 has the fault, and the server after it.
async fn sum_with(fault: Fault) -> (Result<String, (ErrorKind, String)>, Fake) {
    let fake = Fake::start(35, 1, fault);
    let session = Session::open(&pages_of_ten(&fake)).await;
    let result = session.value(SUM).await.map_err(|error| {
        let failure = failure(&error);
        (failure.kind, failure.message.clone())
    });
    session.close().await;
    assert_eq!(fake.open(), 0, "{fault:?} left something open");
    (result, fake)
}

#[tokio::test]
async fn each_page_is_asked_for_with_the_newest_id() {
    let (sum, fake) = sum_with(Fault::None).await;
    assert_eq!(sum, Ok("595".to_owned()), "0 + 1 + … + 34");
    let searches = fake.searches();
    let bodies: Vec<_> = searches.iter().map(crate::stub::Request::json).collect();
    assert_eq!(bodies.len(), 4, "10 + 10 + 10 + 5");
    let ids: Vec<_> = bodies.iter().map(|body| body["pit"]["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, ["pit-1", "pit-2", "pit-3", "pit-4"]);
    assert_eq!(bodies[2]["search_after"], serde_json::json!([19]));
    assert!(bodies.iter().all(|body| body["track_total_hits"] == false && body["_source"] == serde_json::json!(["n"])));
}

#[tokio::test]
async fn what_is_not_complete_is_an_error() {
    let (result, _) = sum_with(Fault::TimedOut).await;
    assert_eq!(result.expect_err("an error").0, ErrorKind::Timeout);

    let (result, _) = sum_with(Fault::FailedShard).await;
    let (kind, message) = result.expect_err("an error");
    assert_eq!(kind, ErrorKind::Execution);
    assert!(message.contains("1 of 5 shards") && message.contains("query_shard_exception: it broke"), "{message}");

    let (result, _) = sum_with(Fault::CutOff).await;
    let (kind, message) = result.expect_err("an error");
    assert_eq!(kind, ErrorKind::SourceUnavailable, "{message}");
    assert!(message.contains("broke off"), "{message}");
}

#[tokio::test]
async fn a_point_in_time_that_ran_out_is_named() {
    let (result, _) = sum_with(Fault::Expired).await;
    let (kind, message) = result.expect_err("an error");
    assert_eq!(kind, ErrorKind::Execution);
    assert!(message.contains("404 search_context_missing_exception: No search context"), "{message}");
}

/// OpenSearch opens one over the shards that there are, unless it is told not to.
#[tokio::test]
async fn a_point_in_time_of_a_part_of_the_index_is_an_error() {
    for (version, told) in [("8.17.0", false), ("opensearch 3.8.0", true)] {
        let fake = Fake::of_version(version, 35, 0, Fault::PartialPit);
        let session = Session::open(&pages_of_ten(&fake)).await;
        let error = session.value(SUM).await.expect_err("an error");
        assert_eq!(failure(&error).kind, ErrorKind::Execution);
        assert!(error.to_string().contains("1 of 5 shards of `logs` failed"), "{error}");
        session.close().await;
        assert_eq!(fake.open(), 0, "{version}");
        let requests = fake.stub.requests();
        let opened = requests.iter().find(|request| request.method == "POST").unwrap();
        assert_eq!(opened.target.contains("allow_partial_pit_creation=false"), told, "{}", opened.target);

        let whole = Fake::of_version(version, 35, 0, Fault::None);
        let session = Session::open(&pages_of_ten(&whole)).await;
        assert_eq!(session.value(SUM).await.unwrap(), "595");
        session.close().await;
        assert_eq!(whole.open(), 0);
    }
}

#[tokio::test]
async fn a_busy_server_is_asked_again() {
    for fault in [Fault::TooManyRequests, Fault::Unavailable] {
        let (sum, fake) = sum_with(fault).await;
        assert_eq!(sum, Ok("595".to_owned()), "{fault:?}");
        assert_eq!(fake.searches().len(), 5);
    }
}

#[tokio::test]
async fn a_server_that_stays_busy_is_an_error_with_its_reason() {
    let stub = Stub::start(|_| {
        let body = serde_json::json!({ "error": { "type": "cluster_block_exception", "reason": "no master" } });
        Answer::with_headers(503, "Retry-After: 0\r\n", &body)
    });
    let error = SearchServer::connect("elastic2", &source(&stub.url), "UTC").await.expect_err("an error");
    assert!(error.to_string().contains("503 cluster_block_exception: no master"), "{error}");
    assert_eq!(stub.requests().len(), 6);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let fake = Fake::start(35, 1, Fault::Hang);
    let limit = Duration::from_millis(300);
    let session = Session::open(&SearchSource { request_timeout: limit, ..pages_of_ten(&fake) }).await;
    let error = session.value(SUM).await.expect_err("an error");
    assert_eq!(failure(&error).kind, ErrorKind::Timeout, "{error}");
}

#[tokio::test]
async fn a_stream_that_is_dropped_gives_back_what_it_opened() {
    let fake = Fake::start(1_000, 99, Fault::None);
    let session = Session::open(&pages_of_ten(&fake)).await;
    let mut stream =
        session.context.sql("SELECT n FROM elastic2.logs.log").await.unwrap().execute_stream().await.unwrap();
    assert!(stream.next().await.is_some_and(|batch| batch.is_ok()));
    assert_eq!(fake.open(), 1);
    drop(stream);
    session.close().await;
    assert_eq!(fake.open(), 0);
}

#[tokio::test]
async fn old_servers_are_read_by_scroll() {
    for version in ["6.8.23", "7.9.3", "7.11.0"] {
        let fake = Fake::of_version(version, 35, 99, Fault::None);
        let session = Session::open(&pages_of_ten(&fake)).await;
        assert_eq!(session.value(SUM).await.unwrap(), "595", "{version}");
        session.close().await;
        assert_eq!(fake.open(), 0, "{version}");
        let requests = fake.stub.requests();
        assert!(requests.iter().any(|request| request.target == "/logs/_search?scroll=60s"), "{version}");
        assert_eq!(requests.iter().filter(|request| request.path() == "/_search/scroll").count(), 4, "3 and DELETE");
    }
}

#[tokio::test]
async fn a_scroll_that_fails_is_closed() {
    let fake = Fake::of_version("7.9.3", 35, 1, Fault::TimedOut);
    let session = Session::open(&pages_of_ten(&fake)).await;
    assert!(session.value(SUM).await.is_err());
    session.close().await;
    assert_eq!(fake.open(), 0);
}

#[tokio::test]
async fn an_index_that_is_not_there_is_a_table_that_is_not_there() {
    let fake = Fake::start(1, 99, Fault::None);
    let mut source = pages_of_ten(&fake);
    source.schemas.get_mut("logs").unwrap().index = "nope".to_owned();
    let session = Session::open(&source).await;
    let error = session.value(SUM).await.expect_err("an error");
    assert_eq!(failure(&error).kind, ErrorKind::Plan);
    assert!(error.to_string().contains("no index `nope`"), "{error}");
}

#[tokio::test]
async fn what_is_not_reached_or_not_a_search_server_is_said() {
    let error = SearchServer::connect("elastic2", &source("http://127.0.0.1:1"), "UTC").await.expect_err("an error");
    assert_eq!(error.kind(), ErrorKind::SourceUnavailable);
    assert!(error.to_string().starts_with("127.0.0.1:1 cannot be reached"), "{error}");

    let stub = Stub::start(|_| Answer::json(200, &serde_json::json!({ "hello": "world" })));
    let error = SearchServer::connect("elastic2", &source(&stub.url), "UTC").await.expect_err("an error");
    assert!(error.to_string().contains("neither Elasticsearch nor OpenSearch"), "{error}");
}

#[tokio::test]
async fn requests_say_who_sends_them_and_nothing_else_does() {
    let fake = Fake::start(3, 99, Fault::None);
    let basic = Authentication::Basic { user: "me".to_owned(), password: "sesame".to_owned().into() };
    let key = Authentication::ApiKey("c2VzYW1l".to_owned().into());
    for (authentication, header) in [(basic, "Basic bWU6c2VzYW1l"), (key, "ApiKey c2VzYW1l")] {
        let before = fake.stub.requests().len();
        let session =
            Session::open(&SearchSource { authentication: Some(authentication), ..source(&fake.stub.url) }).await;
        assert_eq!(session.value(SUM).await.unwrap(), "3");
        let shown = format!("{:?}", session.server);
        assert!(!shown.contains("sesame") && !shown.contains("c2VzYW1l"), "{shown}");
        session.close().await;
        let requests = fake.stub.requests();
        assert!(requests[before..].iter().all(|request| request.header("authorization") == Some(header)));
        assert_eq!(requests.len() - before, 6, "greeting, mapping, settings, open, page, close");
    }
}
