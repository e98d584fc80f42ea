//! The addresses, and what answers at each.

pub mod companies;
pub mod company_slice;
pub mod cooling_unit_slice;
pub mod cooling_units;
pub mod docs;
pub mod health;
pub mod impact_slice;
pub mod kpis;
pub mod reports;
pub mod series;
pub mod stores;
pub mod uptime_reports;

use std::future::ready;

use actix_web::http::{Method, header};
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Responder};

use crate::error::ApiError;
use crate::middleware;
use crate::pages::{
    self, assets, company, compare, fleet, impact, kpi, kpi_run, methodology, overview, query, status, store,
};

/// All addresses of the API.
pub fn api(config: &mut ServiceConfig) {
    readable(config, overview::PATH, overview::get);
    readable(config, company::PATTERN, company::get);
    readable(config, compare::PATH, compare::get);
    readable(config, impact::PATH, impact::get);
    readable(config, fleet::PATH, fleet::get);
    readable(config, store::PATTERN, store::get);
    readable(config, pages::kpis::PATH, pages::kpis::get);
    readable(config, kpi::PATTERN, kpi::get);
    readable(config, kpi_run::PATTERN, kpi_run::get);
    readable(config, status::PATH, status::get);
    readable(config, methodology::PATH, methodology::get);
    readable(config, query::PATH, query::get);
    readable(config, assets::PATTERN, assets::get);
    readable(config, company_slice::PATH, company_slice::get);
    readable(config, cooling_unit_slice::PATH, cooling_unit_slice::get);
    readable(config, impact_slice::PATH, impact_slice::get);
    readable(config, companies::PATH, companies::get);
    readable(config, cooling_units::PATH, cooling_units::get);
    readable(config, kpis::PATH, kpis::get);
    readable(config, kpis::history::PATH, kpis::history::get);
    readable(config, kpis::runs::PATH, kpis::runs::get);
    readable(config, series::UNIT_PATH, series::cooling_unit);
    readable(config, series::COMPANY_PATH, series::company);
    readable(config, stores::PATH, stores::list);
    readable(config, stores::UPTIME_PATH, stores::uptime);
    readable(config, stores::timeline::PATH, stores::timeline::get);
    for path in reports::COOLING_USERS_PATHS {
        readable(config, path, reports::cooling_users);
    }
    for path in reports::USAGE_PATHS {
        readable(config, path, reports::usage_analysis);
    }
    for path in reports::REVENUE_PATHS {
        readable(config, path, reports::revenue_analysis);
    }
    for path in company_slice::FORM_PATHS {
        postable(config, path, company_slice::post);
    }
    for path in cooling_unit_slice::FORM_PATHS {
        postable(config, path, cooling_unit_slice::post);
    }
    for path in impact_slice::FORM_PATHS {
        postable(config, path, impact_slice::post);
    }
    for path in uptime_reports::TRIGGER_PATHS {
        callable(config, path, uptime_reports::trigger_by_get, uptime_reports::trigger);
    }
    for path in uptime_reports::GET_PATHS {
        callable(config, path, uptime_reports::get, uptime_reports::get_by_post);
    }
    readable(config, docs::OPENAPI_PATH, docs::openapi);
    readable(config, "/docs", docs::redirect);
    readable(config, "/docs/{file:.*}", docs::page);
    maintenance(config);
}

/// The addresses of the maintenance listener.
pub fn maintenance(config: &mut ServiceConfig) {
    readable(config, health::LIVE_PATH, health::live);
    readable(config, health::READY_PATH, health::ready);
    config.default_service(web::to(not_found));
}

/// An address that answers to GET and HEAD.
fn readable<F, Args>(config: &mut ServiceConfig, path: &str, handler: F)
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let resource = web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(|request| ready(other_method(request, "GET, HEAD, OPTIONS"))));
    config.service(resource.wrap(from_fn(middleware::errors)));
}

/// An address that answers to POST.
fn postable<F, Args>(config: &mut ServiceConfig, path: &str, handler: F)
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let resource = web::resource(path)
        .route(web::post().to(handler))
        .default_service(web::to(|request| ready(other_method(request, "POST, OPTIONS"))));
    config.service(resource.wrap(from_fn(middleware::errors)));
}

/// An address that answers to GET, HEAD and POST.
fn callable<G, P, GetArgs, PostArgs>(config: &mut ServiceConfig, path: &str, get: G, post: P)
where
    G: Handler<GetArgs>,
    GetArgs: FromRequest + 'static,
    G::Output: Responder + 'static,
    P: Handler<PostArgs>,
    PostArgs: FromRequest + 'static,
    P::Output: Responder + 'static,
{
    let resource = web::resource(path)
        .route(web::get().to(get.clone()))
        .route(web::head().to(get))
        .route(web::post().to(post))
        .default_service(web::to(|request| ready(other_method(request, "GET, HEAD, POST, OPTIONS"))));
    config.service(resource.wrap(from_fn(middleware::errors)));
}

/// OPTIONS lists the methods (a browser's preflight is answered before); others are not allowed.
#[expect(clippy::needless_pass_by_value, reason = "a handler owns its request")]
fn other_method(request: HttpRequest, allow: &'static str) -> Result<HttpResponse, ApiError> {
    if request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((header::ALLOW, allow)).finish());
    }
    Err(ApiError::MethodNotAllowed { allow })
}

/// A person who mistyped an address is told so on a page, a program as elsewhere.
async fn not_found(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let error = ApiError::NotFound("there is nothing at this address".to_owned());
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("text/html"))
        && let Some(page) = pages::error::page(&request, &error)
    {
        return Ok(page);
    }
    Err(error)
}
