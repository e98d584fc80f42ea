//! The two fonts: which characters they can show, how wide these are, and what of them goes into the file.
//!
//! Each character that is shown gets a number of its own in each font, in order of first use, even where two share a
//! glyph: so text that is copied from the file is the text that went in.

use std::collections::HashMap;
use std::io::{self, Write};

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Chunk, Filter, Finish as _, Name, Ref, Str};
use subsetter::GlyphRemapper;
use ttf_parser::{Face, GlyphId};

use crate::file::{File, compressed};

const REGULAR: &[u8] = include_bytes!("../fonts/SourceSans3-Regular.ttf");
const SEMIBOLD: &[u8] = include_bytes!("../fonts/SourceSans3-Semibold.ttf");

/// What the fonts call their numbering of characters.
const SYSTEM_INFO: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// Looks like a hyphen and is not one.
const SOFT_HYPHEN: char = '\u{ad}';

/// How heavy text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Text and figures.
    Regular,
    /// Headings and totals.
    Semibold,
}

/// The fonts of a file.
#[derive(Debug)]
pub struct Fonts {
    regular: Font,
    semibold: Font,
}

impl Fonts {
    /// Reads the fonts that are compiled in.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            regular: Font::new(REGULAR, "SourceSans3-Regular")?,
            semibold: Font::new(SEMIBOLD, "SourceSans3-Semibold")?,
        })
    }

    /// The font of a weight.
    pub const fn get(&mut self, weight: Weight) -> &mut Font {
        match weight {
            Weight::Regular => &mut self.regular,
            Weight::Semibold => &mut self.semibold,
        }
    }

    /// Writes both fonts, with the characters that were used, and gives the names that pages know them by.
    pub fn write<W: Write>(&self, file: &mut File<W>) -> io::Result<[(Name<'static>, Ref); 2]> {
        let regular = self.regular.write(file)?;
        let semibold = self.semibold.write(file)?;
        Ok([(Weight::Regular.name(), regular), (Weight::Semibold.name(), semibold)])
    }
}

impl Weight {
    /// The name of its font on a page.
    pub const fn name(self) -> Name<'static> {
        match self {
            Self::Regular => Name(b"R"),
            Self::Semibold => Name(b"S"),
        }
    }
}

/// A font, and the characters of it that were used.
#[derive(Debug)]
pub struct Font {
    data: &'static [u8],
    name: &'static str,
    face: Face<'static>,
    /// Characters that were asked for; `None` for those that it cannot show.
    known: HashMap<char, Option<Used>>,
    /// Those that it can show, by number.
    used: Vec<Used>,
}

/// A character that is used.
#[derive(Debug, Clone, Copy)]
struct Used {
    /// From 1.
    number: u16,
    character: char,
    glyph: GlyphId,
    /// In thousandths of the size.
    width: u16,
}

impl Font {
    fn new(data: &'static [u8], name: &'static str) -> io::Result<Self> {
        let face = Face::parse(data, 0).map_err(io::Error::other)?;
        Ok(Self { data, name, face, known: HashMap::new(), used: Vec::new() })
    }

    /// How wide text is, in thousandths of the size.
    pub fn width(&mut self, text: &str) -> u32 {
        let mut width = 0;
        self.each(text, |_, used| width += u32::from(used.width));
        width
    }

    /// Text as a page shows it. A character that would leave no mark of its own (one that the font lacks, a control
    /// character, an unusual blank, a combining mark) is written as `U+` and its number, which is marked as such: two
    /// ids never look the same.
    pub fn encode(&mut self, text: &str) -> Encoded {
        let mut encoded = Encoded { numbers: Vec::with_capacity(text.len() * 2), width: 0, codes: Vec::new() };
        self.each(text, |is_code, used| {
            encoded.numbers.extend_from_slice(&used.number.to_be_bytes());
            let start = encoded.width;
            encoded.width += u32::from(used.width);
            match encoded.codes.last_mut() {
                // Every code begins with a U; the rest of it follows.
                Some(code) if is_code && used.character != 'U' => code[1] = encoded.width,
                _ if is_code => encoded.codes.push([start, encoded.width]),
                _ => {}
            }
        });
        encoded
    }

    /// Every character that is shown, and whether it is part of the number of another.
    fn each(&mut self, text: &str, mut take: impl FnMut(bool, Used)) {
        for character in text.chars() {
            if let Some(used) = self.used(character) {
                take(false, used);
            } else {
                let code = format!("U+{:04X}", u32::from(character));
                code.chars().filter_map(|character| self.used(character)).for_each(|used| take(true, used));
            }
        }
    }

    /// A character as it is used; `None` if the font cannot show it.
    fn used(&mut self, character: char) -> Option<Used> {
        if let Some(used) = self.known.get(&character) {
            return *used;
        }
        let used = self.glyph(character).and_then(|(glyph, width)| {
            let number = u16::try_from(self.used.len() + 1).ok()?;
            Some(Used { number, character, glyph, width })
        });
        self.used.extend(used);
        self.known.insert(character, used);
        used
    }

    /// The glyph of a character and its width, if it leaves a mark of its own.
    fn glyph(&self, character: char) -> Option<(GlyphId, u16)> {
        let glyph = self.face.glyph_index(character)?;
        let width = self.face.glyph_hor_advance(glyph).filter(|width| *width > 0)?;
        let is_seen = self.face.glyph_bounding_box(glyph).is_some() && character != SOFT_HYPHEN;
        (is_seen || character == ' ').then_some((glyph, width))
    }

    /// Writes the font with the characters that were used.
    fn write<W: Write>(&self, file: &mut File<W>) -> io::Result<Ref> {
        let mut remapper = GlyphRemapper::new();
        let mut glyphs = vec![0, 0];
        let mut characters = UnicodeCmap::new(Name(b"Characters"), SYSTEM_INFO);
        for used in &self.used {
            glyphs.extend_from_slice(&remapper.remap(used.glyph.0).to_be_bytes());
            characters.pair(used.number, used.character);
        }
        let subset = subsetter::subset(self.data, 0, &remapper).map_err(io::Error::other)?;
        let characters = file.stream(&characters.finish())?;
        let glyphs = file.stream(&glyphs)?;
        let name = format!("{}+{}", subset_tag(&self.used), self.name);
        let name = Name(name.as_bytes());

        let program = file.reserve();
        let mut chunk = Chunk::new();
        let length = i32::try_from(subset.len()).unwrap_or(i32::MAX);
        chunk.stream(program, &compressed(&subset)?).filter(Filter::FlateDecode).pair(Name(b"Length1"), length);
        file.object(program, &chunk)?;

        let descriptor = file.reserve();
        let mut chunk = Chunk::new();
        let bounds = self.face.global_bounding_box();
        let [left, bottom, right, top] = [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(f32::from);
        chunk
            .font_descriptor(descriptor)
            .name(name)
            .flags(FontFlags::SYMBOLIC)
            .bbox(pdf_writer::Rect::new(left, bottom, right, top))
            .italic_angle(0.0)
            .ascent(f32::from(self.face.ascender()))
            .descent(f32::from(self.face.descender()))
            .cap_height(self.face.capital_height().map_or(0.0, f32::from))
            .stem_v(if self.name.ends_with("Semibold") { 120.0 } else { 84.0 })
            .font_file2(program);
        file.object(descriptor, &chunk)?;

        let descendant = file.reserve();
        let mut chunk = Chunk::new();
        let mut font = chunk.cid_font(descendant);
        font.subtype(CidFontType::Type2)
            .base_font(name)
            .system_info(SYSTEM_INFO)
            .font_descriptor(descriptor)
            .default_width(0.0)
            .cid_to_gid_map_stream(glyphs);
        font.widths().consecutive(1, self.used.iter().map(|used| f32::from(used.width)));
        font.finish();
        file.object(descendant, &chunk)?;

        let id = file.reserve();
        let mut chunk = Chunk::new();
        chunk
            .type0_font(id)
            .base_font(name)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(descendant)
            .to_unicode(characters);
        file.object(id, &chunk)?;
        Ok(id)
    }
}

/// Text as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// Numbers of the characters, two bytes each.
    pub numbers: Vec<u8>,
    /// In thousandths of the size.
    pub width: u32,
    /// From where to where a character is written by its number, in thousandths of the size.
    pub codes: Vec<[u32; 2]>,
}

/// Six letters that differ between subsets, so that programs do not take one for another.
fn subset_tag(used: &[Used]) -> String {
    // FNV-1a over the characters.
    let hash = used.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, used| {
        (hash ^ u64::from(u32::from(used.character))).wrapping_mul(0x0100_0000_01b3)
    });
    let letters = (b'A'..=b'Z').map(char::from).collect::<Vec<_>>();
    let mut rest = hash % 308_915_776;
    let mut tag = String::new();
    for _ in 0..6 {
        tag.extend(usize::try_from(rest % 26).ok().and_then(|index| letters.get(index)));
        rest /= 26;
    }
    tag
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    /// Text as it can be read on the page, with what is marked in brackets.
    fn shown(text: &str) -> String {
        let mut fonts = Fonts::new().unwrap();
        let font = fonts.get(Weight::Regular);
        let encoded = font.encode(text);
        let (mut shown, mut width) = (String::new(), 0);
        for number in encoded.numbers.as_chunks::<2>().0 {
            let used = font.used[usize::from(u16::from_be_bytes(*number)) - 1];
            shown.extend(encoded.codes.iter().any(|[start, _]| *start == width).then_some('['));
            shown.push(used.character);
            width += u32::from(used.width);
            shown.extend(encoded.codes.iter().any(|[_, end]| *end == width).then_some(']'));
        }
        assert_eq!(width, encoded.width);
        shown
    }

    /// What VENDOR.md says of the files from elsewhere.
    #[test]
    fn the_fonts_are_those_that_the_list_names() {
        let list = include_str!("../fonts/VENDOR.md");
        for file in [REGULAR, SEMIBOLD, include_bytes!("../fonts/LICENSE.md")] {
            let hash = Sha256::digest(file).iter().fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
            assert!(list.contains(&hash), "{hash}");
        }
    }

    #[test]
    fn a_width_is_in_thousandths_and_figures_have_one() {
        let mut fonts = Fonts::new().unwrap();
        for weight in [Weight::Regular, Weight::Semibold] {
            let font = fonts.get(weight);
            assert_eq!(font.face.units_per_em(), 1_000);
            let widths: Vec<u32> = (0..=9).map(|digit| font.width(&digit.to_string())).collect();
            assert!(widths.iter().all(|width| *width == widths[0]), "{widths:?}");
            assert_eq!(font.width("."), font.width(","));
        }
    }

    #[test]
    fn what_would_leave_no_mark_of_its_own_is_written_as_its_number() {
        assert_eq!(shown("8.13992624246019E+018"), "8.13992624246019E+018");
        assert_eq!(shown("Café Ωмега №5 – a b"), "Café Ωмега №5 – a b");
        assert_eq!(shown("店1"), "[U+5E97]1");
        assert_eq!(shown("\u{1f35c}"), "[U+1F35C]");
        assert_eq!(shown("U+5E97"), "U+5E97");
        assert_eq!(shown("दुU"), "[U+0926][U+0941]U");
        assert_eq!(shown("שלום"), "[U+05E9][U+05DC][U+05D5][U+05DD]");
        // Tab, no-break space, soft hyphen, zero width space, combining acute, byte order mark, escape.
        assert_eq!(shown("\t\u{a0}\u{ad}\u{200b}e\u{301}"), "[U+0009][U+00A0][U+00AD][U+200B]e[U+0301]");
        assert_eq!(shown("\u{feff}\u{1b}\u{7f}"), "[U+FEFF][U+001B][U+007F]");
    }

    #[test]
    fn characters_that_share_a_glyph_keep_their_own_numbers() {
        let mut fonts = Fonts::new().unwrap();
        let font = fonts.get(Weight::Regular);
        // Ohm and omega, Latin A and Greek alpha and Cyrillic a.
        assert_eq!(font.encode("\u{2126}\u{3a9}A\u{391}\u{410}").numbers, [0, 1, 0, 2, 0, 3, 0, 4, 0, 5]);
        assert_eq!(font.encode("A").numbers, [0, 3]);
    }
}
