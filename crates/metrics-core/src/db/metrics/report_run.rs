//! `metrics.report_run`.
