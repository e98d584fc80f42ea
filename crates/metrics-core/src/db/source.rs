//! The operational database, read only.
