//! The engine over PostgreSQL, search servers, files and other engines; the sinks over a stub; the program as an operator
//! runs it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails where it cannot go on")]

#[path = "../../../tests/support/absent.rs"]
mod absent;
#[expect(dead_code, reason = "what other tests make the server do is not needed here")]
#[path = "../../../tests/support/server.rs"]
mod server;

mod engine {
    mod cases;
    pub mod conformance;
    mod faults;
    mod files;
    mod guards;
    mod meanings;
    mod names;
    mod pushdown;
    pub mod support;
    mod values;
    mod zones;
}

mod external;
#[path = "programs/programs.rs"]
mod programs;
mod search;
mod stub;
