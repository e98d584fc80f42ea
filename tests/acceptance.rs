//! Tests that need PostgreSQL, the binaries or the network stack. Run with `cargo test --workspace`.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails where it cannot go on")]

mod api;
mod bad_input;
mod civil_days;
mod coldroom;
mod connections;
mod contract;
mod databoard;
mod dependencies;
mod deployment;
mod embedded;
mod expected;
mod exports;
mod fetch;
mod fx;
mod interruption;
mod kpi_program;
mod kpi_store;
mod migrations;
mod poisoned_units;
mod programs;
mod runs;
mod settings;
mod stores;
mod support;
mod uptime;
mod worlds;
