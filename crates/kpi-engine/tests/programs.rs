//! Sinks against stubs, and the program as an operator runs it.

#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "../../../tests/support/server.rs"]
mod server;

#[path = "programs/google.rs"]
mod google;
#[path = "programs/sheets.rs"]
mod sheets;
