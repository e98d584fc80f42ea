//! Tests that need PostgreSQL, the binaries or the network stack. Run with `cargo test --workspace`.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails where it cannot go on")]

mod api;
mod connections;
mod embedded;
mod migrations;
mod programs;
mod settings;
mod support;
