//! The text of a document → its tree.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::value::RawValue;

use super::document::{Node, Number, digits};

/// A document that was sent, and its tree.
#[derive(Debug)]
pub struct Document<'a> {
    root: Node<'a>,
}

/// Why a text is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// It is no JSON, or not nearly (a lone surrogate, too deep, a number that nothing can hold).
    #[error("JSON decode error: {0}")]
    Json(String),
    /// It is JSON, but no object.
    #[error("Input should be a valid dictionary")]
    NotAnObject,
    /// A number that is beyond 64 bits, or beyond the largest float.
    #[error("the number {0} cannot be stored")]
    Number(String),
    /// Its values take more bytes of BSON than whoever asked takes.
    #[error("it takes more than {0} bytes of BSON")]
    TooLarge(u64),
}

impl<'a> Document<'a> {
    /// From its text. Of several members of one name the last one counts, in the place of the first.
    pub fn parse(json: &'a str) -> Result<Self, DocumentError> {
        Self::parse_up_to(json, u64::MAX)
    }

    /// As [`Document::parse`], but gives up when what it has found takes more than `max_bytes` of BSON: a tree may take
    /// fifty times the memory of its text. Of members of one name all count.
    pub fn parse_up_to(json: &'a str, max_bytes: u64) -> Result<Self, DocumentError> {
        Self::split(json, MAX_DEPTH, max_bytes)
    }

    /// As [`Document::parse`], for what has a document as a member.
    pub(super) fn parse_record(json: &'a str) -> Result<Self, DocumentError> {
        Self::split(json, MAX_DEPTH + 1, u64::MAX)
    }

    fn split(json: &'a str, max_depth: usize, max_bytes: u64) -> Result<Self, DocumentError> {
        let text: &RawValue = serde_json::from_str(json).map_err(|error| not_json(&error))?;
        if !text.get().starts_with('{') {
            return Err(DocumentError::NotAnObject);
        }
        let mut splitter = Splitter { text: text.get(), at: 0, max_depth, max_bytes, bytes: 0 };
        Ok(Self { root: splitter.value(0)? })
    }

    /// The tree.
    pub const fn root(&self) -> &Node<'a> {
        &self.root
    }

    /// The tree, for whoever changes it.
    pub fn into_root(self) -> Node<'a> {
        self.root
    }

    /// Compact JSON, with numbers and texts as they were written.
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        self.root.write(&mut json);
        json
    }
}

fn not_json(error: &serde_json::Error) -> DocumentError {
    DocumentError::Json(error.to_string())
}

/// Levels of objects and arrays in one another; more would need a stack of any depth.
const MAX_DEPTH: usize = 128;

/// Splits a text that `serde_json` found to be JSON into its values, each with its spelling, which no deserializer gives.
/// One pass: what is nested is not looked through once for each level around it.
struct Splitter<'a> {
    text: &'a str,
    at: usize,
    max_depth: usize,
    max_bytes: u64,
    /// What the values so far take in BSON.
    bytes: u64,
}

impl<'a> Splitter<'a> {
    /// The value that comes next, at this depth.
    fn value(&mut self, depth: usize) -> Result<Node<'a>, DocumentError> {
        let next = self.peek();
        if depth >= self.max_depth && matches!(next, Some(b'{' | b'[')) {
            return Err(DocumentError::Json(format!("more than {MAX_DEPTH} levels of objects and arrays")));
        }
        let node = match next {
            Some(b'{') => return self.object(depth),
            Some(b'[') => return self.array(depth),
            Some(b'"') => {
                let (meaning, spelling) = self.text()?;
                Node::Text(meaning, spelling)
            }
            _ => match self.word() {
                "true" => Node::Boolean(true),
                "false" => Node::Boolean(false),
                "null" => Node::Null,
                text => Node::Number(number(text)?, text.into()),
            },
        };
        self.count(node.bson_len())?;
        Ok(node)
    }

    fn array(&mut self, depth: usize) -> Result<Node<'a>, DocumentError> {
        self.count(EMPTY_BYTES)?;
        self.at += 1;
        let mut values = Vec::new();
        while self.peek() != Some(b']') {
            self.count(2 + digits(values.len()))?;
            values.push(self.value(depth + 1)?);
            self.skip(b',');
        }
        self.at += 1;
        values.shrink_to_fit();
        Ok(Node::Array(values))
    }

    fn object(&mut self, depth: usize) -> Result<Node<'a>, DocumentError> {
        self.count(EMPTY_BYTES)?;
        self.at += 1;
        let mut places = HashMap::new();
        let mut members: Vec<(Cow<'a, str>, Node<'a>)> = Vec::new();
        while self.peek() != Some(b'}') {
            let (name, _) = self.text()?;
            self.count(2 + name.len() as u64)?;
            self.skip(b':');
            let value = self.value(depth + 1)?;
            self.skip(b',');
            if let Some(place) = places.get(&name) {
                let (_, earlier): &mut (_, Node<'a>) = &mut members[*place];
                *earlier = value;
            } else {
                places.insert(name.clone(), members.len());
                members.push((name, value));
            }
        }
        self.at += 1;
        members.shrink_to_fit();
        Ok(Node::Object(members))
    }

    /// What the text that begins here means, and its spelling.
    fn text(&mut self) -> Result<(Cow<'a, str>, &'a str), DocumentError> {
        self.peek();
        let rest = &self.text[self.at..];
        let (mut end, mut is_escaped) = (1, false);
        loop {
            match rest.as_bytes().get(end) {
                Some(b'"') => break,
                Some(b'\\') => {
                    is_escaped = true;
                    end += 2;
                }
                Some(_) => end += 1,
                None => return Err(DocumentError::Json("EOF while parsing a string".to_owned())),
            }
        }
        let spelling = &rest[..=end];
        self.at += spelling.len();
        let meaning = if is_escaped {
            Cow::Owned(serde_json::from_str(spelling).map_err(|error| not_json(&error))?)
        } else {
            Cow::Borrowed(&spelling[1..end])
        };
        Ok((meaning, spelling))
    }

    /// A number or a literal, up to what ends it.
    fn word(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.find(|letter: char| !matches!(letter, '0'..='9' | 'a'..='z' | 'E' | '+' | '-' | '.'));
        let word = &rest[..end.unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn skip(&mut self, byte: u8) {
        if self.peek() == Some(byte) {
            self.at += 1;
        }
    }

    fn count(&mut self, bytes: u64) -> Result<(), DocumentError> {
        self.bytes += bytes;
        if self.bytes > self.max_bytes { Err(DocumentError::TooLarge(self.max_bytes)) } else { Ok(()) }
    }
}

/// What an object or an array without anything in it takes in BSON.
const EMPTY_BYTES: u64 = 5;

pub(super) fn number(text: &str) -> Result<Number, DocumentError> {
    let beyond = || DocumentError::Number(text.chars().take(40).collect());
    if text.contains(['.', 'e', 'E']) {
        let value: f64 = text.parse().map_err(|_| beyond())?;
        return if value.is_finite() { Ok(Number::Float) } else { Err(beyond()) };
    }
    let value: i64 = text.parse().map_err(|_| beyond())?;
    Ok(if i32::try_from(value).is_ok() { Number::Short } else { Number::Long })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        Document::parse(text).expect("a document").to_json()
    }

    #[test]
    fn members_numbers_and_texts_come_back_as_they_were_written() {
        let text = r#"{"z":1.0,"a":9007199254740993,"é":-0,"t":"\u00e9\/\u0000","e":1E+2,"n":[null,true,false,{}]}"#;
        assert_eq!(json(text), text);
        assert_eq!(json(" { \"a\" : [ 1 ,\n2 , { } , [ ] ] , \"b\" : \"\\\\\" } "), r#"{"a":[1,2,{},[]],"b":"\\"}"#);
        assert_eq!(json(r#"{"a\u0000\"":1}"#), r#"{"a\u0000\"":1}"#);
    }

    #[test]
    fn of_members_of_one_name_the_last_one_counts() {
        assert_eq!(json(r#"{"a":1,"b":2,"\u0061":{"c":1,"c":2}}"#), r#"{"a":{"c":2},"b":2}"#);
    }

    #[test]
    fn sizes_are_those_of_bson() {
        let len = |text: &str| Document::parse(text).expect("a document").root().bson_len();
        assert_eq!(len(r#"{"dashboard":{"widgets":[]}}"#), 35);
        for (number, size) in [("2147483647", 4), ("-2147483648", 4), ("2147483648", 8), ("1.0", 8), ("1e0", 8)] {
            assert_eq!(len(&format!("{{\"\":{number}}}")), 7 + size, "{number}");
        }
        assert_eq!(len(r#"{"":"\u00e9"}"#), 7 + 4 + 2 + 1);
    }

    #[test]
    fn what_nothing_can_hold_is_refused() {
        for number in ["1e999", "-1e999", "9223372036854775808", "123456789012345678901234567890"] {
            let error = Document::parse(&format!("{{\"a\":{number}}}")).expect_err(number);
            assert_eq!(error, DocumentError::Number(number.to_owned()));
        }
        for text in ["", "{", "{\"a\":NaN}", "{\"a\":Infinity}", "{\"a\":\"\\ud800\"}", "{\"a\":01}", "{} {}"] {
            assert!(matches!(Document::parse(text), Err(DocumentError::Json(_))), "{text}");
        }
        for text in ["null", "[]", "1", "\"a\""] {
            assert_eq!(Document::parse(text).expect_err(text), DocumentError::NotAnObject);
        }
        for text in [
            "{\"a\":\"\\udc00\"}",
            "{\"\\ud800\":1}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{\"a\":[1 2]}",
        ] {
            assert!(matches!(Document::parse(text), Err(DocumentError::Json(_))), "{text}");
        }
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(json(&nested(127)), nested(127));
        for levels in [128, 100_000] {
            assert!(matches!(Document::parse(&nested(levels)), Err(DocumentError::Json(_))), "{levels}");
        }
        assert!(Document::parse_record(&nested(128)).is_ok());
    }

    #[test]
    fn what_is_too_large_is_given_up_where_its_size_says_so() {
        for text in [r#"{"dashboard":{"widgets":[]}}"#, r#"{"a":[1,2.5,null,true,"é\n",{"b":[]}],"c":99999999999}"#] {
            let len = Document::parse(text).expect("a document").root().bson_len();
            assert!(Document::parse_up_to(text, len).is_ok(), "{text}");
            assert_eq!(Document::parse_up_to(text, len - 1).expect_err(text), DocumentError::TooLarge(len - 1));
        }
    }
}
