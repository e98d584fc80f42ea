//! What tests of the program share: a folder of definitions, a database for the metrics and one as a source.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use metrics_core::db::migrate;
use serde_json::Value;

use crate::engine::support::Database;

/// Longest wait for something that happens at once on an idle machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A folder, the metrics database, and a database to read from.
pub struct World {
    pub folder: tempfile::TempDir,
    pub metrics: Database,
    pub source: Database,
    pub variables: Vec<(&'static str, String)>,
}

impl World {
    /// The definitions; `source` is there as the source `shop`, with a table `orders` of three rows and a view `slow`.
    pub async fn new(definitions: &str) -> Self {
        let metrics = Database::new().await;
        // The runtime of the test is not one on which migrations run.
        let url = metrics.url.clone();
        let migrated = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(migrate::migrate(&url)).map(|_| ())
        });
        migrated.join().unwrap().unwrap();
        let source = Database::with(
            "CREATE TABLE orders (id int8, name text, amount numeric(10,2)); \
             INSERT INTO orders VALUES (1, 'pear', 1.50), (2, '=1+1', 2.25), (3, NULL, NULL); \
             CREATE VIEW slow AS SELECT pg_sleep(60)::text AS x",
        )
        .await;
        let folder = tempfile::tempdir().unwrap();
        let mut world = Self { folder, metrics, source, variables: Vec::new() };
        let url = world.source.url.expose().to_owned();
        world.variables.push(("SHOP_URL", url));
        world.define(definitions);
        world
    }

    pub fn define(&self, definitions: &str) {
        let text =
            format!("environment = 'test'\n{definitions}\n[sources.shop]\nkind = 'postgres'\nurl = '${{SHOP_URL}}'\n");
        std::fs::write(self.path("kpis.toml"), text).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `reporter-kpi` with nothing of this process's environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reporter-kpi"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("METRICS_DATABASE__URL", self.metrics.url.expose())
            .env("METRICS_DATABASE__EMBEDDED", "never")
            .env("METRICS_LOG__LEVEL", "warn")
            .envs(self.variables.iter().map(|(name, value)| (*name, value.as_str())));
        command
    }

    /// Runs it to its end: exit code, standard output, standard error.
    pub fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        said(&self.command(arguments).output().unwrap())
    }

    /// What a run says with `--json`.
    pub fn run_json(&self, arguments: &[&str]) -> (i32, Value) {
        let arguments: Vec<&str> = ["run", "--json"].iter().chain(arguments).copied().collect();
        let (code, out, err) = self.run(&arguments);
        (code, serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}")))
    }

    /// Rows of the metrics database, as JSON.
    pub async fn rows(&self, sql: &str) -> Vec<Value> {
        let sql = format!("WITH t AS ({sql}) SELECT to_jsonb(t) FROM t");
        let rows = self.metrics.client().await.query(&sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Statements of the program that the source is working on.
    pub async fn at_work(&self) -> i64 {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                   AND pid <> pg_backend_pid() AND state = 'active'";
        self.source.client().await.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// Waits until the source works on so many.
    pub async fn wait_at_work(&self, expected: i64) {
        let start = Instant::now();
        while self.at_work().await != expected {
            assert!(start.elapsed() < PATIENCE, "the source does not work on {expected} statements");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the file holds `text`.
    pub fn wait_for(&self, file: &str, text: &str) {
        let start = Instant::now();
        while !std::fs::read_to_string(self.path(file)).is_ok_and(|there| there.contains(text)) {
            assert!(start.elapsed() < PATIENCE, "{file} does not hold {text}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Exit code (-1 when a signal ended it), standard output, standard error.
pub fn said(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}
