//! The sinks over a stub, and the program as an operator runs it.

mod google;
mod import;
mod runs;
mod schedules;
mod sheets;
mod usage;
pub mod world;
