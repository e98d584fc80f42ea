//! Values that are never printed.

use std::fmt;

use serde::Deserialize;

/// Text that `Debug` shows as `***`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The value itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// `text` with the password of any `user:password@` in it replaced by `***`.
pub(crate) fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    // The last @ ends the user part: an @ in a password that should have been escaped is masked too.
    let Some(at) = rest[..authority_end].rfind('@') else { return text.to_owned() };
    match rest[..at].split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}:***{}", &rest[at..]),
        None => text.to_owned(),
    }
}

/// `text` with the query of a link replaced by `***`: whoever has a signed one may read what it leads to.
#[cfg(feature = "runtime")]
pub(crate) fn without_query(text: &str) -> String {
    match text.split_once('?') {
        Some((link, query)) if link.contains("://") => match query.split_once('#') {
            Some((_, fragment)) => format!("{link}?***#{fragment}"),
            None => format!("{link}?***"),
        },
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_of_an_address_is_masked_and_the_query_of_a_link() {
        assert_eq!(without_password("https://me:pa@ss@host/x?a=b"), "https://me:***@host/x?a=b");
        assert_eq!(without_password("https://host/a@b:c"), "https://host/a@b:c");
        assert_eq!(without_query("https://h/a?signature=x"), "https://h/a?***");
        assert_eq!(without_query("https://h/a?usp=x#gid=1"), "https://h/a?***#gid=1");
        assert_eq!(without_query("polls?.csv"), "polls?.csv");
        assert_eq!(format!("{:?}", Secret::from("key".to_owned())), "***");
    }
}
