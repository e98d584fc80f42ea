//! The table of all stores.

use std::io::{self, Write};

use metrics_core::uptime::{StoreFigures, Window};

use crate::flow::{Flow, Press};
use crate::front::unit_us;
use crate::numbers::{amount, share};
use crate::table::{CELL, Column, Group, Table};
use crate::text::id_lines;

/// Uptime, downtime and coverage of each store.
const STORES: Table = Table {
    columns: &[
        Column::left(0.0, ["", "Store"]),
        Column::right(193.0, ["", "Up"]),
        Column::right(228.0, ["", "Down"]),
        Column::right(270.0, ["", "Coverage"]),
        Column::right(304.6, ["", "Up"]),
        Column::right(339.6, ["", "Down"]),
        Column::right(381.6, ["", "Coverage"]),
        Column::right(416.28, ["", "Up"]),
        Column::right(451.28, ["", "Down"]),
        Column::right(493.28, ["", "Coverage"]),
    ],
    groups: &[
        Group { span: [166.0, 270.0], title: "Last hour, minutes" },
        Group { span: [277.6, 381.6], title: "Last day, hours" },
        Group { span: [389.28, 493.28], title: "Last week, hours" },
    ],
};

/// Room for an id: a UUID fits in one line.
const ID_WIDTH: f32 = 156.0;

/// Writes a store; the header before the first.
pub fn store<W: Write>(
    flow: &mut Flow,
    press: &mut Press<W>,
    id: &str,
    figures: &StoreFigures,
    is_first: bool,
) -> io::Result<()> {
    if is_first {
        flow.heading(press, "All stores", 60.0)?;
        flow.y += 4.0;
        STORES.header(flow, &mut press.fonts);
    }
    let mut cells = Vec::with_capacity(STORES.columns.len());
    cells.push(id_lines(press.fonts.get(CELL.weight), id, CELL.thousandths(ID_WIDTH)));
    for (window, figures) in Window::ALL.into_iter().zip(figures) {
        cells.push(vec![amount(figures.up_us, unit_us(window))]);
        cells.push(vec![amount(figures.down_us, unit_us(window))]);
        cells.push(vec![share(figures.observed_us, figures.business_us)]);
    }
    STORES.row(flow, press, &cells)
}
