//! The engine over PostgreSQL and files; the sinks over a stub; the program as an operator runs it.

#[expect(dead_code, reason = "what other tests make the server do is not needed here")]
#[path = "../../../tests/support/server.rs"]
mod server;

mod engine {
    mod cases;
    mod conformance;
    mod faults;
    mod files;
    mod guards;
    mod pushdown;
    pub mod support;
    mod values;
}

#[path = "programs/programs.rs"]
mod programs;
