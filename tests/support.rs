//! What tests share: a database each, made in milliseconds, and the programs.

pub mod absent;
pub mod files;
mod holder;
pub mod programs;
mod script;
pub mod server;
mod template;

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, mpsc};
use std::time::Duration;

use metrics_core::db::connect::{ConnectOptions, connect};
use metrics_core::settings::DatabaseUrl;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio_postgres::Client;

pub use holder::Holder;
pub use programs::{Output, binary, reporter, run};
pub use template::Template;

/// A database of its own for one test, dropped at its end. Its methods block, and may be called from any runtime.
pub struct TestDb {
    name: String,
    url: DatabaseUrl,
}

impl TestDb {
    /// A database with the migrated schema `metrics`, and nothing else.
    pub fn new() -> Self {
        Self::of(Template::Migrated)
    }

    /// A database that also has the tables of the operational database, empty.
    pub fn with_source() -> Self {
        Self::of(Template::WithSource)
    }

    /// A database without anything.
    pub fn empty() -> Self {
        Self::of(Template::Empty)
    }

    fn of(template: Template) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        wait(template::clone_to(template, name.clone()));
        Self { url: server().url(&name), name }
    }

    /// Its address.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Runs statements, separated by semicolons.
    pub fn execute(&self, sql: &str) {
        let (url, sql) = (self.url.clone(), sql.to_owned());
        wait(async move { open(&url).await.batch_execute(&sql).await.unwrap_or_else(|error| fail(&sql, &error)) });
    }

    /// Rows of a query (also of INSERT … RETURNING) as JSON objects.
    pub fn query(&self, sql: &str) -> Vec<Value> {
        let (url, sql) = (self.url.clone(), format!("WITH t AS ({sql}) SELECT to_jsonb(t) FROM t"));
        wait(async move {
            let rows = open(&url).await.query(&sql, &[]).await.unwrap_or_else(|error| fail(&sql, &error));
            rows.iter().map(|row| row.get(0)).collect()
        })
    }

    /// The only value of a query's only row.
    pub fn value(&self, sql: &str) -> Value {
        let mut rows = self.query(sql);
        assert_eq!(rows.len(), 1, "rows of: {sql}");
        let Some(Value::Object(row)) = rows.pop() else { panic!("not a row: {sql}") };
        assert_eq!(row.len(), 1, "columns of: {sql}");
        row.into_iter().map(|(_, value)| value).next().unwrap()
    }

    /// Runs a file of SQL as `pg_dump` writes it: plain or compressed (`.gz`), also with COPY … FROM stdin.
    pub fn load_file(&self, path: impl AsRef<Path>) {
        let path = path.as_ref().to_owned();
        let url = self.url.clone();
        wait(async move { script::load(&open(&url).await, &path).await });
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        wait(template::drop_database(self.name.clone()));
    }
}

/// Path of a file under `tests/fixtures`.
pub fn fixture(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
}

/// The server of this test run, shared with other runs at the same time; it stops when the last one ends.
pub fn server() -> &'static Holder {
    static SERVER: LazyLock<Holder> = LazyLock::new(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
        Holder::start(&target.with_file_name("test-postgres"), &["test"])
    });
    &SERVER
}

/// A plain connection to a test database.
pub async fn open(url: &DatabaseUrl) -> Client {
    let options = ConnectOptions {
        application_name: "acceptance".to_owned(),
        read_only: false,
        statement_timeout: Duration::from_mins(2),
        connect_timeout: Duration::from_secs(30),
    };
    connect(url, &options).await.unwrap_or_else(|error| panic!("{error}"))
}

/// Waits for `future`, which runs on a runtime of its own, so that tests may be asynchronous or not.
pub fn wait<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
    let (sender, receiver) = mpsc::channel();
    RUNTIME.spawn(async move { sender.send(tokio::spawn(future).await) });
    let result = receiver.recv().expect("the runtime lives as long as the process");
    result.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

/// Fails the test with what PostgreSQL said.
fn fail(sql: &str, error: &tokio_postgres::Error) -> ! {
    let reason = error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string);
    panic!("{reason}\nin: {}", sql.chars().take(2000).collect::<String>())
}
