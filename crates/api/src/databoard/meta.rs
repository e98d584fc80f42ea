//! What is not about any one dashboard: that the server is there, its version and its description.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use metrics_core::db::databoard as store;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Detail, Refused};
use super::openapi;
use super::state::Databoard;
use super::{READ, SHORT, resource, within};

/// The public routes.
pub fn public(config: &mut ServiceConfig) {
    // The mount itself, with and without a slash.
    resource(config, "", READ, || vec![web::get().to(hello), web::head().to(hello)]);
    resource(config, "/health", READ, || vec![web::get().to(health), web::head().to(health)]);
    resource(config, "/ready", READ, || vec![web::get().to(ready), web::head().to(ready)]);
    resource(config, "/version", READ, || vec![web::get().to(version), web::head().to(version)]);
    resource(config, "/openapi.json", READ, || vec![web::get().to(describe), web::head().to(describe)]);
}

/// The routes of the maintenance listener.
pub fn maintenance(config: &mut ServiceConfig) {
    resource(config, "/openapi.json", READ, || {
        vec![web::get().to(describe_maintenance), web::head().to(describe_maintenance)]
    });
}

/// A greeting.
#[derive(Debug, Serialize, ToSchema)]
pub struct Greeting {
    #[schema(example = "Alive and Well!")]
    message: &'static str,
}

/// Greet
#[utoipa::path(
    get, path = "/", tag = "server", operation_id = "hello",
    responses((status = 200, description = "A greeting.", body = Greeting)),
)]
pub async fn hello() -> HttpResponse {
    HttpResponse::Ok().json(Greeting { message: "Hello, World!" })
}

/// Tell that the server is there
///
/// It asks nothing of what is behind it; `/ready` does.
#[utoipa::path(
    get, path = "/health", tag = "server", operation_id = "health",
    responses((status = 200, description = "It is.", body = Greeting)),
)]
pub async fn health() -> HttpResponse {
    HttpResponse::Ok().json(Greeting { message: "Alive and Well!" })
}

/// What stands behind the server.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// What dashboards take, bytes of BSON.
    #[schema(example = 21480)]
    dashboards_bytes: i64,
    /// Channels of the data-api that are known, 0 until it has told them; null: there is no data-api.
    #[schema(example = 1740)]
    upstream_channels: Option<usize>,
    /// How long ago it told all of them, seconds; null: never, or there is no data-api.
    #[schema(example = 61)]
    upstream_list_age_s: Option<u64>,
}

/// Tell whether dashboards can be read
#[utoipa::path(
    get, path = "/ready", tag = "server", operation_id = "ready",
    responses(
        (status = 200, description = "They can.", body = Readiness),
        (status = 503, description = "The database does not answer.", body = Detail),
        (status = 504, description = "The database did not answer in time.", body = Detail),
    ),
)]
pub async fn ready(databoard: Data<Databoard>) -> Result<HttpResponse, Refused> {
    let bytes = within(SHORT, async {
        let mut connection = databoard.connection().await?;
        Ok(store::dashboards_bytes(&mut connection).await?)
    });
    let dashboards_bytes = bytes.await?;
    let upstream = databoard.upstream.as_ref();
    Ok(HttpResponse::Ok().json(Readiness {
        dashboards_bytes,
        upstream_channels: upstream.map(|upstream| upstream.known().iter().len()),
        upstream_list_age_s: upstream.and_then(|upstream| Some(upstream.list_age()?.as_secs())),
    }))
}

/// Which server this is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Version {
    /// Version of the program.
    #[schema(example = "0.1.0")]
    version: &'static str,
    schema: Option<SchemaVersion>,
}

/// What dashboards are held against; null in its place: nothing.
#[derive(Debug, Serialize, ToSchema)]
pub struct SchemaVersion {
    /// Where it is from.
    #[schema(example = "built in")]
    source: String,
    /// SHA-256 of its text.
    sha256: String,
}

/// Which server this is
#[utoipa::path(
    get, path = "/version", tag = "server", operation_id = "version",
    responses((status = 200, description = "Versions of the program and of the schema.", body = Version)),
)]
pub async fn version(databoard: Data<Databoard>) -> HttpResponse {
    let schema = databoard.schema.as_ref();
    let schema = schema.map(|schema| SchemaVersion { source: schema.source().to_owned(), sha256: schema.sha256() });
    HttpResponse::Ok().json(Version { version: env!("CARGO_PKG_VERSION"), schema })
}

async fn describe(databoard: Data<Databoard>) -> Result<HttpResponse, Refused> {
    openapi::answer(&openapi::of_public(&databoard.settings.mount))
}

async fn describe_maintenance(databoard: Data<Databoard>) -> Result<HttpResponse, Refused> {
    openapi::answer(&openapi::of_maintenance(&databoard.settings.mount))
}
