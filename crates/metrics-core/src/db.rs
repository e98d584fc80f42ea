//! The database layer.

pub mod connect;
pub mod embedded;
mod error;
pub mod metrics;
pub mod migrate;
pub mod reader;
mod schema;
pub mod source;

pub use connect::{ConnectOptions, Connection, Pool, PooledConnection};
pub use error::DbError;
