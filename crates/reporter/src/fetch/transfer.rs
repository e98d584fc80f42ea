//! Asking a server over HTTP, and again where that may help, until the time is over.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::NamedTempFile;
use ureq::http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
    LOCATION,
};
use ureq::http::{HeaderMap, Request, Response};
use ureq::{Agent, AsSendBody, Body, Proxy, Timeout};

use super::FetchOptions;
use super::address::Address;
use super::cache::{Place, Version};
use super::error::Problem;
use crate::http::{clean, is_passing, retry_after};

/// Who asks.
const USER_AGENT: &str = concat!("coldroom-metrics-reporter/", env!("CARGO_PKG_VERSION"));
/// Time for a connection, after which another attempt is made.
const CONNECT: Duration = Duration::from_secs(10);
/// Attempts in all.
const ATTEMPTS: u32 = 4;
/// Pause before the second attempt; it doubles for each one after.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Redirects that are followed.
const REDIRECTS: u32 = 5;
/// Bytes that are received at once.
const BLOCK: usize = 1 << 16;
/// Largest answer that is not a file, in bytes.
const LARGEST_ANSWER: u64 = 1 << 16;

/// All requests for one source.
pub struct Transfer {
    agent: Agent,
    timeout: Duration,
    deadline: Instant,
    max_bytes: u64,
    /// Whether a server's own words are passed on. Those of a server that nobody knows may repeat a secret of the query.
    hears_words: bool,
}

/// What one attempt met.
enum Trouble {
    /// Another attempt may help, after the pause that the server asks for.
    Passing(Problem, Option<Duration>),
    /// Nothing helps.
    Lasting(Problem),
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Self::Lasting(problem)
    }
}

/// A file that was received, not yet in its place.
pub struct Received {
    /// The file.
    pub file: NamedTempFile,
    /// Its size.
    pub bytes: u64,
    /// Its version, as far as the headers tell.
    pub version: Version,
}

impl Transfer {
    /// Starts the clock for a source behind any address.
    pub fn start(options: &FetchOptions) -> Self {
        let agent = Agent::config_builder()
            .user_agent(USER_AGENT)
            .accept("*/*")
            // A file that is compressed as such stays so, and no other is compressed twice.
            .accept_encoding("identity")
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .new_agent();
        let now = Instant::now();
        let deadline = now.checked_add(options.timeout).unwrap_or(now);
        Self { agent, timeout: options.timeout, deadline, max_bytes: options.max_bytes, hears_words: false }
    }

    /// Starts the clock for a source of a server that says why it refuses.
    pub fn start_hearing(options: &FetchOptions) -> Self {
        Self { hears_words: true, ..Self::start(options) }
    }

    /// The file at `address`, or nothing when it is still of the version that the place has.
    pub fn download(&self, address: &Address, headers: &HeaderMap, place: &Place) -> Result<Option<Received>, Problem> {
        self.repeat(|| {
            let response = self.get(address, headers)?;
            let is_conditional = headers.contains_key(IF_NONE_MATCH) || headers.contains_key(IF_MODIFIED_SINCE);
            match response.status().as_u16() {
                200 => self.receive(response, address, place).map(Some),
                304 if is_conditional => Ok(None),
                _ => Err(self.refused(response)),
            }
        })
    }

    /// The answer to `GET address`, which is short and JSON.
    pub fn get_json(&self, address: &Address, headers: &HeaderMap) -> Result<Vec<u8>, Problem> {
        self.repeat(|| self.short(self.get(address, headers)?, address))
    }

    /// The answer to a form, which is short. Redirects are not followed: the form is a secret.
    pub fn post_form(&self, address: &Address, form: &str) -> Result<Vec<u8>, Problem> {
        self.repeat(|| {
            let request = Request::post(address.expose()).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            let request = request.body(form).map_err(|error| self.trouble(address, error.into()))?;
            self.short(self.send(address, request)?, address)
        })
    }

    fn repeat<T>(&self, attempt: impl Fn() -> Result<T, Trouble>) -> Result<T, Problem> {
        let mut pause = FIRST_PAUSE;
        let mut attempts_left = ATTEMPTS - 1;
        loop {
            match attempt() {
                Ok(result) => return Ok(result),
                Err(Trouble::Lasting(problem)) => return Err(problem),
                Err(Trouble::Passing(problem, asked)) => {
                    let wait = asked.unwrap_or(pause);
                    if attempts_left == 0 || wait >= self.time_left() {
                        return Err(problem);
                    }
                    tracing::debug!("{problem}; asking again in {} ms", wait.as_millis());
                    std::thread::sleep(wait);
                }
            }
            attempts_left -= 1;
            pause *= 2;
        }
    }

    /// The answer at the end of all redirects, whatever its status.
    fn get(&self, address: &Address, headers: &HeaderMap) -> Result<Response<Body>, Trouble> {
        let mut at = address.clone();
        for _ in 0..=REDIRECTS {
            let mut request = Request::get(at.expose());
            for (name, value) in headers {
                // What opens one server is not for another.
                if name != AUTHORIZATION || at.has_origin_of(address) {
                    request = request.header(name, value);
                }
            }
            let request = request.body(()).map_err(|error| self.trouble(&at, error.into()))?;
            let response = self.send(&at, request)?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(response);
            }
            let Some(to) = header(response.headers(), LOCATION) else { return Err(self.refused(response)) };
            at = redirected(&at, &to)?;
        }
        Err(Problem::Redirects(REDIRECTS).into())
    }

    fn send<S: AsSendBody>(&self, address: &Address, request: Request<S>) -> Result<Response<Body>, Trouble> {
        let time = self.time_left();
        if time.is_zero() {
            return Err(self.out_of_time().into());
        }
        // A proxy of the environment knows nothing of this machine's own ports.
        let proxy = if address.is_local() { None } else { Proxy::try_from_env() };
        let request = self
            .agent
            .configure_request(request)
            .timeout_global(Some(time))
            .timeout_connect((time > CONNECT).then_some(CONNECT))
            .proxy(proxy)
            .build();
        self.agent.run(request).map_err(|error| self.trouble(address, error))
    }

    /// Streams the file to its folder.
    fn receive(&self, response: Response<Body>, address: &Address, place: &Place) -> Result<Received, Trouble> {
        let too_large = || Problem::TooLarge { limit: self.max_bytes };
        let headers = response.headers();
        let kind = header(headers, CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
        if kind.starts_with("text/html") || kind.starts_with("application/xhtml") {
            return Err(Problem::Page.into());
        }
        let encoding = header(headers, CONTENT_ENCODING).unwrap_or_default().to_ascii_lowercase();
        // These are known by how they begin when the file is read.
        if !matches!(encoding.as_str(), "" | "identity" | "gzip" | "x-gzip" | "zstd") {
            return Err(Problem::Encoding(clean(&encoding, None)).into());
        }
        if response.body().content_length().is_some_and(|length| length > self.max_bytes) {
            return Err(too_large().into());
        }
        let version =
            Version { etag: header(headers, ETAG), last_modified: header(headers, LAST_MODIFIED), revision: None };
        let cache = |source| Problem::Cache { folder: place.folder().to_owned(), source };
        let mut file = place.begin(self.timeout).map_err(cache)?;
        let mut body = response.into_body().into_reader();
        let mut block = vec![0; BLOCK];
        let mut bytes = 0;
        loop {
            let count = body.read(&mut block).map_err(|error| self.trouble(address, error.into()))?;
            if count == 0 {
                return Ok(Received { file, bytes, version });
            }
            bytes += count as u64;
            if bytes > self.max_bytes {
                return Err(too_large().into());
            }
            file.write_all(&block[..count]).map_err(cache)?;
        }
    }

    /// All of a short answer of status 200.
    fn short(&self, response: Response<Body>, address: &Address) -> Result<Vec<u8>, Trouble> {
        if response.status() != 200 {
            return Err(self.refused(response));
        }
        let body = response.into_body().into_with_config().limit(LARGEST_ANSWER).read_to_vec();
        body.map_err(|error| self.trouble(address, error))
    }

    fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn out_of_time(&self) -> Problem {
        Problem::Timeout { seconds: self.timeout.as_secs_f64() }
    }

    /// An answer that is not what was asked for.
    fn refused(&self, response: Response<Body>) -> Trouble {
        let (head, body) = response.into_parts();
        let status = head.status.as_u16();
        let words = if self.hears_words { words(&head.headers, body) } else { None };
        let problem = Problem::Status { status, words };
        if is_passing(status) {
            Trouble::Passing(problem, retry_after(&head.headers))
        } else {
            Trouble::Lasting(problem)
        }
    }

    fn trouble(&self, address: &Address, error: ureq::Error) -> Trouble {
        let unreachable =
            |reason: &str| Problem::Unreachable { server: address.server(), reason: clean(reason, address.query()) };
        match error {
            ureq::Error::Timeout(Timeout::Connect) => {
                let reason = format!("no connection within {} s", CONNECT.as_secs());
                Trouble::Passing(unreachable(&reason), None)
            }
            ureq::Error::Timeout(_) => self.out_of_time().into(),
            // A certificate that is refused stays so.
            ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                unreachable(&error.to_string()).into()
            }
            error @ (ureq::Error::Io(_)
            | ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::ConnectProxyFailed(_)
            | ureq::Error::Protocol(_)) => Trouble::Passing(unreachable(&error.to_string()), None),
            error => unreachable(&error.to_string()).into(),
        }
    }
}

/// Where a redirect leads; never from another machine to a service of this one.
fn redirected(from: &Address, to: &str) -> Result<Address, Problem> {
    let to = from.join(to).map_err(Problem::Redirect)?;
    if to.is_local() && !from.is_local() {
        return Err(Problem::RedirectInside(to.to_string()));
    }
    Ok(to)
}

/// Headers that ask for a file only if it is of another version.
pub fn unless(version: &Version) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [(IF_NONE_MATCH, &version.etag), (IF_MODIFIED_SINCE, &version.last_modified)] {
        if let Some(value) = value.as_deref().and_then(|value| value.parse().ok()) {
            headers.insert(name, value);
        }
    }
    headers
}

/// Why, in the words of a server that answers in JSON as Google does.
fn words(headers: &HeaderMap, mut body: Body) -> Option<String> {
    if !header(headers, CONTENT_TYPE)?.to_ascii_lowercase().starts_with("application/json") {
        return None;
    }
    let answer: Value = serde_json::from_slice(&body.with_config().limit(LARGEST_ANSWER).read_to_vec().ok()?).ok()?;
    let words = [&answer["error"]["message"], &answer["error_description"], &answer["error"]];
    words.into_iter().find_map(Value::as_str).map(|words| clean(words, None))
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_machine_redirects_to_this_one() {
        let [other, this] = ["https://h.example/a", "http://127.0.0.1:80/a"].map(|text| Address::parse(text).unwrap());
        assert!(
            matches!(redirected(&other, "http://localhost/?b=sesame"), Err(Problem::RedirectInside(to)) if to == "http://localhost/")
        );
        assert!(matches!(redirected(&other, "https://[::1]/"), Err(Problem::RedirectInside(_))));
        assert!(matches!(redirected(&other, "http://h.example/"), Err(Problem::Redirect(_))));
        for (from, to) in [(&other, "/b"), (&other, "https://i.example/"), (&this, "/b"), (&this, "https://h.example/")]
        {
            assert!(redirected(from, to).is_ok(), "{from} {to}");
        }
    }

    #[test]
    fn only_what_a_version_has_is_asked_for() {
        let version = |etag: Option<&str>, last_modified: Option<&str>| Version {
            etag: etag.map(str::to_owned),
            last_modified: last_modified.map(str::to_owned),
            revision: Some("1".to_owned()),
        };
        assert!(unless(&version(None, None)).is_empty());
        let headers = unless(&version(Some("W/\"a\""), Some("bad\nheader")));
        assert_eq!((headers.len(), headers[IF_NONE_MATCH].as_bytes()), (1, b"W/\"a\"".as_slice()));
    }
}
