//! Addresses that may be asked.

use std::fmt;

use url::Url;

use crate::http::is_loopback;

/// An address of another machine by `https`, or of this machine by `http` too; without user and password.
///
/// It is shown without its query and fragment: whoever has a signed address may read what it leads to. Boxed, because
/// command lines hold several.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Box<Url>);

/// Why a text is no address that may be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is malformed.
    #[error("the address cannot be read: {0}")]
    Malformed(url::ParseError),
    /// Another protocol.
    #[error("{0}:// is not supported, https:// is")]
    Scheme(String),
    /// Anybody on the way could read and change what comes.
    #[error("http://{0} is not asked, because http is only for this machine: use https://")]
    Plain(String),
    /// A password would show in process lists and settings.
    #[error("an address must not hold a user or password")]
    Credentials,
}

impl Address {
    /// The address that `text` spells.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        Self::check(Url::parse(text).map_err(AddressError::Malformed)?)
    }

    /// The address that `reference` means on the page of this one.
    pub fn join(&self, reference: &str) -> Result<Self, AddressError> {
        Self::check(self.0.join(reference).map_err(AddressError::Malformed)?)
    }

    fn check(mut url: Url) -> Result<Self, AddressError> {
        // A fragment is for the reader of a page and is never sent.
        url.set_fragment(None);
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Credentials);
        }
        let host = url.host_str().unwrap_or_default();
        match url.scheme() {
            "https" => Ok(Self(Box::new(url))),
            "http" if is_loopback(host) => Ok(Self(Box::new(url))),
            "http" => Err(AddressError::Plain(host.to_owned())),
            other => Err(AddressError::Scheme(other.to_owned())),
        }
    }

    /// All of it, to be sent and never to be shown.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }

    /// Its query, never to be shown.
    pub fn query(&self) -> Option<&str> {
        self.0.query()
    }

    /// The last part of its path.
    pub fn file_name(&self) -> &str {
        self.0.path().rsplit('/').find(|part| !part.is_empty()).unwrap_or_default()
    }

    /// Its server, without any path.
    pub fn server(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Does it mean this machine?
    pub fn is_local(&self) -> bool {
        self.0.host_str().is_some_and(is_loopback)
    }

    /// Do both mean the same server?
    pub fn has_origin_of(&self, other: &Self) -> bool {
        self.0.origin() == other.0.origin()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or_default())?;
        if let Some(port) = self.0.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(self.0.path())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_machines_are_asked_by_https_only_and_without_a_password() {
        for text in ["https://example.org/a.csv", "http://127.0.0.1:8080/a", "http://[::1]/a", "HTTP://localhost/a"] {
            assert!(Address::parse(text).is_ok(), "{text}");
        }
        for (text, message) in [
            ("http://example.org/a.csv", "http://example.org is not asked, because http is only for this machine"),
            ("http://127.0.0.1.example.org/a", "http is only for this machine"),
            ("ftp://example.org/a.csv", "ftp:// is not supported"),
            ("https://me@example.org/", "user or password"),
            ("https://me:sesame@example.org/", "user or password"),
            ("https://", "cannot be read"),
            ("https://exa mple.org/", "cannot be read"),
        ] {
            let error = Address::parse(text).expect_err(text).to_string();
            assert!(error.contains(message) && !error.contains("sesame"), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_shown_has_no_query() {
        let address = Address::parse("https://h.example:8443/a/polls.csv?signature=sesame#part").unwrap();
        assert_eq!(address.to_string(), "https://h.example:8443/a/polls.csv");
        assert_eq!(format!("{address:?}"), address.to_string());
        assert_eq!(address.expose(), "https://h.example:8443/a/polls.csv?signature=sesame");
        assert_eq!(address.server(), "https://h.example:8443");
        assert_eq!(address.file_name(), "polls.csv");
        assert_eq!(Address::parse("https://h.example").unwrap().file_name(), "");
    }

    #[test]
    fn a_reference_is_read_on_the_page_of_the_address() {
        let address = Address::parse("https://h.example/a/b?c").unwrap();
        assert_eq!(address.join("../d?e").unwrap().expose(), "https://h.example/d?e");
        let elsewhere = address.join("//other.example/d").unwrap();
        assert_eq!(elsewhere.expose(), "https://other.example/d");
        assert!(!elsewhere.has_origin_of(&address) && address.join("/x").unwrap().has_origin_of(&address));
        assert!(!address.join("https://h.example:444/").unwrap().has_origin_of(&address));
        assert_eq!(address.join("http://h.example/a"), Err(AddressError::Plain("h.example".into())));
    }
}
