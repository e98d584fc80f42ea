//! `/maintenance`: what operators do, on a listener of its own and with a token.

use actix_web::HttpResponse;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, Path, Query, ServiceConfig};
use chrono::{DateTime, Utc};
use metrics_core::db::databoard::{self as store, Deadline, Evicted, Flag, Record, Stats, Summary};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::dashboards::known;
use super::error::{self, Detail, Refused};
use super::state::{Databoard, now};
use super::{READ, resource, token};

/// Most dashboards of one answer.
const MAX_LISTED: u32 = 1000;
const LISTED: u32 = 100;

/// The routes, if there is a token.
pub fn routes(config: &mut ServiceConfig, databoard: &Data<Databoard>) {
    if databoard.settings.maintenance_token.is_none() {
        return;
    }
    let scope = web::scope("/maintenance")
        .configure(|config| {
            resource(config, "/dashboard/{id}", READ, || vec![web::get().to(record), web::head().to(record)]);
            resource(config, "/dashboard/{id}/whitelist", "POST, DELETE", || {
                vec![web::post().to(whitelist), web::delete().to(unwhitelist)]
            });
            resource(config, "/dashboard/{id}/protect", "POST, DELETE", || {
                vec![web::post().to(protect), web::delete().to(unprotect)]
            });
            resource(config, "/dashboard/{id}/undelete", "POST", || vec![web::post().to(undelete)]);
            resource(config, "/dashboards", READ, || vec![web::get().to(list), web::head().to(list)]);
            resource(config, "/stats", READ, || vec![web::get().to(stats), web::head().to(stats)]);
            resource(config, "/evict", "POST", || vec![web::post().to(evict)]);
        })
        .default_service(web::to(error::not_found))
        .wrap(from_fn(token::required));
    config.service(scope);
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    /// In words.
    #[schema(example = "Dashboard 6f0c2a3e-8d5b-4c59-9a53-1f3c1de0e8a1 whitelisted")]
    message: String,
}

/// All of a dashboard
///
/// Reading it here does not put off its eviction.
#[utoipa::path(
    get,
    path = "/maintenance/dashboard/{id}",
    tag = "maintenance",
    operation_id = "dashboard_record",
    params(("id" = String, Path, description = "Its id.")),
    responses(
        (status = 200, description = "`_id`, `dashboard`, `_size` (bytes of BSON), `last_access` (UTC, without a zone), \
            and `whitelisted` and `protected` once they were set.", body = Object),
        (status = 401, description = "No token came.", body = Detail),
        (status = 403, description = "The token is wrong.", body = Detail),
        (status = 404, description = "There is no such dashboard.", body = Detail),
    ),
    security(("token" = [])),
)]
pub async fn record(id: Path<String>, databoard: Data<Databoard>) -> Result<HttpResponse, Refused> {
    let id = known(&id)?;
    let mut connection = databoard.connection().await?;
    let record = store::record(&mut connection, id).await?.ok_or_else(|| Refused::not_found("Dashboard"))?;
    Ok(HttpResponse::Ok().content_type("application/json").body(record_json(&record)))
}

/// As the predecessor's framework writes a record, of an instant without a zone.
fn record_json(record: &Record) -> String {
    let Record { id, body, size_bytes, last_access, .. } = record;
    let fraction = if last_access.timestamp_subsec_millis() == 0 { "" } else { "%.6f" };
    let last_access = last_access.format(&format!("%Y-%m-%dT%H:%M:%S{fraction}")).to_string();
    let flags = [("whitelisted", record.whitelisted()), ("protected", record.protected())];
    let flags: String =
        flags.iter().filter_map(|(name, value)| value.map(|value| format!(",\"{name}\":{value}"))).collect();
    let id = Value::from(id.as_str());
    format!("{{\"_id\":{id},\"dashboard\":{body},\"_size\":{size_bytes},\"last_access\":\"{last_access}\"{flags}}}")
}

/// Never evict a dashboard
#[utoipa::path(
    post,
    path = "/maintenance/dashboard/{id}/whitelist",
    tag = "maintenance",
    operation_id = "whitelist",
    params(("id" = String, Path, description = "Its id.")),
    responses(
        (status = 200, description = "It is whitelisted.", body = Message),
        (status = 401, description = "No token came.", body = Detail),
        (status = 403, description = "The token is wrong.", body = Detail),
        (status = 404, description = "There is no such dashboard.", body = Detail),
    ),
    security(("token" = [])),
)]
pub async fn whitelist(id: Path<String>, databoard: Data<Databoard>) -> Result<HttpResponse, Refused> {
    mark(&id, &databoard, Flag::Whitelisted, true, "whitelisted").await
}

/// Let a dashboard be evicted again
#[utoipa::path(
    delete,
    path = "/maintenance/dashboard/{id}/whitelist",
    tag = "maintenance",
    operation_id = "unwhitelist",
    params(("id" = String, Path, description = "Its id.")),
    responses(
        (status = 200, description = "It is not whitelisted.", body = Message),
        (status = 401, description = "No token came.", body = Detail),
        (status = 403, description = "The token is wrong.", body = Detail),
        (status = 404, description = "There is no such dashboard.", body = Detail),
    ),
    security(("token" = [])),
)]
pub async fn unwhitelist(id: Path<String>, databoard: Data<Databoard>) -> Result<HttpResponse, Refused> {
    mark(&id, &databoard, Flag::Whitelisted, false, "unwhitelisted").await
}

/// Forbid that a dashboard is changed or deleted
///
/// It is whitelisted, too.
#[utoipa::path(
    post,
    path = "/maintenance/dashboard/{id}/protect",
    tag = "maintenance",
    operation_id = "protect",
    params(("id" = String, Path, description = "Its id.")),
    responses(
        (status = 200, description = "It is protected.", body = Message),
        (status = 401, description = "No token came.", body = Detail),
        (status = 403, description = "The token is wrong.", body = Detail),
        (status = 404, description = "There is no such dashboard.", body = Detail),
    ),
    security(("token" = [])),
)]
pub async fn protect(id: Path<String>, databoard: Data<Databoard>) -> Result<HttpResponse, Refused> {
    mark(&id, &databoard, Flag::Protected, true, "protected and whitelisted").await
}

/// Let a dashboard be changed and deleted again
///
/// Whether it is whitelisted stays as it is.
#[utoipa::path(
    delete,
    path = "/maintenance/dashboard/{id}/protect",
    tag = "maintenance",
    operation_id = "unprotect",
    params(("id" = String, Path, description = "Its id.")),
    responses(
        (status = 200, description = "It is not protected.", body = Message),
        (status = 401, description = "No token came.", body = Detail),
        (status = 403, description = "The token is wrong.", body = Detail),
        (status = 404, description = "There is no such dashboard.", body = Detail),
    ),
    security(("token" = [])),
)]
pub async fn unprotect(id: Path<String>, databoard: Data<Databoard>) -> Result<HttpResponse, Refused> {
    mark(&id, &databoard, Flag::Protected, false, "unprotected, may still be whitelisted").await
}

async fn mark(id: &str, databoard: &Databoard, flag: Flag, value: bool, done: &str) -> Result<HttpResponse, Refused> {
    let id = known(id)?;
    let mut connection = databoard.connection().await?;
    if store::set(&mut connection, id, flag, value, now()).await? {
        Ok(HttpResponse::Ok().json(Message { message: format!("Dashboard {id} {done}") }))
    } else {
        Err(Refused::not_found("Dashboard"))
    }
}

/// Bring back a dashboard that was deleted or evicted
///
/// With what it held last; no room is made for it.
#[utoipa::path(
    post,
    path = "/maintenance/dashboard/{id}/undelete",
    tag = "maintenance",
    operation_id = "undelete",
    params(("id" = String, Path, description = "Its id.")),
    responses(
        (status = 200, description = "It is back.", body = Message),
        (status = 401, description = "No token came.", body = Detail),
        (status = 403, description = "The token is wrong.", body = Detail),
        (status = 404, description = "There is no such dashboard to bring back.", body = Detail),
        (status = 409, description = "The dashboard exists.", body = Detail),
    ),
    security(("token" = [])),
)]
pub async fn undelete(id: Path<String>, databoard: Data<Databoard>) -> Result<HttpResponse, Refused> {
    let id = known(&id)?;
    let mut writer = databoard.writer_until(Deadline::NONE).await?;
    store::undelete(writer.connection()?, id, now).await.map_err(|refusal| Refused::of(refusal, id))?;
    Ok(HttpResponse::Ok().json(Message { message: format!("Dashboard {id} undeleted") }))
}

/// Which part of the list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Id after which the list begins; left out: at the beginning.
    #[serde(default)]
    after: String,
    /// Most dashboards, 1 to 1000; left out: 100.
    limit: Option<u32>,
}

/// Dashboards in the order of their ids.
#[derive(Debug, Serialize, ToSchema)]
pub struct Dashboards {
    dashboards: Vec<Listing>,
    /// `after` of the next part; null: there is no more.
    next: Option<String>,
}

/// A dashboard without what it holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listing {
    id: String,
    /// Number of its widgets; null when what it holds is no dashboard.
    #[schema(example = 3)]
    widgets: Option<i32>,
    /// Its length in BSON, bytes.
    #[schema(example = 1790)]
    size: i64,
    /// Number of its version.
    #[schema(example = 1)]
    version: i64,
    last_access: DateTime<Utc>,
    created_at: DateTime<Utc>,
    whitelisted: bool,
    protected: bool,
}

impl From<Summary> for Listing {
    fn from(summary: Summary) -> Self {
        Self {
            id: summary.id,
            widgets: summary.widgets,
            size: summary.size_bytes,
            version: summary.version,
            last_access: summary.last_access,
            created_at: summary.created_at,
            whitelisted: summary.whitelisted,
            protected: summary.protected,
        }
    }
}

/// All dashboards
#[utoipa::path(
    get,
    path = "/maintenance/dashboards",
    tag = "maintenance",
    operation_id = "dashboards",
    params(Listed),
    responses(
        (status = 200, description = "Dashboards in the order of their ids.", body = Dashboards),
        (status = 401, description = "No token came.", body = Detail),
        (status = 403, description = "The token is wrong.", body = Detail),
        (status = 400, description = "A parameter is wrong.", body = Detail),
    ),
    security(("token" = [])),
)]
pub async fn list(listed: Query<Listed>, databoard: Data<Databoard>) -> Result<HttpResponse, Refused> {
    let limit = listed.limit.unwrap_or(LISTED);
    if !(1..=MAX_LISTED).contains(&limit) || listed.after.contains('\0') {
        return Err(Refused::bad_request("limit must be 1 to 1000, and after an id"));
    }
    let mut connection = databoard.connection().await?;
    let mut found = store::list(&mut connection, &listed.after, limit + 1).await?;
    let next = if found.len() > limit as usize {
        found.truncate(limit as usize);
        found.last().map(|summary| summary.id.clone())
    } else {
        None
    };
    let dashboards = found.into_iter().map(Listing::from).collect();
    Ok(HttpResponse::Ok().json(Dashboards { dashboards, next }))
}

/// How much is stored.
#[derive(Debug, Serialize, ToSchema)]
pub struct Totals {
    /// Dashboards.
    dashboards: i64,
    /// Of them those that are never evicted.
    whitelisted: i64,
    /// Of all those that nobody may change.
    protected: i64,
    /// What all take, bytes of BSON.
    dashboards_bytes: i64,
    /// From what on dashboards are evicted, and what they take afterwards; bytes. Null: not now.
    target_bytes: Option<u64>,
    /// Earlier versions.
    versions: i64,
    /// What they take, bytes of BSON.
    versions_bytes: i64,
    /// What they may take, bytes.
    versions_max_bytes: u64,
}

/// How much is stored
#[utoipa::path(
    get,
    path = "/maintenance/stats",
    tag = "maintenance",
    operation_id = "stats",
    responses(
        (status = 200, description = "Numbers and sizes.", body = Totals),
        (status = 401, description = "No token came.", body = Detail),
        (status = 403, description = "The token is wrong.", body = Detail),
    ),
    security(("token" = [])),
)]
pub async fn stats(databoard: Data<Databoard>) -> Result<HttpResponse, Refused> {
    let mut connection = databoard.connection().await?;
    let Stats { dashboards, whitelisted, protected, dashboards_bytes, versions, versions_bytes } =
        store::stats(&mut connection).await?;
    let limits = &databoard.limits;
    Ok(HttpResponse::Ok().json(Totals {
        dashboards,
        whitelisted,
        protected,
        dashboards_bytes,
        target_bytes: limits.quota.target_bytes(u64::try_from(dashboards_bytes).unwrap_or(0)),
        versions,
        versions_bytes,
        versions_max_bytes: limits.history_max_bytes,
    }))
}

/// Whether dashboards really go.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Eviction {
    /// Only tell which would go.
    #[serde(default)]
    dry_run: bool,
}

/// Dashboards that went, or would go.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvictedDashboards {
    /// Whether they are still there.
    dry_run: bool,
    /// How many there are.
    #[schema(example = 1)]
    count: usize,
    /// What they take, bytes of BSON.
    #[schema(example = 1790)]
    size: i64,
    /// The first 1000 of them.
    evicted: Vec<EvictedDashboard>,
}

/// One of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvictedDashboard {
    id: String,
    /// Its length in BSON, bytes.
    size: i64,
    last_access: DateTime<Utc>,
}

impl From<Evicted> for EvictedDashboard {
    fn from(Evicted { id, size_bytes, last_access, .. }: Evicted) -> Self {
        Self { id, size: size_bytes, last_access }
    }
}

/// Make room now
///
/// As after a dashboard was saved.
#[utoipa::path(
    post,
    path = "/maintenance/evict",
    tag = "maintenance",
    operation_id = "evict",
    params(Eviction),
    responses(
        (status = 200, description = "What went, or would go; the first one first.", body = EvictedDashboards),
        (status = 401, description = "No token came.", body = Detail),
        (status = 403, description = "The token is wrong.", body = Detail),
        (status = 400, description = "A parameter is wrong.", body = Detail),
    ),
    security(("token" = [])),
)]
pub async fn evict(eviction: Query<Eviction>, databoard: Data<Databoard>) -> Result<HttpResponse, Refused> {
    let mut writer = databoard.writer_until(Deadline::NONE).await?;
    let evicted = store::evict(writer.connection()?, &databoard.limits, eviction.dry_run, now).await;
    let evicted = evicted.map_err(|refusal| Refused::of(refusal, ""))?;
    Ok(HttpResponse::Ok().json(EvictedDashboards {
        dry_run: eviction.dry_run,
        count: evicted.len(),
        size: evicted.iter().map(|evicted| evicted.size_bytes).sum(),
        evicted: evicted.into_iter().take(MAX_LISTED as usize).map(EvictedDashboard::from).collect(),
    }))
}
