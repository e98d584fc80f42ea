//! One cooling unit in one local day.
