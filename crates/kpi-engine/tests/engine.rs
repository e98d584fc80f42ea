//! The engine of KPIs against real sources.

mod external;
mod search;
mod stub;
