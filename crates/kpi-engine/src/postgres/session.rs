//! Sessions of a database: lent to one KPI at a time, which sees one state of the data.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metrics_core::db::connect::{ConnectOptions, cancel, connect};
use metrics_core::kpi::{ErrorKind, Failure};
use metrics_core::settings::DatabaseUrl;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::Client;

use super::scan::Scan;
use crate::failure::{chain, failure, of_postgres};
use crate::leaf::Leaf;
use crate::pending::Pending;
use crate::remote::{Column, Dialect, SqlStore};

/// Time until an attempt to connect is given up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A database, and its sessions that nobody uses at the moment.
pub(crate) struct Database {
    /// Name of the source.
    pub name: String,
    url: DatabaseUrl,
    options: ConnectOptions,
    zone: String,
    idle: Mutex<Vec<Client>>,
    slots: Arc<Semaphore>,
    /// Requests to cancel.
    pending: Pending,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({})", self.name)
    }
}

impl Database {
    /// Nothing is opened yet. Sessions have the time zone `zone`.
    pub fn new(
        name: &str,
        url: DatabaseUrl,
        pool: usize,
        statement_timeout: Duration,
        read_only: bool,
        zone: &str,
    ) -> Self {
        let options = ConnectOptions {
            application_name: "reporter-kpi".to_owned(),
            read_only,
            statement_timeout,
            connect_timeout: CONNECT_TIMEOUT,
        };
        let (idle, slots) = (Mutex::new(Vec::new()), Arc::new(Semaphore::new(pool.max(1))));
        Self { name: name.to_owned(), url, options, zone: zone.to_owned(), idle, slots, pending: Pending::default() }
    }

    /// The time zone of its sessions.
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// A session that is lent until it is given back or dropped; waits while all are in use.
    pub async fn lease(self: &Arc<Self>) -> Result<Arc<Lease>, Failure> {
        // The semaphore lives as long as the database and is never closed.
        let slot = Arc::clone(&self.slots).acquire_owned().await;
        let slot = slot.map_err(|error| failure(ErrorKind::Execution, format!("{}: {error}", self.name)))?;
        let waiting = std::iter::from_fn(|| locked(&self.idle).pop()).find(|client| !client.is_closed());
        let client = match waiting {
            Some(client) => client,
            None => self.open().await?,
        };
        let lease = Lease {
            database: Arc::clone(self),
            client: Mutex::new(Some(Arc::new(client))),
            running: AtomicUsize::new(0),
            is_abandoned: AtomicBool::new(false),
            has_begun: AtomicBool::new(false),
            cursors: AtomicUsize::new(0),
            _slot: slot,
        };
        Ok(Arc::new(lease))
    }

    /// Waits until what was given up is cancelled.
    pub async fn settle(&self) {
        self.pending.settle().await;
    }

    async fn open(&self) -> Result<Client, Failure> {
        let client = connect(&self.url, &self.options)
            .await
            .map_err(|error| failure(ErrorKind::SourceUnavailable, format!("{}: {}", self.name, chain(&error))))?;
        // Forms of texts that results are read in, and cursors that are read to their end.
        let settings = client.execute(include_str!("session.sql"), &[&self.zone]).await;
        settings.map_err(|error| of_postgres(&self.name, &error))?;
        Ok(client)
    }
}

impl SqlStore for Database {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn leaf(self: Arc<Self>, text: String, columns: Vec<Column>) -> Box<dyn Leaf> {
        Box::new(Scan { database: self, text, columns })
    }
}

/// One snapshot for all that a KPI reads.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is in them is whole at any time: single assignments.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A session that one KPI uses.
pub(crate) struct Lease {
    /// Whose it is.
    pub database: Arc<Database>,
    client: Mutex<Option<Arc<Client>>>,
    running: AtomicUsize,
    is_abandoned: AtomicBool,
    has_begun: AtomicBool,
    cursors: AtomicUsize,
    _slot: OwnedSemaphorePermit,
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lease({})", self.database.name)
    }
}

impl Lease {
    /// Begins the one transaction of the lease.
    pub async fn begin(&self) -> Result<(), Failure> {
        self.has_begun.store(true, Ordering::Release);
        self.run(async |client| client.batch_execute(BEGIN).await).await
    }

    /// `statement` in a transaction of its own, all in one message: with a statement that takes no time at all, each way
    /// to the server and back would count.
    pub fn alone(&self, statement: &str) -> String {
        // Until it has gone well.
        self.has_begun.store(true, Ordering::Release);
        format!("{BEGIN};\n{statement};\nROLLBACK")
    }

    /// The transaction of [`Lease::alone`] has ended.
    pub fn is_alone_no_more(&self) {
        self.has_begun.store(false, Ordering::Release);
    }

    /// Waits for what `work` asks the server. Whoever stops waiting leaves the session unusable for others.
    pub async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, Failure> {
        let client = locked(&self.client).clone();
        let Some(client) = client else {
            return Err(failure(ErrorKind::Execution, format!("{}: the session has ended", self.database.name)));
        };
        let running = Running::of(self);
        let result = work(&client).await;
        drop(client);
        running.done();
        result.map_err(|error| of_postgres(&self.database.name, &error))
    }

    /// A name for a cursor that no other scan of the session has.
    pub fn cursor(&self) -> String {
        format!("scan_{}", self.cursors.fetch_add(1, Ordering::Relaxed))
    }

    /// Says that the server still has something to send that nobody wants.
    pub fn abandon(&self) {
        self.is_abandoned.store(true, Ordering::Release);
    }

    /// Ends the transaction and gives the session back, unless something of it is still going on.
    pub async fn end(&self) {
        if self.running.load(Ordering::Acquire) > 0 || self.is_abandoned.load(Ordering::Acquire) {
            return self.stop();
        }
        // Rolled back: settings that a statement changed are as they were.
        if self.has_begun.load(Ordering::Acquire)
            && self.run(async |client| client.batch_execute("ROLLBACK").await).await.is_err()
        {
            return self.stop();
        }
        let client = locked(&self.client).take();
        if let Some(client) = client.and_then(Arc::into_inner) {
            locked(&self.database.idle).push(client);
        }
    }

    /// Ends the session, and whatever the server does for it.
    fn stop(&self) {
        let Some(client) = locked(&self.client).take() else { return };
        let is_busy = self.running.load(Ordering::Acquire) > 0 || self.is_abandoned.load(Ordering::Acquire);
        if !is_busy {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (url, token, name) = (self.database.url.clone(), client.cancel_token(), self.database.name.clone());
        self.database.pending.spawn(&runtime, async move {
            if let Err(error) = cancel(&url, token).await {
                let reason = chain(&error);
                tracing::warn!("a query of source {name} could not be cancelled: {reason}");
            }
        });
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A request that the server is working on.
struct Running<'a> {
    lease: &'a Lease,
    is_done: bool,
}

impl<'a> Running<'a> {
    fn of(lease: &'a Lease) -> Self {
        lease.running.fetch_add(1, Ordering::AcqRel);
        Self { lease, is_done: false }
    }

    fn done(mut self) {
        self.is_done = true;
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            self.lease.is_abandoned.store(true, Ordering::Release);
        }
        self.lease.running.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The sessions of one KPI, by source. When it is dropped before its end, its queries are cancelled.
#[derive(Debug, Default)]
pub(crate) struct Leases(BTreeMap<String, Arc<Lease>>);

impl Leases {
    /// A session on each of the databases, in the order of their names: two KPIs that need the same two cannot wait for
    /// each other.
    pub async fn open(databases: &BTreeMap<String, Arc<Database>>) -> Result<Self, Failure> {
        let mut leases = Self::default();
        for (name, database) in databases {
            leases.0.insert(name.clone(), database.lease().await?);
        }
        Ok(leases)
    }

    /// The same, with a transaction begun on each.
    pub async fn begin(databases: &BTreeMap<String, Arc<Database>>) -> Result<Self, Failure> {
        let leases = Self::open(databases).await?;
        for lease in leases.0.values() {
            lease.begin().await?;
        }
        Ok(leases)
    }

    /// The session for a source.
    pub fn of(&self, source: &str) -> Result<&Arc<Lease>, Failure> {
        self.0.get(source).ok_or_else(|| failure(ErrorKind::Execution, format!("{source}: no session was opened")))
    }

    /// Gives all sessions back.
    pub async fn end(&self) {
        for lease in self.0.values() {
            lease.end().await;
        }
    }

    /// Ends all sessions at once.
    pub fn stop(&self) {
        self.0.values().for_each(|lease| lease.stop());
    }
}
