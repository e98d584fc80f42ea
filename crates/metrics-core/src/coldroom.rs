//! Utilisation, people and money of cold rooms.

pub mod company;
pub mod cooling_unit_day;
pub mod lifecycle;
pub mod slice;
