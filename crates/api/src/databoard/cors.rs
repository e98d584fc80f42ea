//! Which pages of other origins may call the routes of dashboards.

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};

use super::state::Databoard;

const ALL_METHODS: &str = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";
const MAX_AGE_S: &str = "600";
/// Headers of answers that scripts may read.
const EXPOSED: &str = "ETag, Retry-After, X-Dashboard-Evicted, X-Request-Id, X-Truncated";

/// Answers preflights under the mount, and puts the headers on every answer there, errors included. Other addresses are
/// left to the rules of the rest of the API, which this one stands around.
///
/// The predecessor let every origin call with credentials. There are none here, so `*` is without them.
pub async fn cors(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody, BoxBody>>, Error> {
    let databoard = request.app_data::<Data<Databoard>>().cloned();
    let Some(databoard) = databoard.filter(|databoard| databoard.is_public_path(request.path())) else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    let origin = request.headers_mut().remove(header::ORIGIN).next();
    let allowed = allowed(&databoard.settings.cors_origins, origin.as_ref());
    let asked_method = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if request.method() == Method::OPTIONS && origin.is_some() && asked_method {
        let asked_headers = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
        let mut response = HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("OK");
        let headers = response.headers_mut();
        put(headers, &databoard.settings.cors_origins, allowed);
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(ALL_METHODS));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE_S));
        if let Some(asked_headers) = asked_headers {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked_headers);
        }
        return Ok(request.into_response(response).map_into_right_body());
    }
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    put(headers, &databoard.settings.cors_origins, allowed);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    Ok(response.map_into_left_body())
}

/// What the answer says of the origin; nothing when there is none, or when it may not call.
fn allowed(origins: &[String], origin: Option<&HeaderValue>) -> Option<HeaderValue> {
    let origin = origin?;
    if origins.iter().any(|origin| origin == "*") {
        return Some(HeaderValue::from_static("*"));
    }
    origins.iter().any(|known| known.as_bytes() == origin.as_bytes()).then(|| origin.clone())
}

fn put(headers: &mut HeaderMap, origins: &[String], allowed: Option<HeaderValue>) {
    if let Some(allowed) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    }
    // With a list, what is answered depends on who asks.
    if origins.iter().all(|origin| origin != "*") {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
}
