//! KPIs over several data stores: an embedded engine of SQL, and what it reads from.

pub mod external;
mod http;
mod pending;
pub mod search;
