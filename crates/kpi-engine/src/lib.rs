//! KPIs over several data stores: an embedded engine of SQL, and what it reads from.

pub mod definitions;
pub mod program;
pub mod sinks;
