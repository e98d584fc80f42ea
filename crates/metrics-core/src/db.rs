//! The database layer.

pub mod connect;
pub mod embedded;
pub mod metrics;
pub mod migrate;
pub mod source;
