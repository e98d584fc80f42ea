//! Requests to a data-api, version 4.

use std::error::Error;

use actix_web::web::Bytes;
use anyhow::Context;
use chrono::{DateTime, SecondsFormat};
use metrics_core::channel::data_api::{BinReader, EventReader, channels};
use metrics_core::channel::names::Backend;
use metrics_core::channel::{Bin, Channel, Events, TimeRange};
use reqwest::header::ACCEPT;
use reqwest::{Response, StatusCode};
use url::Url;

use super::super::client;
use super::UpstreamError;

/// Characters of a server's own words that go into the log.
const LONGEST_REASON: usize = 200;

/// Whose points are asked for.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The back end.
    pub backend: String,
    /// The name of the channel there, or its series id where it is all digits.
    pub name: String,
}

impl Subject {
    /// Whether the name is a series id.
    pub fn is_id(&self) -> bool {
        !self.name.is_empty() && self.name.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// The parameters that say so.
    pub fn parameters(&self) -> [(&'static str, &str); 2] {
        [("backend", &self.backend), (if self.is_id() { "seriesId" } else { "channelName" }, &self.name)]
    }
}

/// The server, and how much of an answer is read.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    max_points: usize,
}

impl Client {
    pub(super) fn new(base: &str, max_points: usize) -> anyhow::Result<Self> {
        let base = Url::parse(base).context("the address of the data-api is none")?;
        Ok(Self { http: client::new()?, base, max_points })
    }

    /// Channels whose names match, in an answer of at most so many bytes. Those of back ends of our own name are left
    /// out: such back ends are looked up here, and never there.
    pub(super) async fn channels(
        &self,
        pattern: &str,
        backend: Option<&str>,
        max_bytes: usize,
    ) -> Result<Vec<Channel>, UpstreamError> {
        let mut query = vec![("nameRegex", pattern), ("icase", "true")];
        query.extend(backend.map(|backend| ("backend", backend)));
        let answer = self.get(&["search", "channel"], &query, "application/json").await;
        let mut response = answer.map_err(|error| match error {
            // No channel is missing there, but the search.
            UpstreamError::NotFound => UpstreamError::Failed("the data-api has no search for channels".to_owned()),
            other => other,
        })?;
        let mut body = Vec::new();
        while let Some(piece) = piece(&mut response).await? {
            if body.len() + piece.len() > max_bytes {
                return Err(UpstreamError::Failed("the list of channels is too long".to_owned()));
            }
            body.extend_from_slice(&piece);
        }
        let mut found = tokio::task::block_in_place(|| channels(&body))?;
        found.retain(|channel| Backend::from_name(&channel.backend).is_none());
        Ok(found)
    }

    /// Events of a channel.
    pub(super) async fn events(&self, subject: &Subject, range: TimeRange) -> Result<Events, UpstreamError> {
        let (begin, end) = (iso(range.begin_ns), iso(range.end_ns));
        let [backend, name] = subject.parameters();
        let query = [name, ("begDate", &begin), ("endDate", &end), backend];
        let mut response = self.get(&["events"], &query, "application/cbor-framed").await?;
        let mut reader = EventReader::new(self.max_points);
        while let Some(piece) = piece(&mut response).await? {
            if !reader.push(&piece)? {
                break;
            }
        }
        Ok(reader.finish()?)
    }

    /// Bins of a channel; their number is a wish.
    pub(super) async fn bins(&self, subject: &Subject, range: TimeRange, bins: u32) -> Result<Vec<Bin>, UpstreamError> {
        let (begin, end, bins) = (iso(range.begin_ns), iso(range.end_ns), bins.to_string());
        let [backend, name] = subject.parameters();
        let query = [name, ("begDate", &begin), ("endDate", &end), backend, ("binCount", &bins)];
        let mut response = self.get(&["binned"], &query, "application/json-framed").await?;
        let mut reader = BinReader::new(self.max_points);
        while let Some(piece) = piece(&mut response).await? {
            reader.push(&piece)?;
        }
        Ok(reader.finish()?)
    }

    /// An answer that says that all is well.
    async fn get(&self, path: &[&str], query: &[(&str, &str)], accept: &str) -> Result<Response, UpstreamError> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url.query_pairs_mut().extend_pairs(query);
        let request = self.http.get(url).header(ACCEPT, accept).header("daqbuf-api-version", "1.0");
        let mut response = request.send().await.map_err(failed)?;
        match response.status() {
            StatusCode::OK => Ok(response),
            StatusCode::NOT_FOUND => Err(UpstreamError::NotFound),
            StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => Err(UpstreamError::TimedOut),
            status => {
                let beginning = piece(&mut response).await.ok().flatten().unwrap_or_default();
                let reason = String::from_utf8_lossy(&beginning);
                let reason: String = reason
                    .chars()
                    .map(|char| if char.is_control() { ' ' } else { char })
                    .take(LONGEST_REASON)
                    .collect();
                Err(UpstreamError::Failed(format!("the data-api answers {status}: {reason}")))
            }
        }
    }
}

/// The next piece of a body.
async fn piece(response: &mut Response) -> Result<Option<Bytes>, UpstreamError> {
    response.chunk().await.map_err(failed)
}

fn failed(error: reqwest::Error) -> UpstreamError {
    if error.is_timeout() {
        return UpstreamError::TimedOut;
    }
    // The address holds what was asked for.
    let error = error.without_url();
    let mut reason = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        reason = format!("{reason}: {cause}");
        source = cause.source();
    }
    UpstreamError::Failed(reason)
}

/// An instant as the data-api reads it: with its offset, and a fraction only where there is one.
fn iso(at_ns: i64) -> String {
    DateTime::from_timestamp_nanos(at_ns).to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_have_an_offset_and_the_fraction_that_they_need() {
        assert_eq!(iso(1_700_000_000_000_000_000), "2023-11-14T22:13:20+00:00");
        assert_eq!(iso(1_700_000_000_250_000_000), "2023-11-14T22:13:20.250+00:00");
        assert_eq!(iso(-1_000_000), "1969-12-31T23:59:59.999+00:00");
    }

    #[test]
    fn digits_are_an_id_and_anything_else_a_name() {
        let subject = |name: &str| Subject { backend: "b".to_owned(), name: name.to_owned() };
        assert_eq!(subject("1000017").parameters()[1], ("seriesId", "1000017"));
        for name in ["COOL-17", "", "17a", "-17"] {
            assert_eq!(subject(name).parameters()[1], ("channelName", name));
        }
    }
}
