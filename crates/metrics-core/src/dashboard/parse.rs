//! The text of a document → its tree.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::document::{Node, Number};

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
}

impl<'a> Document<'a> {
    /// From its text. Of several members of one name the last one counts, in the place of the first.
    pub fn parse(json: &'a str) -> Result<Self, DocumentError> {
        let text: &RawValue = serde_json::from_str(json).map_err(|error| not_json(&error))?;
        if !text.get().starts_with('{') {
            return Err(DocumentError::NotAnObject);
        }
        Ok(Self { root: node(text, 0)? })
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

/// The tree of a value at this depth.
fn node(value: &RawValue, depth: usize) -> Result<Node<'_>, DocumentError> {
    let text = value.get();
    if depth >= MAX_DEPTH && text.starts_with(['{', '[']) {
        return Err(DocumentError::Json(format!("more than {MAX_DEPTH} levels of objects and arrays")));
    }
    Ok(match text.as_bytes().first() {
        Some(b'{') => {
            let members =
                serde_json::Deserializer::from_str(text).deserialize_map(Members).map_err(|error| not_json(&error))?;
            object(members, depth)?
        }
        Some(b'[') => {
            let values: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| not_json(&error))?;
            let values = values.into_iter().map(|value| node(value, depth + 1));
            Node::Array(values.collect::<Result<_, _>>()?)
        }
        Some(b'"') => Node::Text(serde_json::from_str::<Text<'_>>(text).map_err(|error| not_json(&error))?.0, text),
        Some(b't') => Node::Boolean(true),
        Some(b'f') => Node::Boolean(false),
        Some(b'n') => Node::Null,
        _ => Node::Number(number(text)?, text.into()),
    })
}

fn object<'a>(members: Vec<(Cow<'a, str>, &'a RawValue)>, depth: usize) -> Result<Node<'a>, DocumentError> {
    let mut places = HashMap::with_capacity(members.len());
    let mut kept: Vec<(Cow<'a, str>, &RawValue)> = Vec::with_capacity(members.len());
    for (name, value) in members {
        if let Some(place) = places.get(&name) {
            let (_, earlier): &mut (_, &RawValue) = &mut kept[*place];
            *earlier = value;
        } else {
            places.insert(name.clone(), kept.len());
            kept.push((name, value));
        }
    }
    let members = kept.into_iter().map(|(name, value)| Ok((name, node(value, depth + 1)?)));
    Ok(Node::Object(members.collect::<Result<_, _>>()?))
}

pub(super) fn number(text: &str) -> Result<Number, DocumentError> {
    let beyond = || DocumentError::Number(text.chars().take(40).collect());
    if text.contains(['.', 'e', 'E']) {
        let value: f64 = text.parse().map_err(|_| beyond())?;
        return if value.is_finite() { Ok(Number::Float) } else { Err(beyond()) };
    }
    let value: i64 = text.parse().map_err(|_| beyond())?;
    Ok(if i32::try_from(value).is_ok() { Number::Short } else { Number::Long })
}

/// A text, borrowed where nothing in it is escaped.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Members of an object in order, those of one name all of them.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(Text(name)) = map.next_key()? {
            members.push((name, map.next_value()?));
        }
        Ok(members)
    }
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
        assert_eq!(json(" { \"a\" : [ 1 ,\n2 ] } "), r#"{"a":[1,2]}"#);
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
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(Document::parse(&deep), Err(DocumentError::Json(_))));
    }
}
