//! `/dashboard`: saved dashboards.

use std::time::Instant;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, Data, Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use metrics_core::db::databoard::{self as store, Deadline, Written};

use super::body::{self, Checked};
use super::error::{Detail, Refused, protected};
use super::state::{Databoard, now};
use super::{SHORT, resource, within};

/// Says that the dashboard just stored was evicted at once.
const EVICTED: &str = "X-Dashboard-Evicted";

/// The routes.
pub fn routes(config: &mut ServiceConfig) {
    resource(config, "/dashboard", "POST", || vec![web::post().to(create)]);
    resource(config, "/dashboard/{id}", "GET, HEAD, PATCH, DELETE", || {
        vec![web::get().to(read), web::head().to(read), web::patch().to(replace), web::delete().to(remove)]
    });
}

/// Save a dashboard
///
/// It gets an id of its own. When dashboards take more than they may, those that were not read for longest go; the one
/// just saved may be among them, if the others are whitelisted.
#[utoipa::path(
    post,
    path = "/dashboard/",
    tag = "dashboards",
    operation_id = "create_dashboard",
    request_body(content = Object, description = "`{\"dashboard\": {\"widgets\": […]}}` as in the schema."),
    responses(
        (status = 201, description = "The dashboard, with its id before its members. `X-Dashboard-Evicted: true` when \
            it was evicted at once.", body = Object),
        (status = 400, description = "The body is no text.", body = Detail),
        (status = 413, description = "The dashboard, or the body, is too large.", body = Detail),
        (status = 422, description = "The body is no JSON object, or no dashboard.", body = Detail),
        (status = 504, description = "The time was over; nothing was saved.", body = Detail),
        (status = 507, description = "It would be evicted at once, and the settings forbid that.", body = Detail),
    ),
)]
pub async fn create(
    request: HttpRequest,
    payload: Payload,
    databoard: Data<Databoard>,
) -> Result<HttpResponse, Refused> {
    let deadline = Deadline::at(Instant::now() + SHORT);
    let text = body::text(&request, payload, &databoard, deadline).await?;
    let checked = checked(text, &databoard, deadline).await?;
    let id = new_id()?;
    let mut writer = databoard.writer_until(deadline).await?;
    let connection = writer.connection()?;
    let written = store::create(connection, &id, checked.body(), &databoard.limits, now, deadline).await;
    let written = written.map_err(|refusal| Refused::of(refusal, &id))?;
    Ok(answer(StatusCode::CREATED, &id, checked.json(), written))
}

/// A dashboard
///
/// Reading it puts off its eviction.
#[utoipa::path(
    get,
    path = "/dashboard/{id}",
    tag = "dashboards",
    operation_id = "dashboard",
    params(("id" = String, Path, description = "Its id.")),
    responses(
        (status = 200, description = "The dashboard, with its id before its members. The header `ETag` names its \
            version.", body = Object),
        (status = 404, description = "There is no such dashboard.", body = Detail),
        (status = 504, description = "The time was over.", body = Detail),
    ),
)]
pub async fn read(id: Path<String>, databoard: Data<Databoard>) -> Result<HttpResponse, Refused> {
    let id = known(&id)?;
    let found = within(SHORT, async {
        let mut connection = databoard.connection().await?;
        Ok(store::read(&mut connection, id, now()).await?)
    });
    let current = found.await?.ok_or_else(|| Refused::not_found("Dashboard"))?;
    let written = Written { version: current.version, is_evicted: false };
    Ok(answer(StatusCode::OK, id, &current.body, written))
}

/// Change a dashboard
///
/// What it held is replaced as a whole, and kept as an earlier version. With `If-Match` only a dashboard that still has
/// that version is changed.
#[utoipa::path(
    patch,
    path = "/dashboard/{id}",
    tag = "dashboards",
    operation_id = "replace_dashboard",
    params(
        ("id" = String, Path, description = "Its id."),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the version that is to be replaced."),
    ),
    request_body(content = Object, description = "`{\"dashboard\": {\"widgets\": […]}}` as in the schema."),
    responses(
        (status = 200, description = "The new dashboard, with its id before its members.", body = Object),
        (status = 400, description = "The body is no text.", body = Detail),
        (status = 403, description = "The dashboard is protected.", body = Detail),
        (status = 404, description = "There is no such dashboard.", body = Detail),
        (status = 412, description = "The dashboard has another version.", body = Detail),
        (status = 413, description = "The dashboard, or the body, is too large.", body = Detail),
        (status = 422, description = "The body is no JSON object, or no dashboard.", body = Detail),
        (status = 504, description = "The time was over; nothing was changed.", body = Detail),
        (status = 507, description = "It would be evicted at once, and the settings forbid that.", body = Detail),
    ),
)]
pub async fn replace(
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
    databoard: Data<Databoard>,
) -> Result<HttpResponse, Refused> {
    let deadline = Deadline::at(Instant::now() + SHORT);
    let text = body::text(&request, payload, &databoard, deadline).await?;
    replace_by(&id, text, expected(&request), &databoard, deadline).await
}

/// Replaces what a dashboard holds by a text, after the checks in their order: an object, not protected, a dashboard,
/// not too large, there.
pub(super) async fn replace_by(
    id: &str,
    text: String,
    expected: Option<Expected>,
    databoard: &Data<Databoard>,
    deadline: Deadline,
) -> Result<HttpResponse, Refused> {
    let is_protected = async || {
        let Ok(id) = known(id) else { return Ok(false) };
        let mut connection = databoard.connection_until(deadline).await?;
        let found = async { Ok(store::is_protected(&mut connection, id).await?) };
        Ok::<_, Refused>(within(deadline.left().unwrap_or(SHORT), found).await? == Some(true))
    };
    let text = {
        let databoard_of_work = databoard.clone();
        let parsed = databoard.off_the_worker(text.len(), deadline, move || {
            body::parse(&text, &databoard_of_work)?;
            Ok(text)
        });
        parsed.await?
    };
    if is_protected().await? {
        return Err(protected(id));
    }
    let checked = checked(text, databoard, deadline).await?;
    let id = known(id)?;
    let expected = expected.map(Expected::version).transpose()?.flatten();
    let mut writer = databoard.writer_until(deadline).await?;
    let (connection, body) = (writer.connection()?, checked.body());
    let written = store::replace(connection, id, body, expected, &databoard.limits, now, deadline).await;
    let written = written.map_err(|refusal| Refused::of(refusal, id))?;
    Ok(answer(StatusCode::OK, id, checked.json(), written))
}

/// Delete a dashboard
///
/// Operators can bring it back for 30 days.
#[utoipa::path(
    delete,
    path = "/dashboard/{id}",
    tag = "dashboards",
    operation_id = "delete_dashboard",
    params(
        ("id" = String, Path, description = "Its id."),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the version that is to be deleted."),
    ),
    responses(
        (status = 200, description = "What was deleted, with its id before its members.", body = Object),
        (status = 403, description = "The dashboard is protected.", body = Detail),
        (status = 404, description = "There is no such dashboard.", body = Detail),
        (status = 412, description = "The dashboard has another version.", body = Detail),
        (status = 504, description = "The time was over; nothing was deleted.", body = Detail),
    ),
)]
pub async fn remove(
    id: Path<String>,
    request: HttpRequest,
    databoard: Data<Databoard>,
) -> Result<HttpResponse, Refused> {
    let deadline = Deadline::at(Instant::now() + SHORT);
    let id = known(&id)?;
    let expected = expected(&request).map(Expected::version).transpose()?.flatten();
    let mut writer = databoard.writer_until(deadline).await?;
    let removed = store::remove(writer.connection()?, id, expected, &databoard.limits, now, deadline).await;
    let json = removed.map_err(|refusal| Refused::of(refusal, id))?;
    Ok(HttpResponse::Ok().content_type("application/json").body(body::with_id(id, &json)))
}

/// An id that may be in the store, which takes no U+0000.
pub(super) fn known(id: &str) -> Result<&str, Refused> {
    if id.contains('\0') { Err(Refused::not_found("Dashboard")) } else { Ok(id) }
}

/// What `If-Match` asks for.
pub(super) enum Expected {
    /// Any version.
    Any,
    /// The versions of these tags.
    Tags(String),
}

impl Expected {
    /// The version; `None` for any.
    fn version(self) -> Result<Option<i64>, Refused> {
        let Self::Tags(tags) = self else { return Ok(None) };
        let versions =
            tags.split(',').filter_map(|tag| tag.trim().strip_prefix("\"v")?.strip_suffix('"')?.parse().ok());
        // No version has a number below 1: what is no tag of ours fits none.
        let versions: Vec<i64> = versions.collect();
        match versions.as_slice() {
            [version] => Ok(Some(*version)),
            [] => Ok(Some(0)),
            _ => Err(Refused::bad_request("If-Match must have one tag")),
        }
    }
}

pub(super) fn expected(request: &HttpRequest) -> Option<Expected> {
    let tags = request.headers().get(header::IF_MATCH)?.to_str().unwrap_or_default().trim().to_owned();
    Some(if tags == "*" { Expected::Any } else { Expected::Tags(tags) })
}

fn answer(status: StatusCode, id: &str, json: &str, written: Written) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    response.content_type("application/json");
    if let Ok(tag) = HeaderValue::try_from(format!("\"v{}\"", written.version)) {
        response.insert_header((header::ETAG, tag));
    }
    if written.is_evicted {
        response.insert_header((EVICTED, "true"));
    }
    response.body(body::with_id(id, json))
}

/// The document of a text, held against the schema and the largest size.
async fn checked(text: String, databoard: &Data<Databoard>, deadline: Deadline) -> Result<Checked, Refused> {
    let (bytes, databoard_of_work) = (text.len(), databoard.clone());
    let work = move || body::check(&body::parse(&text, &databoard_of_work)?, &databoard_of_work);
    databoard.off_the_worker(bytes, deadline, work).await
}

/// A UUID of version 4.
fn new_id() -> Result<String, Refused> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Refused::Internal(anyhow::anyhow!("no random numbers: {error}")))?;
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = bytes.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
    Ok([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}
