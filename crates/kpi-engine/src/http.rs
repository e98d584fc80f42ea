//! Requests over HTTP: TLS by ring with the system's authorities, time limits, and patience with a busy server.

use std::error::Error;
use std::time::Duration;

use metrics_core::kpi::Authentication;
use metrics_core::tls;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Method, StatusCode};
use url::Url;

/// Attempts of one request at a server that says that it is busy.
const ATTEMPTS: u32 = 6;
/// The pause after the first of them, where the server names none; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// All pauses of one request together.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Until an attempt to connect is given up.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Why there is no answer to a request.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The settings of TLS do not work on this machine.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
    /// The address is none.
    #[error("`{url}` is not an address of HTTP: {reason}")]
    Address {
        /// As given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The key holds characters that no header can carry.
    #[error("the API key holds a line break or another character that cannot be sent")]
    Key,
    /// No connection came about.
    #[error("{target} cannot be reached: {reason}")]
    Connect {
        /// Host and port.
        target: String,
        /// What the system says.
        reason: String,
    },
    /// The answer did not come in time.
    #[error("{target} did not answer within {seconds} s")]
    Timeout {
        /// Host and port.
        target: String,
        /// The limit.
        seconds: u64,
    },
    /// The connection ended before the answer did.
    #[error("the answer of {target} broke off: {reason}")]
    Broken {
        /// Host and port.
        target: String,
        /// What the system says.
        reason: String,
    },
}

/// A server, and who asks it.
#[derive(Debug)]
pub(crate) struct HttpClient {
    client: reqwest::Client,
    base: Url,
    authentication: Option<Authentication>,
    timeout: Duration,
}

/// After which answers a request is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// 429 and 503: for requests that may be carried out twice.
    WhenBusy,
    /// Only 429, which says that nothing was done: for requests that move something on.
    WhenThrottled,
}

/// An answer, whatever its status is.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl HttpClient {
    pub(crate) fn new(
        base: &str,
        authentication: Option<&Authentication>,
        timeout: Duration,
    ) -> Result<Self, HttpError> {
        let wrong = |reason: String| HttpError::Address { url: base.to_owned(), reason };
        let url = Url::parse(base).map_err(|error| wrong(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(wrong("it does not begin with http:// or https://".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            // Not shown: it holds what is refused.
            let url = "http://…@…".to_owned();
            return Err(HttpError::Address { url, reason: "user and password have settings of their own".to_owned() });
        }
        let tls = tls::verifying().map_err(|error| HttpError::Tls(error.to_string()))?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            // A redirect would carry the credentials to wherever it points.
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT.min(timeout))
            .timeout(timeout)
            .build()
            .map_err(|error| HttpError::Tls(chain(&error.without_url())))?;
        Ok(Self { client, base: url, authentication: authentication.cloned(), timeout })
    }

    /// The address of a path below the base, segment by segment; each is escaped.
    pub(crate) fn address(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Host and port, for messages.
    pub(crate) fn target(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        self.base.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The whole answer. While the server says that it is busy, the request is sent again after the pause that it asks
    /// for.
    pub(crate) async fn send(
        &self,
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Option<String>,
        repeat: Repeat,
    ) -> Result<Reply, HttpError> {
        let mut patience = Patience::default();
        loop {
            let mut request = self.client.request(method.clone(), url.clone()).headers(headers.clone());
            request = match &self.authentication {
                Some(Authentication::Basic { user, password }) => request.basic_auth(user, Some(password.expose())),
                Some(Authentication::ApiKey(key)) => request.header(AUTHORIZATION, api_key(key.expose())?),
                None => request,
            };
            if let Some(body) = &body {
                request = request.body(body.clone());
            }
            let response = request.send().await.map_err(|error| self.error(error))?;
            let (status, headers) = (response.status(), response.headers().clone());
            let is_busy = match repeat {
                Repeat::WhenBusy => {
                    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
                }
                Repeat::WhenThrottled => status == StatusCode::TOO_MANY_REQUESTS,
            };
            if is_busy && let Some(pause) = patience.pause(retry_after(&headers)) {
                tokio::time::sleep(pause).await;
                continue;
            }
            let body = response.bytes().await.map_err(|error| self.error(error))?.to_vec();
            return Ok(Reply { status, headers, body });
        }
    }

    fn error(&self, error: reqwest::Error) -> HttpError {
        let target = self.target();
        if error.is_timeout() && !error.is_connect() {
            return HttpError::Timeout { target, seconds: self.timeout.as_secs() };
        }
        let connects = error.is_connect();
        let reason = chain(&error.without_url());
        if connects { HttpError::Connect { target, reason } } else { HttpError::Broken { target, reason } }
    }
}

/// How often and how long one request has been put off.
#[derive(Debug, Default)]
struct Patience {
    attempts: u32,
    paused: Duration,
}

impl Patience {
    /// The next pause; `None` when that was enough.
    fn pause(&mut self, asked: Option<Duration>) -> Option<Duration> {
        let pause = asked.unwrap_or(FIRST_PAUSE * 2_u32.pow(self.attempts));
        self.attempts += 1;
        self.paused += pause;
        (self.attempts < ATTEMPTS && self.paused <= LONGEST_PAUSE).then_some(pause)
    }
}

fn api_key(key: &str) -> Result<HeaderValue, HttpError> {
    let mut value = HeaderValue::try_from(format!("ApiKey {key}")).map_err(|_| HttpError::Key)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The pause that the server asks for, where it gives seconds and not a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// An error with its sources in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_what_the_server_asks_for_and_all_pauses_have_an_end() {
        let mut patience = Patience::default();
        assert_eq!(patience.pause(Some(Duration::from_secs(7))), Some(Duration::from_secs(7)));
        assert_eq!(patience.pause(None), Some(Duration::from_millis(400)));
        assert_eq!(patience.pause(Some(Duration::from_secs(23))), None, "30.4 s");

        let mut patience = Patience::default();
        let pauses: Vec<_> = std::iter::from_fn(|| patience.pause(None)).map(|pause| pause.as_millis()).collect();
        assert_eq!(pauses, [200, 400, 800, 1600, 3200]);
    }

    #[test]
    fn segments_are_escaped_and_the_base_may_have_a_path() {
        let client = |base| HttpClient::new(base, None, Duration::from_secs(1)).expect("a client");
        let at = |base| client(base).address(&["a/b?", "_search"], &[("scroll", "1m")]).to_string();
        assert_eq!(at("http://h:9200"), "http://h:9200/a%2Fb%3F/_search?scroll=1m");
        assert_eq!(at("http://h/es/"), "http://h/es/a%2Fb%3F/_search?scroll=1m");
        assert_eq!(client("https://h/es").target(), "h:443");
    }

    #[test]
    fn an_address_with_a_password_is_refused_and_not_repeated() {
        let error = HttpClient::new("http://u:secret@h", None, Duration::from_secs(1)).expect_err("refused");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
