//! `metrics.cooling_unit_metrics`.
