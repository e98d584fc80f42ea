//! A document as a tree that keeps how it was written.

use std::borrow::Cow;

/// A value of JSON. Numbers and texts keep their spelling, objects the order of their members.
#[derive(Debug, Clone, PartialEq)]
pub enum Node<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number and its spelling.
    Number(Number, Cow<'a, str>),
    /// What a text means, and its spelling, with quotes.
    Text(Cow<'a, str>, &'a str),
    /// Values.
    Array(Vec<Self>),
    /// Members, no two of one name.
    Object(Vec<(Cow<'a, str>, Self)>),
}

/// What a number is for its size: one written with `.`, `e` or `E` is a float.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// A whole number of 32 bits.
    Short,
    /// A whole number of 64 bits.
    Long,
    /// Any other.
    Float,
}

impl Node<'_> {
    /// The member of an object.
    pub fn member(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The member of an object, and nothing else of it.
    pub fn into_member(self, name: &str) -> Option<Self> {
        let Self::Object(members) = self else { return None };
        members.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Number of the values of an array.
    #[expect(clippy::len_without_is_empty, reason = "only an array has a length")]
    pub fn len(&self) -> Option<usize> {
        if let Self::Array(values) = self { Some(values.len()) } else { None }
    }

    /// Number of the widgets of a dashboard; `None` when this is none.
    pub fn widgets(&self) -> Option<usize> {
        self.member("dashboard")?.member("widgets")?.len()
    }

    /// The value of a text.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text, _) = self { Some(text) } else { None }
    }

    /// Length of the value in BSON, bytes (<https://bsonspec.org/spec.html>): what stores of documents count.
    pub fn bson_len(&self) -> u64 {
        match self {
            Self::Null => 0,
            Self::Boolean(_) => 1,
            Self::Number(Number::Short, _) => 4,
            Self::Number(Number::Long | Number::Float, _) => 8,
            Self::Text(text, _) => 4 + text.len() as u64 + 1,
            Self::Array(values) => {
                let elements = values.iter().enumerate().map(|(index, value)| element_len(digits(index), value));
                4 + elements.sum::<u64>() + 1
            }
            Self::Object(members) => {
                let elements = members.iter().map(|(name, value)| element_len(name.len() as u64, value));
                4 + elements.sum::<u64>() + 1
            }
        }
    }

    /// Appends the value as compact JSON, numbers and texts as they were written.
    pub fn write(&self, json: &mut String) {
        match self {
            Self::Null => json.push_str("null"),
            Self::Boolean(value) => json.push_str(if *value { "true" } else { "false" }),
            Self::Number(_, spelling) => json.push_str(spelling),
            Self::Text(_, spelling) => json.push_str(spelling),
            Self::Array(values) => {
                json.push('[');
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        json.push(',');
                    }
                    value.write(json);
                }
                json.push(']');
            }
            Self::Object(members) => {
                json.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        json.push(',');
                    }
                    write_text(name, json);
                    json.push(':');
                    value.write(json);
                }
                json.push('}');
            }
        }
    }
}

/// An element is its type, its name with a zero, and its value.
fn element_len(name_len: u64, value: &Node) -> u64 {
    1 + name_len + 1 + value.bson_len()
}

/// Digits of an index, which is the name of an element of an array.
pub(super) fn digits(index: usize) -> u64 {
    u64::from(index.checked_ilog10().unwrap_or(0)) + 1
}

/// Appends a text as JSON.
pub(super) fn write_text(text: &str, json: &mut String) {
    json.push('"');
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\0'..='\x1f' => {
                let code = u32::from(letter);
                json.push_str("\\u00");
                json.extend([code >> 4, code & 15].iter().filter_map(|digit| char::from_digit(*digit, 16)));
            }
            _ => json.push(letter),
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Node<'_> {
        Node::Text(text.into(), "")
    }

    /// `{"dashboard":{"widgets":[]}}`: widgets 5, its object 4 + (1 + 8 + 5) + 1 = 19, the whole 4 + (1 + 10 + 19) + 1.
    #[test]
    fn the_smallest_dashboard_has_35_bytes() {
        let inner = Node::Object(vec![("widgets".into(), Node::Array(vec![]))]);
        assert_eq!(inner.bson_len(), 19);
        assert_eq!(Node::Object(vec![("dashboard".into(), inner)]).bson_len(), 35);
    }

    #[test]
    fn each_kind_of_value_has_its_length() {
        for (value, len) in [
            (Node::Null, 0),
            (Node::Boolean(true), 1),
            (Node::Number(Number::Short, "1".into()), 4),
            (Node::Number(Number::Long, "2147483648".into()), 8),
            (Node::Number(Number::Float, "1.0".into()), 8),
            (text(""), 5),
            (text("é\0"), 8),
            (Node::Object(vec![]), 5),
        ] {
            assert_eq!(value.bson_len(), len, "{value:?}");
        }
        // Names "0" to "9" have one digit, "10" has two.
        assert_eq!(Node::Array(vec![Node::Null; 11]).bson_len(), 5 + 10 * 3 + 4);
    }

    #[test]
    fn names_are_escaped_and_spellings_kept() {
        let document = Node::Object(vec![
            (
                "a\"\\\n\u{1}é".into(),
                Node::Array(vec![Node::Number(Number::Float, "1.0e+2".into()), Node::Boolean(false)]),
            ),
            ("b".into(), Node::Text("/".into(), "\"\\/\"")),
        ]);
        let mut json = String::new();
        document.write(&mut json);
        assert_eq!(json, "{\"a\\\"\\\\\\n\\u0001é\":[1.0e+2,false],\"b\":\"\\/\"}");
    }
}
