//! Bodies of forms: urlencoded, or multipart as browsers and client libraries send it.

use actix_web::HttpRequest;
use actix_web::http::header::{self, ContentDisposition, HeaderValue};
use actix_web::mime::{self, Mime};
use actix_web::web::{Bytes, Payload};

use crate::error::ApiError;
use crate::fields::Fields;

/// The fields of a form of at most `limit` bytes.
pub async fn read(request: &HttpRequest, payload: Payload, limit: usize) -> Result<Fields, ApiError> {
    let boundary = multipart_boundary(request)?;
    let body = body(request, payload, limit).await?;
    if let Some(boundary) = boundary {
        return multipart(&body, &boundary).map(Fields::new);
    }
    let text = std::str::from_utf8(&body).map_err(|_| ApiError::MalformedForm("it is not UTF-8"))?;
    Ok(Fields::urlencoded(text))
}

/// The fields of a JSON object of at most `limit` bytes. Numbers are taken as they are written, and null as absent.
pub async fn read_json(request: &HttpRequest, payload: Payload, limit: usize) -> Result<Fields, ApiError> {
    let body = body(request, payload, limit).await?;
    let not_an_object = || ApiError::MalformedForm("it is no JSON object of texts and numbers");
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&body).map_err(|_| not_an_object())?;
    let mut pairs = Vec::new();
    for (name, value) in object {
        match value {
            serde_json::Value::String(text) => pairs.push((name, text)),
            serde_json::Value::Number(number) => pairs.push((name, number.to_string())),
            serde_json::Value::Null => {}
            _ => return Err(not_an_object()),
        }
    }
    Ok(Fields::new(pairs))
}

/// What separates the parts, or `None` for an urlencoded body; without the header `Content-Type` it is taken for one.
fn multipart_boundary(request: &HttpRequest) -> Result<Option<String>, ApiError> {
    let Some(value) = request.headers().get(header::CONTENT_TYPE) else { return Ok(None) };
    let parsed = value.to_str().ok().and_then(|text| text.parse::<Mime>().ok());
    let media_type = parsed.ok_or(ApiError::UnsupportedMediaType)?;
    if media_type.essence_str() == mime::APPLICATION_WWW_FORM_URLENCODED.essence_str() {
        return Ok(None);
    }
    if media_type.essence_str() != mime::MULTIPART_FORM_DATA.essence_str() {
        return Err(ApiError::UnsupportedMediaType);
    }
    match media_type.get_param(mime::BOUNDARY) {
        Some(boundary) if !boundary.as_str().is_empty() => Ok(Some(boundary.to_string())),
        _ => Err(ApiError::MalformedForm("Content-Type names no boundary")),
    }
}

async fn body(request: &HttpRequest, payload: Payload, limit: usize) -> Result<Bytes, ApiError> {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced: Option<usize> = announced.and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(ApiError::BodyTooLarge { limit });
    }
    match payload.to_bytes_limited(limit).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(ApiError::MalformedForm("it ends early")),
        Err(_) => Err(ApiError::BodyTooLarge { limit }),
    }
}

/// Names and values of the parts of a `multipart/form-data` body (RFC 7578), each part taken as text.
fn multipart(body: &[u8], boundary: &str) -> Result<Vec<(String, String)>, ApiError> {
    const ENDS_EARLY: ApiError = ApiError::MalformedForm("the last boundary is missing");
    let delimiter = format!("--{boundary}");
    let between = format!("\r\n{delimiter}");

    // The first delimiter starts the body or a line after a preamble.
    let mut rest = match body.strip_prefix(delimiter.as_bytes()) {
        Some(rest) => rest,
        None => split_at(body, between.as_bytes()).ok_or(ENDS_EARLY)?.1,
    };
    let mut pairs = Vec::new();
    while !rest.starts_with(b"--") {
        let (_padding, part) = split_at(rest, b"\r\n").ok_or(ENDS_EARLY)?;
        let (part, after) = split_at(part, between.as_bytes()).ok_or(ENDS_EARLY)?;
        pairs.push(part_text(part)?);
        rest = after;
    }
    Ok(pairs)
}

fn part_text(part: &[u8]) -> Result<(String, String), ApiError> {
    // A part without any header starts with the empty line, and then has no name.
    let (headers, value) = split_at(part, b"\r\n\r\n").ok_or(ApiError::MalformedForm("a part has no name"))?;
    let headers = std::str::from_utf8(headers).map_err(|_| ApiError::MalformedForm("a part's header is not UTF-8"))?;
    let disposition = headers.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let value = HeaderValue::from_str(value.trim()).ok()?;
        name.eq_ignore_ascii_case("content-disposition").then(|| ContentDisposition::from_raw(&value).ok()).flatten()
    });
    let name = disposition.as_ref().and_then(ContentDisposition::get_name);
    let name = name.ok_or(ApiError::MalformedForm("a part has no name"))?;
    let value = std::str::from_utf8(value).map_err(|_| ApiError::MalformedForm("a part is not UTF-8"))?;
    Ok((name.to_owned(), value.to_owned()))
}

/// What comes before and after the first `separator`.
fn split_at<'a>(bytes: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(separator.len()).position(|window| window == separator)?;
    Some((&bytes[..at], &bytes[at + separator.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(body: &str) -> Option<Vec<(String, String)>> {
        multipart(body.as_bytes(), "X").ok()
    }

    #[test]
    fn parts_are_read_by_name() {
        let body = "--X\r\nContent-Disposition: form-data; name=\"unit_ids\"\r\n\r\n1,2\r\n\
                    --X\r\ncontent-type: text/plain\r\ncontent-disposition: form-data; name=start_date\r\n\r\n2026-01-01\r\n\
                    --X--\r\n";
        let expected = [("unit_ids", "1,2"), ("start_date", "2026-01-01")];
        assert_eq!(parts(body), Some(expected.map(|(name, value)| (name.into(), value.into())).to_vec()));
    }

    #[test]
    fn a_preamble_an_epilogue_and_empty_values_are_fine() {
        let body = "hello\r\n--X \r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--X--\r\nbye";
        assert_eq!(parts(body), Some(vec![("a".into(), String::new())]));
        assert_eq!(parts("--X--"), Some(vec![]));
    }

    #[test]
    fn a_value_may_hold_lines_and_what_looks_like_a_boundary() {
        let body = "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n\r\ntwo --X\r\n--X--";
        assert_eq!(parts(body), Some(vec![("a".into(), "one\r\n\r\ntwo --X".into())]));
    }

    #[test]
    fn broken_bodies_are_refused() {
        for body in [
            "",
            "--Y\r\n",
            "--X",
            "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1",
            "--X\r\n\r\n1\r\n--X--",
            "--X\r\nContent-Disposition: form-data\r\n\r\n1\r\n--X--",
        ] {
            assert_eq!(parts(body), None, "{body}");
        }
    }
}
