//! Saved dashboards and channels: tables of the API's own, and what our own channels are read from.

pub mod catalogue;
pub mod points;
pub mod recent;
pub mod series;
