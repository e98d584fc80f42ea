//! Flight SQL, served here by the protocol's own crate over the engine of SQL.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::flight_service_server::{FlightService, FlightServiceServer};
use arrow_flight::sql::server::FlightSqlService;
use arrow_flight::sql::{CommandGetTables, CommandStatementQuery, ProstMessageExt as _, SqlInfo, TicketStatementQuery};
use arrow_flight::{
    Action, CancelFlightInfoResult, CancelStatus, FlightDescriptor, FlightEndpoint, FlightInfo, HandshakeRequest,
    HandshakeResponse, Ticket,
};
use base64::Engine as _;
use datafusion::arrow::array::RecordBatch;
use datafusion::prelude::SessionContext;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use kpi_engine::external::connect;
use metrics_core::kpi::{ErrorKind, ExternalKind, ExternalSource, Form, Kpi, Source};
use prost::Message as _;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming};

use super::lake::{ROWS, context};
use super::tables::{beside, filters_select_the_same, hive, joins};
use super::{first, is_given_up, message_of, read, source};
use crate::engine::support::{definitions, engine, fixture, kpi, run};
use crate::programs::world::World;

/// A server; what it was asked and told is counted.
#[derive(Clone)]
struct Lake {
    context: SessionContext,
    seen: Arc<Seen>,
    /// Endpoints of a result.
    parts: usize,
    /// Where they are said to be.
    location: Option<String>,
    /// Whether rows never come.
    hangs: bool,
    has_password: bool,
    is_encrypted: bool,
}

#[derive(Default)]
struct Seen {
    /// Streams of rows that ended before their end.
    dropped: AtomicUsize,
    /// Results that were cancelled by the action for that.
    cancelled: AtomicUsize,
    /// Lists of tables.
    listed: AtomicUsize,
}

type Rows = <Lake as FlightService>::DoGetStream;

impl Lake {
    fn new() -> Self {
        let (context, seen) = (context(), Arc::default());
        Self { context, seen, parts: 1, location: None, hangs: false, has_password: true, is_encrypted: false }
    }

    /// Its address. It ends with the test.
    async fn start(self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut server = Server::builder();
        let mut scheme = "grpc";
        if self.is_encrypted {
            let [certificate, key] = ["server.pem", "server.key"].map(|name| std::fs::read(tls(name)).unwrap());
            let identity = Identity::from_pem(certificate, key);
            server = server.tls_config(ServerTlsConfig::new().identity(identity)).unwrap();
            scheme = "grpc+tls";
        }
        let service = FlightServiceServer::new(self);
        tokio::spawn(server.add_service(service).serve_with_incoming(TcpIncoming::from(listener)));
        format!("{scheme}://{address}")
    }

    fn check<T>(&self, request: &Request<T>) -> Result<(), Status> {
        let token = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
        match token {
            Some("Bearer t0ken") => Ok(()),
            _ if !self.has_password => Ok(()),
            _ => Err(Status::unauthenticated("no token")),
        }
    }

    async fn run(&self, sql: &str) -> Result<Vec<RecordBatch>, Status> {
        let run = async { self.context.sql(sql).await?.collect().await };
        let batches = run.await.map_err(|error| Status::invalid_argument(error.strip_backtrace()))?;
        // In small pieces.
        let cut = |batch: &RecordBatch| {
            let starts = (0..batch.num_rows()).step_by(10);
            starts.map(|at| batch.slice(at, 10.min(batch.num_rows() - at))).collect::<Vec<_>>()
        };
        Ok(batches.iter().flat_map(cut).collect())
    }
}

/// Counts streams that are dropped before their end.
struct Guard(Arc<Seen>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

#[tonic::async_trait]
impl FlightSqlService for Lake {
    type FlightService = Self;

    async fn do_handshake(
        &self,
        request: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Pin<Box<dyn Stream<Item = Result<HandshakeResponse, Status>> + Send>>>, Status> {
        let given = request.metadata().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let wanted = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode("me:sesame"));
        if given != wanted {
            return Err(Status::unauthenticated("wrong user or password"));
        }
        let greeting = HandshakeResponse { protocol_version: 0, payload: Vec::new().into() };
        let mut response: Response<Pin<Box<dyn Stream<Item = _> + Send>>> =
            Response::new(Box::pin(stream::iter([Ok(greeting)])));
        response.metadata_mut().insert("authorization", "Bearer t0ken".parse().unwrap());
        Ok(response)
    }

    async fn get_flight_info_statement(
        &self,
        query: CommandStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.check(&request)?;
        let plan = self.context.sql(&query.query).await;
        let plan = plan.map_err(|error| Status::invalid_argument(error.strip_backtrace()))?;
        let schema = plan.schema().as_arrow().clone();
        let endpoints = (0..self.parts).map(|part| {
            let handle = format!("{part}/{}", query.query).into();
            let ticket = TicketStatementQuery { statement_handle: handle }.as_any().encode_to_vec();
            let endpoint = FlightEndpoint::new().with_ticket(Ticket::new(ticket));
            self.location.iter().fold(endpoint, FlightEndpoint::with_location)
        });
        let info = FlightInfo::new().with_endpoints(endpoints.collect()).with_descriptor(request.into_inner());
        Ok(Response::new(info.try_with_schema(&schema).unwrap()))
    }

    async fn do_get_statement(
        &self,
        ticket: TicketStatementQuery,
        request: Request<Ticket>,
    ) -> Result<Response<Rows>, Status> {
        self.check(&request)?;
        let handle = String::from_utf8(ticket.statement_handle.to_vec()).unwrap();
        let (part, sql) = handle.split_once('/').unwrap();
        let part: usize = part.parse().unwrap();
        let batches = self.run(sql).await?;
        let schema = self.context.sql(sql).await.unwrap().schema().as_arrow().clone();
        let batches = batches.into_iter().skip(part).step_by(self.parts).map(Ok);
        let rows = FlightDataEncoderBuilder::new().with_schema(Arc::new(schema)).build(stream::iter(batches));
        let rows = rows.map_err(Status::from);
        if !self.hangs {
            return Ok(Response::new(rows.boxed()));
        }
        let guard = Guard(Arc::clone(&self.seen));
        let endless = rows.chain(stream::pending()).map(move |row| {
            let _ = &guard;
            row
        });
        Ok(Response::new(endless.boxed()))
    }

    async fn get_flight_info_tables(
        &self,
        query: CommandGetTables,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.check(&request)?;
        let ticket = Ticket::new(query.as_any().encode_to_vec());
        Ok(Response::new(FlightInfo::new().with_endpoint(FlightEndpoint::new().with_ticket(ticket))))
    }

    async fn do_get_tables(&self, query: CommandGetTables, request: Request<Ticket>) -> Result<Response<Rows>, Status> {
        self.check(&request)?;
        self.seen.listed.fetch_add(1, Ordering::Relaxed);
        let catalog = self.context.catalog("hive").unwrap();
        let mut builder = query.into_builder();
        let orders = catalog.schema("sales").unwrap().table("orders").await.unwrap().unwrap();
        for name in ["orders", "Orders", "others"] {
            builder.append("hive", "sales", name, "TABLE", &orders.schema()).unwrap();
        }
        let (schema, batch) = (builder.schema(), builder.build().unwrap());
        let rows = FlightDataEncoderBuilder::new().with_schema(schema).build(stream::iter([Ok(batch)]));
        Ok(Response::new(rows.map_err(Status::from).boxed()))
    }

    async fn do_action_fallback(
        &self,
        request: Request<Action>,
    ) -> Result<Response<<Self as FlightService>::DoActionStream>, Status> {
        self.check(&request)?;
        assert_eq!(request.get_ref().r#type, "CancelFlightInfo");
        self.seen.cancelled.fetch_add(1, Ordering::Relaxed);
        let body = CancelFlightInfoResult::new(CancelStatus::Cancelled).encode_to_vec();
        Ok(Response::new(Box::pin(stream::iter([Ok(arrow_flight::Result::new(body))]))))
    }

    async fn register_sql_info(&self, _: i32, _: &SqlInfo) {}
}

/// A file of the server's certificate, which is its own authority, and key.
fn tls(name: &str) -> PathBuf {
    fixture("../tls").join(name)
}

fn lake(url: &str) -> Source {
    hive(ExternalKind::FlightSql, url)
}

fn of(url: &str, user: Option<&str>, password: Option<&str>) -> ExternalSource {
    let password = password.map(|password| password.to_owned().into());
    ExternalSource { user: user.map(str::to_owned), password, ..source(ExternalKind::FlightSql, url) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_runs_there_as_it_is_written() {
    let url = Lake::new().start().await;
    let definitions = definitions(vec![("lake", lake(&url))]);
    let there = |sql: &str, form| Kpi { engine: Some("lake".to_owned()), ..kpi(sql, form) };
    let sql = "SELECT true AS b, CAST(-7 AS INT) AS i, 9007199254740993 AS n, 0.5 AS f, CAST(1.5 AS DECIMAL(10,3)) AS d, \
        DATE '2026-11-21' AS day, TIMESTAMP '2026-11-21 10:00:00.25' AS at, 'it''s' AS t, [1, 2] AS l, NULL AS x, \
        arrow_cast('v', 'Utf8View') AS v, arrow_cast('k', 'Dictionary(Int32, Utf8)') AS k";
    let expected = r#"[{"b":true,"i":-7,"n":9007199254740993,"f":0.5,"d":1.5,"day":"2026-11-21","at":"2026-11-21T10:00:00.25","t":"it's","l":[1,2],"x":null,"v":"v","k":"k"}]"#;
    assert_eq!(run(&definitions, there(sql, Form::Rows)).await.unwrap().value, expected);
    let count = there("SELECT COUNT(*) FROM hive.sales.orders", Form::Count);
    assert_eq!(run(&definitions, count).await.unwrap().value, ROWS.to_string());
    let none = there("SELECT id FROM hive.sales.orders WHERE id < 0", Form::Rows);
    assert_eq!(run(&definitions, none).await.unwrap().value, "[]");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_parts_of_a_result_are_read() {
    let ids = |batches: &[RecordBatch]| {
        let mut ids: Vec<i64> = first(batches).iter().map(|id| id.parse().unwrap()).collect();
        ids.sort_unstable();
        ids
    };
    let url = Lake { parts: 3, ..Lake::new() }.start().await;
    let engine = connect(&of(&url, Some("me"), Some("sesame"))).await.unwrap();
    let (_, batches) = read(&*engine, "SELECT id FROM hive.sales.orders", 1_000).await.unwrap();
    assert_eq!(ids(&batches), (1..=ROWS).collect::<Vec<_>>());

    // At a server of its own, with and without a token that is for the first one.
    let other = Lake { has_password: false, ..Lake::new() }.start().await;
    let elsewhere = |has_password| Lake { location: Some(other.clone()), has_password, ..Lake::new() };
    let url = elsewhere(false).start().await.replace("127.0.0.1", "localhost");
    let engine = connect(&of(&url, None, None)).await.unwrap();
    let (_, batches) = read(&*engine, "SELECT id FROM hive.sales.orders", 1_000).await.unwrap();
    assert_eq!(ids(&batches), (1..=ROWS).collect::<Vec<_>>());
    let url = elsewhere(true).start().await.replace("127.0.0.1", "localhost");
    let message = message_of(ExternalKind::FlightSql, &url).await;
    assert!(message.contains("the token is for localhost") && message.contains(&other), "{message}");

    let reused = "arrow-flight-reuse-connection://?".to_owned();
    let url = Lake { location: Some(reused), ..Lake::new() }.start().await;
    let engine = connect(&of(&url, Some("me"), Some("sesame"))).await.unwrap();
    assert_eq!(read(&*engine, "SELECT 1 AS n", 10).await.unwrap().1[0].num_rows(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_in_the_words_of_the_server() {
    let url = Lake::new().start().await;
    let engine = connect(&of(&url, Some("me"), Some("sesame"))).await.unwrap();
    let error = read(&*engine, "SELECT nothing FROM hive.sales.orders", 10).await.unwrap_err();
    assert!(error.to_string().contains("No field named nothing"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Execution);
    // When the rows are asked for.
    let error = read(&*engine, "SELECT 1 / (id - 200) FROM hive.sales.orders", 1_000).await.unwrap_err();
    assert!(error.to_string().contains("Divide by zero"), "{error}");
    for (user, password) in [(Some("me"), Some("simsim")), (Some("you"), Some("sesame"))] {
        let error = connect(&of(&url, user, password)).await.unwrap_err();
        assert!(error.to_string().contains("wrong user or password"), "{error}");
        assert!(!format!("{error:?}").contains("simsim"), "{error:?}");
    }
    assert!(!format!("{engine:?}").contains("t0ken"), "the token is a secret");

    // A token alone is sent as it is.
    let engine = connect(&of(&url, None, Some("t0ken"))).await.unwrap();
    read(&*engine, "SELECT 1", 10).await.unwrap();
    let engine = connect(&of(&url, None, None)).await.unwrap();
    assert_eq!(read(&*engine, "SELECT 1", 10).await.unwrap_err().to_string(), "the engine says: no token");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_waits_for_is_cancelled() {
    let server = Lake { hangs: true, ..Lake::new() };
    let seen = Arc::clone(&server.seen);
    let url = server.start().await;
    let engine = connect(&of(&url, Some("me"), Some("sesame"))).await.unwrap();
    is_given_up(&*engine).await;
    assert_eq!(seen.cancelled.load(Ordering::Relaxed), 1);
    // The end of the stream comes by itself.
    let ended = async {
        while seen.dropped.load(Ordering::Relaxed) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), ended).await.expect("the server sees that the stream is dropped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_fails_only_its_kpis() {
    let folder = tempfile::tempdir().unwrap();
    let definitions = beside(lake("grpc://127.0.0.1:9"), folder.path()).await;
    let kpis = [
        kpi("SELECT COUNT(*) FROM lake.sales.orders", Form::Count),
        Kpi { engine: Some("lake".to_owned()), ..kpi("SELECT 7", Form::Count) },
        kpi("SELECT COUNT(*) FROM files.public.customers", Form::Count),
    ];
    let opened = engine(&definitions, &kpis).await;
    for kpi in &kpis[..2] {
        let failure = opened.run(kpi).await.result.unwrap_err();
        assert_eq!(failure.kind, ErrorKind::SourceUnavailable);
        assert!(failure.message.starts_with("lake: 127.0.0.1:9 cannot be reached"), "{}", failure.message);
    }
    assert_eq!(opened.run(&kpis[2]).await.result.unwrap().value, "3");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_flight_sql_are_read_filtered() {
    let server = Lake { parts: 2, ..Lake::new() };
    let (seen, folder) = (Arc::clone(&server.seen), tempfile::tempdir().unwrap());
    let definitions = beside(lake(&server.start().await), folder.path()).await;
    // Not: floating point, what is not equal to a text, an order of texts, and parts of a second.
    assert_eq!(Box::pin(filters_select_the_same(&definitions)).await, super::tables::FILTERS.len() - 6);
    assert_eq!(seen.listed.load(Ordering::Relaxed), 1);
    Box::pin(joins(&definitions)).await;
    let missing = kpi("SELECT COUNT(*) FROM lake.sales.returns", Form::Count);
    assert_eq!(run(&definitions, missing).await.unwrap_err().kind, ErrorKind::Plan);
}

/// Password and token, of a log-in that goes well and of one that does not: with the most talkative log, none is said.
#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_the_log_in_show_nowhere() {
    let url = Lake::new().start().await.replacen("grpc://", "", 1);
    let mut world = World::new(&format!(
        "[[kpi]]
name = 'orders'
sql = 'SELECT COUNT(*) FROM lake.sales.orders'
[[kpi]]
name = 'there'
sql = 'SELECT 7'
engine = 'lake'
[[kpi]]
name = 'closed'
sql = 'SELECT COUNT(*) FROM closed.sales.orders'
[sources.lake]
kind = 'flight-sql'
url = 'grpc://me:sesame@{url}'
catalog = 'hive'
[sources.closed]
kind = 'flight-sql'
url = 'grpc://{url}'
user = 'me'
password = '${{WRONG}}'
"
    ))
    .await;
    world.variables.push(("WRONG", "barley-corn".to_owned()));
    world.variables.push(("METRICS_LOG__LEVEL", "trace".to_owned()));
    world.variables.push(("RUST_LOG", "trace".to_owned()));
    let (code, out, err) = world.run(&["run", "--json"]);
    assert_eq!(code, 4, "{out}{err}");
    let summary: serde_json::Value = serde_json::from_str(&out).unwrap();
    let values: Vec<_> = summary["results"].as_array().unwrap().iter().map(|result| &result["value"]).collect();
    assert_eq!(values, [&serde_json::json!(ROWS), &serde_json::json!(7), &serde_json::Value::Null]);
    assert!(out.contains("wrong user or password"), "{out}");
    let (_, explained, more) = world.run(&["explain", "closed"]);
    let all = [out, err, explained, more].concat();
    for secret in ["sesame", "bWU6c2VzYW1l", "t0ken", "barley", "bWU6YmFybGV5LWNvcm4="] {
        let found = all.find(secret).map(|at| &all[at.saturating_sub(200)..(at + 100).min(all.len())]);
        assert_eq!(found, None, "{secret}");
    }
}

/// Certificates are verified against the authorities of the system, or of `SSL_CERT_FILE`.
#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_server_has_to_be_the_right_one() {
    let url = Lake { is_encrypted: true, ..Lake::new() }.start().await;
    let mut world = World::new(&format!(
        "[[kpi]]
name = 'orders'
sql = 'SELECT COUNT(*) FROM lake.sales.orders'
[sources.lake]
kind = 'flight-sql'
url = '{url}'
user = 'me'
password = 'sesame'
"
    ))
    .await;
    let (code, summary) = world.run_json(&[]);
    assert_eq!(
        (code, &summary["results"][0]["error_kind"]),
        (4, &serde_json::json!("source_unavailable")),
        "{summary}"
    );
    world.variables.push(("SSL_CERT_FILE", tls("server.pem").to_str().unwrap().to_owned()));
    let (code, summary) = world.run_json(&[]);
    assert_eq!((code, &summary["results"][0]["value"]), (0, &serde_json::json!(ROWS)), "{summary}");
}
