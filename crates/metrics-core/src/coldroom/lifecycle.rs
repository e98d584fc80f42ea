//! A crate from check-in to its last release.
