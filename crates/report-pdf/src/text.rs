//! Text in lines of a width.

use crate::fonts::Font;

/// An id in lines that are at most so wide, in thousandths of the size. It may be broken between any two characters;
/// nothing is left out or added.
pub fn id_lines(font: &mut Font, id: &str, width: u32) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    for character in id.chars() {
        let character_width = font.width(character.encode_utf8(&mut [0; 4]));
        if !line.is_empty() && used + character_width > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        line.push(character);
        used += character_width;
    }
    lines.push(line);
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
    fn a_character_that_is_written_as_its_number_stays_in_one_line() {
        // U+5E97 is about 3,200 wide.
        assert_eq!(lines("店店店", 4_000), ["店", "店", "店"]);
        // Also where there is no room for it.
        assert_eq!(lines("1店", 100), ["1", "店"]);
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
