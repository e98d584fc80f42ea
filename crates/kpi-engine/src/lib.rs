//! KPIs over several data stores: an embedded engine of SQL, and what it reads from.
//!
//! A KPI is one SELECT. If all its tables are in one PostgreSQL database, that database gets the whole statement;
//! else it runs here, in `DataFusion`, over tables that read what they can already filtered. See [`engine::Engine`].
//!
//! [`definitions`] says which KPIs there are, [`sinks`] where their values go, [`program`] is what cron runs.

pub mod cores;
pub mod definitions;
mod dialect;
pub mod engine;
pub mod explain;
pub mod external;
mod failure;
mod files;
mod http;
mod leaf;
mod pending;
mod postgres;
pub mod program;
pub mod remote;
mod rest;
pub mod search;
pub mod sinks;
mod value;

pub use dialect::{Checked, check_offline};
pub use engine::{Engine, EngineError, EngineOptions, Plan, Tier};
pub use explain::{Explanation, Sent};
