//! Databases are cloned from templates, which takes a tenth of a migration's time.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use metrics_core::db::migrate::migrate;
use tokio_postgres::Client;

use super::{fail, fixture, open, script, server};

/// Key of the advisory lock under which templates are made and cloned: PostgreSQL refuses to clone a database
/// that is in use.
const LOCK: i64 = 0x7465_6d70_6c61_7465;

/// What a new database has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Template {
    /// Nothing.
    Empty,
    /// The schema `metrics` and the views in `public`.
    Migrated,
    /// That, and the tables of the operational database.
    WithSource,
}

impl Template {
    /// Its database: another one when a file that it is made of has changed.
    fn name(self) -> String {
        static HASH: LazyLock<u64> = LazyLock::new(|| {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("");
            let mut hasher = DefaultHasher::new();
            for folder in [root.join("migrations"), root.join("crates/metrics-core/src/db/views")] {
                hash_files(&folder, &mut hasher);
            }
            fs::read(source_schema()).unwrap().hash(&mut hasher);
            hasher.finish()
        });
        match self {
            Self::Empty => "template1".to_owned(),
            Self::Migrated => format!("template_metrics_{:016x}", *HASH),
            Self::WithSource => format!("template_source_{:016x}", *HASH),
        }
    }
}

fn source_schema() -> PathBuf {
    fixture("coldroom/source_schema_plain.sql")
}

fn hash_files(folder: &Path, hasher: &mut DefaultHasher) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            hash_files(&path, hasher);
        } else {
            path.hash(hasher);
            fs::read(&path).unwrap().hash(hasher);
        }
    }
}

/// Makes the database `name`.
pub(super) async fn clone_to(template: Template, name: String) {
    let client = open(&server().url("postgres")).await;
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await.unwrap();
    if template != Template::Empty && !exists(&client, &template.name()).await {
        drop_leftovers(&client).await;
        make(&client, template).await;
    }
    run(&client, &format!("CREATE DATABASE {name} TEMPLATE {}", template.name())).await;
}

/// Drops the database `name` with whatever is connected to it.
pub(super) async fn drop_database(name: String) {
    let client = open(&server().url("postgres")).await;
    run(&client, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
}

async fn exists(client: &Client, name: &str) -> bool {
    client.query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&name]).await.unwrap().is_some()
}

/// Makes the template under another name first, so that an interrupted test leaves no half-made one.
async fn make(client: &Client, template: Template) {
    run(client, "DROP DATABASE IF EXISTS template_unfinished WITH (FORCE)").await;
    run(client, "CREATE DATABASE template_unfinished").await;
    let url = server().url("template_unfinished");
    if template == Template::WithSource {
        script::load(&open(&url).await, &source_schema()).await;
    }
    migrate(&url).await.unwrap_or_else(|error| panic!("{error}"));
    // The connections of the migration may not have ended yet.
    run(client, "ALTER DATABASE template_unfinished ALLOW_CONNECTIONS false").await;
    client
        .execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'template_unfinished'",
            &[],
        )
        .await
        .unwrap();
    run(client, &format!("ALTER DATABASE template_unfinished RENAME TO {}", template.name())).await;
}

/// Drops templates of other versions and databases of test processes that are no more.
async fn drop_leftovers(client: &Client) {
    let current = [Template::Migrated.name(), Template::WithSource.name()];
    let rows = client
        .query(
            "SELECT datname::text FROM pg_database \
             WHERE datname LIKE 'test\\_%' OR datname LIKE 'template\\_metrics\\_%' OR datname LIKE 'template\\_source\\_%'",
            &[],
        )
        .await
        .unwrap();
    for name in rows.iter().map(|row| row.get::<_, String>(0)) {
        let in_use = match name.strip_prefix("test_").and_then(|rest| rest.split_once('_')) {
            Some((pid, _)) => !Path::new("/proc/self").exists() || Path::new("/proc").join(pid).exists(),
            None => current.contains(&name),
        };
        if !in_use {
            run(client, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        }
    }
}

async fn run(client: &Client, sql: &str) {
    client.batch_execute(sql).await.unwrap_or_else(|error| fail(sql, &error));
}
