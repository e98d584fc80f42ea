//! Pages that are filled from top to bottom.

use std::io::{self, Write};

use pdf_writer::Ref;

use crate::canvas::{Align, Canvas, HEIGHT, LEFT, RIGHT, Style};
use crate::file::File;
use crate::fonts::{Fonts, Weight};
use crate::text::paragraph_lines;

/// Where a page begins.
pub const TOP: f32 = 51.0;
/// Where it ends; below is the footer.
pub const BOTTOM: f32 = HEIGHT - 60.0;

/// Title of the document.
pub const TITLE: Style = Style::new(Weight::Semibold, 22.0);
/// Headings of its parts.
pub const HEADING: Style = Style::new(Weight::Semibold, 12.0);
/// Sentences.
pub const TEXT: Style = Style::new(Weight::Regular, 9.0);
/// Terms that are explained.
pub const TERM: Style = Style::new(Weight::Semibold, 9.0);

/// Where explanations of terms begin, from the left edge.
pub const INDENT: f32 = 106.0;

/// The file and the fonts that everything is written with.
#[derive(Debug)]
pub struct Press<W> {
    /// The file.
    pub file: File<W>,
    /// Its fonts.
    pub fonts: Fonts,
}

/// Pages that are filled from top to bottom.
pub struct Flow {
    /// The page that is being filled.
    pub canvas: Canvas,
    /// How far down it is filled.
    pub y: f32,
    /// Contents of the pages that are full.
    pages: Vec<Ref>,
}

impl Flow {
    /// An empty page.
    pub fn new() -> Self {
        Self { canvas: Canvas::new(), y: TOP, pages: Vec::new() }
    }

    /// Pages before the one that is being filled.
    pub const fn full_pages(&self) -> usize {
        self.pages.len()
    }

    /// Whether so much still fits on this page.
    pub fn fits(&self, height: f32) -> bool {
        self.y + height <= BOTTOM
    }

    /// Begins the next page.
    pub fn next_page<W: Write>(&mut self, file: &mut File<W>) -> io::Result<()> {
        let full = std::mem::replace(&mut self.canvas, Canvas::new());
        self.pages.push(full.finish(file)?);
        self.y = TOP;
        Ok(())
    }

    /// Contents of all pages.
    pub fn finish<W: Write>(mut self, file: &mut File<W>) -> io::Result<Vec<Ref>> {
        self.next_page(file)?;
        Ok(self.pages)
    }

    /// A heading, with at least `follows` of room below it on its page.
    pub fn heading<W: Write>(&mut self, press: &mut Press<W>, text: &str, follows: f32) -> io::Result<()> {
        if !self.fits(34.0 + follows) {
            self.next_page(&mut press.file)?;
        }
        if self.y > TOP {
            self.y += 16.0;
        }
        self.y += 12.0;
        self.canvas.text(&mut press.fonts, HEADING, Align::Left, [LEFT, self.y], text);
        self.y += 6.0;
        Ok(())
    }

    /// Sentences from `left` to the right edge.
    pub fn paragraph<W: Write>(&mut self, press: &mut Press<W>, style: Style, left: f32, text: &str) -> io::Result<()> {
        let leading = style.size * 1.34;
        let width = style.thousandths(RIGHT - left);
        for line in paragraph_lines(press.fonts.get(style.weight), text, width) {
            if !self.fits(leading) {
                self.next_page(&mut press.file)?;
            }
            self.y += leading;
            self.canvas.text(&mut press.fonts, style, Align::Left, [left, self.y - leading * 0.24], &line);
        }
        Ok(())
    }

    /// A term in the left margin of its explanation.
    pub fn explained<W: Write>(&mut self, press: &mut Press<W>, term: &str, text: &str) -> io::Result<()> {
        let leading = TERM.size * 1.34;
        if !self.fits(leading) {
            self.next_page(&mut press.file)?;
        }
        self.canvas.text(&mut press.fonts, TERM, Align::Left, [LEFT, self.y + leading * 0.76], term);
        self.paragraph(press, TEXT, LEFT + INDENT, text)?;
        self.y += 2.0;
        Ok(())
    }
}
