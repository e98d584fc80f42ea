//! Holds the tests in a browser; see `browser.rs`.
