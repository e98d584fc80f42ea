//! The operational database, read only.

pub mod currencies;
