//! Sums of stored days over a range.
