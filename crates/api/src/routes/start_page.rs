//! `GET /`: where to go from here.

use actix_web::HttpResponse;
use actix_web::http::header::{self, ContentType};

const PAGE: &str = include_str!("start_page.html");

/// The page.
pub async fn get() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(ContentType::html())
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
        ))
        .body(PAGE)
}
