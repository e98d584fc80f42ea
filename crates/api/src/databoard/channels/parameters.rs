//! Query parameters of channels, in the grammar of the predecessor, and what is said of wrong ones.

use actix_web::web::Query;
use serde_json::Value;

use super::super::error::Item;

/// The parameters of a query. Of several of one name the last one counts; others than those asked for are passed over.
#[derive(Debug)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
    errors: Vec<Item>,
}

impl Parameters {
    /// Those of a query string.
    pub fn new(query: &str) -> Self {
        // Decoding cannot fail: what is not an escape is itself, and bytes that are not UTF-8 are replaced.
        let pairs = Query::<Vec<(String, String)>>::from_query(query).map(Query::into_inner).unwrap_or_default();
        Self { pairs, errors: Vec::new() }
    }

    /// All that were wrong, in the order in which they were asked for.
    pub fn finish(self) -> Result<(), Vec<Item>> {
        if self.errors.is_empty() { Ok(()) } else { Err(self.errors) }
    }

    /// A text that may be missing.
    pub fn text(&self, name: &'static str) -> Option<String> {
        self.value(name).map(str::to_owned)
    }

    /// A text; empty where it is missing, which is an error.
    pub fn required_text(&mut self, name: &'static str) -> String {
        let text = self.text(name);
        text.unwrap_or_else(|| {
            self.missing(name);
            String::new()
        })
    }

    /// A whole number that may be missing; 0 where it is none, which is an error.
    pub fn integer(&mut self, name: &'static str) -> Option<i64> {
        let text = self.text(name)?;
        Some(integer(&text).unwrap_or_else(|| {
            self.refuse(
                "int_parsing",
                name,
                "Input should be a valid integer, unable to parse string as an integer",
                text,
            );
            0
        }))
    }

    /// A whole number; 0 where it is missing or none, which is an error.
    pub fn required_integer(&mut self, name: &'static str) -> i64 {
        self.integer(name).unwrap_or_else(|| {
            self.missing(name);
            0
        })
    }

    /// A truth value that may be missing; false where it is none, which is an error.
    pub fn boolean(&mut self, name: &'static str) -> Option<bool> {
        let text = self.text(name)?;
        Some(boolean(&text).unwrap_or_else(|| {
            self.refuse("bool_parsing", name, "Input should be a valid boolean, unable to interpret input", text);
            false
        }))
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn missing(&mut self, name: &'static str) {
        self.refuse("missing", name, "Field required", Value::Null);
    }

    fn refuse(&mut self, kind: &'static str, name: &'static str, msg: &str, input: impl Into<Value>) {
        let loc = vec!["query".to_owned(), name.to_owned()];
        self.errors.push(Item { kind, loc, msg: msg.to_owned(), input: input.into(), ctx: None });
    }
}

/// A whole number: blanks around it, a sign, single `_` between digits and a fraction of zeros do not matter. One that
/// is too large for 64 bits is the largest of its sign.
fn integer(text: &str) -> Option<i64> {
    let text = text.trim();
    let text = text
        .split_once('.')
        .map_or(Some(text), |(whole, zeros)| zeros.bytes().all(|byte| byte == b'0').then_some(whole))?;
    let (is_negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    let is_group = |group: &str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    if !digits.split('_').all(is_group) {
        return None;
    }
    let digits = digits.bytes().filter(u8::is_ascii_digit);
    Some(digits.fold(0_i64, |number, digit| {
        let digit = i64::from(digit - b'0');
        number.saturating_mul(10).saturating_add(if is_negative { -digit } else { digit })
    }))
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" | "t" | "y" => Some(true),
        "false" | "0" | "no" | "off" | "f" | "n" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn integers_take_signs_blanks_groups_and_a_fraction_of_zeros() {
        for (text, number) in [
            ("0", 0),
            ("-5", -5),
            ("+5", 5),
            (" 1700000000000 ", 1_700_000_000_000),
            ("1.0", 1),
            ("-1.000", -1),
            ("5_000", 5_000),
            ("007", 7),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
            ("99999999999999999999", i64::MAX),
            ("-99999999999999999999", i64::MIN),
        ] {
            assert_eq!(integer(text), Some(number), "{text:?}");
        }
        for text in ["", " ", "1e3", "1.5", "_1", "1_", "1__0", "--1", "- 1", ".0", "0x1", "١", "1.0.0", "true", "1,0"]
        {
            assert_eq!(integer(text), None, "{text:?}");
        }
    }

    #[test]
    fn truth_has_six_words_of_each_kind_in_any_case() {
        for text in ["true", "1", "yes", "on", "t", "y", "TRUE", "Yes", "oN"] {
            assert_eq!(boolean(text), Some(true), "{text}");
        }
        for text in ["false", "0", "no", "off", "f", "n", "False", "NO"] {
            assert_eq!(boolean(text), Some(false), "{text}");
        }
        for text in ["", " true", "2", "ja", "nul"] {
            assert_eq!(boolean(text), None, "{text:?}");
        }
    }

    #[test]
    fn every_wrong_parameter_is_named_with_what_was_sent() {
        let mut parameters = Parameters::new("begin_time=1e3&flag=ja&flag=nein&name=a+b%2Bc&name=%ff");
        assert_eq!(parameters.required_text("channel_name"), "");
        assert_eq!(parameters.required_integer("begin_time"), 0);
        assert_eq!(parameters.boolean("flag"), Some(false));
        assert_eq!(parameters.text("name").as_deref(), Some("\u{fffd}"), "the last one");
        assert_eq!(parameters.integer("num_bins"), None);
        let errors = parameters.finish().expect_err("errors");
        assert_eq!(
            serde_json::to_value(errors).expect("serializable"),
            json!([
                {"type": "missing", "loc": ["query", "channel_name"], "msg": "Field required", "input": null},
                {"type": "int_parsing", "loc": ["query", "begin_time"], "input": "1e3",
                    "msg": "Input should be a valid integer, unable to parse string as an integer"},
                {"type": "bool_parsing", "loc": ["query", "flag"], "input": "nein",
                    "msg": "Input should be a valid boolean, unable to interpret input"},
            ])
        );
        assert_eq!(Parameters::new("a=1").finish(), Ok(()));
    }
}
