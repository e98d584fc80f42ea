//! `metrics.exchange_rate`.
