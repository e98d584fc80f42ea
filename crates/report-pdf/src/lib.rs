//! Reports of uptime as PDF, made to be printed: A4, black on white.
//!
//! The first page says what the report is and how it was computed, and shows all stores together; then come the stores
//! with the lowest uptime, and the table of all stores. Definitions are those of [`metrics_core::uptime`].
//!
//! Stores are taken one by one, from a [`Report`] or from rows of a table, and written as pages fill up: memory does not
//! grow with their number, but for a few bytes per page. Equal input gives equal bytes: the date of the document is the
//! instant of the report, and nothing in it is drawn by lot.
//!
//! ```
//! use metrics_core::instant::HOUR_US;
//! use metrics_core::uptime::{Figures, Policy, Stores};
//! use report_pdf::{About, UptimePdf};
//!
//! let about =
//!     About { as_of_us: Some(1_674_670_402_479_220), policy: Policy::default(), stores: Stores::All, store_id: None };
//! let hour = Figures { business_us: HOUR_US, up_us: HOUR_US, hi_us: HOUR_US, ..Figures::default() };
//! let mut pdf = UptimePdf::new(about, Vec::new())?;
//! pdf.add("8139926242460185114", &[hour, hour, hour])?;
//! assert!(pdf.finish()?.starts_with(b"%PDF-1.7"));
//! # Ok::<(), std::io::Error>(())
//! ```

mod all;
mod canvas;
mod chart;
mod document;
mod file;
mod fleet;
mod flow;
mod fonts;
mod front;
mod numbers;
mod table;
mod text;
mod words;

use std::io::{self, Write};

use metrics_core::uptime::{Policy, Report, StoreFigures, Stores};

use document::Part;
use file::File;
use fleet::Fleet;
use flow::{Flow, Press};
use fonts::Fonts;

/// What a report was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The instant it speaks of; `None` when none was given and there is no poll.
    pub as_of_us: Option<i64>,
    /// How polls became uptime.
    pub policy: Policy,
    /// Which stores it has.
    pub stores: Stores,
    /// The one store that it was asked for.
    pub store_id: Option<String>,
}

impl From<&Report> for About {
    fn from(report: &Report) -> Self {
        let options = &report.head.options;
        Self { as_of_us: report.head.as_of_us, policy: options.policy, stores: options.stores, store_id: None }
    }
}

/// A report on its way into a PDF.
///
/// `out` gets many small writes.
pub struct UptimePdf<W> {
    about: About,
    press: Press<W>,
    fleet: Fleet,
    stores: Flow,
}

impl<W: Write> UptimePdf<W> {
    /// Begins a PDF.
    pub fn new(about: About, out: W) -> io::Result<Self> {
        let press = Press { file: File::new(out)?, fonts: Fonts::new()? };
        Ok(Self { about, press, fleet: Fleet::default(), stores: Flow::new() })
    }

    /// Adds a store. The table has the stores in this order; give them in that of the bytes of their ids.
    pub fn add(&mut self, store_id: &str, figures: &StoreFigures) -> io::Result<()> {
        all::store(&mut self.stores, &mut self.press, store_id, figures, self.fleet.stores == 0)?;
        self.fleet.add(store_id, figures);
        Ok(())
    }

    /// Writes what is said of all stores, and ends the file.
    pub fn finish(self) -> io::Result<W> {
        let Self { about, mut press, fleet, stores } = self;
        let mut front = Flow::new();
        let lowest = front::write(&mut front, &mut press, &about, &fleet)?;
        let mut pages = front.finish(&mut press.file)?;
        let mut parts = vec![Part { name: "Summary", page: 0 }];
        parts.extend(lowest.map(|page| Part { name: "Lowest uptime", page }));
        if fleet.stores > 0 {
            parts.push(Part { name: "All stores", page: pages.len() });
            pages.append(&mut stores.finish(&mut press.file)?);
        }
        document::finish(press, &about, &pages, &parts)
    }
}

/// Writes a report as PDF.
pub fn write_report<W: Write>(report: &Report, out: W) -> io::Result<W> {
    let mut pdf = UptimePdf::new(report.into(), out)?;
    for (id, figures) in report.rows() {
        pdf.add(id, figures)?;
    }
    pdf.finish()
}
