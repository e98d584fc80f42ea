//! What tests share: databases with the fixtures, definitions, and ways to run a query.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use kpi_engine::{Engine, EngineOptions};
use metrics_core::db::connect::{ConnectOptions, connect};
use metrics_core::kpi::{
    Answer, Definitions, Dialect, Failure, FileFormat, FileTable, FilesSource, Form, Kpi, PostgresSource, Pushdown,
    Source, SourceKind, Timestamps,
};
use metrics_core::settings::DatabaseUrl;
use serde_json::Value;
use tokio_postgres::Client;

/// A server that ends when this process does, shared with other test programs at the same time.
struct Server {
    url: String,
    /// Its standard input is open as long as this process lives.
    _holder: Child,
}

fn server() -> &'static Server {
    static SERVER: LazyLock<Server> = LazyLock::new(|| {
        // target/debug/deps/engine-… → target/debug/hold-database
        let test = std::env::current_exe().unwrap();
        let program = test.ancestors().nth(2).unwrap().join("hold-database");
        assert!(program.is_file(), "{} is not built: cargo build -p acceptance", program.display());
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let mut holder = Command::new(program)
            .arg(target.with_file_name("test-postgres"))
            .arg("test")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (_, url) = line.trim_end().split_once('\t').expect("the server starts");
        Server { url: url.to_owned(), _holder: holder }
    });
    &SERVER
}

/// A database of this process. Those of processes that are no more are dropped by whoever makes the next ones.
pub struct Database {
    pub url: DatabaseUrl,
}

impl Database {
    /// An empty one.
    pub async fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let url: DatabaseUrl = server().url.parse().unwrap();
        let client = open(&url).await;
        client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).await.unwrap();
        let (server, _) = url.expose().rsplit_once('/').unwrap();
        Self { url: format!("{server}/{name}").parse().unwrap() }
    }

    /// One with the statements run.
    pub async fn with(sql: &str) -> Self {
        let database = Self::new().await;
        database.execute(sql).await;
        database
    }

    pub async fn execute(&self, sql: &str) {
        open(&self.url).await.batch_execute(sql).await.unwrap_or_else(|error| panic!("{error:?}"));
    }

    pub async fn client(&self) -> Client {
        open(&self.url).await
    }

    /// The only value of the only row.
    pub async fn number(&self, sql: &str) -> i64 {
        self.client().await.query_one(sql, &[]).await.unwrap().get(0)
    }
}

async fn open(url: &DatabaseUrl) -> Client {
    let options = ConnectOptions {
        application_name: "tests of the engine".to_owned(),
        read_only: false,
        statement_timeout: Duration::from_mins(1),
        connect_timeout: Duration::from_secs(30),
    };
    connect(url, &options).await.unwrap_or_else(|error| panic!("{error}"))
}

/// Path of a file under `tests/fixtures/kpi`.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/kpi").join(name)
}

/// Addresses of the databases of the fixtures, made once.
pub async fn fixtures() -> [&'static DatabaseUrl; 2] {
    static DATABASES: tokio::sync::OnceCell<[Database; 2]> = tokio::sync::OnceCell::const_new();
    let databases = DATABASES.get_or_init(|| async {
        let read = |name| std::fs::read_to_string(fixture(name)).unwrap();
        [Database::with(&read("catalogue.sql")).await, Database::with(&read("coproduction.sql")).await]
    });
    databases.await.each_ref().map(|database| &database.url)
}

/// A source of a database.
pub fn postgres(url: &DatabaseUrl) -> Source {
    let kind = SourceKind::Postgres(PostgresSource {
        url: url.expose().to_owned().into(),
        schemas: Vec::new(),
        pool: 3,
        statement_timeout: Duration::from_secs(30),
        is_read_only: true,
    });
    Source { kind, is_large: false }
}

/// A table of a file.
pub fn file(path: impl Into<PathBuf>, format: FileFormat) -> FileTable {
    FileTable {
        path: path.into(),
        format,
        has_header: true,
        partitions: Vec::new(),
        arrays: Vec::new(),
        timestamps: Timestamps::Naive,
    }
}

/// A source of files in one schema.
pub fn files(schema: &str, tables: Vec<(&str, FileTable)>) -> Source {
    let tables = tables.into_iter().map(|(name, table)| (name.to_owned(), table)).collect();
    Source {
        kind: SourceKind::Files(FilesSource { schemas: BTreeMap::from([(schema.to_owned(), tables)]) }),
        is_large: false,
    }
}

/// Definitions over the given sources, without KPIs.
pub fn definitions(sources: Vec<(&str, Source)>) -> Definitions {
    Definitions {
        environment: "test".to_owned(),
        time_zone: chrono_tz::UTC,
        concurrency: 4,
        sources: sources.into_iter().map(|(name, source)| (name.to_owned(), source)).collect(),
        kpis: Vec::new(),
    }
}

/// The fixtures: two databases, and the logs as a file.
pub async fn world() -> Definitions {
    let [catalogue, coproduction] = fixtures().await;
    let logs = FileTable { arrays: vec!["roles".to_owned()], ..file(fixture("logs.ndjson"), FileFormat::Ndjson) };
    definitions(vec![
        ("catalogue", postgres(catalogue)),
        ("coproduction", postgres(coproduction)),
        ("elastic2", files("logs", vec![("log", logs)])),
    ])
}

pub fn as_of() -> DateTime<Utc> {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

/// A KPI with the defaults.
pub fn kpi(sql: &str, form: Form) -> Kpi {
    Kpi {
        name: sql.to_owned(),
        sql: sql.to_owned(),
        form,
        unit: None,
        description: None,
        tags: Vec::new(),
        timeout: Duration::from_mins(1),
        max_rows: 10_000,
        truncates: false,
        dialect: Dialect::Compat,
        pushdown: Pushdown::Auto,
        allows_full_scan: false,
        engine: None,
        parameters: BTreeMap::new(),
    }
}

/// The same, never sent whole to a database.
pub fn here(kpi: Kpi) -> Kpi {
    Kpi { pushdown: Pushdown::None, ..kpi }
}

pub async fn engine(definitions: &Definitions, kpis: &[Kpi]) -> Engine {
    let kpis: Vec<&Kpi> = kpis.iter().collect();
    Engine::open(definitions, &kpis, EngineOptions::new(as_of())).await.unwrap()
}

/// Runs one query by itself.
pub async fn run(definitions: &Definitions, kpi: Kpi) -> Result<Answer, Failure> {
    let kpis = [kpi];
    engine(definitions, &kpis).await.run(&kpis[0]).await.result
}

/// Whether two values are the same, numbers up to one in 10⁹.
pub fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            let (left, right) = (left.as_f64().unwrap(), right.as_f64().unwrap());
            (left - right).abs() <= 1e-9 * left.abs().max(right.abs())
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_same(left, right))
        }
        _ => left == right,
    }
}

/// Rows of objects as lists of values, in the order of the text.
pub fn cells(answer: &str) -> Value {
    struct Cells(Vec<Value>);
    impl<'de> serde::Deserialize<'de> for Cells {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visit;
            impl<'de> serde::de::Visitor<'de> for Visit {
                type Value = Cells;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }

                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Cells, A::Error> {
                    let mut cells = Vec::new();
                    while let Some((_, value)) = map.next_entry::<String, Value>()? {
                        cells.push(value);
                    }
                    Ok(Cells(cells))
                }
            }
            deserializer.deserialize_map(Visit)
        }
    }
    let rows: Vec<Cells> = serde_json::from_str(answer).unwrap();
    rows.into_iter().map(|row| Value::Array(row.0)).collect()
}

/// Whether two answers are the same, rows in any order.
pub fn are_equal(form: Form, left: &str, right: &str) -> bool {
    match form {
        Form::Count => is_same(&serde_json::from_str(left).unwrap(), &serde_json::from_str(right).unwrap()),
        Form::Rows => is_same(&sorted(&cells(left)), &sorted(&cells(right))),
    }
}

/// Rows of lists, in an order of their own.
pub fn sorted(value: &Value) -> Value {
    let mut rows = value.as_array().expect("rows").clone();
    rows.sort_by_key(key);
    Value::Array(rows)
}

/// What rows are ordered by: numbers that differ in their last digits do not change it.
fn key(row: &Value) -> String {
    let cells = row.as_array().expect("a list").iter().map(|cell| match cell.as_f64() {
        Some(number) => format!("{number:.6}"),
        None => cell.to_string(),
    });
    cells.collect::<Vec<_>>().join("\u{1}")
}
