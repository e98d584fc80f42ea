//! Company figures.
