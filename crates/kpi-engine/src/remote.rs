//! Tables of stores that are asked in SQL: their columns, the filters that such a store applies itself, and the SELECT
//! that a scan sends.

mod column;
mod dialect;
mod filter;
mod select;
mod table;

pub(crate) use self::column::quoted;
pub use self::column::{Column, Kind};
pub use self::dialect::Dialect;
pub(crate) use self::filter::{all_of, any_of, equals};
pub(crate) use self::table::{SqlStore, SqlTable};
