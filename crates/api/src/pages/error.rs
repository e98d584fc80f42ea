//! Errors, told to a person.

use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use askama::Template;

use super::{Page, Section, with_policy};
use crate::error::ApiError;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    page: &'a Page,
    section: Section,
    title: String,
    status: u16,
    advice: &'a str,
    detail: String,
    fields: Vec<(String, String)>,
}

/// The page about `error`; nothing when it cannot be made.
pub fn page(request: &HttpRequest, error: &ApiError) -> Option<HttpResponse> {
    let page = Page::new(request);
    let status = error.status_code();
    let kind = match status.as_u16() {
        400 | 413 | 414 | 415 => "bad_request",
        404 => "not_found",
        405 => "method",
        503 => "unavailable",
        _ => "other",
    };
    let (title, advice) = (format!("error.{kind}_title"), format!("error.{kind}_advice"));
    let fields = match error {
        ApiError::InvalidFields(fields) => {
            fields.iter().map(|field| (field.field.clone(), field.reason.clone())).collect()
        }
        _ => Vec::new(),
    };
    let view = ErrorPage {
        section: Section::Other,
        title: page.t(&title).to_owned(),
        status: status.as_u16(),
        advice: page.t(&advice),
        detail: error.to_string(),
        fields,
        page: &page,
    };
    let body = view.render().ok()?;
    Some(with_policy(HttpResponse::build(status).insert_header(ContentType::html()).body(body)))
}
