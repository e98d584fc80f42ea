//! Drawing on a page. Lengths are points; `y` grows downwards from the upper edge.

use std::io::{self, Write};

use pdf_writer::{Content, Ref, Str};

use crate::file::File;
use crate::fonts::{Fonts, Weight};

/// Width of A4.
pub const WIDTH: f32 = 595.28;
/// Height of A4.
pub const HEIGHT: f32 = 841.89;
/// Left edge of what is printed.
pub const LEFT: f32 = 51.0;
/// Right edge of what is printed.
pub const RIGHT: f32 = WIDTH - 51.0;

/// Dark enough for text, lighter than black.
pub const GREY: f32 = 0.3;
/// For lines between rows.
pub const LIGHT: f32 = 0.75;

/// How text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// Its font.
    pub weight: Weight,
    /// Its size.
    pub size: f32,
    /// From 0, black, to 1.
    pub grey: f32,
}

impl Style {
    /// Black text.
    pub const fn new(weight: Weight, size: f32) -> Self {
        Self { weight, size, grey: 0.0 }
    }

    /// The same in grey.
    pub const fn grey(self) -> Self {
        Self { grey: GREY, ..self }
    }

    /// A length in points.
    pub const fn length(&self, thousandths: u32) -> f32 {
        thousandths as f32 * self.size / 1_000.0
    }

    /// A length in thousandths of the size.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lengths on a page are small")]
    pub fn thousandths(&self, length: f32) -> u32 {
        (length * 1_000.0 / self.size) as u32
    }
}

/// Where text stands relative to its `x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// It begins there.
    Left,
    /// It has its middle there.
    Centre,
    /// It ends there.
    Right,
}

/// What is drawn on a page.
pub struct Canvas {
    content: Content,
    font: Option<(Weight, f32)>,
    fill: f32,
    stroke: f32,
    line_width: f32,
}

impl Canvas {
    /// An empty page.
    pub fn new() -> Self {
        Self { content: Content::new(), font: None, fill: 0.0, stroke: 0.0, line_width: 1.0 }
    }

    /// Writes a line of text with its base at `y`; characters that are written as their numbers are underlined.
    pub fn text(&mut self, fonts: &mut Fonts, style: Style, align: Align, [x, y]: [f32; 2], text: &str) {
        let encoded = fonts.get(style.weight).encode(text);
        if encoded.numbers.is_empty() {
            return;
        }
        let width = style.length(encoded.width);
        let x = match align {
            Align::Left => x,
            Align::Centre => x - width / 2.0,
            Align::Right => x - width,
        };
        self.fill(style.grey);
        self.content.begin_text();
        if self.font != Some((style.weight, style.size)) {
            self.content.set_font(style.weight.name(), style.size);
            self.font = Some((style.weight, style.size));
        }
        self.content.next_line(short(x), short(HEIGHT - y)).show(Str(&encoded.numbers)).end_text();
        for code in encoded.codes {
            let [start, end] = code.map(|place| x + style.length(place));
            self.line([start + 0.4, y + 1.4], [end - 0.4, y + 1.4], 0.4, style.grey);
        }
    }

    /// Draws a straight line.
    pub fn line(&mut self, [from_x, from_y]: [f32; 2], [to_x, to_y]: [f32; 2], width: f32, grey: f32) {
        self.stroke(width, grey);
        self.content.move_to(short(from_x), short(HEIGHT - from_y)).line_to(short(to_x), short(HEIGHT - to_y)).stroke();
    }

    /// Fills a rectangle between two corners.
    pub fn filled(&mut self, [left, top]: [f32; 2], [right, bottom]: [f32; 2], grey: f32) {
        self.fill(grey);
        self.rectangle([left, top], [right, bottom]);
        self.content.fill_nonzero();
    }

    /// Draws a rectangle between two corners.
    pub fn outlined(&mut self, [left, top]: [f32; 2], [right, bottom]: [f32; 2], width: f32, grey: f32) {
        self.stroke(width, grey);
        self.rectangle([left, top], [right, bottom]);
        self.content.stroke();
    }

    /// Writes what was drawn.
    pub fn finish<W: Write>(self, file: &mut File<W>) -> io::Result<Ref> {
        file.stream(&self.content.finish())
    }

    fn rectangle(&mut self, [left, top]: [f32; 2], [right, bottom]: [f32; 2]) {
        self.content.rect(short(left), short(HEIGHT - bottom), short(right - left), short(bottom - top));
    }

    fn fill(&mut self, grey: f32) {
        if self.fill.to_bits() != grey.to_bits() {
            self.content.set_fill_gray(grey);
            self.fill = grey;
        }
    }

    fn stroke(&mut self, width: f32, grey: f32) {
        if self.stroke.to_bits() != grey.to_bits() {
            self.content.set_stroke_gray(grey);
            self.stroke = grey;
        }
        if self.line_width.to_bits() != width.to_bits() {
            self.content.set_line_width(width);
            self.line_width = width;
        }
    }
}

/// A coordinate to a hundredth of a point, which is finer than any printer: it keeps the file small.
fn short(coordinate: f32) -> f32 {
    (coordinate * 100.0).trunc() / 100.0
}
