//! The views, one file each.

pub mod aggregated_comparison;
pub mod company;
pub mod impact_metrics;
pub mod shared;
pub mod store_uptime;
