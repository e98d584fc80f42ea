//! Search servers: a real one in memory in both flavours, and one that fails as told.

mod aggregates;
mod conformance;
mod differential;
mod facade;
mod fake;
mod faults;
mod live;
mod osmem;
mod session;
mod types;
