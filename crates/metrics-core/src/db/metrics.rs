//! The tables we own.

pub mod company_metrics;
pub mod cooling_unit_metrics;
pub mod exchange_rate;
pub mod report_run;
