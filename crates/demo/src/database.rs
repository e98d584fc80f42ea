//! The demo's own database on the embedded server. No other database is written or dropped.

use std::io::Cursor;
use std::pin::pin;

use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, Utc};
use futures_util::SinkExt as _;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};

use crate::sample::{Sample, VERSION, generate};

/// Name of the demo's database.
pub const NAME: &str = "coldroom_demo";

const SCHEMA: &str = include_str!("../source_schema.sql");
const CREATE_DATABASE: &str = "CREATE DATABASE coldroom_demo ENCODING 'UTF8' TEMPLATE template0";
const DROP_DATABASE: &str = "DROP DATABASE coldroom_demo";

/// What the database was made from, in a schema that only the demo makes: a database without it is not the demo's.
const CREATE_MARKER: &str = "CREATE SCHEMA demo; \
     CREATE TABLE demo.sample (generator_version integer NOT NULL, until timestamptz NOT NULL);";

/// Held from the first look at the database until the reports have run, so that two demos do not get in each other's
/// way. Any fixed number does.
const LOCK: i64 = 0x64_65_6d_6f;

/// Which sample is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// One that ends on the day of this instant; a new one ends at it.
    Today(DateTime<Utc>),
    /// One that ends exactly here.
    Until(DateTime<Utc>),
}

impl Wanted {
    fn until(self) -> DateTime<Utc> {
        match self {
            Self::Today(instant) | Self::Until(instant) => instant,
        }
    }

    fn is_met_by(self, until: DateTime<Utc>) -> bool {
        match self {
            Self::Today(now) => until.date_naive() == now.date_naive(),
            Self::Until(wanted) => until == wanted,
        }
    }
}

/// How the sample came to be in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Just loaded.
    Loaded,
    /// Was there already.
    Kept,
    /// Another one was there and is in use, so it stays.
    InUse,
}

/// A database that holds the sample, locked for other demos until it is unlocked or dropped.
#[derive(Debug)]
pub struct Prepared {
    /// The sample that is in it.
    pub sample: Sample,
    /// How it came there.
    pub origin: Origin,
    /// The session that holds the lock.
    lock: Client,
}

impl Prepared {
    /// Lets other demos look at the database.
    pub fn unlock(self) {
        drop(self.lock);
    }
}

/// Puts the wanted sample into the demo's database on `server`, or leaves it when it is there. A sample of another
/// day is replaced by a new database, so that no figure of it stays behind.
pub async fn prepare(server: &Config, wanted: Wanted) -> Result<Prepared> {
    let maintenance = connect(server, "postgres").await?;
    maintenance.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await.context("waiting for another demo")?;

    if !exists(&maintenance).await? {
        maintenance.batch_execute(CREATE_DATABASE).await.context("creating the demo's database")?;
    }
    let origin = match found(server).await? {
        Some(until) if wanted.is_met_by(until) => {
            return Ok(Prepared { sample: generate(until), origin: Origin::Kept, lock: maintenance });
        }
        Some(until) => match maintenance.batch_execute(DROP_DATABASE).await {
            Ok(()) => {
                maintenance.batch_execute(CREATE_DATABASE).await.context("creating the demo's database")?;
                Origin::Loaded
            }
            Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) && matches!(wanted, Wanted::Today(_)) => {
                return Ok(Prepared { sample: generate(until), origin: Origin::InUse, lock: maintenance });
            }
            Err(error) => return Err(error).context("replacing the sample of another day; is another demo running?"),
        },
        None => Origin::Loaded,
    };
    let sample = generate(wanted.until());
    load(server, &sample).await?;
    Ok(Prepared { sample, origin, lock: maintenance })
}

async fn exists(maintenance: &Client) -> Result<bool> {
    let row = maintenance.query_opt("SELECT FROM pg_database WHERE datname = $1", &[&NAME]).await;
    Ok(row.context("looking for the demo's database")?.is_some())
}

/// The end of the sample in the database, `None` when the database is empty. One made by another version of the
/// generator ends at the beginning of time: it is not what anybody wants.
async fn found(server: &Config) -> Result<Option<DateTime<Utc>>> {
    let client = connect(server, NAME).await?;
    let marked: bool = client.query_one("SELECT to_regclass('demo.sample') IS NOT NULL", &[]).await?.get(0);
    if !marked {
        let foreign = client
            .query_opt(
                "SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
                 WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LIMIT 1",
                &[],
            )
            .await?;
        if foreign.is_some() {
            bail!("the database {NAME} holds tables that the demo did not make; rename it, or use another --data-dir");
        }
        return Ok(None);
    }
    let row = client.query_opt("SELECT generator_version, until FROM demo.sample", &[]).await?;
    Ok(Some(match row {
        Some(row) if row.get::<_, i32>(0) == VERSION => row.get(1),
        _ => DateTime::<Utc>::MIN_UTC,
    }))
}

/// Schema, rows and marker in one transaction: the database has all of the sample or nothing.
async fn load(server: &Config, sample: &Sample) -> Result<()> {
    let mut client = connect(server, NAME).await?;
    let transaction = client.transaction().await?;
    transaction.batch_execute(SCHEMA).await.context("creating the operational tables")?;
    for table in &sample.tables {
        let sink = transaction.copy_in(table.copy()).await.with_context(|| format!("starting {}", table.copy()))?;
        let mut sink = pin!(sink);
        sink.send(Cursor::new(table.rows().to_owned().into_bytes())).await?;
        sink.as_mut().finish().await.with_context(|| format!("loading with {}", table.copy()))?;
    }
    transaction.batch_execute(CREATE_MARKER).await?;
    transaction.execute("INSERT INTO demo.sample VALUES ($1, $2)", &[&VERSION, &sample.until]).await?;
    transaction.commit().await.context("storing the sample")?;
    client.batch_execute("ANALYZE").await.context("gathering statistics")
}

/// A connection to one database of the server. The embedded server listens on a private socket, without TLS.
async fn connect(server: &Config, database: &str) -> Result<Client> {
    let mut config = server.clone();
    config.dbname(database).application_name("demo");
    let (client, connection) =
        config.connect(NoTls).await.with_context(|| format!("connecting to the database {database}"))?;
    // A connection that ends says so through the client's next call.
    tokio::spawn(connection);
    Ok(client)
}
