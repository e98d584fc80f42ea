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

use datafusion::physical_plan::ExecutionPlan;

pub use aggregate::PushAggregates;
pub(crate) use aggregate::reads_whole;
pub use error::SearchError;
pub use server::SearchServer;
pub use snapshot::Snapshots;

/// Name of the source, and what it is sent, if the node of a plan is one of these.
pub(crate) fn sent(node: &dyn ExecutionPlan) -> Option<(&str, String)> {
    let scan = node.downcast_ref::<scan::Scan>().map(scan::Scan::sent);
    scan.or_else(|| node.downcast_ref::<aggregate::GroupsScan>().map(aggregate::GroupsScan::sent))
}
