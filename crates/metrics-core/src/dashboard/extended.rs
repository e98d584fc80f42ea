//! Dashboards in files: the relaxed form of `MongoDB`'s Extended JSON
//! (<https://github.com/mongodb/specifications/blob/master/source/extended-json/extended-json.md>).

use chrono::{DateTime, Utc};

use super::document::{Node, Number};
use super::parse::{Document, DocumentError, number};

/// A dashboard of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedRecord<'a> {
    /// Its id.
    pub id: String,
    /// Its body.
    pub body: Node<'a>,
    /// The size that the file gives.
    pub stated_size_bytes: Option<i64>,
    /// When it was last read or changed.
    pub last_access: DateTime<Utc>,
    /// Whether it is never evicted.
    pub whitelisted: bool,
    /// Whether only maintenance changes it.
    pub protected: bool,
}

/// Why something in a file is no dashboard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// It is no object of JSON, or has a number that nothing can hold.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A member is missing, or not what it has to be.
    #[error("{name} must be {expected}")]
    Member {
        /// Its name.
        name: &'static str,
        /// What it has to be.
        expected: &'static str,
    },
}

impl<'a> SavedRecord<'a> {
    /// From its text.
    pub fn parse(json: &'a str) -> Result<Self, RecordError> {
        let wrong = |name, expected| RecordError::Member { name, expected };
        let mut record = SavedRecord {
            id: String::new(),
            body: Node::Null,
            stated_size_bytes: None,
            last_access: DateTime::UNIX_EPOCH,
            whitelisted: false,
            protected: false,
        };
        let Node::Object(members) = Document::parse_record(json)?.into_root() else {
            return Err(DocumentError::NotAnObject.into());
        };
        let (mut is_named, mut is_dated) = (false, false);
        for (name, value) in members {
            let value = if name == "last_access" { value } else { plain(value)? };
            match (name.as_ref(), value) {
                ("_id", Node::Text(id, _)) => {
                    record.id = id.into_owned();
                    is_named = true;
                }
                ("_id", _) => return Err(wrong("_id", "a text")),
                ("dashboard", body @ Node::Object(_)) => record.body = body,
                ("dashboard", _) => return Err(wrong("dashboard", "an object")),
                ("_size", Node::Number(_, size)) => record.stated_size_bytes = size.parse().ok(),
                ("last_access", value) => {
                    record.last_access = date(value).ok_or_else(|| wrong("last_access", DATE))?;
                    is_dated = true;
                }
                ("whitelisted", Node::Boolean(value)) => record.whitelisted = value,
                ("whitelisted", _) => return Err(wrong("whitelisted", "true or false")),
                ("protected", Node::Boolean(value)) => record.protected = value,
                ("protected", _) => return Err(wrong("protected", "true or false")),
                _ => {}
            }
        }
        match record {
            _ if !is_named => Err(wrong("_id", "a text")),
            record if record.id.contains('\0') => Err(wrong("_id", "a text without U+0000")),
            record if record.id.len() > MAX_ID_BYTES => Err(wrong("_id", "a text of at most 1000 bytes")),
            // Answers name the dashboard there.
            record if record.body.member("id").is_some() => Err(wrong("dashboard", "an object without a member id")),
            record if record.body == Node::Null => Err(wrong("dashboard", "an object")),
            _ if !is_dated => Err(wrong("last_access", DATE)),
            record => Ok(record),
        }
    }
}

/// An entry of an index takes no more than 2700 bytes.
const MAX_ID_BYTES: usize = 1000;

const DATE: &str = "a date: {\"$date\": \"2026-11-21T17:50:38.998Z\"}";

/// `{"$date": "…"}` or `{"$date": {"$numberLong": "…"}}`.
fn date(value: Node) -> Option<DateTime<Utc>> {
    match plain(value.into_member("$date")?).ok()? {
        Node::Text(text, _) => Some(DateTime::parse_from_rfc3339(&text).ok()?.to_utc()),
        Node::Number(_, milliseconds) => DateTime::from_timestamp_millis(milliseconds.parse().ok()?),
        _ => None,
    }
}

/// The value without what names the kind of its numbers.
fn plain(node: Node<'_>) -> Result<Node<'_>, DocumentError> {
    Ok(match node {
        Node::Array(values) => Node::Array(values.into_iter().map(plain).collect::<Result<_, _>>()?),
        Node::Object(members) => match members.as_slice() {
            [(name, Node::Text(text, _))] if matches!(name.as_ref(), "$numberInt" | "$numberLong") => {
                Node::Number(whole(text)?, text.clone())
            }
            [(name, Node::Text(text, _))] if name == "$numberDouble" => {
                let is_marked = text.contains(['.', 'e', 'E']);
                let spelling = if is_marked { text.clone() } else { format!("{text}.0").into() };
                if !is_number(&spelling) {
                    return Err(DocumentError::Number(text.chars().take(40).collect()));
                }
                Node::Number(number(&spelling)?, spelling)
            }
            _ => {
                let members = members.into_iter().map(|(name, value)| Ok((name, plain(value)?)));
                Node::Object(members.collect::<Result<_, DocumentError>>()?)
            }
        },
        other => other,
    })
}

fn whole(text: &str) -> Result<Number, DocumentError> {
    if is_number(text) && !text.contains(['.', 'e', 'E']) {
        number(text)
    } else {
        Err(DocumentError::Number(text.chars().take(40).collect()))
    }
}

/// Whether a text is a number of JSON.
fn is_number(text: &str) -> bool {
    text.trim() == text
        && !text.starts_with(['"', '[', '{'])
        && serde_json::from_str::<serde_json::Number>(text).is_ok()
}

/// A record as one line of a file. `body` is JSON.
pub fn record_line(
    id: &str,
    body: &str,
    size_bytes: i64,
    last_access: DateTime<Utc>,
    whitelisted: Option<bool>,
    protected: Option<bool>,
) -> String {
    let mut id_text = String::new();
    super::document::write_text(id, &mut id_text);
    let date = last_access.format("%Y-%m-%dT%H:%M:%S%.3fZ");
    let flags = [("whitelisted", whitelisted), ("protected", protected)];
    let flags: String =
        flags.iter().filter_map(|(name, value)| value.map(|value| format!(",\"{name}\":{value}"))).collect();
    format!(
        "{{\"_id\":{id_text},\"dashboard\":{body},\"_size\":{size_bytes},\"last_access\":{{\"$date\":\"{date}\"}}{flags}}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = concat!(
        r#"{"_id":"a\"b","dashboard":{"dashboard":{"widgets":[]}},"_size":35,"#,
        r#""last_access":{"$date":"2026-11-21T17:50:38.998Z"},"whitelisted":true,"protected":false}"#
    );

    #[test]
    fn a_record_comes_back_as_it_was_written() {
        let record = SavedRecord::parse(LINE).expect("a record");
        let mut body = String::new();
        record.body.write(&mut body);
        assert_eq!((record.id.as_str(), record.stated_size_bytes), ("a\"b", Some(35)));
        let (whitelisted, protected) = (Some(record.whitelisted), Some(record.protected));
        assert_eq!(record_line(&record.id, &body, 35, record.last_access, whitelisted, protected), LINE);
        let line = record_line("x", "{}", 5, record.last_access, None, Some(true));
        assert!(line.ends_with(r#".998Z"},"protected":true}"#), "{line}");
    }

    #[test]
    fn kinds_of_numbers_and_dates_may_be_spelled_out() {
        let text = concat!(
            r#"{"_id":"a","dashboard":{"i":{"$numberInt":"-1"},"l":[{"$numberLong":"9007199254740993"}],"#,
            r#""d":{"$numberDouble":"2"},"e":{"$numberDouble":"1.5E-3"},"o":{"$numberInt":"1","x":2}},"#,
            r#""_size":{"$numberLong":"77"},"last_access":{"$date":{"$numberLong":"1763747438998"}}}"#
        );
        let record = SavedRecord::parse(text).expect("a record");
        let mut body = String::new();
        record.body.write(&mut body);
        let o = r#""o":{"$numberInt":"1","x":2}"#;
        assert_eq!(body, format!(r#"{{"i":-1,"l":[9007199254740993],"d":2.0,"e":1.5E-3,{o}}}"#));
        assert_eq!(record.stated_size_bytes, Some(77));
        assert_eq!(record.last_access.timestamp_millis(), 1_763_747_438_998);
        assert!(!record.whitelisted && !record.protected);
    }

    #[test]
    fn what_is_no_record_is_told() {
        let error = |text: &str| SavedRecord::parse(text).expect_err(text).to_string();
        assert_eq!(error("[]"), "Input should be a valid dictionary");
        assert_eq!(error(r#"{"dashboard":{}}"#), "_id must be a text");
        assert_eq!(error(r#"{"_id":"a","dashboard":[]}"#), "dashboard must be an object");
        assert!(error(r#"{"_id":"a","dashboard":{}}"#).starts_with("last_access must be a date"));
        assert_eq!(error(r#"{"_id":"a","dashboard":{"id":1}}"#), "dashboard must be an object without a member id");
        let long = format!(r#"{{"_id":"{}","dashboard":{{}}}}"#, "x".repeat(1001));
        assert_eq!(error(&long), "_id must be a text of at most 1000 bytes");
        assert!(
            SavedRecord::parse(r#"{"_id":"","dashboard":{},"last_access":{"$date":"2026-11-21T17:50:38.998Z"}}"#)
                .is_ok()
        );
        for number in ["NaN", "Infinity", "1e999", "x", "1 "] {
            let text = format!(r#"{{"_id":"a","dashboard":{{"n":{{"$numberDouble":"{number}"}}}}}}"#);
            assert!(error(&text).contains("cannot be stored"), "{number}");
        }
        for number in ["1.0", "+1", "9223372036854775808", ""] {
            let text = format!(r#"{{"_id":"a","dashboard":{{"n":{{"$numberLong":"{number}"}}}}}}"#);
            assert!(error(&text).contains("cannot be stored"), "{number}");
        }
    }
}
