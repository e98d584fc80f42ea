//! PostgreSQL: tables that are read filtered, or whole statements.

mod catalog;
mod column;
mod filter;
mod scan;
mod session;
mod table;
pub(crate) mod whole;

pub(crate) use self::catalog::PostgresCatalog;
pub(crate) use self::scan::ScanExec;
pub(crate) use self::session::{Database, Leases};
pub(crate) use self::table::PostgresTable;
pub(crate) use self::whole::{Prepared, Statement};
