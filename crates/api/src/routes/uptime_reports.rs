//! Reports of uptime on request: `/trigger_report` asks for one, `/get_report` says what became of it and gives it.

mod files;

use actix_web::http::header::{self, CacheControl, CacheDirective, ContentType};
use actix_web::mime;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use metrics_core::db::uptime_reports::{self, Asked, ReportState, Status};
use metrics_core::instant;
use metrics_core::uptime::Policy;
use serde::Serialize;
use utoipa::ToSchema;

use crate::conditional::Representation;
use crate::error::{ApiError, Problem};
use crate::export::Binary;
use crate::fields::{Fields, GetReport, TriggerReport};
use crate::form;
use crate::state::Worker;

/// Addresses that ask for a report.
pub const TRIGGER_PATHS: [&str; 2] = ["/trigger_report", "/trigger_report/"];
/// Addresses that give it.
pub const GET_PATHS: [&str; 2] = ["/get_report", "/get_report/"];

/// Form of a report as a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileForm {
    /// CSV with uptime and downtime.
    Classic,
    /// CSV with every figure.
    Full,
    /// One JSON object.
    Json,
    /// A workbook.
    Xlsx,
    /// For people, and for paper.
    Pdf,
}

impl FileForm {
    /// The form of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "csv" => Self::Classic,
            "full" => Self::Full,
            "json" => Self::Json,
            "xlsx" => Self::Xlsx,
            "pdf" => Self::Pdf,
            _ => return None,
        })
    }

    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Classic => "csv",
            Self::Full => "full",
            Self::Json => "json",
            Self::Xlsx => "xlsx",
            Self::Pdf => "pdf",
        }
    }
}

/// A request that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct Triggered {
    /// Name of the report, for `/get_report`; nobody can guess it.
    #[schema(example = "0f8d1c2b3a4958677685a4b3c2d1e0ff")]
    report_id: String,
}

/// What became of a report.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "status")]
pub enum ReportStatus {
    /// It waits, or is being computed.
    Running,
    /// It is there.
    Complete {
        /// Instant of which it speaks; null when there is no poll, and so no row.
        #[schema(example = "2026-11-22T10:00:00.000000Z")]
        as_of: Option<String>,
        /// Stores in it.
        #[schema(example = 14_226)]
        rows: i64,
        /// Where the CSV is, relative to this address.
        #[schema(example = "get_report?report_id=0f8d1c2b3a4958677685a4b3c2d1e0ff&format=csv")]
        url: String,
    },
    /// It could not be computed.
    Failed {
        /// Why.
        #[schema(example = "its workers ended before it was complete")]
        error: String,
    },
}

impl ReportStatus {
    fn new(id: &str, state: &ReportState) -> Self {
        match state.status() {
            Status::Running => Self::Running,
            Status::Complete => Self::Complete {
                as_of: state.as_of.map(|as_of| instant::format_us(as_of.timestamp_micros())),
                rows: state.rows.unwrap_or_default(),
                url: format!("get_report?report_id={id}&format=csv"),
            },
            Status::Failed => Self::Failed { error: state.error.clone().unwrap_or_default() },
        }
    }
}

/// Ask for a report of uptime
///
/// The report is computed in the background from the stored polls; ask for it at `/get_report`. Parameters may stand in
/// the address or in the body, as a form or as a JSON object.
#[utoipa::path(
    post,
    path = TRIGGER_PATHS[0],
    tag = "uptime",
    operation_id = "trigger_report",
    params(TriggerReport),
    responses(
        (status = 202, description = "The report will be computed.", body = Triggered),
        (status = 400, description = "A parameter is unknown, repeated or malformed.", body = Problem,
          content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is neither a form nor JSON.", body = Problem,
          content_type = "application/problem+json"),
        (status = 503, description = "The database does not answer, or too many reports wait.", body = Problem,
          content_type = "application/problem+json"),
    ),
)]
pub async fn trigger(request: HttpRequest, payload: Payload, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    let asked = fields(&request, payload, &worker).await?.trigger_report()?;
    let policy = asked.policy()?;
    let id = new_id()?;
    let asked = Asked { as_of_us: asked.as_of_us, stores: asked.stores, store_id: asked.store_id };
    let mut writer = worker.app.writer().await?;
    let most = worker.app.settings.report_queue;
    if !uptime_reports::request(&mut writer, &id, &policy, &asked, most).await? {
        return Err(ApiError::TooManyReports);
    }
    drop(writer);
    worker.app.reports_wait.notify_one();
    Ok(uncached(HttpResponse::Accepted()).json(Triggered { report_id: id }))
}

/// Ask for a report of uptime, as a link
///
/// As with POST; a program that may fetch links by itself should use that.
#[utoipa::path(
    get,
    path = TRIGGER_PATHS[0],
    tag = "uptime",
    operation_id = "trigger_report_by_get",
    params(TriggerReport),
    responses(
        (status = 202, description = "The report will be computed.", body = Triggered),
        (status = 400, description = "A parameter is unknown, repeated or malformed.", body = Problem,
          content_type = "application/problem+json"),
        (status = 503, description = "The database does not answer, or too many reports wait.", body = Problem,
          content_type = "application/problem+json"),
    ),
)]
pub async fn trigger_by_get(
    request: HttpRequest,
    payload: Payload,
    worker: Data<Worker>,
) -> Result<HttpResponse, ApiError> {
    trigger(request, payload, worker).await
}

/// A report of uptime, or what became of it
///
/// Without `format` the status as JSON; with it, or with `Accept: text/csv`, the file once the report is complete.
#[utoipa::path(
    get,
    path = GET_PATHS[0],
    tag = "uptime",
    operation_id = "get_report",
    params(
        GetReport,
        ("If-None-Match" = Option<String>, Header, description = "Entity tags of files that the client has."),
    ),
    responses(
        (status = 200, description = "The status, or the file.",
          headers(("ETag" = String, description = "Names the file; not with the status."),
            ("Content-Disposition" = String, description = "Name of the file; not with the status.")),
          content(
              (ReportStatus = "application/json"),
              (String = "text/csv"),
              (Binary = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
              (Binary = "application/pdf"),
          )),
        (status = 202, description = "A file is asked for that is not there yet.", body = ReportStatus),
        (status = 304, description = "The client has this file already."),
        (status = 400, description = "A parameter is missing, unknown, repeated or malformed.", body = Problem,
          content_type = "application/problem+json"),
        (status = 404, description = "There is no report of this name, or it is no longer kept.", body = Problem,
          content_type = "application/problem+json"),
        (status = 406, description = "No encoding of the result is acceptable.", body = Problem,
          content_type = "application/problem+json"),
        (status = 409, description = "A file is asked for of a report that failed.", body = ReportStatus),
        (status = 503, description = "The database does not answer, or not in time.", body = Problem,
          content_type = "application/problem+json"),
    ),
)]
pub async fn get(request: HttpRequest, payload: Payload, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    let asked = fields(&request, payload, &worker).await?.get_report()?;
    let form = asked.format.or_else(|| accepts_csv(&request).then_some(FileForm::Classic));
    let mut snapshot = worker.snapshot().await?;
    let Some(state) = uptime_reports::get(&mut snapshot, &asked.report_id).await? else {
        snapshot.close().await?;
        let hint = "there is no report of this name, or it is no longer kept; /trigger_report makes one";
        return Err(ApiError::NotFound(hint.to_owned()));
    };
    let status = ReportStatus::new(&asked.report_id, &state);
    let Some(form) = form else {
        snapshot.close().await?;
        return Ok(uncached(HttpResponse::Ok()).json(status));
    };
    match status {
        ReportStatus::Running => Ok(uncached(HttpResponse::Accepted()).json(status)),
        ReportStatus::Failed { .. } => Ok(uncached(HttpResponse::Conflict()).json(status)),
        ReportStatus::Complete { .. } => {
            // A complete report never changes.
            let query = format!("{}&{}", asked.report_id, form.as_str());
            let representation = Representation::new(&request, &query, 0)?;
            if representation.is_known() {
                snapshot.close().await?;
                return Ok(representation.not_modified());
            }
            let file = files::file(&mut snapshot, &state, form).await?;
            snapshot.close().await?;
            Ok(representation.file(file.content_type, file.disposition, file.body))
        }
    }
}

/// A report of uptime, or what became of it, by a form
///
/// As with GET; parameters may stand in the address or in the body, as a form or as a JSON object.
#[utoipa::path(
    post,
    path = GET_PATHS[0],
    tag = "uptime",
    operation_id = "get_report_by_post",
    params(GetReport),
    responses(
        (status = 200, description = "The status, or the file.",
          headers(("ETag" = String, description = "Names the file; not with the status."),
            ("Content-Disposition" = String, description = "Name of the file; not with the status.")),
          content(
              (ReportStatus = "application/json"),
              (String = "text/csv"),
              (Binary = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
              (Binary = "application/pdf"),
          )),
        (status = 202, description = "A file is asked for that is not there yet.", body = ReportStatus),
        (status = 304, description = "The client has this file already."),
        (status = 400, description = "A parameter is missing, unknown, repeated or malformed.", body = Problem,
          content_type = "application/problem+json"),
        (status = 404, description = "There is no report of this name, or it is no longer kept.", body = Problem,
          content_type = "application/problem+json"),
        (status = 406, description = "No encoding of the result is acceptable.", body = Problem,
          content_type = "application/problem+json"),
        (status = 409, description = "A file is asked for of a report that failed.", body = ReportStatus),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is neither a form nor JSON.", body = Problem,
          content_type = "application/problem+json"),
        (status = 503, description = "The database does not answer, or not in time.", body = Problem,
          content_type = "application/problem+json"),
    ),
)]
pub async fn get_by_post(
    request: HttpRequest,
    payload: Payload,
    worker: Data<Worker>,
) -> Result<HttpResponse, ApiError> {
    get(request, payload, worker).await
}

/// Fields of the address, and of the body where there is one.
async fn fields(request: &HttpRequest, payload: Payload, worker: &Worker) -> Result<Fields, ApiError> {
    let limit = worker.app.settings.max_body_bytes;
    let of_address = Fields::urlencoded(request.query_string());
    let of_body = if is_json(request) {
        form::read_json(request, payload, limit).await?
    } else {
        form::read(request, payload, limit).await?
    };
    Ok(of_address.and(of_body))
}

fn is_json(request: &HttpRequest) -> bool {
    let value = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = value.and_then(|text| text.parse::<mime::Mime>().ok());
    media_type.is_some_and(|media_type| media_type.essence_str() == mime::APPLICATION_JSON.essence_str())
}

/// Whether the client names CSV; `*/*` does not.
fn accepts_csv(request: &HttpRequest) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let ranges = accept.split(',').map(|range| range.split(';').next().unwrap_or_default().trim());
    ranges.into_iter().any(|range| range.eq_ignore_ascii_case("text/csv"))
}

/// 128 random bits as hexadecimal digits.
fn new_id() -> Result<String, ApiError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| ApiError::Internal(anyhow::anyhow!("no random numbers: {error}")))?;
    Ok(bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}")))
}

/// What is true now only.
fn uncached(mut response: actix_web::HttpResponseBuilder) -> actix_web::HttpResponseBuilder {
    response.insert_header(CacheControl(vec![CacheDirective::NoStore])).insert_header(ContentType::json());
    response
}

impl TriggerReport {
    fn policy(&self) -> Result<Policy, ApiError> {
        let policy = if self.max_carry.is_none() && self.assume.is_none() {
            // The name may have its options with it, as in columns.
            self.policy.parse()
        } else {
            Policy::new(&self.policy, self.max_carry, self.assume)
        };
        policy.map_err(|error| ApiError::invalid("policy", error.to_string()))
    }
}
