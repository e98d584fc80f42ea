//! The engine over PostgreSQL, search servers, files and other engines; the sinks over a stub; the program as an operator
//! runs it.

#[path = "../../../tests/support/server.rs"]
mod server;

mod engine {
    mod cases;
    pub mod conformance;
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
mod external;
mod search;
mod stub;
