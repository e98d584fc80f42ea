//! The web pages: the stored figures for people who look instead of read.
//!
//! Pages are made here and work without a script; the only script draws charts from the tables that stand beside
//! them. Every figure comes from the same readers as the JSON of the API, and is shown, not computed.

pub mod assets;
pub mod company;
pub mod compare;
pub mod error;
pub mod fleet;
pub mod impact;
pub mod kpi;
pub mod kpi_run;
pub mod kpis;
pub mod methodology;
pub mod overview;
pub mod query;
pub mod status;
pub mod store;

mod choice;
mod context;
mod days;
mod emissions;
mod figure;
mod flags;
mod graphics;
mod kpi_rows;
mod uptime;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use askama::Template;

use crate::error::ApiError;

pub use context::{Page, Section};

/// Only files of this program, no script or style in the page itself.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

impl From<askama::Error> for ApiError {
    fn from(error: askama::Error) -> Self {
        Self::Internal(error.into())
    }
}

/// True when errors at `path` are told to a person.
pub fn is_page(path: &str) -> bool {
    let fixed = [
        overview::PATH,
        compare::PATH,
        impact::PATH,
        fleet::PATH,
        kpis::PATH,
        status::PATH,
        methodology::PATH,
        query::PATH,
    ];
    let prefixes = [company::PREFIX, store::PREFIX, kpi::PREFIX, kpi_run::PREFIX];
    fixed.contains(&path) || prefixes.iter().any(|prefix| path.starts_with(prefix))
}

/// Headers of every page.
pub fn with_policy(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, header::HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.insert(header::REFERRER_POLICY, header::HeaderValue::from_static("same-origin"));
    headers.append(header::VARY, header::HeaderValue::from_static("accept-language"));
    response
}

/// A page that is made anew for every request.
fn fresh(template: &impl Template) -> Result<HttpResponse, ApiError> {
    Ok(fresh_with(StatusCode::OK, template)?)
}

/// The same with a status of its own.
pub fn fresh_with(status: StatusCode, template: &impl Template) -> askama::Result<HttpResponse> {
    let mut response = HttpResponse::build(status);
    response.insert_header((header::CACHE_CONTROL, "no-store")).insert_header(header::ContentType::html());
    Ok(with_policy(response.body(template.render()?)))
}
