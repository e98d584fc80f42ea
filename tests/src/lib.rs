//! Holds the acceptance tests; see `acceptance.rs`.
