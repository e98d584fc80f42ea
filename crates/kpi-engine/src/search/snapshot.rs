//! The state of a server's indices that all scans of one KPI see.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use datafusion::execution::TaskContext;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;

use super::error::SearchError;
use super::flavour::Paging;
use super::pages::Shards;
use super::server::SearchServer;

/// How long a scan that runs by itself is kept open between two pages.
const ALONE: Duration = Duration::from_mins(1);

/// What is found out once.
type Once<T> = Arc<OnceCell<T>>;

/// An index and some of its fields.
type FieldsOfIndex = (String, BTreeSet<String>);

/// The indices of a server as of the first time that each is read; with scrolls, as of the beginning of each scan.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) server: Arc<SearchServer>,
    keep_alive: Duration,
    pits: Mutex<BTreeMap<String, Once<Arc<Pit>>>>,
    /// Sets of fields of an index, and whether they were found to hold one value a document.
    pub(super) single_valued: Mutex<BTreeMap<FieldsOfIndex, Once<Option<String>>>>,
}

/// The snapshots of one KPI, one of each server: an extension of the session's configuration under which it runs.
///
/// What servers hold for them is given back when this is dropped, and the streams that read from it.
#[derive(Debug)]
pub struct Snapshots {
    keep_alive: Duration,
    /// By the address of the server in memory, which the snapshot keeps there.
    of: Mutex<BTreeMap<usize, Arc<Snapshot>>>,
}

impl Snapshots {
    /// Servers give up by themselves what nobody has asked for during `keep_alive`.
    pub fn new(keep_alive: Duration) -> Self {
        Self { keep_alive, of: Mutex::default() }
    }

    /// The snapshot of a server for what runs in the context; one of its own where there is no such extension.
    pub(super) fn of(context: &TaskContext, server: &Arc<SearchServer>) -> Arc<Snapshot> {
        let new = |keep_alive| Arc::new(Snapshot::new(Arc::clone(server), keep_alive));
        let Some(snapshots) = context.session_config().get_extension::<Self>() else { return new(ALONE) };
        let mut of = snapshots.of.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(of.entry(Arc::as_ptr(server).addr()).or_insert_with(|| new(snapshots.keep_alive)))
    }
}

impl Snapshot {
    fn new(server: Arc<SearchServer>, keep_alive: Duration) -> Self {
        Self { server, keep_alive, pits: Mutex::default(), single_valued: Mutex::default() }
    }

    /// Time after which the server gives up what nobody asks for, as it is sent.
    pub(super) fn keep_alive(&self) -> String {
        format!("{}s", self.keep_alive.as_secs().max(1))
    }

    /// The point in time of an index, opened when it is first asked for; `None` where there are only scrolls.
    pub(super) async fn pit(&self, index: &str) -> Result<Option<Arc<Pit>>, SearchError> {
        if self.server.flavour.paging() == Paging::Scroll {
            return Ok(None);
        }
        let cell = {
            let mut pits = self.pits.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(pits.entry(index.to_owned()).or_default())
        };
        let open = || async {
            // A task, so that a point in time that opens while nobody waits any more is known, and closed.
            let task = tokio::spawn(Pit::open(Arc::clone(&self.server), index.to_owned(), self.keep_alive()));
            task.await.map_err(|error| SearchError::Interrupted(error.to_string()))?
        };
        cell.get_or_try_init(open).await.map(|pit| Some(Arc::clone(pit)))
    }
}

/// A point in time, which is closed when it is dropped.
#[derive(Debug)]
pub(super) struct Pit {
    server: Arc<SearchServer>,
    runtime: Handle,
    keep_alive: String,
    /// The newest that the server gave: it may give another one with each answer.
    id: Mutex<String>,
}

impl Pit {
    async fn open(server: Arc<SearchServer>, index: String, keep_alive: String) -> Result<Arc<Self>, SearchError> {
        #[derive(Deserialize)]
        struct Opened {
            #[serde(alias = "pit_id")]
            id: String,
            #[serde(rename = "_shards")]
            shards: Option<Shards>,
        }
        let whole = ("allow_partial_pit_creation", "false");
        let (path, query): (&[&str], &[_]) = match server.flavour.paging() {
            // It would leave out shards that are missing; Elasticsearch refuses then by itself.
            Paging::OpenSearchPit => (&[&index, "_search", "point_in_time"], &[("keep_alive", &*keep_alive), whole]),
            _ => (&[&index, "_pit"], &[("keep_alive", &*keep_alive)]),
        };
        let opened: Opened = server.request(Method::POST, path, query, None).await?;
        let pit = Self { server, runtime: Handle::current(), keep_alive, id: Mutex::new(opened.id) };
        if let Some(shards) = &opened.shards {
            // One that is not of the whole index is closed at once.
            shards.are_all(&index)?;
        }
        Ok(Arc::new(pit))
    }

    /// The part of a search's body that names it.
    pub(super) fn as_json(&self) -> Value {
        json!({ "id": *self.id.lock().unwrap_or_else(PoisonError::into_inner), "keep_alive": self.keep_alive })
    }

    pub(super) fn renew(&self, id: String) {
        *self.id.lock().unwrap_or_else(PoisonError::into_inner) = id;
    }
}

impl Drop for Pit {
    fn drop(&mut self) {
        let id = self.id.get_mut().unwrap_or_else(PoisonError::into_inner);
        let (path, body): (&[&str], _) = match self.server.flavour.paging() {
            Paging::OpenSearchPit => (&["_search", "point_in_time"], json!({ "pit_id": [id] })),
            _ => (&["_pit"], json!({ "id": id })),
        };
        self.server.give_back(&self.runtime, path, body);
    }
}
