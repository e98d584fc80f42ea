//! The views of the reporter: one name each, in commands, tables of runs, locks and documents.

use std::fmt;

use serde::Serialize;

/// A set of rows that one run computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// One row per cooling unit and local day: `cooling_unit_metrics`.
    AggregatedComparison,
    /// One row per company: `company_metrics` and its history.
    Company,
    /// One row per local month, cooling unit, farmer and crop: `impact_metrics`.
    ImpactMetrics,
    /// One row per instant, policy and store: `store_uptime`.
    StoreUptime,
}

impl View {
    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AggregatedComparison => "aggregated-comparison",
            Self::Company => "company",
            Self::ImpactMetrics => "impact-metrics",
            Self::StoreUptime => "store-uptime",
        }
    }

    /// Number that stands for the view in advisory locks; never changes.
    pub const fn lock_number(self) -> i32 {
        match self {
            Self::AggregatedComparison => 1,
            Self::Company => 2,
            Self::ImpactMetrics => 3,
            Self::StoreUptime => 4,
        }
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
