//! Elasticsearch and OpenSearch as catalogs of the engine: an index, an alias or a pattern is a table.
//!
//! Documents are read page by page from a point in time (or a scroll, where the server has none that tells all
//! documents apart), so a scan sees one state and holds one page. A filter goes to the server only if it selects there
//! just what it selects in SQL, or more, which is then filtered again; so do counts and groups. An answer that is not
//! complete is an error, never a smaller number.

mod aggregate;
mod catalog;
mod column;
mod date;
mod decode;
mod error;
mod filter;
mod flavour;
mod layout;
mod literal;
mod mapping;
mod pages;
mod scan;
mod server;
mod single;
mod snapshot;
mod table;

pub use aggregate::PushAggregates;
pub(crate) use aggregate::reads_whole;
pub use error::SearchError;
pub use server::SearchServer;
pub use snapshot::Snapshots;
