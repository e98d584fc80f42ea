//! Requests to Google's servers: JSON, with a token, and again where that may help.

use std::time::Duration;

use metrics_core::google::{ServiceAccount, access_token};
use metrics_core::secret::Secret;
use serde_json::Value;
use ureq::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use ureq::http::{HeaderMap, Method, Request, Response};
use ureq::{Agent, Body, Proxy};

use super::SinkError;

/// Who asks.
const USER_AGENT: &str = concat!("coldroom-metrics-reporter/", env!("CARGO_PKG_VERSION"));
/// Attempts of a request in all.
const ATTEMPTS: u32 = 5;
/// Pause before the second attempt; it doubles for each one after, and up to as much again is added.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Longest pause that a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_mins(2);
/// Time for one request.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Largest answer, bytes: column A of a sheet of ten million cells.
const LARGEST_ANSWER: u64 = 256 << 20;
/// Characters of a server's own words that are passed on.
const LONGEST_REASON: usize = 300;

/// Requests of one delivery.
pub struct Client {
    agent: Agent,
    token: Option<Secret>,
    /// Attempts so far that were not the first of their request.
    repeated: u32,
}

/// What a request met.
#[derive(Debug)]
pub struct Refused {
    /// Status of the answer, if there was one.
    pub status: Option<u16>,
    /// In words.
    pub reason: String,
    /// Whether the server may have done what it was asked.
    pub is_ambiguous: bool,
    /// Whether the same may succeed later.
    is_passing: bool,
    /// The pause that the server asks for.
    pause: Option<Duration>,
}

impl Client {
    /// A client without a token.
    pub fn new() -> Self {
        let agent = Agent::config_builder()
            .user_agent(USER_AGENT)
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(TIMEOUT))
            .build()
            .new_agent();
        Self { agent, token: None, repeated: 0 }
    }

    /// Asks for a token that is good for `scope`.
    pub fn log_in(&mut self, account: &ServiceAccount, scope: &str) -> Result<(), SinkError> {
        let failed = |client: &Self, reason: &str| {
            client.error(format!("the service account {} gets no token: {reason}", account.email()))
        };
        let form = account.token_request(scope).map_err(|error| failed(self, &format!("its key {error}")))?;
        let request = |client: &Self| {
            let request = Request::post(account.token_url()).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            client.send(request.body(form.expose().to_owned()), account.token_url())
        };
        let answer = self.repeat(request).map_err(|refused| failed(self, &refused.reason))?;
        self.token = Some(access_token(&answer).ok_or_else(|| failed(self, "the answer holds no access_token"))?);
        Ok(())
    }

    /// The answer to a request that may be sent again after whatever happened.
    pub fn ask(&mut self, method: &Method, url: &str, body: Option<&str>) -> Result<Value, Refused> {
        read(&self.repeat(|client| client.attempt(method, url, body))?)
    }

    /// The answer to one attempt of a request that must not be done twice.
    pub fn ask_once(&mut self, method: &Method, url: &str, body: &str) -> Result<Value, Refused> {
        read(&self.attempt(method, url, Some(body))?)
    }

    /// Counts an attempt that is not the first of its request.
    pub const fn count_repeated(&mut self) {
        self.repeated += 1;
    }

    /// An error after the attempts so far.
    pub fn error(&self, message: String) -> SinkError {
        SinkError { attempts: self.attempts(), message }
    }

    /// Attempts so far.
    pub const fn attempts(&self) -> u32 {
        1 + self.repeated
    }

    fn attempt(&self, method: &Method, url: &str, body: Option<&str>) -> Result<Vec<u8>, Refused> {
        let mut request = Request::builder().method(method).uri(url);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {}", token.expose()));
        }
        match body {
            Some(body) => self.send(request.header(CONTENT_TYPE, "application/json").body(body.to_owned()), url),
            None => self.send(request.body(String::new()), url),
        }
    }

    fn repeat(&mut self, request: impl Fn(&Self) -> Result<Vec<u8>, Refused>) -> Result<Vec<u8>, Refused> {
        let mut number = 1;
        loop {
            let refused = match request(self) {
                Ok(answer) => return Ok(answer),
                Err(refused) => refused,
            };
            number += 1;
            if !waits_for(number, &refused) {
                return Err(refused);
            }
            self.count_repeated();
        }
    }

    fn send(&self, request: Result<Request<String>, ureq::http::Error>, url: &str) -> Result<Vec<u8>, Refused> {
        let request = request.map_err(|error| Refused {
            status: None,
            reason: format!("cannot ask: {error}"),
            is_ambiguous: false,
            is_passing: false,
            pause: None,
        })?;
        // A proxy of the environment knows nothing of this machine's own ports.
        let is_local = url.starts_with("http://");
        let proxy = if is_local { None } else { Proxy::try_from_env() };
        let has_body = !request.body().is_empty();
        let answer = if has_body {
            let request = self.agent.configure_request(request).proxy(proxy).build();
            self.agent.run(request)
        } else {
            let request = request.map(|_| ());
            let request = self.agent.configure_request(request).proxy(proxy).build();
            self.agent.run(request)
        };
        let answer = answer.map_err(|error| unanswered(&error))?;
        let status = answer.status().as_u16();
        if status == 200 {
            let body = answer.into_body().into_with_config().limit(LARGEST_ANSWER).read_to_vec();
            return body.map_err(|error| unanswered(&error));
        }
        Err(refused(status, answer))
    }
}

/// Waits before attempt `number` of a request, from 2, is made; false when those before it were enough, or would all
/// end like this.
pub fn waits_for(number: u32, refused: &Refused) -> bool {
    if number > ATTEMPTS || !refused.is_passing {
        return false;
    }
    // So that many who were refused at once do not come back at once.
    let pause = FIRST_PAUSE * 2_u32.pow(number - 2);
    let wait = refused.pause.map_or_else(|| pause.mul_f64(1.0 + jitter()), |asked| asked.min(LONGEST_PAUSE));
    tracing::debug!("{}; asking again in {} ms", refused.reason, wait.as_millis());
    std::thread::sleep(wait);
    true
}

fn read(answer: &[u8]) -> Result<Value, Refused> {
    serde_json::from_slice(answer).map_err(|error| Refused {
        status: Some(200),
        reason: format!("the answer is not what Google documents: {error}"),
        is_ambiguous: true,
        is_passing: false,
        pause: None,
    })
}

fn unanswered(error: &ureq::Error) -> Refused {
    let is_unsent = matches!(error, ureq::Error::HostNotFound | ureq::Error::ConnectionFailed);
    let reason = format!("no answer: {error}");
    Refused { status: None, reason, is_ambiguous: !is_unsent, is_passing: true, pause: None }
}

fn refused(status: u16, answer: Response<Body>) -> Refused {
    let pause = retry_after(answer.headers());
    let words = words(answer).map_or_else(String::new, |words| format!(" ({words})"));
    let reason = format!("refused with status {status}{words}");
    let is_ambiguous = status == 408 || status >= 500;
    Refused { status: Some(status), reason, is_ambiguous, is_passing: is_ambiguous || status == 429, pause }
}

/// The pause that a server asks for; given in seconds, the form that rate limits use.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// Why, in the words of a server that answers in JSON as Google does; on one line and not too long.
fn words(answer: Response<Body>) -> Option<String> {
    let body = answer.into_body().into_with_config().limit(1 << 16).read_to_vec().ok()?;
    let answer: Value = serde_json::from_slice(&body).ok()?;
    let words = [&answer["error"]["message"], &answer["error_description"], &answer["error"]];
    let words = words.into_iter().find_map(Value::as_str)?;
    Some(words.chars().map(|char| if char.is_control() { ' ' } else { char }).take(LONGEST_REASON).collect())
}

/// From 0 to 1, differently each time.
fn jitter() -> f64 {
    let mut byte = [0];
    // Without randomness all wait as long.
    let _ = getrandom::fill(&mut byte);
    f64::from(byte[0]) / 255.0
}
