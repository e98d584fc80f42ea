//! Elasticsearch 8 as it may be: a point in time gets a new id with each answer, totals are absent where they are not
//! asked for, and it fails when a test says so.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::stub::{Answer, Request, Stub};

/// What is the matter with one search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    TimedOut,
    FailedShard,
    /// Once; the next attempt is answered.
    TooManyRequests,
    /// Once; the next attempt is answered.
    Unavailable,
    CutOff,
    Expired,
    Hang,
    /// Points in time are of a part of the index.
    PartialPit,
}

/// What it holds, and what is open.
#[derive(Debug, Default)]
pub struct State {
    /// Ids that are good now.
    open: BTreeSet<String>,
    /// Searches answered with documents, and ids given out.
    searches: usize,
    ids: usize,
    has_failed: bool,
}

impl State {
    fn new_id(&mut self) -> String {
        self.ids += 1;
        let id = format!("pit-{}", self.ids);
        self.open.insert(id.clone());
        id
    }
}

/// A server that holds documents `{"n": 0}`, `{"n": 1}`, ….
pub struct Fake {
    pub stub: Stub,
    state: Arc<Mutex<State>>,
}

impl Fake {
    /// `fault` is that of search number `at`, from 0.
    pub fn start(documents: usize, at: usize, fault: Fault) -> Self {
        Self::of_version("8.17.0", documents, at, fault)
    }

    /// One of Elasticsearch, or of OpenSearch where `opensearch` stands before the number.
    pub fn of_version(version: &'static str, documents: usize, at: usize, fault: Fault) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let stub = Stub::start(move |request| answer(version, documents, at, fault, &shared, request));
        Self { stub, state }
    }

    /// What was opened and not closed.
    pub fn open(&self) -> usize {
        self.state.lock().unwrap().open.len()
    }

    /// Requests that asked for documents.
    pub fn searches(&self) -> Vec<Request> {
        self.stub.requests().into_iter().filter(|request| request.path().ends_with("/_search")).collect()
    }
}

fn answer(version: &str, documents: usize, at: usize, fault: Fault, state: &Mutex<State>, request: &Request) -> Answer {
    let mut state = state.lock().unwrap();
    match (request.method.as_str(), request.path()) {
        ("GET", "/") => {
            if let Some(number) = version.strip_prefix("opensearch ") {
                return Answer::json(200, &json!({ "version": { "number": number, "distribution": "opensearch" } }));
            }
            let body = json!({ "version": { "number": version } });
            Answer::with_headers(200, "X-Elastic-Product: Elasticsearch\r\n", &body)
        }
        ("GET", "/logs/_mapping") => {
            let properties = json!({ "properties": { "n": { "type": "long" } } });
            let mappings = if version.starts_with('6') { json!({ "log": properties }) } else { properties };
            Answer::json(200, &json!({ "logs-1": { "mappings": mappings } }))
        }
        ("GET", "/logs/_settings") => {
            Answer::json(200, &json!({ "logs-1": { "settings": { "index.number_of_shards": "1" } } }))
        }
        ("GET", path) => {
            let reason = format!("no such index [{}]", path.split('/').nth(1).unwrap_or_default());
            error(404, "index_not_found_exception", &reason)
        }
        ("POST", path @ ("/logs/_pit" | "/logs/_search/point_in_time")) => {
            let key = if path == "/logs/_pit" { "id" } else { "pit_id" };
            let failed = i32::from(fault == Fault::PartialPit);
            let shards = json!({ "total": 5, "successful": 5 - failed, "skipped": 0, "failed": failed });
            Answer::json(200, &json!({ key: state.new_id(), "_shards": shards }))
        }
        ("DELETE", "/_search/point_in_time") => {
            let was_open = state.open.remove(request.json()["pit_id"][0].as_str().unwrap_or_default());
            Answer::json(if was_open { 200 } else { 404 }, &json!({ "pits": [] }))
        }
        ("DELETE", "/_pit") => {
            let was_open = state.open.remove(request.json()["id"].as_str().unwrap_or_default());
            Answer::json(if was_open { 200 } else { 404 }, &json!({ "succeeded": was_open }))
        }
        ("DELETE", "/_search/scroll") => {
            let was_open = state.open.remove(request.json()["scroll_id"][0].as_str().unwrap_or_default());
            Answer::json(if was_open { 200 } else { 404 }, &json!({ "succeeded": was_open }))
        }
        ("POST", "/_search" | "/logs/_search" | "/_search/scroll") => search(documents, at, fault, &mut state, request),
        (method, path) => error(400, "illegal_argument_exception", &format!("no handler for {method} {path}")),
    }
}

fn search(documents: usize, at: usize, fault: Fault, state: &mut State, request: &Request) -> Answer {
    let body = request.json();
    let is_scroll = request.target.contains("scroll");
    let id =
        if request.path() == "/logs/_search" { None } else { Some(&body[if is_scroll { "scroll_id" } else { "pit" }]) };
    let mut page = json!({ "took": 1, "timed_out": false, "_shards": { "total": 1, "successful": 1, "failed": 0 } });
    if let Some(id) = id {
        let id = id.as_str().or(id["id"].as_str()).unwrap_or_default();
        // The newest one has to be used: an older one is gone.
        if !state.open.contains(id) || (state.searches == at && fault == Fault::Expired) {
            return error(404, "search_context_missing_exception", "No search context found for id [42]");
        }
    }
    let hits = &mut page["hits"];
    if body["size"] == 0 {
        *hits = json!({ "hits": [] });
        if body["track_total_hits"] == true {
            hits["total"] = json!({ "value": documents, "relation": "eq" });
        }
        return Answer::json(200, &page);
    }
    let number = state.searches;
    let fault = if number == at { fault } else { Fault::None };
    match fault {
        Fault::TooManyRequests | Fault::Unavailable if !state.has_failed => {
            state.has_failed = true;
            let (status, kind) = if fault == Fault::Unavailable {
                (503, "cluster_block_exception")
            } else {
                (429, "circuit_breaking_exception")
            };
            let body = json!({ "error": { "type": kind, "reason": "busy" } });
            return Answer::with_headers(status, "Retry-After: 0\r\n", &body);
        }
        Fault::Hang => return Answer::hang(),
        _ => {}
    }
    let start = if is_scroll {
        number * 10
    } else {
        body["search_after"][0].as_u64().map_or(0, |last| usize::try_from(last).unwrap() + 1)
    };
    let size = body["size"].as_u64().map_or(10, |size| usize::try_from(size).unwrap());
    if size > 10_000 {
        return error(400, "illegal_argument_exception", "Result window is too large");
    }
    state.searches += 1;
    let documents: Vec<Value> = (start..documents.min(start + size))
        .map(|n| json!({ "_index": "logs-1", "_id": n.to_string(), "_source": { "n": n }, "sort": [n] }))
        .collect();
    *hits = json!({ "hits": documents });
    // Of an answer that is cut off, nobody learns a new id.
    if fault != Fault::CutOff {
        if let Some(id) = id {
            state.open.remove(id.as_str().or(id["id"].as_str()).unwrap_or_default());
        }
        page[if is_scroll { "_scroll_id" } else { "pit_id" }] = state.new_id().into();
    }
    match fault {
        Fault::TimedOut => page["timed_out"] = true.into(),
        Fault::FailedShard => {
            let reason = json!({ "type": "query_shard_exception", "reason": "it broke" });
            page["_shards"] =
                json!({ "total": 5, "successful": 4, "failed": 1, "failures": [{ "shard": 0, "reason": reason }] });
        }
        Fault::CutOff => return Answer::json(200, &page).cut(),
        _ => {}
    }
    Answer::json(200, &page)
}

fn error(status: u16, kind: &str, reason: &str) -> Answer {
    Answer::json(status, &json!({ "error": { "type": kind, "reason": reason }, "status": status }))
}
