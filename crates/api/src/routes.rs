//! The addresses, and what answers at each.

pub mod companies;
pub mod company_slice;
pub mod cooling_unit_slice;
pub mod cooling_units;
pub mod docs;
pub mod health;
pub mod start_page;

use actix_web::http::{Method, header};
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder};

use crate::error::ApiError;

/// All addresses of the API.
pub fn api(config: &mut ServiceConfig) {
    config
        .service(readable("/", start_page::get))
        .service(readable(company_slice::PATH, company_slice::get))
        .service(readable(cooling_unit_slice::PATH, cooling_unit_slice::get))
        .service(readable(companies::PATH, companies::get))
        .service(readable(cooling_units::PATH, cooling_units::get))
        .service(readable(docs::OPENAPI_PATH, docs::openapi))
        .service(readable("/docs", docs::redirect))
        .service(readable("/docs/{file:.*}", docs::page))
        .configure(maintenance);
    for path in company_slice::FORM_PATHS {
        config.service(postable(path, company_slice::post));
    }
    for path in cooling_unit_slice::FORM_PATHS {
        config.service(postable(path, cooling_unit_slice::post));
    }
}

/// The addresses of the maintenance listener.
pub fn maintenance(config: &mut ServiceConfig) {
    config
        .service(readable(health::LIVE_PATH, health::live))
        .service(readable(health::READY_PATH, health::ready))
        .default_service(web::to(not_found));
}

/// A resource that answers to GET and HEAD.
fn readable<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(|request| other_method(request, "GET, HEAD, OPTIONS")))
}

/// A resource that answers to POST.
fn postable<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::post().to(handler))
        .default_service(web::to(|request| other_method(request, "POST, OPTIONS")))
}

/// OPTIONS lists the methods (a browser's preflight is answered before); others are not allowed.
async fn other_method(request: HttpRequest, allow: &'static str) -> Result<HttpResponse, ApiError> {
    if request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((header::ALLOW, allow)).finish());
    }
    Err(ApiError::MethodNotAllowed { allow })
}

async fn not_found() -> Result<HttpResponse, ApiError> {
    Err(ApiError::NotFound("there is nothing at this address".to_owned()))
}
