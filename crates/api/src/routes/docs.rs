//! The description of the API, for machines and for people.

use std::sync::{Arc, LazyLock};

use actix_web::http::header;
use actix_web::web::{Bytes, Path};
use actix_web::{HttpRequest, HttpResponse};
use utoipa::OpenApi;
use utoipa_swagger_ui::Config;

use crate::error::{ApiError, Problem};
use crate::fields::Fields;
use crate::openapi::Description;

/// Path of the description.
pub const OPENAPI_PATH: &str = "/api/openapi.json";

/// The page loads nothing from elsewhere. Its styles are partly inline.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static OPENAPI: LazyLock<Result<Bytes, String>> =
    LazyLock::new(|| Description::openapi().to_json().map(Bytes::from).map_err(|error| error.to_string()));

/// The address is relative to the page, so that it holds behind a path prefix; the validator would be another host's.
static CONFIG: LazyLock<Arc<Config<'static>>> =
    LazyLock::new(|| Arc::new(Config::from("../api/openapi.json").validator_url("none").try_it_out_enabled(true)));

/// This description
#[utoipa::path(
    get,
    path = OPENAPI_PATH,
    tag = "documentation",
    operation_id = "openapi",
    responses(
        (status = 200, description = "This description, as OpenAPI 3.1.", body = Object),
        (status = 400, description = "A parameter was given.", body = Problem,
          content_type = "application/problem+json"),
    ),
)]
pub async fn openapi(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    Fields::urlencoded(request.query_string()).none()?;
    match &*OPENAPI {
        Ok(json) => Ok(HttpResponse::Ok().content_type("application/json").body(json.clone())),
        Err(error) => Err(ApiError::Internal(anyhow::anyhow!("the description cannot be written: {error}"))),
    }
}

/// `GET /docs`: the page proper, whose links are relative, is one level below.
pub async fn redirect() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "docs/")).finish()
}

/// `GET /docs/…`: the page and its files.
pub async fn page(file: Path<String>) -> Result<HttpResponse, ApiError> {
    let found = utoipa_swagger_ui::serve(&file, CONFIG.clone());
    let found = found.map_err(|error| ApiError::Internal(anyhow::anyhow!("the page cannot be written: {error}")))?;
    let served = found.ok_or_else(|| ApiError::NotFound("there is no such page".to_owned()))?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY));
    if served.gzpipped {
        response.insert_header((header::CONTENT_ENCODING, "gzip"));
    }
    Ok(response.content_type(served.content_type).body(served.bytes.into_owned()))
}
