//! Values from the literature.
