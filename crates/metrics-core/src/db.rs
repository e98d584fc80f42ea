//! The database layer.

pub mod connect;
pub mod copy;
pub mod databoard;
pub mod embedded;
mod error;
pub mod export;
pub mod metrics;
pub mod migrate;
mod open;
pub mod reader;
mod schema;
pub mod source;
pub mod stores;
pub mod uptime_reports;
pub mod views;

// For `transaction`: whoever composes several functions of `db` begins one.
pub use diesel_async::AsyncConnection;

pub use connect::{ConnectOptions, Connection, Pool, PooledConnection};
/// What a statement of Diesel meets; it becomes a [`DbError`].
pub use diesel::result::Error as QueryError;
pub use error::DbError;
// What the functions of this module take: one session, and a transaction on it.
pub use tokio_postgres::{Client, Transaction};

pub use open::{Databases, open};
