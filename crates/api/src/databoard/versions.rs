//! `/dashboard/{id}/versions`: what a dashboard held before.

use std::time::Instant;

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Path, ServiceConfig};
use chrono::{DateTime, Utc};
use metrics_core::db::databoard::{self as store, Deadline, Version};
use serde::Serialize;
use utoipa::ToSchema;

use super::dashboards::{known, replace_by};
use super::error::{Detail, Refused};
use super::state::{Databoard, now};
use super::{READ, SHORT, resource, within};

/// The routes.
pub fn routes(config: &mut ServiceConfig) {
    resource(config, "/dashboard/{id}/versions", READ, || vec![web::get().to(list), web::head().to(list)]);
    resource(config, "/dashboard/{id}/versions/{version}/restore", "POST", || vec![web::post().to(restore)]);
}

/// What a dashboard held before.
#[derive(Debug, Serialize, ToSchema)]
pub struct Versions {
    id: String,
    /// The newest first.
    versions: Vec<EarlierVersion>,
}

/// One of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct EarlierVersion {
    /// Its number; 1 is what the dashboard was saved with.
    #[schema(example = 3)]
    version: i64,
    /// Its length in BSON, bytes.
    #[schema(example = 1790)]
    size: i64,
    /// When it was replaced.
    ended_at: DateTime<Utc>,
    /// What ended it: `replaced`, `deleted`, `evicted`.
    #[schema(example = "replaced")]
    ended_by: String,
}

impl From<Version> for EarlierVersion {
    fn from(version: Version) -> Self {
        let Version { version, size_bytes, ended_by, ended_at } = version;
        Self { version, size: size_bytes, ended_at, ended_by }
    }
}

/// Earlier versions
///
/// The last 20 of 30 days, without what they held; reading them does not count as reading the dashboard.
#[utoipa::path(
    get,
    path = "/dashboard/{id}/versions",
    tag = "dashboards",
    operation_id = "dashboard_versions",
    params(("id" = String, Path, description = "Id of the dashboard.")),
    responses(
        (status = 200, description = "The versions, the newest first; the current one is not among them.",
          body = Versions),
        (status = 404, description = "There is no such dashboard.", body = Detail),
    ),
)]
pub async fn list(id: Path<String>, databoard: Data<Databoard>) -> Result<HttpResponse, Refused> {
    let id = known(&id)?;
    let found = within(SHORT, async {
        let mut connection = databoard.connection().await?;
        Ok(store::versions(&mut connection, id, now()).await?)
    });
    let versions = found.await?.ok_or_else(|| Refused::not_found("Dashboard"))?;
    let versions = versions.into_iter().map(EarlierVersion::from).collect();
    Ok(HttpResponse::Ok().json(Versions { id: id.to_owned(), versions }))
}

/// Bring an earlier version back
///
/// As if it were sent again: it is checked, and becomes the newest version.
#[utoipa::path(
    post,
    path = "/dashboard/{id}/versions/{version}/restore",
    tag = "dashboards",
    operation_id = "restore_dashboard_version",
    params(
        ("id" = String, Path, description = "Id of the dashboard."),
        ("version" = String, Path, description = "Number of the version."),
    ),
    responses(
        (status = 200, description = "The dashboard, with its id before its members.", body = Object),
        (status = 403, description = "The dashboard is protected.", body = Detail),
        (status = 404, description = "There is no such dashboard, or it has no such version.", body = Detail),
        (status = 413, description = "It is larger than a dashboard may be by now.", body = Detail),
        (status = 422, description = "It is no dashboard by the schema of now.", body = Detail),
        (status = 504, description = "The time was over; nothing was changed.", body = Detail),
        (status = 507, description = "It would be evicted at once, and the settings forbid that.", body = Detail),
    ),
)]
pub async fn restore(path: Path<(String, String)>, databoard: Data<Databoard>) -> Result<HttpResponse, Refused> {
    let deadline = Deadline::at(Instant::now() + SHORT);
    let (id, version) = path.into_inner();
    let id = known(&id)?;
    let version: Option<i64> = version.parse().ok();
    let found = within(SHORT, async {
        let mut connection = databoard.connection().await?;
        let protected =
            store::is_protected(&mut connection, id).await?.ok_or_else(|| Refused::not_found("Dashboard"))?;
        let body = match version {
            Some(version) => store::body_of_version(&mut connection, id, version, now()).await?,
            None => None,
        };
        Ok((protected, body))
    });
    let (is_protected, body) = found.await?;
    if is_protected {
        return Err(super::error::protected(id));
    }
    let body = body.ok_or_else(|| Refused::not_found("Version"))?;
    replace_by(id, body, None, &databoard, deadline).await
}
