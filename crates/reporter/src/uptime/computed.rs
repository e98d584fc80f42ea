//! A computed report, wherever its rows are.

use std::io;

use metrics_core::uptime::{Head, Report, StoreFigures};

use super::merge::Merged;

/// A computed report.
pub enum Computed {
    /// In memory.
    Whole(Report),
    /// In files, one for each part of the stores.
    Parts(Merged),
}

impl Computed {
    /// What it says of itself.
    pub const fn head(&self) -> &Head {
        match self {
            Self::Whole(report) => &report.head,
            Self::Parts(merged) => merged.head(),
        }
    }

    /// How many stores it has.
    pub const fn len(&self) -> usize {
        match self {
            Self::Whole(report) => report.len(),
            Self::Parts(merged) => merged.len(),
        }
    }

    /// Gives ids and figures, in order of the bytes of the ids.
    pub fn for_each_row(&self, mut row: impl FnMut(&str, &StoreFigures) -> io::Result<()>) -> io::Result<()> {
        match self {
            Self::Whole(report) => report.rows().try_for_each(|(id, figures)| row(id, figures)),
            Self::Parts(merged) => merged.for_each_row(row),
        }
    }
}
