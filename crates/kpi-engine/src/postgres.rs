//! PostgreSQL: tables that are read filtered, or whole statements.

mod catalog;
mod column;
mod scan;
mod session;
pub(crate) mod whole;

pub(crate) use self::catalog::PostgresCatalog;
pub(crate) use self::session::{Database, Leases};
pub(crate) use self::whole::{Prepared, Statement};
