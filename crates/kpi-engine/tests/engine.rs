//! The engine over PostgreSQL and files; the sinks over a stub; the program as an operator runs it.

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

mod programs {
    mod google;
    mod runs;
    mod schedules;
    mod sheets;
    mod usage;
    mod world;
}
