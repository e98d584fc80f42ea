//! The documents of an index, page by page.

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use tokio::runtime::Handle;

use super::error::SearchError;
use super::server::{Cause, SearchServer, cut};
use super::snapshot::{Pit, Snapshot};

/// What is read of an index.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// Index, alias or pattern.
    pub(super) index: String,
    /// In the server's language; `None`: all documents.
    pub(super) query: Option<Value>,
    /// Fields of documents that are sent; `None`: none.
    pub(super) fields: Option<Vec<String>>,
    /// Documents of a page.
    pub(super) page_size: usize,
    /// Documents at most.
    pub(super) limit: Option<usize>,
    /// How many parts the scan has.
    pub(super) slices: usize,
}

impl Request {
    /// The body of the search for one part, without what changes from page to page.
    pub(super) fn body(&self, slice: usize) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("size".to_owned(), self.page_size.min(self.limit.unwrap_or(usize::MAX)).into());
        if let Some(query) = &self.query {
            body.insert("query".to_owned(), query.clone());
        }
        body.insert("_source".to_owned(), self.fields.as_ref().map_or(Value::Bool(false), |fields| json!(fields)));
        if self.slices > 1 {
            body.insert("slice".to_owned(), json!({ "id": slice, "max": self.slices }));
        }
        body
    }
}

/// A document of a page.
#[derive(Debug, Deserialize)]
pub(super) struct Hit {
    #[serde(rename = "_index")]
    pub(super) index: String,
    #[serde(rename = "_id")]
    pub(super) id: String,
    #[serde(rename = "_source", default)]
    pub(super) source: Value,
    #[serde(default)]
    sort: Option<Box<RawValue>>,
}

/// The answer to a search.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    #[serde(default, alias = "_scroll_id")]
    pit_id: Option<String>,
    timed_out: bool,
    #[serde(rename = "_shards")]
    shards: Shards,
    hits: Hits,
    #[serde(default)]
    pub(super) aggregations: BTreeMap<String, Value>,
}

/// How many parts of the index an answer is of.
#[derive(Debug, Deserialize)]
pub(super) struct Shards {
    total: u64,
    failed: u64,
    #[serde(default)]
    failures: Vec<ShardFailure>,
}

impl Shards {
    /// Fails if one did not answer.
    pub(super) fn are_all(&self, index: &str) -> Result<(), SearchError> {
        if self.failed == 0 {
            return Ok(());
        }
        let reason = self.failures.first().map_or_else(String::new, |failure| words(failure.reason.clone()));
        Err(SearchError::Shards { index: index.to_owned(), failed: self.failed, total: self.total, reason })
    }
}

#[derive(Debug, Deserialize)]
struct ShardFailure {
    reason: Value,
}

#[derive(Debug, Deserialize)]
struct Hits {
    #[serde(default)]
    total: Option<Total>,
    hits: Vec<Hit>,
}

/// The number of documents found; a bare number up to version 6.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Total {
    Exact(u64),
    Related { value: u64, relation: String },
}

impl Answer {
    /// Itself, if it is complete.
    pub(super) fn complete(self, index: &str) -> Result<Self, SearchError> {
        if self.timed_out {
            return Err(SearchError::TimedOut { index: index.to_owned() });
        }
        self.shards.are_all(index)?;
        Ok(self)
    }

    /// How many documents were found, if the server counted them all.
    pub(super) fn total(&self) -> Option<u64> {
        match self.hits.total.as_ref()? {
            Total::Exact(value) => Some(*value),
            Total::Related { value, relation } => (relation == "eq").then_some(*value),
        }
    }
}

fn words(reason: Value) -> String {
    match serde_json::from_value::<Cause>(reason) {
        Ok(cause) => {
            let (kind, reason) = cause.into_words();
            format!("{kind}: {reason}")
        }
        Err(error) => cut(&error.to_string()),
    }
}

/// A search without documents in its answer, of the snapshot where there is one.
pub(super) async fn summarize(
    snapshot: &Snapshot,
    index: &str,
    mut body: Map<String, Value>,
) -> Result<Answer, SearchError> {
    body.insert("size".to_owned(), 0.into());
    // Told not to count, a server may say that it stopped early.
    body.insert("track_total_hits".to_owned(), true.into());
    let pit = snapshot.pit(index).await?;
    let path: &[&str] = if let Some(pit) = &pit {
        body.insert("pit".to_owned(), pit.as_json());
        &["_search"]
    } else {
        &[index, "_search"]
    };
    let answer: Answer = snapshot.server.request(Method::POST, path, &[], Some(&Value::Object(body))).await?;
    if let (Some(pit), Some(id)) = (&pit, &answer.pit_id) {
        pit.renew(id.clone());
    }
    answer.complete(index)
}

/// Where the reading of one part of a scan stands.
#[derive(Debug)]
pub(super) struct Pages {
    snapshot: Arc<Snapshot>,
    request: Request,
    slice: usize,
    place: Place,
    /// Documents that may still come.
    remaining: usize,
}

#[derive(Debug)]
enum Place {
    Start,
    After(Arc<Pit>, Box<RawValue>),
    Scrolling(Scroll),
    End,
}

impl Pages {
    pub(super) fn new(snapshot: Arc<Snapshot>, request: Request, slice: usize) -> Self {
        let remaining = request.limit.unwrap_or(usize::MAX);
        Self { snapshot, request, slice, place: Place::Start, remaining }
    }

    pub(super) fn index(&self) -> &str {
        &self.request.index
    }

    /// The next documents; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Hit>>, SearchError> {
        // Whatever fails or is given up on the way leaves the end, and closes what was open.
        let (hits, next) = match std::mem::replace(&mut self.place, Place::End) {
            Place::End => return Ok(None),
            Place::Start => {
                if let Some(pit) = self.snapshot.pit(&self.request.index).await? {
                    self.after(pit, None).await?
                } else {
                    let (scroll, hits) = Scroll::open(&self.snapshot, &self.request, self.slice).await?;
                    (hits, Place::Scrolling(scroll))
                }
            }
            Place::After(pit, last) => self.after(pit, Some(&last)).await?,
            Place::Scrolling(mut scroll) => {
                let hits = scroll.next(&self.request.index).await?;
                (hits, Place::Scrolling(scroll))
            }
        };
        let is_last = hits.len() < self.request.page_size || hits.len() >= self.remaining;
        let mut hits = hits;
        hits.truncate(self.remaining);
        self.remaining -= hits.len();
        if !is_last {
            self.place = next;
        }
        Ok((!hits.is_empty()).then_some(hits))
    }

    async fn after(&self, pit: Arc<Pit>, last: Option<&RawValue>) -> Result<(Vec<Hit>, Place), SearchError> {
        let mut body = self.request.body(self.slice);
        body.insert("track_total_hits".to_owned(), false.into());
        body.insert("sort".to_owned(), json!([{ "_shard_doc": "asc" }]));
        body.insert("pit".to_owned(), pit.as_json());
        if let Some(last) = last {
            body.insert("search_after".to_owned(), serde_json::from_str(last.get()).unwrap_or_default());
        }
        let server = &self.snapshot.server;
        let answer: Answer = server.request(Method::POST, &["_search"], &[], Some(&Value::Object(body))).await?;
        if let Some(id) = &answer.pit_id {
            pit.renew(id.clone());
        }
        let mut hits = answer.complete(&self.request.index)?.hits.hits;
        let place = match hits.last_mut().map(|hit| hit.sort.take()) {
            None => Place::End,
            Some(Some(sort)) => Place::After(pit, sort),
            Some(None) => {
                let reason = "a document without `sort`".to_owned();
                return Err(SearchError::Malformed { request: "POST /_search".to_owned(), reason });
            }
        };
        Ok((hits, place))
    }
}

/// A scroll, which is closed when it is dropped.
#[derive(Debug)]
struct Scroll {
    server: Arc<SearchServer>,
    runtime: Handle,
    keep_alive: String,
    id: String,
}

impl Scroll {
    async fn open(snapshot: &Snapshot, request: &Request, slice: usize) -> Result<(Self, Vec<Hit>), SearchError> {
        let mut body = request.body(slice);
        body.insert("sort".to_owned(), json!(["_doc"]));
        let (server, keep_alive, index) = (Arc::clone(&snapshot.server), snapshot.keep_alive(), request.index.clone());
        // A task, so that a scroll that opens while nobody waits any more is known, and closed.
        let task = tokio::spawn(async move {
            let query = [("scroll", keep_alive.as_str())];
            let answer: Answer =
                server.request(Method::POST, &[&index, "_search"], &query, Some(&Value::Object(body))).await?;
            let Some(id) = answer.pit_id.clone() else {
                let request = format!("POST /{index}/_search");
                return Err(SearchError::Malformed { request, reason: "it has no `_scroll_id`".to_owned() });
            };
            let scroll = Self { server, runtime: Handle::current(), keep_alive, id };
            Ok((scroll, answer.complete(&index)?.hits.hits))
        });
        task.await.map_err(|error| SearchError::Interrupted(error.to_string()))?
    }

    async fn next(&mut self, index: &str) -> Result<Vec<Hit>, SearchError> {
        let body = json!({ "scroll": self.keep_alive, "scroll_id": self.id });
        let answer: Answer = self.server.request(Method::POST, &["_search", "scroll"], &[], Some(&body)).await?;
        if let Some(id) = &answer.pit_id {
            self.id.clone_from(id);
        }
        Ok(answer.complete(index)?.hits.hits)
    }
}

impl Drop for Scroll {
    fn drop(&mut self) {
        let body = json!({ "scroll_id": [self.id] });
        self.server.give_back(&self.runtime, &["_search", "scroll"], body);
    }
}
