//! Asking a provider over HTTP, within time limits.

use std::time::{Duration, Instant};

use metrics_core::settings::{FxSettings, Secret};
use serde::de::DeserializeOwned;
use ureq::http::Uri;
use ureq::http::header::{AUTHORIZATION, HeaderValue};
use ureq::{Agent, Proxy};

use super::provider::{FxError, ProviderError};
use crate::http::{clean, is_loopback, is_passing, retry_after};

/// Who asks. Yahoo turns agents away that do not begin like a browser.
const USER_AGENT: &str = concat!("Mozilla/5.0 (compatible; coldroom-metrics-reporter/", env!("CARGO_PKG_VERSION"), ")");

/// Largest answer that is read, in bytes. Ten years of daily rates of one currency take about 300 KB.
const LARGEST_ANSWER: u64 = 16 << 20;

/// Pause before the first further attempt; it doubles for each one after.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// A client of one provider. It never follows redirects, so the key goes nowhere but to the configured address.
pub struct Client {
    agent: Agent,
    base_url: String,
    key: Option<Secret>,
    authorization: Option<HeaderValue>,
    timeout: Duration,
    total_timeout: Duration,
    retries: u32,
    deadline: Option<Instant>,
}

/// An answer, whatever its status.
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    body: Vec<u8>,
    retry_after: Option<Duration>,
}

impl Reply {
    /// The body as JSON of the documented form.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, FxError> {
        serde_json::from_slice(&self.body).map_err(|error| FxError::Malformed(error.to_string()))
    }
}

impl Client {
    /// A client of the provider at `base_url`, which sends `key` in the `Authorization` header.
    pub fn new(base_url: &str, key: Option<Secret>, settings: &FxSettings) -> Result<Self, ProviderError> {
        let host = host(base_url).ok_or_else(|| ProviderError::BaseUrl(base_url.to_owned()))?;
        let authorization = key.as_ref().map(authorization).transpose()?;
        // A proxy of the environment knows nothing of this machine's own ports.
        let proxy = if is_loopback(&host) { None } else { Proxy::try_from_env() };
        let agent = Agent::config_builder()
            .user_agent(USER_AGENT)
            .accept("application/json")
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(proxy)
            .build()
            .new_agent();
        Ok(Self {
            agent,
            base_url: base_url.trim_end_matches('/').to_owned(),
            key,
            authorization,
            timeout: settings.timeout,
            total_timeout: settings.total_timeout,
            retries: settings.retries,
            deadline: None,
        })
    }

    /// Starts the clock of `fx.total_timeout_s`.
    pub fn start(&mut self) {
        self.deadline = Instant::now().checked_add(self.total_timeout);
    }

    /// The answer to `GET base_url + path`.
    ///
    /// Repeated, with pauses or when `Retry-After` says, after a time-out, a status 429 or 5xx, unless `is_final` of
    /// the answer. A status other than 200 is an answer like any other.
    pub fn get(&self, path: &str, is_final: impl Fn(&Reply) -> bool) -> Result<Reply, FxError> {
        let mut pause = FIRST_PAUSE;
        let mut attempts_left = self.retries;
        loop {
            let result = self.attempt(path);
            let wait = match &result {
                Ok(reply) if is_passing(reply.status) && !is_final(reply) => reply.retry_after.unwrap_or(pause),
                Err(FxError::Timeout { .. }) => pause,
                _ => return result,
            };
            if attempts_left == 0 || wait >= self.time_left() {
                return result;
            }
            std::thread::sleep(wait);
            attempts_left -= 1;
            pause *= 2;
        }
    }

    /// Why the answer is not the one that was asked for, in the provider's words.
    pub fn refused(&self, reply: &Reply, reason: Option<&str>) -> FxError {
        FxError::Refused { status: reply.status, reason: reason.map(|reason| self.clean(reason)) }
    }

    fn attempt(&self, path: &str) -> Result<Reply, FxError> {
        let time = self.time_left().min(self.timeout);
        if time.is_zero() {
            return Err(self.out_of_time());
        }
        let mut request = self.agent.get(format!("{}{path}", self.base_url));
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let answer = request.config().timeout_global(Some(time)).build().call();
        let mut answer = answer.map_err(|error| self.failure(&error, time))?;
        let body = answer.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec();
        Ok(Reply {
            status: answer.status().as_u16(),
            body: body.map_err(|error| self.failure(&error, time))?,
            retry_after: retry_after(answer.headers()),
        })
    }

    fn time_left(&self) -> Duration {
        self.deadline.map_or(self.total_timeout, |deadline| deadline.saturating_duration_since(Instant::now()))
    }

    fn out_of_time(&self) -> FxError {
        FxError::OutOfTime { seconds: self.total_timeout.as_secs_f64() }
    }

    /// What an attempt that had `time` met.
    fn failure(&self, error: &ureq::Error, time: Duration) -> FxError {
        match error {
            ureq::Error::Timeout(_) if time < self.timeout => self.out_of_time(),
            ureq::Error::Timeout(_) => FxError::Timeout { seconds: time.as_secs_f64() },
            ureq::Error::BodyExceedsLimit(limit) => FxError::Malformed(format!("it is larger than {limit} bytes")),
            error => FxError::Unreachable { address: self.base_url.clone(), reason: self.clean(&error.to_string()) },
        }
    }

    /// Foreign text made fit for a log, without the key.
    fn clean(&self, text: &str) -> String {
        clean(text, self.key.as_ref().map(Secret::expose))
    }
}

/// The header of a key; marked so that nothing prints it.
fn authorization(key: &Secret) -> Result<HeaderValue, ProviderError> {
    let mut value = HeaderValue::try_from(format!("Token {}", key.expose())).map_err(|_| ProviderError::Key)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Host of an address to which paths can be added; `None` when it is not one.
fn host(base_url: &str) -> Option<String> {
    let address: Uri = base_url.parse().ok()?;
    let is_plain = address.query().is_none() && !address.authority()?.as_str().contains('@');
    let has_scheme = matches!(address.scheme_str(), Some("https" | "http"));
    (is_plain && has_scheme).then(|| address.host().unwrap_or_default().to_owned()).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_and_a_host_and_no_query_or_password() {
        assert_eq!(host("https://example.org").as_deref(), Some("example.org"));
        assert_eq!(host("http://127.0.0.1:8080/api/").as_deref(), Some("127.0.0.1"));
        for text in ["", "example.org", "ftp://example.org", "https://", "https://me:pw@example.org", "https://h/?a=b"]
        {
            assert_eq!(host(text), None, "{text}");
        }
    }
}
