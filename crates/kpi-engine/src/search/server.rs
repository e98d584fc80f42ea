//! A search server: who it is, requests to it, and what is open there.

use std::sync::Arc;

use datafusion::catalog::CatalogProvider;
use datafusion::error::DataFusionError;
use metrics_core::kpi::SearchSource;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::runtime::Handle;

use super::catalog::SearchCatalog;
use super::error::SearchError;
use super::flavour::{Flavour, Greeting};
use super::layout::Layouts;
use crate::failure::{failure, through};
use crate::http::{HttpClient, Repeat, Reply};
use crate::pending::Pending;

/// A search server that was reached. One is shared by all KPIs of a run.
#[derive(Debug)]
pub struct SearchServer {
    /// Of the source.
    pub(super) name: String,
    pub(super) http: HttpClient,
    pub(super) flavour: Flavour,
    pub(super) source: SearchSource,
    pub(super) layouts: Layouts,
    /// Of the file of definitions.
    pub(super) zone: Arc<str>,
    pending: Pending,
}

impl SearchServer {
    /// Asks the server who it is. Columns whose times are known to be in UTC show them in `zone`.
    pub async fn connect(name: &str, source: &SearchSource, zone: &str) -> Result<Arc<Self>, SearchError> {
        let http = HttpClient::new(&source.url, source.authentication.as_ref(), source.request_timeout)?;
        let reply = http.send(Method::GET, http.address(&[], &[]), HeaderMap::new(), None, Repeat::WhenBusy).await?;
        let has_header = reply.headers.get("X-Elastic-Product").is_some_and(|value| value == "Elasticsearch");
        let greeting: Greeting = understood("GET /", &reply).map_err(|error| match error {
            SearchError::Malformed { reason, .. } => SearchError::Product { target: http.target(), reason },
            other => other,
        })?;
        let flavour = Flavour::of(&greeting, has_header)
            .map_err(|reason| SearchError::Product { target: http.target(), reason })?;
        tracing::debug!("{} is {flavour}", http.target());
        let (layouts, pending) = (Layouts::default(), Pending::default());
        let (name, source, zone) = (name.to_owned(), source.clone(), zone.into());
        Ok(Arc::new(Self { name, http, flavour, source, layouts, zone, pending }))
    }

    /// The tables of this server. With `shows_hidden` the columns `_id` and `_index` are there too; `SELECT *` has them
    /// then, so it is for queries that name them.
    pub fn catalog(self: &Arc<Self>, shows_hidden: bool) -> Arc<dyn CatalogProvider> {
        Arc::new(SearchCatalog::new(Arc::clone(self), shows_hidden))
    }

    /// The error as a failure of the source, if it is one.
    pub(super) fn failed(&self, error: DataFusionError) -> DataFusionError {
        match SearchError::of(&error) {
            Some(failed) => through(failure(failed.kind(), format!("{}: {failed}", self.name))),
            None => error,
        }
    }

    /// Waits until what queries have opened and done with is given back to the server.
    pub async fn settle(&self) {
        self.pending.settle().await;
    }

    /// The answer to a request whose body, if there is one, is JSON.
    pub(super) async fn request<T: DeserializeOwned>(
        &self,
        method: Method,
        segments: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<T, SearchError> {
        let name = format!("{method} /{}", segments.join("/"));
        let mut headers = HeaderMap::new();
        if body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        // A scroll that was moved on and not read would have lost a page.
        let repeat = if segments == ["_search", "scroll"] { Repeat::WhenThrottled } else { Repeat::WhenBusy };
        let address = self.http.address(segments, query);
        let reply = self.http.send(method, address, headers, body.map(Value::to_string), repeat).await?;
        understood(&name, &reply)
    }

    /// Gives something back to the server, without anybody waiting for it but [`Self::settle`].
    pub(super) fn give_back(self: &Arc<Self>, runtime: &Handle, segments: &'static [&'static str], body: Value) {
        let server = Arc::clone(self);
        self.pending.spawn(runtime, async move {
            match server.request::<Value>(Method::DELETE, segments, &[], Some(&body)).await {
                // The server may have given it up already.
                Ok(_) | Err(SearchError::Refused { status: 404, .. }) => {}
                Err(error) => tracing::warn!("a search stays open at the server until it expires: {error}"),
            }
        });
    }
}

/// The body of a good answer, or the error in another one.
fn understood<T: DeserializeOwned>(request: &str, reply: &Reply) -> Result<T, SearchError> {
    if !reply.status.is_success() {
        return Err(refused(request, reply));
    }
    serde_json::from_slice(&reply.body)
        .map_err(|error| SearchError::Malformed { request: request.to_owned(), reason: error.to_string() })
}

fn refused(request: &str, reply: &Reply) -> SearchError {
    #[derive(Deserialize)]
    struct Body {
        error: Cause,
    }
    let cause = serde_json::from_slice(&reply.body).map(|body: Body| body.error).ok();
    let (kind, reason) = cause.map_or_else(|| other_words(reply), Cause::into_words);
    SearchError::Refused { request: request.to_owned(), status: reply.status.as_u16(), kind, reason }
}

/// What a proxy, or a server that is starting, says.
fn other_words(reply: &Reply) -> (String, String) {
    let kind = match reply.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "not allowed",
        status => status.canonical_reason().unwrap_or("error"),
    };
    (kind.to_owned(), cut(&String::from_utf8_lossy(&reply.body)))
}

/// `error` of an answer; some errors of security are a mere text.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Cause {
    Described {
        #[serde(rename = "type")]
        kind: String,
        #[serde(default)]
        reason: Option<String>,
        #[serde(default)]
        root_cause: Vec<RootCause>,
    },
    Text(String),
}

#[derive(Deserialize)]
pub(super) struct RootCause {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    reason: Option<String>,
}

impl Cause {
    /// Type and reason; "all shards failed" is followed by why they did.
    pub(super) fn into_words(self) -> (String, String) {
        match self {
            Self::Text(text) => ("error".to_owned(), cut(&text)),
            Self::Described { kind, reason, root_cause } => {
                let reason = reason.unwrap_or_default();
                let root = root_cause.into_iter().next().map(|cause| (cause.kind, cause.reason.unwrap_or_default()));
                match root {
                    Some((root_kind, root)) if root != reason && !root.is_empty() => {
                        (kind, cut(&format!("{reason}: {root_kind}: {root}")))
                    }
                    _ => (kind, cut(&reason)),
                }
            }
        }
    }
}

/// Foreign text made fit for a message.
pub(super) fn cut(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).take(500).collect()
}
