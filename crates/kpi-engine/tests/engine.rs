//! The engine over PostgreSQL and files; the sinks over a stub; the program as an operator runs it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails where it cannot go on")]

#[expect(dead_code, reason = "what other tests make the server do is not needed here")]
#[path = "../../../tests/support/server.rs"]
mod server;

mod engine {
    mod cases;
    mod conformance;
    pub mod support;
}

#[path = "programs/programs.rs"]
mod programs;
