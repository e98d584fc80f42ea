//! Text in lines of a width.

use crate::fonts::{Font, Piece};

/// An id in lines that are at most so wide, in thousandths of the size. It may be broken anywhere but inside the number
/// of a character that cannot be shown; nothing is left out or added.
pub fn id_lines(font: &mut Font, id: &str, width: u32) -> Vec<String> {
    let pieces: Vec<String> = font.pieces(id).map(Piece::text).collect();
    let mut lines = vec![String::new()];
    let mut used = 0;
    for piece in pieces {
        let piece_width = font.width(&piece);
        if used > 0 && used + piece_width > width {
            lines.push(String::new());
            used = 0;
        }
        used += piece_width;
        if let Some(line) = lines.last_mut() {
            line.push_str(&piece);
        }
    }
    lines
}

/// Sentences in lines that are at most so wide, in thousandths of the size, broken at blanks.
pub fn paragraph_lines(font: &mut Font, text: &str, width: u32) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if font.width(&longer) > width && !line.is_empty() {
            lines.push(std::mem::replace(&mut line, word.to_owned()));
        } else {
            line = longer;
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fonts::{Fonts, Weight};

    fn lines(id: &str, width: u32) -> Vec<String> {
        id_lines(Fonts::new().unwrap().get(Weight::Regular), id, width)
    }

    /// A digit is 497 wide.
    #[test]
    fn a_long_id_is_broken_and_nothing_of_it_is_lost() {
        assert_eq!(lines("8139926242460185114", 19 * 497), ["8139926242460185114"]);
        assert_eq!(lines("8139926242460185114", 19 * 497 - 1), ["813992624246018511", "4"]);
        let long = "0123456789".repeat(200);
        let broken = lines(&long, 5_000);
        assert!(broken.len() > 190 && broken.iter().all(|line| line.len() <= 10));
        assert_eq!(broken.concat(), long);
    }

    #[test]
    fn the_number_of_a_character_is_not_broken() {
        assert_eq!(lines("店店店", 4_000), ["U+5E97", "U+5E97", "U+5E97"]);
        // Not even where there is no room for it.
        assert_eq!(lines("1店", 100), ["1", "U+5E97"]);
        assert_eq!(lines("", 100), [""]);
    }

    #[test]
    fn a_paragraph_is_broken_at_blanks() {
        let mut fonts = Fonts::new().unwrap();
        let font = fonts.get(Weight::Regular);
        let text = "Each poll holds until the next one.";
        let lines = paragraph_lines(font, text, 5_000);
        assert!(lines.len() > 2 && lines.iter().all(|line| font.width(line) <= 5_000), "{lines:?}");
        assert_eq!(lines.join(" "), text);
        assert_eq!(paragraph_lines(font, "Unbreakable", 100), ["Unbreakable"]);
    }
}
