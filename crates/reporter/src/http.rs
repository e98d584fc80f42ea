//! What all requests to other servers share.

use std::net::IpAddr;
use std::time::Duration;

use ureq::http::HeaderMap;
use ureq::http::header::RETRY_AFTER;

/// Characters of a server's own words that are passed on.
const LONGEST_REASON: usize = 200;

/// Is it the name or address of this machine, as only this machine uses it?
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Does the status say that the same request may succeed later?
pub fn is_passing(status: u16) -> bool {
    status == 429 || (500..600).contains(&status)
}

/// The pause that a server asks for; given in seconds, the form that rate limits use.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// Foreign text made fit for a log: one line, not too long, without `secret`.
pub fn clean(text: &str, secret: Option<&str>) -> String {
    let text = match secret.filter(|secret| !secret.is_empty()) {
        Some(secret) => text.replace(secret, "***"),
        None => text.to_owned(),
    };
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).take(LONGEST_REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for (host, expected) in [
            ("localhost", true),
            ("127.0.0.2", true),
            ("[::1]", true),
            ("10.0.0.1", false),
            ("localhost.example", false),
        ] {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
    }

    #[test]
    fn foreign_text_becomes_one_short_line_without_the_secret() {
        assert_eq!(clean("no key\nsesame here", Some("sesame")), "no key *** here");
        assert_eq!(clean("as it is", Some("")), "as it is");
        assert_eq!(clean(&"x".repeat(1_000), None).len(), LONGEST_REASON);
    }
}
