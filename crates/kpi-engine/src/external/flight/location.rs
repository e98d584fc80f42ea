//! Addresses of servers of Flight.

use std::fmt;

use url::Url;

/// What a server writes for the connection that is there already.
const SAME: &str = "arrow-flight-reuse-connection:";

/// Where a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Location {
    host: String,
    port: u16,
    pub(super) is_encrypted: bool,
}

impl Location {
    /// Of `grpc://`, `grpc+tcp://` or `http://`, and of `grpc+tls://` or `https://`.
    pub(super) fn parse(address: &str) -> Result<Self, String> {
        let url = Url::parse(address).map_err(|error| format!("`{address}` is no address: {error}"))?;
        let is_encrypted = match url.scheme() {
            "grpc" | "grpc+tcp" | "http" => false,
            "grpc+tls" | "https" => true,
            _ => return Err(format!("`{address}` does not begin with grpc:// or grpc+tls://")),
        };
        let default = if is_encrypted { 443 } else { 80 };
        match url.host_str().filter(|host| !host.is_empty()) {
            Some(host) => Ok(Self { host: host.to_owned(), port: url.port().unwrap_or(default), is_encrypted }),
            None => Err(format!("`{address}` has no host")),
        }
    }

    /// As HTTP/2 is spoken to it.
    pub(super) fn address(&self) -> String {
        format!("{}://{}", if self.is_encrypted { "https" } else { "http" }, self.target())
    }

    /// Host and port, for messages.
    pub(super) fn target(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Whether an address leads here.
    pub(super) fn is(&self, address: &str) -> bool {
        address.starts_with(SAME) || Self::parse(address).is_ok_and(|other| other == *self)
    }

    /// Whether a secret of the other one may be sent here: it is the same machine, and as well hidden on the way.
    pub(super) fn may_know_what(&self, other: &Self) -> bool {
        self.host == other.host && (self.is_encrypted || !other.is_encrypted)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.target())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(address: &str) -> Location {
        Location::parse(address).expect("an address")
    }

    #[test]
    fn an_address_says_whether_it_is_encrypted() {
        assert_eq!(location("grpc://lake:32010").address(), "http://lake:32010");
        assert_eq!(location("grpc+tls://lake:32010").address(), "https://lake:32010");
        assert_eq!(location("https://[::1]/").address(), "https://[::1]:443");
        for wrong in ["lake:32010", "ftp://lake", "grpc:///x", ""] {
            assert!(Location::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn secrets_go_to_the_same_machine_and_not_from_hidden_to_open() {
        let here = location("grpc+tls://lake:32010");
        assert!(here.is("https://lake:32010") && here.is("arrow-flight-reuse-connection://?"));
        assert!(!here.is("grpc://lake:32010"));
        assert!(location("grpc+tls://lake:32011").may_know_what(&here));
        assert!(!location("grpc://lake:32010").may_know_what(&here));
        assert!(!location("grpc+tls://other:32010").may_know_what(&here));
    }
}
