//! Migrations: the schema `metrics`, and the views of the predecessor's names in `public`.

use std::time::Duration;

use diesel::QueryableByName;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use diesel_async::{AsyncConnection as _, AsyncMigrationHarness, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connect::{ConnectOptions, Connection, chain, connect_diesel};
use super::error::DbError;
use super::views::{self, PublicView};
use crate::settings::DatabaseUrl;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");
/// Key of the advisory lock that serialises migrations of one database: "metrics" in ASCII.
const LOCK: i64 = 0x006d_6574_7269_6373;
/// Oldest server that the SQL of this program runs on, as `server_version_num`.
const OLDEST_SERVER: i32 = 150_000;

/// What [`migrate`] and [`adopt`] did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MigrationReport {
    /// Migrations that were run, in order; empty when the schema was current.
    pub applied: Vec<String>,
    /// Tables of the predecessor that were renamed, from and to.
    pub renamed: Vec<(String, String)>,
    /// The views of the predecessor's names.
    pub views: Vec<PublicView>,
}

impl MigrationReport {
    /// Views that could not be made because something else has their name; the caller warns and exits with 4.
    pub fn skipped(&self) -> impl Iterator<Item = &PublicView> {
        self.views.iter().filter(|view| view.skipped.is_some())
    }
}

/// Brings the schema `metrics` to the version of this program and makes the views in `public`.
///
/// Waits for another migration of the same database to end. Works on any runtime.
pub async fn migrate(url: &DatabaseUrl) -> Result<MigrationReport, DbError> {
    on_own_runtime(url.clone(), Action::Migrate).await
}

/// [`migrate`], and before the views are made renames the predecessor's tables in `public` to
/// `<name>_predecessor`.
pub async fn adopt(url: &DatabaseUrl) -> Result<MigrationReport, DbError> {
    on_own_runtime(url.clone(), Action::Adopt).await
}

/// Drops the views and undoes all migrations, with all data. For tests of the migrations.
pub async fn revert_all(url: &DatabaseUrl) -> Result<(), DbError> {
    on_own_runtime(url.clone(), Action::Revert).await.map(drop)
}

/// Whether the schema is exactly that of this program.
pub async fn schema_is_current(conn: &mut Connection) -> Result<bool, DbError> {
    Ok(applied(conn).await? == known()?)
}

/// Migrations of this program that the database lacks, in order.
pub async fn pending(conn: &mut Connection) -> Result<Vec<String>, DbError> {
    let applied = applied(conn).await?;
    Ok(known()?.into_iter().filter(|version| !applied.contains(version)).collect())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Migrate,
    Adopt,
    Revert,
}

/// Runs `action` on a thread with a runtime of its own: Diesel's harness blocks its thread, which the
/// single-threaded runtimes of the HTTP server do not allow.
async fn on_own_runtime(url: DatabaseUrl, action: Action) -> Result<MigrationReport, DbError> {
    let failed = |error: std::io::Error| DbError::Migration(format!("no thread to run it: {error}"));
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::Builder::new()
        .name("migrate".to_owned())
        .spawn(move || {
            let result = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .map_err(failed)
                .and_then(|runtime| runtime.block_on(run(&url, action)));
            // The caller may have gone; the migration is done all the same.
            let _ = sender.send(result);
        })
        .map_err(failed)?;
    receiver.await.map_err(|_| DbError::Migration("its thread ended early".to_owned()))?
}

async fn run(url: &DatabaseUrl, action: Action) -> Result<MigrationReport, DbError> {
    let options = ConnectOptions {
        application_name: "metrics migrate".to_owned(),
        read_only: false,
        statement_timeout: Duration::ZERO,
        connect_timeout: Duration::from_secs(10),
    };
    let mut conn = connect_diesel(url, &options).await?;
    require_version(&mut conn, url).await?;
    // Held until the connection closes.
    diesel::sql_query("SELECT pg_advisory_lock($1)").bind::<BigInt, _>(LOCK).execute(&mut conn).await?;
    if action == Action::Revert {
        views::drop_public(&mut conn).await?;
    }

    create_schema(&mut conn).await?;
    // Diesel's own table has no schema in its name: this is where it goes.
    conn.batch_execute("SET search_path TO metrics").await?;
    let mut harness = AsyncMigrationHarness::new(conn);
    let versions = match action {
        Action::Migrate | Action::Adopt => harness.run_pending_migrations(MIGRATIONS),
        Action::Revert => harness.revert_all_migrations(MIGRATIONS),
    }
    .map_err(|error| DbError::Migration(chain(error.as_ref())))?;
    let applied = versions.iter().map(ToString::to_string).collect();
    let mut conn = harness.into_inner();
    conn.batch_execute(
        "RESET search_path; \
         COMMENT ON SCHEMA metrics IS 'Indicators of cold rooms, computed by reporter, served by api.'; \
         COMMENT ON TABLE metrics.__diesel_schema_migrations IS 'Migrations that were run on this schema.'; \
         COMMENT ON COLUMN metrics.__diesel_schema_migrations.version IS 'Number of the migration.'; \
         COMMENT ON COLUMN metrics.__diesel_schema_migrations.run_on IS 'When it was run.'",
    )
    .await?;

    let mut report = MigrationReport { applied, ..MigrationReport::default() };
    if action != Action::Revert {
        // Renaming and making the views is one step for those who read them.
        (report.renamed, report.views) = conn
            .transaction(async |conn| {
                let renamed = if action == Action::Adopt { views::rename_predecessor(conn).await? } else { Vec::new() };
                Ok::<_, DbError>((renamed, views::create_public(conn).await?))
            })
            .await?;
    }
    Ok(report)
}

#[derive(QueryableByName)]
struct ServerVersion {
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = Text)]
    version: String,
}

async fn require_version(conn: &mut Connection, url: &DatabaseUrl) -> Result<(), DbError> {
    let server: ServerVersion = diesel::sql_query(
        "SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version",
    )
    .get_result(conn)
    .await?;
    if server.number < OLDEST_SERVER {
        return Err(DbError::OldServer { target: url.target(), version: server.version });
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
}

/// Creates the schema. `IF NOT EXISTS` alone would need the right to create schemas even when it is there.
async fn create_schema(conn: &mut Connection) -> Result<(), DbError> {
    let schema: Name = diesel::sql_query("SELECT to_regnamespace('metrics')::text AS name").get_result(conn).await?;
    if schema.name.is_none() {
        conn.batch_execute("CREATE SCHEMA IF NOT EXISTS metrics").await?;
    }
    Ok(())
}

/// Versions that the database has, in order.
async fn applied(conn: &mut Connection) -> Result<Vec<String>, DbError> {
    let table: Name = diesel::sql_query("SELECT to_regclass('metrics.__diesel_schema_migrations')::text AS name")
        .get_result(conn)
        .await?;
    if table.name.is_none() {
        return Ok(Vec::new());
    }
    let versions: Vec<Name> =
        diesel::sql_query("SELECT version::text AS name FROM metrics.__diesel_schema_migrations ORDER BY version")
            .load(conn)
            .await?;
    Ok(versions.into_iter().filter_map(|version| version.name).collect())
}

/// Versions that this program has, in order.
fn known() -> Result<Vec<String>, DbError> {
    let migrations: Vec<Box<dyn Migration<Pg>>> =
        MIGRATIONS.migrations().map_err(|error| DbError::Migration(error.to_string()))?;
    let mut versions: Vec<String> = migrations.iter().map(|migration| migration.name().version().to_string()).collect();
    versions.sort_unstable();
    Ok(versions)
}
