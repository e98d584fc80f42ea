//! Saved dashboards: what is in one, how large it is, whether it is well formed, and which make room for others.

mod document;
mod eviction;
#[cfg(feature = "runtime")]
mod extended;
#[cfg(feature = "runtime")]
mod parse;
#[cfg(feature = "runtime")]
mod rules;
mod schema;
#[cfg(test)]
#[cfg(feature = "runtime")]
mod schema_tests;

pub use document::{Node, Number};
pub use eviction::{Candidate, Quota, QuotaError, choose};
#[cfg(feature = "runtime")]
pub use extended::{RecordError, SavedRecord, record_line};
#[cfg(feature = "runtime")]
pub use parse::{Document, DocumentError};
#[cfg(feature = "runtime")]
pub use rules::Schema;
pub use schema::is_dashboard;
