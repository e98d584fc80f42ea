//! Tables whose header stands on every page.

use std::io::{self, Write};

use crate::canvas::{Align, LEFT, LIGHT, RIGHT, Style};
use crate::flow::{BOTTOM, Flow, Press, TOP};
use crate::fonts::{Fonts, Weight};

/// Cells.
pub const CELL: Style = Style::new(Weight::Regular, 8.0);
/// Titles of columns.
const HEAD: Style = Style::new(Weight::Semibold, 8.0);
/// From one line of a row to the next.
const LEADING: f32 = 10.0;
/// Above and below the lines of a row, together.
const PADDING: f32 = 2.0;
/// The header, with the room below it.
const HEADER: f32 = 28.0;

/// A table.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its columns.
    pub columns: &'static [Column],
    /// Titles over several columns.
    pub groups: &'static [Group],
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Where its text begins or ends, from the left edge of the table.
    pub x: f32,
    /// Which of the two.
    pub align: Align,
    /// Its title, in two lines.
    pub title: [&'static str; 2],
}

/// A title over several columns.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// From where to where, from the left edge of the table.
    pub span: [f32; 2],
    /// Its title.
    pub title: &'static str,
}

impl Column {
    /// Text from `x` on.
    pub const fn left(x: f32, title: [&'static str; 2]) -> Self {
        Self { x, align: Align::Left, title }
    }

    /// Figures up to `x`.
    pub const fn right(x: f32, title: [&'static str; 2]) -> Self {
        Self { x, align: Align::Right, title }
    }
}

impl Table {
    /// The header.
    pub fn header(&self, flow: &mut Flow, fonts: &mut Fonts) {
        let top = flow.y;
        for group in self.groups {
            let [left, right] = group.span.map(|x| LEFT + x);
            flow.canvas.text(fonts, HEAD, Align::Centre, [f32::midpoint(left, right), top + 9.0], group.title);
            flow.canvas.line([left, top + 12.0], [right, top + 12.0], 0.4, 0.0);
        }
        for column in self.columns {
            for (line, base) in column.title.into_iter().zip([9.0, 20.0]) {
                flow.canvas.text(fonts, HEAD, column.align, [LEFT + column.x, top + base], line);
            }
        }
        flow.canvas.line([LEFT, top + 24.0], [RIGHT, top + 24.0], 0.8, 0.0);
        flow.y = top + HEADER;
    }

    /// A row, where each cell has lines. It stays on one page unless it is longer than that.
    pub fn row<W: Write>(&self, flow: &mut Flow, press: &mut Press<W>, cells: &[Vec<String>]) -> io::Result<()> {
        let lines = cells.iter().map(Vec::len).max().unwrap_or_default();
        let height = lines as f32 * LEADING + PADDING;
        if !flow.fits(height) && height <= BOTTOM - TOP - HEADER {
            self.next_page(flow, press)?;
        }
        for line in 0..lines {
            if !flow.fits(LEADING + PADDING) {
                self.next_page(flow, press)?;
            }
            for (column, cell) in self.columns.iter().zip(cells) {
                if let Some(text) = cell.get(line) {
                    flow.canvas.text(&mut press.fonts, CELL, column.align, [LEFT + column.x, flow.y + 7.0], text);
                }
            }
            flow.y += LEADING;
        }
        flow.y += PADDING;
        flow.canvas.line([LEFT, flow.y - 1.8], [RIGHT, flow.y - 1.8], 0.25, LIGHT);
        Ok(())
    }

    fn next_page<W: Write>(&self, flow: &mut Flow, press: &mut Press<W>) -> io::Result<()> {
        flow.next_page(&mut press.file)?;
        self.header(flow, &mut press.fonts);
        Ok(())
    }
}
