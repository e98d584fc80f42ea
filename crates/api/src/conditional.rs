//! Responses that a client may keep and ask about: entity tags and `304 Not Modified`.

use actix_http::ResponseHead;
use actix_http::encoding::Encoder;
use actix_web::body::{BoxBody, to_bytes};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    self, AcceptEncoding, CacheControl, CacheDirective, ContentDisposition, ContentEncoding, ContentType, ETag,
    Encoding, EntityTag, Header, IfNoneMatch,
};
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder};
use askama::Template;
use metrics_core::export::Form;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::ApiError;
use crate::export::{Table, Wanted};
use crate::kept_pages::KeptPages;
use crate::pages;

/// What the compressing middleware chooses from, in its order of preference.
const ENCODINGS: [Encoding; 4] = [Encoding::identity(), Encoding::brotli(), Encoding::gzip(), Encoding::deflate()];

/// The representation that a request would get, told apart by its entity tag.
#[derive(Debug)]
pub struct Representation {
    /// The form, where there are several.
    wanted: Option<Wanted>,
    tag: EntityTag,
    encoding: ContentEncoding,
    if_none_match: Option<IfNoneMatch>,
    /// Whether it is a page, which has a language.
    is_page: bool,
}

impl Representation {
    /// The representation of the result of `query` at the address of `request` in version `data_version` of the
    /// data, by this version of the program, in the encoding that the client prefers.
    ///
    /// `query` is in a form that equal questions share.
    pub fn new(request: &HttpRequest, query: &str, data_version: i64) -> Result<Self, ApiError> {
        Self::of(request, query, data_version, None)
    }

    /// The same of a result that has several forms, in the one that the client wants.
    pub fn in_form(request: &HttpRequest, query: &str, data_version: i64, wanted: Wanted) -> Result<Self, ApiError> {
        Self::of(request, query, data_version, Some(wanted))
    }

    fn of(request: &HttpRequest, query: &str, data_version: i64, wanted: Option<Wanted>) -> Result<Self, ApiError> {
        let encoding = encoding(request)?;
        let mut hash = Sha256::new();
        let version = data_version.to_string();
        let (form, encoding_name) = (wanted.map(Wanted::normalised).unwrap_or_default(), encoding.as_str());
        for part in [env!("CARGO_PKG_VERSION"), request.path(), query, &version, &form, encoding_name] {
            hash.update(part);
            hash.update([0]);
        }
        // 128 bits: no two of a client's few representations will ever share them.
        let tag = hash.finalize()[..16].iter().fold(String::new(), |tag, byte| format!("{tag}{byte:02x}"));
        Ok(Self {
            wanted,
            tag: EntityTag::new_strong(tag),
            encoding,
            if_none_match: request
                .headers()
                .contains_key(header::IF_NONE_MATCH)
                .then(|| IfNoneMatch::parse(request).ok())
                .flatten(),
            is_page: pages::is_page(request.path()),
        })
    }

    /// True when the client has this representation already.
    pub fn is_known(&self) -> bool {
        match &self.if_none_match {
            Some(IfNoneMatch::Any) => true,
            Some(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&self.tag)),
            None => false,
        }
    }

    /// True when the client names this representation. `*` names none: it stands for whatever exists.
    pub fn is_known_by_tag(&self) -> bool {
        self.is_known() && !matches!(self.if_none_match, Some(IfNoneMatch::Any))
    }

    /// `304 Not Modified`.
    pub fn not_modified(&self) -> HttpResponse {
        let mut response = HttpResponse::NotModified();
        response.insert_header(ETag(self.tag.clone())).insert_header(CacheControl(vec![CacheDirective::NoCache]));
        let language = self.is_page.then_some("accept-language");
        let vary: Vec<_> = self.vary().into_iter().chain(language).collect();
        response.insert_header((header::VARY, vary.join(", ")));
        response.finish()
    }

    /// `200 OK` with `body` as JSON.
    pub fn json(&self, body: &impl Serialize) -> Result<HttpResponse, ApiError> {
        Ok(self.ok().insert_header(ContentType::json()).body(serde_json::to_vec(body)?))
    }

    /// `200 OK` with a web page.
    pub fn html(&self, page: &impl Template) -> Result<HttpResponse, ApiError> {
        Ok(pages::with_policy(self.ok().insert_header(ContentType::html()).body(page.render()?)))
    }

    /// `200 OK` with a web page that is kept, compressed, for the next who asks for the same.
    pub async fn kept_html(&self, kept: &KeptPages, page: &impl Template) -> Result<HttpResponse, ApiError> {
        // The compressing middleware would do the same for each response anew, which takes longer than the rest.
        let mut head = ResponseHead::new(StatusCode::OK);
        let encoded = Encoder::response(self.encoding, &mut head, Bytes::from(page.render()?));
        let body = to_bytes(encoded).await.map_err(|error| ApiError::Internal(anyhow::anyhow!("{error}")))?;
        kept.put(self.tag.clone(), body.clone());
        Ok(self.encoded_page(body))
    }

    /// `200 OK` with a web page that was made before, if it is kept.
    pub fn kept_page(&self, kept: &KeptPages) -> Option<HttpResponse> {
        kept.get(&self.tag).map(|body| self.encoded_page(body))
    }

    fn encoded_page(&self, body: Bytes) -> HttpResponse {
        let mut response = self.ok();
        if self.encoding != ContentEncoding::Identity {
            response.insert_header(self.encoding).append_header((header::VARY, header::ACCEPT_ENCODING.as_str()));
        }
        pages::with_policy(response.insert_header(ContentType::html()).body(body))
    }

    /// `200 OK` with `body` as JSON, or with the `table` of its rows as a file, in the form that the client wants.
    pub async fn answer(
        &self,
        body: &impl Serialize,
        table: impl FnOnce() -> Result<Table, ApiError>,
    ) -> Result<HttpResponse, ApiError> {
        let Some(wanted) = self.wanted.filter(|wanted| wanted.form != Form::Json) else { return self.json(body) };
        let table = table()?;
        let mut response = self.ok();
        response.insert_header((header::CONTENT_TYPE, wanted.content_type()));
        response.insert_header(wanted.disposition(&table.name));
        Ok(response.body(table.write(wanted).await?))
    }

    /// `200 OK` with a body that was written in the form that the client wants; as a file of this name, before its
    /// extension, unless that is JSON.
    pub fn spooled(&self, name: &str, body: BoxBody) -> HttpResponse {
        let mut response = self.ok();
        match self.wanted.filter(|wanted| wanted.form != Form::Json) {
            Some(wanted) => response
                .insert_header((header::CONTENT_TYPE, wanted.content_type()))
                .insert_header(wanted.disposition(name)),
            None => response.insert_header(ContentType::json()),
        };
        response.body(body)
    }

    /// `200 OK` with a file.
    pub fn file(&self, content_type: &'static str, disposition: ContentDisposition, body: BoxBody) -> HttpResponse {
        self.ok().insert_header((header::CONTENT_TYPE, content_type)).insert_header(disposition).body(body)
    }

    fn ok(&self) -> HttpResponseBuilder {
        let mut response = HttpResponse::Ok();
        response.insert_header(ETag(self.tag.clone())).insert_header(CacheControl(vec![CacheDirective::NoCache]));
        let mut vary = self.vary();
        if self.encoding != ContentEncoding::Identity {
            // The compressing middleware says so itself.
            vary.pop();
        }
        if !vary.is_empty() {
            response.insert_header((header::VARY, vary.join(", ")));
        }
        response
    }

    /// Headers that chose this representation.
    fn vary(&self) -> Vec<&'static str> {
        let form = self.wanted.map(|_| "accept");
        form.into_iter().chain(["accept-encoding"]).collect()
    }
}

/// The encoding that the compressing middleware will choose.
fn encoding(request: &HttpRequest) -> Result<ContentEncoding, ApiError> {
    let Some(accepted) = request.get_header::<AcceptEncoding>() else { return Ok(ContentEncoding::Identity) };
    match accepted.negotiate(ENCODINGS.iter()) {
        Some(Encoding::Known(encoding)) => Ok(encoding),
        Some(Encoding::Unknown(_)) | None => Err(ApiError::NotAcceptable),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn representation(headers: &[(&'static str, &'static str)], query: &str, version: i64) -> Representation {
        let mut request = TestRequest::with_uri("/api/company-slice");
        for header in headers {
            request = request.append_header(*header);
        }
        Representation::new(&request.to_http_request(), query, version).expect("acceptable")
    }

    #[test]
    fn a_tag_tells_apart_query_version_and_encoding() {
        let tag = |headers: &[_], query, version| representation(headers, query, version).tag;
        let plain = tag(&[], "1", 7);
        assert!(!plain.weak);
        assert_eq!(plain, tag(&[("accept-encoding", "identity")], "1", 7));
        assert_eq!(tag(&[("accept-encoding", "gzip")], "1", 7), tag(&[("accept-encoding", "gzip;q=0.5")], "1", 7));
        for other in [tag(&[], "2", 7), tag(&[], "1", 8), tag(&[("accept-encoding", "gzip, br")], "1", 7)] {
            assert_ne!(plain, other);
        }
        let request = TestRequest::with_uri("/api/company-slice").to_http_request();
        let csv = [false, true].map(|units_in_header| Wanted { form: Form::Csv, units_in_header });
        let csv = csv.map(|wanted| Representation::in_form(&request, "1", 7, wanted).expect("acceptable").tag);
        assert!(plain != csv[0] && csv[0] != csv[1]);
    }

    #[test]
    fn a_known_tag_is_found_in_a_list_and_compared_weakly() {
        let tag = representation(&[], "1", 7).tag.tag().to_owned();
        let is_known = |value: String| {
            let request = TestRequest::with_uri("/api/company-slice").insert_header(("if-none-match", value));
            Representation::new(&request.to_http_request(), "1", 7).expect("acceptable").is_known()
        };
        assert!(is_known(format!("\"{tag}\"")));
        assert!(is_known(format!("\"other\", W/\"{tag}\"")));
        assert!(is_known("*".into()));
        assert!(!is_known("\"other\"".into()));
        assert!(!is_known("nonsense".into()));
        assert!(!representation(&[], "1", 7).is_known());
    }
}
