//! Reports of uptime on request: a queue in the database, its workers, and what they computed.
//!
//! A request is a row of `metrics.report`. A worker takes the oldest that waits (`FOR UPDATE SKIP LOCKED`) and holds an
//! advisory lock on its number while it computes: the lock ends with the worker's session, however that ends, so a
//! report that is called running and whose lock is free has no living worker. Such a report waits again, and after its
//! third worker has died it fails. All instants here are those of the database, which all workers share.

mod requests;
mod worker;

use serde::{Deserialize, Serialize};

use crate::uptime::Stores;

pub use requests::{ReportRow, ReportState, Status, get, request, rows};
pub use worker::{Step, Worker};

/// What a report is asked for besides its policy.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Asked {
    /// As of in microseconds since 1970; absent: the latest poll.
    pub as_of_us: Option<i64>,
    /// Which stores.
    pub stores: Stores,
    /// Only this store.
    pub store_id: Option<String>,
}
