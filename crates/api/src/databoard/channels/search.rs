//! `GET /channels/search`: channels by name, ours before those of the data-api.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::HeaderName;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use metrics_core::channel::Channel;
use metrics_core::channel::catalogue::{Catalogue, Entry};
use metrics_core::channel::names::Backend;
use metrics_core::channel::pattern::SearchText;
use serde::{Serialize, Serializer};
use tokio::time::Instant;
use utoipa::ToSchema;

use super::super::error::{Detail, Refused};
use super::super::state::Databoard;
use super::super::upstream::Upstream;
use super::super::within;
use super::curve::refused;
use super::parameters::Parameters;
use crate::state::Worker;

/// Where it answers, below the mount.
pub const PATH: &str = "/channels/search";
/// Time that it may take.
const LIMIT: Duration = Duration::from_secs(15);
/// Time that the data-api may take, so that ours can still be answered when it is over.
const UPSTREAM_LIMIT: Duration = Duration::from_secs(12);
/// The data-api gives no answer.
const FAILED: &str = "Error searching channels";
/// Why a pattern that only another server can match is refused where there is none.
const ELSEWHERE: &str = "search_text has look-around or references back, which are not known here.";
/// Says that there are more channels than the answer has.
const TRUNCATED: HeaderName = HeaderName::from_static("x-truncated");

/// A list of channels.
#[derive(Debug, Serialize, ToSchema)]
pub struct Channels {
    /// The channels.
    #[schema(value_type = Vec<Object>)]
    #[serde(serialize_with = "listed")]
    pub channels: Vec<Arc<Channel>>,
}

fn listed<S: Serializer>(channels: &[Arc<Channel>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(channels.iter().map(|channel| &**channel))
}

/// What is asked for.
#[derive(Debug, Clone)]
struct Search {
    /// The text as it came.
    sent: String,
    /// What it means.
    text: SearchText,
    /// Only channels of this back end.
    backend: Option<String>,
    /// Whether the data-api need not be asked when its channels are known.
    allow_cached: bool,
}

impl Search {
    /// Back ends of ours that are asked for.
    fn own(&self) -> Vec<Backend> {
        match &self.backend {
            None => Backend::ALL.to_vec(),
            Some(name) => Backend::from_name(name).into_iter().collect(),
        }
    }

    /// Whether the data-api may have what is asked for: our back ends it has not, whoever may see them.
    fn is_elsewhere(&self) -> bool {
        self.backend.as_deref().is_none_or(|name| Backend::from_name(name).is_none())
    }

    fn new(query: &str) -> Result<Self, Refused> {
        let mut parameters = Parameters::new(query);
        let sent = parameters.text("search_text").unwrap_or_default();
        let allow_cached = parameters.boolean("allow_cached_response").unwrap_or(true);
        let backend = parameters.text("backend").filter(|backend| !backend.is_empty());
        parameters.finish().map_err(Refused::Invalid)?;
        let text = SearchText::new(&sent).map_err(|error| Refused::unprocessable(error.to_string()))?;
        Ok(Self { sent, text, backend, allow_cached })
    }

    /// Channels of `catalogue` that match, at most `limit`.
    fn among(&self, catalogue: &Catalogue, limit: usize) -> Vec<Arc<Channel>> {
        let backends = self.own();
        let matches = |entry: &&Entry| backends.contains(&entry.backend()) && self.text.matches(&entry.name);
        catalogue.entries().iter().filter(matches).take(limit).map(|entry| Arc::new(entry.channel())).collect()
    }

    /// Channels of the data-api that match.
    async fn elsewhere(&self, upstream: &Upstream) -> Result<Vec<Arc<Channel>>, Refused> {
        let deadline = Instant::now() + UPSTREAM_LIMIT;
        let found = upstream.search(&self.sent, &self.text, self.backend.as_deref(), self.allow_cached, deadline).await;
        found.map_err(|error| refused(error, FAILED))
    }
}

/// Find channels
///
/// Ours come first, then those of the data-api. The header `X-Truncated` says that there are more.
#[utoipa::path(
    get,
    path = "/channels/search",
    tag = "channels",
    operation_id = "search_channels",
    params(
        ("search_text" = Option<String>, Query, description = "Regular expression, found anywhere in a name in letters \
            of any size; without one all channels are found."),
        ("backend" = Option<String>, Query, description = "Only channels of this back end."),
        ("allow_cached_response" = Option<bool>, Query, description = "Whether what is known of the data-api is \
            enough; true when not said."),
    ),
    responses(
        (status = 200, description = "The channels.", body = Channels),
        (status = 422, description = "The text is no regular expression, or a parameter is wrong.", body = Detail),
        (status = 502, description = "The data-api gives no answer, and none of ours matches.", body = Detail),
    ),
)]
pub async fn get(
    request: HttpRequest,
    worker: Data<Worker>,
    databoard: Data<Databoard>,
) -> Result<HttpResponse, Refused> {
    within(LIMIT, async {
        let search = Search::new(request.query_string())?;
        let limit = databoard.settings.max_channels as usize;
        let upstream = databoard.upstream.as_ref().filter(|_| search.is_elsewhere());
        if search.text.is_elsewhere() && upstream.is_none() {
            return Err(Refused::unprocessable(ELSEWHERE));
        }
        let theirs = async {
            match upstream {
                Some(upstream) => Some(search.elsewhere(upstream).await),
                None => None,
            }
        };
        let (catalogue, theirs) = tokio::join!(databoard.internal.catalogue(&worker, &databoard), theirs);
        // One more, which tells that there are more.
        let own = search.among(&*catalogue?, limit.saturating_add(1));
        let (channels, is_truncated) = joined(own, theirs, limit)?;
        let mut response = HttpResponse::Ok();
        if is_truncated {
            response.insert_header((TRUNCATED, "true"));
        }
        Ok(response.json(Channels { channels }))
    })
    .await
}

/// What the answer is made of: channels of ours that match and, where the data-api was asked, what it said.
///
/// That it fails is no reason to keep ours back; when there are none, it is.
fn joined(
    own: Vec<Arc<Channel>>,
    theirs: Option<Result<Vec<Arc<Channel>>, Refused>>,
    limit: usize,
) -> Result<(Vec<Arc<Channel>>, bool), Refused> {
    let mut channels = own;
    match theirs {
        None => {}
        Some(Ok(theirs)) => channels.extend(theirs),
        Some(Err(error)) if channels.is_empty() => return Err(error),
        Some(Err(error)) => tracing::warn!("channels of the data-api are left out of a search: {error}"),
    }
    let is_truncated = channels.len() > limit;
    channels.truncate(limit);
    Ok((channels, is_truncated))
}

#[cfg(test)]
mod tests {
    use metrics_core::channel::Shape;

    use super::*;

    fn channel(backend: &str, name: &str) -> Arc<Channel> {
        Arc::new(Channel {
            backend: backend.to_owned(),
            name: name.to_owned(),
            series_id: "1".to_owned(),
            source: String::new(),
            kind: "f64".to_owned(),
            shape: Shape::scalar(),
            unit: String::new(),
            description: String::new(),
        })
    }

    fn names(channels: &[Arc<Channel>]) -> Vec<&str> {
        channels.iter().map(|channel| channel.name.as_str()).collect()
    }

    #[test]
    fn ours_come_first() {
        let theirs = vec![channel("sf", "b")];
        let (channels, is_truncated) = joined(vec![channel("kpi", "a")], Some(Ok(theirs)), 2).unwrap();
        assert_eq!((names(&channels), is_truncated), (vec!["a", "b"], false));
    }

    #[test]
    fn what_is_too_much_is_cut_and_said() {
        let (channels, is_truncated) =
            joined(vec![channel("kpi", "a")], Some(Ok(vec![channel("sf", "b")])), 1).unwrap();
        assert_eq!((names(&channels), is_truncated), (vec!["a"], true));
    }

    #[test]
    fn a_server_that_fails_does_not_take_ours_away() {
        let failed = || Some(Err(Refused::TimedOut));
        let (channels, _) = joined(vec![channel("kpi", "a")], failed(), 9).unwrap();
        assert_eq!(names(&channels), ["a"]);
        assert!(matches!(joined(Vec::new(), failed(), 9), Err(Refused::TimedOut)));
    }
}
