//! What happens to every request around its handler: a name, a line in the log, a time limit, and errors in the
//! form of the route.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_cors::Cors;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpRequest};
use tracing::Instrument;

use crate::error::{ApiError, PROBLEM};
use crate::pages;
use crate::state::Worker;

/// Longest address, bytes: a thousand ids of 19 digits with their commas take 20,000.
const MAX_URI_BYTES: usize = 32 * 1024;

/// Header that names a request, in both directions.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest name of a request that is taken over from a client.
const MAX_REQUEST_ID_CHARS: usize = 128;

/// Names each request, writes a line about it, and says its name in the response.
pub async fn trace(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = request_id(&request);
    let span = tracing::info_span!("request", "request.id" = %id.to_str().unwrap_or_default());
    let started = Instant::now();
    let (method, path) = (request.method().clone(), request.path().to_owned());

    async move {
        let mut response = next.call(request).await?;
        let status = response.status();
        let duration_ms = started.elapsed().as_micros() as f64 / 1e3;
        // Health is asked every few seconds.
        if path.starts_with("/health/") && status.is_success() {
            tracing::debug!(%method, path, status = status.as_u16(), duration_ms, "answered");
        } else {
            tracing::info!(%method, path, status = status.as_u16(), duration_ms, "answered");
        }
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, id);
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        Ok(response)
    }
    .instrument(span)
    .await
}

/// The client's name for a request when it is short and plain, else a new one.
fn request_id(request: &ServiceRequest) -> HeaderValue {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(byte);
    let given = request.headers().get(&REQUEST_ID);
    let sane = given.filter(|id| (1..=MAX_REQUEST_ID_CHARS).contains(&id.len()) && id.as_bytes().iter().all(is_plain));
    sane.cloned().unwrap_or_else(new_request_id)
}

/// A name that this process gives once, and another process with a probability of 2^-64.
fn new_request_id() -> HeaderValue {
    static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(std::process::id()));
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    HeaderValue::try_from(format!("{:016x}-{number}", *PROCESS)).unwrap_or(HeaderValue::from_static("-"))
}

/// Limits address and time, logs what went wrong on our side, and gives every error the form of its route.
///
/// It wraps each resource and not the whole: before a request is routed, it cannot be kept for the answer.
pub async fn errors(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let http_request = request.request().clone();
    if request.uri().path_and_query().is_some_and(|address| address.as_str().len() > MAX_URI_BYTES) {
        return Ok(answer(http_request, &ApiError::UriTooLong { limit: MAX_URI_BYTES }));
    }
    let time_limit =
        request.app_data::<Data<Worker>>().map_or(Duration::MAX, |worker| worker.app.settings.request_timeout);
    let response = match tokio::time::timeout(time_limit, next.call(request)).await {
        Ok(Ok(response)) => response.map_into_boxed_body(),
        Ok(Err(error)) => ServiceResponse::from_err(error, http_request.clone()),
        Err(_) => {
            tracing::warn!("gave up on a request after {} s", time_limit.as_secs());
            return Ok(answer(http_request, &ApiError::Timeout));
        }
    };
    match response.response().error().map(|error| error.as_error::<ApiError>()) {
        Some(Some(error)) => {
            log(error);
            Ok(answer(http_request, error))
        }
        Some(None) => Ok(answer(http_request, &ApiError::Other(response.status()))),
        None => Ok(response),
    }
}

/// Gives the refusal of the compressing middleware, inside of this one, the form of the others.
pub async fn not_acceptable(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?;
    // A handler's own refusal has its form already.
    let is_problem = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM);
    if response.status() == StatusCode::NOT_ACCEPTABLE && !is_problem {
        return Ok(answer(response.request().clone(), &ApiError::NotAcceptable));
    }
    Ok(response.map_into_boxed_body())
}

/// Writes what went wrong on our side; what a client did wrong stands in the response.
fn log(error: &ApiError) {
    match error {
        ApiError::Unavailable(_) | ApiError::SourceUnavailable(_) | ApiError::Internal(_) => {
            tracing::error!("{error}: {}", chain(error));
        }
        _ => {}
    }
}

/// The causes of an error in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn answer(request: HttpRequest, error: &ApiError) -> ServiceResponse<BoxBody> {
    let page = if pages::is_page(request.path()) { pages::error::page(&request, error) } else { None };
    let response = page.map_or_else(|| error.response(request.path()), |page| error.with_headers(page));
    ServiceResponse::new(request, response)
}

/// Which pages of other origins may call.
///
/// Everything here is public to read, so without credentials any origin may, unless the settings name some.
pub fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods([Method::GET, Method::HEAD, Method::POST])
        .allow_any_header()
        .expose_headers([header::ETAG, header::RETRY_AFTER, REQUEST_ID])
        .max_age(600);
    if origins.iter().any(|origin| origin == "*") {
        return cors.allow_any_origin().send_wildcard().disable_vary_header();
    }
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}
