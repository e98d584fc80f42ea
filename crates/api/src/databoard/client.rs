//! The client for other servers.

use std::time::Duration;

use anyhow::Context as _;
use metrics_core::tls;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How this server names itself to others.
const USER_AGENT: &str = concat!("metrics-api/", env!("CARGO_PKG_VERSION"));

/// A client that goes nowhere else than it is sent. Limits of time are each request's.
pub fn new() -> anyhow::Result<reqwest::Client> {
    let tls = tls::verifying().context("TLS cannot be set up")?;
    let client = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .tls_backend_preconfigured(tls)
        .build();
    client.map_err(reqwest::Error::without_url).context("no client of HTTP can be made")
}
