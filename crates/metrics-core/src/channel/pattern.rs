//! What is searched for among names of channels.

use regex::{Regex, RegexBuilder};
use regex_syntax::ast::ErrorKind;

/// Bytes that a compiled pattern may take.
const LARGEST: usize = 1 << 20;

/// A text that is searched for, without the blanks around it.
#[derive(Debug, Clone)]
pub struct SearchText {
    text: String,
    pattern: Pattern,
}

#[derive(Debug, Clone)]
enum Pattern {
    All,
    Regex(Regex),
    Elsewhere,
}

/// A text that is no pattern, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("search_text is not a valid pattern: {0}")]
pub struct BadPattern(String);

impl SearchText {
    /// Takes `text` for a regular expression that may match anywhere in a name, in letters of any size.
    ///
    /// Look-around and references back are patterns elsewhere: such a text is taken, and matches nothing here.
    pub fn new(text: &str) -> Result<Self, BadPattern> {
        let text = text.trim().to_owned();
        if text.is_empty() {
            return Ok(Self { text, pattern: Pattern::All });
        }
        let built = RegexBuilder::new(&text).case_insensitive(true).size_limit(LARGEST).build();
        let pattern = match built {
            Ok(regex) => Pattern::Regex(regex),
            Err(_) if is_elsewhere(&text) => Pattern::Elsewhere,
            Err(error) => return Err(BadPattern(reason(&error))),
        };
        Ok(Self { text, pattern })
    }

    /// The text without the blanks around it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True where every name matches: there is no text.
    pub const fn is_all(&self) -> bool {
        matches!(self.pattern, Pattern::All)
    }

    /// True for a pattern that only others can match.
    pub const fn is_elsewhere(&self) -> bool {
        matches!(self.pattern, Pattern::Elsewhere)
    }

    /// Whether `name` matches.
    pub fn matches(&self, name: &str) -> bool {
        match &self.pattern {
            Pattern::All => true,
            Pattern::Regex(regex) => regex.is_match(name),
            Pattern::Elsewhere => false,
        }
    }
}

/// Whether other engines may take what this one does not.
fn is_elsewhere(text: &str) -> bool {
    matches!(
        regex_syntax::parse(text),
        Err(regex_syntax::Error::Parse(error))
            if matches!(error.kind(), ErrorKind::UnsupportedLookAround | ErrorKind::UnsupportedBackreference)
    )
}

/// Why a pattern is none, in one line.
fn reason(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        // The lines before the last show the pattern, with a mark below it.
        error => {
            let text = error.to_string();
            text.lines().last().map_or_else(String::new, |line| line.trim_start_matches("error: ").to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(text: &str, name: &str) -> bool {
        SearchText::new(text).expect("a pattern").matches(name)
    }

    #[test]
    fn a_pattern_matches_anywhere_and_in_letters_of_any_size() {
        assert!(matches("occ", "COOL-17:OCCUPANCY"));
        assert!(matches("^cool-17:.*CY$", "COOL-17:OCCUPANCY"));
        assert!(!matches("^17", "COOL-17:OCCUPANCY"));
        assert!(matches("  17 ", "COOL-17:OCCUPANCY"));
    }

    #[test]
    fn no_text_and_blanks_match_everything() {
        for text in ["", "    ", "      \t\n"] {
            let search = SearchText::new(text).expect("a pattern");
            assert!(search.is_all() && search.matches("") && search.matches("x"), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        let reason = |text: &str| SearchText::new(text).expect_err("no pattern").to_string();
        assert_eq!(reason("("), "search_text is not a valid pattern: unclosed group");
        assert!(reason("a**[").starts_with("search_text is not a valid pattern: unclosed character class"));
        assert_eq!(reason("(a{500}){500}"), "search_text is not a valid pattern: it is too large");
        assert!(!reason(&"(".repeat(1000)).contains('\n'));
    }

    #[test]
    fn what_only_others_can_match_matches_nothing_here() {
        for text in ["(?=a)b", "(?<!a)b", r"(a)\1"] {
            let search = SearchText::new(text).expect("a pattern elsewhere");
            assert!(search.is_elsewhere() && !search.matches("ab") && search.text() == text, "{text}");
        }
    }

    /// A pattern that lets other engines try for ever.
    #[test]
    fn no_pattern_takes_for_ever() {
        assert!(!matches("^(a+)+$", &format!("{}!", "a".repeat(10_000))));
    }

    proptest! {
        #[test]
        fn any_text_is_a_pattern_or_says_why_not(text in ".*") {
            if let Err(error) = SearchText::new(&text) {
                prop_assert!(error.to_string().len() > "search_text is not a valid pattern: ".len(), "{text:?}");
            }
        }
    }
}
