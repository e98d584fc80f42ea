//! The database layer.

pub mod connect;
pub mod embedded;
mod error;
pub mod metrics;
pub mod migrate;
mod open;
pub mod reader;
mod schema;
pub mod source;
pub mod views;

pub use connect::{ConnectOptions, Connection, Pool, PooledConnection};
pub use error::DbError;
pub use open::{Databases, open};
