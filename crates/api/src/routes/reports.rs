//! Reports for operators, straight from the operational database.

use std::ops::RangeInclusive;

use actix_web::http::header::{CONTENT_TYPE, CacheControl, CacheDirective, VARY};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Days, NaiveDate, Utc};
use metrics_core::db::DbError;
use metrics_core::db::source::Snapshot;
use metrics_core::db::source::reports::{self, Report, ReportCompany, ReportContext, ReportRows, Scope};
use metrics_core::export::{Form, JsonFrame, Style};
use metrics_core::ids::CompanyId;
use metrics_core::window::{local_date, start_of_day};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, Problem};
use crate::export::{self, Asked, Binary, FormParams, Wanted};
use crate::fields::{Fields, ReportQuery, Unknown, path_id};
use crate::spool;
use crate::state::Worker;

/// Paths of the report of cooling users: ours, and the predecessor's.
pub const COOLING_USERS_PATHS: [&str; 2] = ["/api/companies/{id}/reports/cooling-users", "/company/{id}/cusers"];
/// Paths of the usage report.
pub const USAGE_PATHS: [&str; 2] = ["/api/companies/{id}/reports/usage-analysis", "/company/{id}/usage_analysis"];
/// Paths of the revenue report.
pub const REVENUE_PATHS: [&str; 2] = ["/api/companies/{id}/reports/revenue-analysis", "/company/{id}/revenue_analysis"];

/// A report as JSON; the other forms have the same rows.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body, which is written row by row")]
pub struct ReportBody {
    meta: ReportMeta,
    /// The rows: objects by column title.
    #[schema(value_type = Vec<Object>, example = json!([{"Crate Id": 1, "Check-in Code": "M1"}]))]
    rows: Vec<serde_json::Value>,
}

/// What a report speaks of.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportMeta {
    /// The company.
    #[schema(example = 1)]
    company_id: i64,
    /// Its name.
    #[schema(example = "Cold Company")]
    comp_name: Option<String>,
    /// First local day, inclusive; null where the report has no period.
    #[schema(example = "2026-11-01")]
    start_date: Option<NaiveDate>,
    /// Last local day, inclusive; null where the report has no period.
    #[schema(example = "2026-11-20")]
    end_date: Option<NaiveDate>,
    /// IANA time zone of all times in the report.
    #[schema(example = "Africa/Lagos")]
    time_zones: [&'static str; 1],
    /// Instant of which the report speaks: nothing dated at or after it is in it.
    #[schema(example = "2026-11-21T03:05:00Z")]
    as_of: DateTime<Utc>,
}

/// What is asked of the source, before the zone of the company is known.
enum Question {
    CoolingUsers { only_active: bool },
    Usage(ReportQuery),
    Revenue(ReportQuery),
}

impl Question {
    /// Name of the file up to the company.
    fn name(&self) -> &'static str {
        match self {
            Self::CoolingUsers { .. } => "cooling_users",
            Self::Usage(_) => "usage_analysis",
            Self::Revenue(_) => "revenue_analysis",
        }
    }

    fn days(&self) -> Option<&RangeInclusive<NaiveDate>> {
        match self {
            Self::CoolingUsers { .. } => None,
            Self::Usage(query) | Self::Revenue(query) => Some(&query.days),
        }
    }

    fn report(self, zone: chrono_tz::Tz) -> Report {
        let scope = |query: ReportQuery| Scope {
            start: start_of_day(*query.days.start(), zone),
            end: start_of_day(query.days.end().checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX), zone),
            cooling_units: query.cooling_units,
        };
        match self {
            Self::CoolingUsers { only_active } => Report::CoolingUsers { only_active },
            Self::Usage(query) => Report::Usage(scope(query)),
            Self::Revenue(query) => Report::Revenue(scope(query)),
        }
    }
}

/// Fields of a report, and what its address does with those that it does not know.
fn fields(request: &HttpRequest) -> (Fields, Asked, Unknown) {
    let mut fields = Fields::urlencoded(request.query_string());
    let asked = fields.form();
    let is_ours = request.path().starts_with("/api/");
    (fields, asked, if is_ours { Unknown::Refused } else { Unknown::Ignored })
}

async fn answer(
    request: &HttpRequest,
    id: &str,
    worker: &Worker,
    asked: Asked,
    question: Question,
) -> Result<HttpResponse, ApiError> {
    let wanted = Wanted::new(request, asked, Form::Xlsx)?;
    let unknown = || ApiError::NotFound(format!("there is no company {id}"));
    let company = path_id(id).map(CompanyId).ok_or_else(unknown)?;

    let source = &worker.app.source;
    let (_turn, mut client) = source.connect().await?;
    let unavailable = ApiError::SourceUnavailable;
    let snapshot = Snapshot::open_for_reports(&mut client).await.map_err(unavailable)?;
    let company = reports::company(&snapshot, company).await.map_err(unavailable)?.ok_or_else(unknown)?;
    let zone = source.zone(company.country.as_deref());
    let as_of = snapshot.instant().await.map_err(unavailable)?;
    let meta = ReportMeta::new(&company, question.days(), zone.name(), as_of);
    let name =
        format!("{}_comp_id_{}_date_{}", question.name(), company.id, local_date(as_of, zone).format("%y-%m-%d"));

    let context = ReportContext { company, zone, as_of, earliest: source.earliest() };
    let rows = ReportRows::open(&snapshot, question.report(zone), context).await.map_err(unavailable)?;
    let style = Style {
        units_in_header: wanted.units_in_header,
        sheet: "Sheet1".to_owned(),
        is_large: true,
        frame: JsonFrame::body(&serde_json::to_string(&meta)?, "rows"),
    };
    let columns = rows.columns().to_vec();
    let body = spool::file(wanted, columns, export::about(&meta)?, style, async |sink| send(rows, sink).await).await?;

    let mut response = HttpResponse::Ok();
    // Persons are named, and the operational database has no version to compare with.
    response.insert_header(CacheControl(vec![CacheDirective::Private, CacheDirective::NoStore]));
    response.insert_header((VARY, "accept")).insert_header((CONTENT_TYPE, wanted.content_type()));
    if wanted.form != Form::Json {
        response.insert_header(wanted.disposition(&name));
    }
    Ok(response.body(body))
}

async fn send(mut rows: ReportRows, sink: &mut spool::Rows) -> Result<(), ApiError> {
    let unavailable = |error: DbError| ApiError::SourceUnavailable(error);
    while let Some(row) = rows.next().await.map_err(unavailable)? {
        sink.push(row).await;
    }
    Ok(())
}

impl ReportMeta {
    fn new(
        company: &ReportCompany,
        days: Option<&RangeInclusive<NaiveDate>>,
        zone: &'static str,
        as_of: DateTime<Utc>,
    ) -> Self {
        Self {
            company_id: company.id.0,
            comp_name: company.name.clone(),
            start_date: days.map(|days| *days.start()),
            end_date: days.map(|days| *days.end()),
            time_zones: [zone],
            as_of,
        }
    }
}

/// Cooling users of a company
///
/// Farmers and traders that are linked to the company or were registered by one of its operators, with the crates that
/// they brought in. Times are in the zone of the company. Also at `/company/{id}/cusers`.
#[utoipa::path(
    get,
    path = COOLING_USERS_PATHS[0],
    tag = "reports",
    operation_id = "cooling_users_report",
    params(
        ("id" = i64, Path, description = "The company.", minimum = 1, example = 1),
        ("only_active" = Option<bool>, Query, description = "Without users that are not active; true when not given.",
          example = true),
        FormParams,
    ),
    responses(
        (status = 200, description = "The report; XLSX unless asked otherwise.",
          headers(("Content-Disposition" = String, description = "Name of the file; not with JSON.")),
          content(
              (ReportBody = "application/json"),
              (String = "text/csv"),
              (Binary = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
              (Binary = "application/vnd.apache.parquet"),
          )),
        (status = 400, description = "A parameter is missing, unknown, repeated or malformed.", body = Problem,
          content_type = "application/problem+json"),
        (status = 404, description = "There is no such company.", body = Problem,
          content_type = "application/problem+json"),
        (status = 406, description = "No form or encoding of the result is acceptable.", body = Problem,
          content_type = "application/problem+json"),
        (status = 503, description = "The operational database cannot be read, lacks something, or is too slow.",
          body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn cooling_users(
    request: HttpRequest,
    id: Path<String>,
    worker: Data<Worker>,
) -> Result<HttpResponse, ApiError> {
    let (fields, asked, unknown) = fields(&request);
    let only_active = fields.cooling_users(unknown)?;
    answer(&request, &id, &worker, asked, Question::CoolingUsers { only_active }).await
}

/// Crates that came into cooling units of a company
///
/// One row per crate: its weight at check-in, and the fees of its releases so far, net of discounts. Times and days are
/// in the zone of the company. Also at `/company/{id}/usage_analysis`.
#[utoipa::path(
    get,
    path = USAGE_PATHS[0],
    tag = "reports",
    operation_id = "usage_analysis_report",
    params(
        ("id" = i64, Path, description = "The company.", minimum = 1, example = 1),
        ("cooling_unit_ids" = Option<String>, Query, description = "Cooling units of the company, separated by commas; \
          all when not given.", pattern = r"^ *[0-9]+ *(, *[0-9]+ *)*$", example = "1,2"),
        ("start_date" = NaiveDate, Query, description = "First local day, inclusive, as YYYY-MM-DD.",
          example = "2026-11-01"),
        ("end_date" = NaiveDate, Query, description = "Last local day, inclusive, as YYYY-MM-DD; not before \
          start_date, and at most 3660 days with both ends.", example = "2026-11-20"),
        FormParams,
    ),
    responses(
        (status = 200, description = "The report; XLSX unless asked otherwise.",
          headers(("Content-Disposition" = String, description = "Name of the file; not with JSON.")),
          content(
              (ReportBody = "application/json"),
              (String = "text/csv"),
              (Binary = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
              (Binary = "application/vnd.apache.parquet"),
          )),
        (status = 400, description = "A parameter is missing, unknown, repeated or malformed.", body = Problem,
          content_type = "application/problem+json"),
        (status = 404, description = "There is no such company.", body = Problem,
          content_type = "application/problem+json"),
        (status = 406, description = "No form or encoding of the result is acceptable.", body = Problem,
          content_type = "application/problem+json"),
        (status = 503, description = "The operational database cannot be read, lacks something, or is too slow.",
          body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn usage_analysis(
    request: HttpRequest,
    id: Path<String>,
    worker: Data<Worker>,
) -> Result<HttpResponse, ApiError> {
    let (fields, asked, unknown) = fields(&request);
    let query = fields.report(unknown)?;
    answer(&request, &id, &worker, asked, Question::Usage(query)).await
}

/// Releases from cooling units of a company, and what they brought in
///
/// One row per release, also of a part of a crate and of marketplace orders: its fee, and its share of the check-out's
/// discount. Times and days are in the zone of the company. Also at `/company/{id}/revenue_analysis`.
#[utoipa::path(
    get,
    path = REVENUE_PATHS[0],
    tag = "reports",
    operation_id = "revenue_analysis_report",
    params(
        ("id" = i64, Path, description = "The company.", minimum = 1, example = 1),
        ("cooling_unit_ids" = Option<String>, Query, description = "Cooling units of the company, separated by commas; \
          all when not given.", pattern = r"^ *[0-9]+ *(, *[0-9]+ *)*$", example = "1,2"),
        ("start_date" = NaiveDate, Query, description = "First local day, inclusive, as YYYY-MM-DD.",
          example = "2026-11-01"),
        ("end_date" = NaiveDate, Query, description = "Last local day, inclusive, as YYYY-MM-DD; not before \
          start_date, and at most 3660 days with both ends.", example = "2026-11-20"),
        FormParams,
    ),
    responses(
        (status = 200, description = "The report; XLSX unless asked otherwise.",
          headers(("Content-Disposition" = String, description = "Name of the file; not with JSON.")),
          content(
              (ReportBody = "application/json"),
              (String = "text/csv"),
              (Binary = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
              (Binary = "application/vnd.apache.parquet"),
          )),
        (status = 400, description = "A parameter is missing, unknown, repeated or malformed.", body = Problem,
          content_type = "application/problem+json"),
        (status = 404, description = "There is no such company.", body = Problem,
          content_type = "application/problem+json"),
        (status = 406, description = "No form or encoding of the result is acceptable.", body = Problem,
          content_type = "application/problem+json"),
        (status = 503, description = "The operational database cannot be read, lacks something, or is too slow.",
          body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn revenue_analysis(
    request: HttpRequest,
    id: Path<String>,
    worker: Data<Worker>,
) -> Result<HttpResponse, ApiError> {
    let (fields, asked, unknown) = fields(&request);
    let query = fields.report(unknown)?;
    answer(&request, &id, &worker, asked, Question::Revenue(query)).await
}
