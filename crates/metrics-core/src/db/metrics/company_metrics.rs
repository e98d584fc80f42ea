//! `metrics.company_metrics`.
