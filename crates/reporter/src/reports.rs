//! The views, one file each.

pub mod aggregated_comparison;
pub mod company;
pub mod shared;
