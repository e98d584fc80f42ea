//! Stores, their opening hours and their polls: taken in, kept by days, read for reports.

pub mod copy_binary;
pub mod ingest;
pub mod partitions;
pub mod read;
