//! The body of a request that stores a dashboard.

use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};
use actix_web::web::Payload;
use futures_util::StreamExt as _;
use metrics_core::dashboard::{Document, DocumentError};
use metrics_core::db::databoard::{Body, Deadline};
use serde_json::{Value, json};

use super::error::{Item, Refused};
use super::state::Databoard;

/// Most of what is read of a body that is too large, only so that the client gets its answer.
const DISCARDED_BYTES: usize = 64 * 1024 * 1024;
/// Longest time for that.
const DISCARDING: Duration = Duration::from_secs(10);
/// A letter of a text may take six bytes in JSON, and white space is free; of that, so much more than is stored.
const ENCODED_RATIO: u64 = 4;
const ENCODED_EXTRA_BYTES: u64 = 64 * 1024;

/// Reads the body as text before `deadline`.
pub async fn text(
    request: &HttpRequest,
    payload: Payload,
    databoard: &Databoard,
    deadline: Deadline,
) -> Result<String, Refused> {
    let limit = databoard.settings.max_single_bytes().saturating_mul(ENCODED_RATIO).saturating_add(ENCODED_EXTRA_BYTES);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let bytes = read(payload, limit, deadline).await?;
    if bytes.is_empty() {
        return Err(invalid("missing", "Field required", Value::Null, None));
    }
    if !is_json(request) {
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
        return Err(invalid("dict_type", "Input should be a valid dictionary", Value::String(start), None));
    }
    decode(bytes).ok_or_else(|| Refused::bad_request("There was an error parsing the body"))
}

async fn read(mut payload: Payload, limit: usize, deadline: Deadline) -> Result<Vec<u8>, Refused> {
    let mut bytes = Vec::new();
    let whole = async {
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Refused::bad_request("There was an error parsing the body"))?;
            if bytes.len() + chunk.len() > limit {
                return Ok(false);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(true)
    };
    if super::within(deadline.left().unwrap_or(Duration::MAX), whole).await? {
        return Ok(bytes);
    }
    drop(bytes);
    discard(&mut payload).await;
    let told = format!("The body exceeds {limit} bytes, which is more than any dashboard takes");
    Err(Refused::Told(StatusCode::PAYLOAD_TOO_LARGE, told))
}

/// A client that is still sending does not read an answer.
async fn discard(payload: &mut Payload) {
    let end = Instant::now() + DISCARDING;
    let mut discarded = 0;
    while let Ok(Some(Ok(chunk))) = tokio::time::timeout_at(end.into(), payload.next()).await {
        discarded += chunk.len();
        if discarded > DISCARDED_BYTES {
            return;
        }
    }
}

/// `application/json`, or anything that ends in `+json`.
fn is_json(request: &HttpRequest) -> bool {
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.and_then(|text| text.split(';').next()).unwrap_or("").trim().to_ascii_lowercase();
    let subtype = essence.strip_prefix("application/");
    subtype.is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}

/// The text of JSON in UTF-8, 16 or 32, told apart by where its first letters, which are of ASCII, have zeros.
fn decode(bytes: Vec<u8>) -> Option<String> {
    let wide = |size: usize, is_little: bool, skip: usize| {
        let chunks = bytes[skip..].chunks_exact(size);
        if !chunks.remainder().is_empty() {
            return None;
        }
        let units = chunks.map(move |chunk| {
            let fold = |value: u32, byte: &u8| (value << 8) | u32::from(*byte);
            if is_little { chunk.iter().rev().fold(0, fold) } else { chunk.iter().fold(0, fold) }
        });
        if size == 4 {
            return units.map(char::from_u32).collect();
        }
        let units = units.map(|unit| u16::try_from(unit).unwrap_or_default());
        char::decode_utf16(units).collect::<Result<String, _>>().ok()
    };
    match bytes.as_slice() {
        [0xff, 0xfe, 0, 0, ..] => wide(4, true, 4),
        [0, 0, 0xfe, 0xff, ..] => wide(4, false, 4),
        [0xff, 0xfe, ..] => wide(2, true, 2),
        [0xfe, 0xff, ..] => wide(2, false, 2),
        [0, 0, 0, _, ..] => wide(4, false, 0),
        [_, 0, 0, 0, ..] => wide(4, true, 0),
        [0, _, ..] => wide(2, false, 0),
        [_, 0, ..] => wide(2, true, 0),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        _ => String::from_utf8(bytes).ok(),
    }
}

/// A document that may be stored, and what it takes.
pub struct Checked {
    json: String,
    size_bytes: u64,
    widgets: Option<usize>,
}

impl Checked {
    /// For the store.
    pub fn body(&self) -> Body<'_> {
        Body { json: &self.json, size_bytes: self.size_bytes, widgets: self.widgets }
    }

    /// As it is stored.
    pub fn json(&self) -> &str {
        &self.json
    }
}

/// Letters of an input that is told back.
const TOLD_LETTERS: usize = 1000;

/// The tree of a text that has to be an object, and no larger than any that may be stored.
pub fn parse<'a>(text: &'a str, databoard: &Databoard) -> Result<Document<'a>, Refused> {
    let max_bytes = databoard.settings.max_single_bytes().saturating_mul(ENCODED_RATIO);
    Document::parse_up_to(text, max_bytes).map_err(|error| match error {
        DocumentError::Json(reason) => {
            invalid("json_invalid", "JSON decode error", json!({}), Some(json!({ "error": reason })))
        }
        DocumentError::NotAnObject => {
            let input = if text.len() <= TOLD_LETTERS {
                serde_json::from_str(text).unwrap_or_default()
            } else {
                Value::String(text.chars().take(TOLD_LETTERS).collect())
            };
            invalid("dict_type", "Input should be a valid dictionary", input, None)
        }
        error @ DocumentError::TooLarge(_) => Refused::Told(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("The document cannot be stored: {error}, which is more than any dashboard takes"),
        ),
        error @ DocumentError::Number(_) => {
            let reason = error.to_string();
            invalid("json_invalid", "JSON decode error", json!({}), Some(json!({ "error": reason })))
        }
    })
}

/// Holds a document against the schema, then against the largest size.
pub fn check(document: &Document, databoard: &Databoard) -> Result<Checked, Refused> {
    // Answers name the dashboard there.
    let has_id = document.root().member("id").is_some();
    let is_wrong = databoard.schema.as_ref().is_some_and(|schema| !schema.accepts(document));
    if has_id || is_wrong {
        return Err(Refused::unprocessable("Dashboard validation failed."));
    }
    let size_bytes = document.root().bson_len();
    let max = databoard.settings.max_single_bytes();
    if size_bytes > max {
        let told = format!("Size {size_bytes} exceeds max {max}");
        return Err(Refused::Told(StatusCode::PAYLOAD_TOO_LARGE, told));
    }
    Ok(Checked { json: document.to_json(), size_bytes, widgets: document.root().widgets() })
}

fn invalid(kind: &'static str, msg: &str, input: Value, ctx: Option<Value>) -> Refused {
    Refused::Invalid(vec![Item { kind, loc: vec!["body".to_owned()], msg: msg.to_owned(), input, ctx }])
}

/// A dashboard as it is answered: its id, then what it holds.
pub fn with_id(id: &str, json: &str) -> String {
    let id = Value::from(id);
    match json.strip_prefix('{') {
        Some("}") | None => format!("{{\"id\":{id}}}"),
        Some(members) => format!("{{\"id\":{id},{members}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_in_each_of_its_encodings() {
        let text = "{\"é\":\"𝄞\"}";
        let units: Vec<u16> = text.encode_utf16().collect();
        let of = |words: Vec<[u8; 2]>| words.concat();
        let (little, big) = (units.iter().map(|unit| unit.to_le_bytes()), units.iter().map(|unit| unit.to_be_bytes()));
        let (little, big) = (of(little.collect()), of(big.collect()));
        let wide: Vec<u8> = text.chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect();
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            little.clone(),
            big.clone(),
            [b"\xff\xfe", little.as_slice()].concat(),
            [b"\xfe\xff", big.as_slice()].concat(),
            wide.clone(),
            [b"\xff\xfe\0\0", wide.as_slice()].concat(),
        ] {
            assert_eq!(decode(bytes.clone()).as_deref(), Some(text), "{bytes:?}");
        }
        for bytes in [&b"{\"a\":\"\xff\"}"[..], b"\xff\xfe{", b"{\0\0\xd8"] {
            assert_eq!(decode(bytes.to_vec()), None, "{bytes:?}");
        }
    }

    #[test]
    fn an_answer_begins_with_the_id() {
        assert_eq!(with_id("a\"b", "{\"z\":1,\"a\":2}"), "{\"id\":\"a\\\"b\",\"z\":1,\"a\":2}");
        assert_eq!(with_id("x", "{}"), "{\"id\":\"x\"}");
    }
}
