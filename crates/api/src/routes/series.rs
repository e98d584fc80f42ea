//! Time series of a cooling unit and of a company.

mod figures;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use metrics_core::coldroom::series::{Span, length, moved_back};
use metrics_core::coldroom::slice::Basis;
use metrics_core::db::reader::{self, Series, SeriesSubject, Snapshot};
use metrics_core::export::Form;
use metrics_core::ids::{CompanyId, CoolingUnitId};
use metrics_core::view::View;
use serde::Serialize;
use utoipa::ToSchema;

use figures::{FILE_COLUMNS, SeriesFigures};

use super::companies::CompanyEntry;
use super::cooling_units::CoolingUnitEntry;
use crate::conditional::Representation;
use crate::error::{ApiError, Problem};
use crate::export::{self, Binary, FormParams, Table, Wanted};
use crate::fields::{Fields, SeriesQuery, path_id};
use crate::meta::{Meta, SeriesMeta};
use crate::state::Worker;

/// Path of a cooling unit's series.
pub const UNIT_PATH: &str = "/api/cooling-units/{id}/daily";
/// Path of a company's series.
pub const COMPANY_PATH: &str = "/api/companies/{id}/daily";

/// The series of a cooling unit.
#[derive(Debug, Serialize, ToSchema)]
pub struct CoolingUnitSeries<'a> {
    meta: SeriesMeta,
    /// The cooling unit, as its last stored day describes it.
    cooling_unit: CoolingUnitEntry,
    /// The buckets of the range, in order.
    series: Vec<SeriesPoint<'a>>,
}

/// The series of a company: its cooling units in use together.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanySeries<'a> {
    meta: SeriesMeta,
    /// The company.
    company: CompanyEntry,
    /// The buckets of the range, in order.
    series: Vec<SeriesPoint<'a>>,
}

/// One bucket, beside the same bucket of the previous period when that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct SeriesPoint<'a> {
    #[serde(flatten)]
    figures: SeriesFigures<'a>,
    /// The bucket as many days before as the range is long; only with `compare=previous`.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<SeriesFigures<'a>>,
}

/// Each bucket beside that of the previous period.
fn points(series: &Series) -> Vec<SeriesPoint<'_>> {
    let mut previous = series.previous.iter().flatten();
    series
        .points
        .iter()
        .map(|point| SeriesPoint { figures: point.into(), previous: previous.next().map(Into::into) })
        .collect()
}

/// The rows of `subject` that `query` means, and the days that these are.
async fn read(
    snapshot: &mut Snapshot,
    subject: SeriesSubject,
    query: &SeriesQuery,
) -> Result<(Option<Span>, Series), ApiError> {
    let extent = reader::extent(snapshot, subject).await?;
    let days = query.days(extent.as_ref())?;
    let series = match &days {
        Some(days) => reader::series(snapshot, subject, days, query.bucket, query.with_previous).await?,
        None => Series { points: Vec::new(), previous: None, basis: Basis::default() },
    };
    Ok((days, series))
}

/// `meta` of a series over `days`.
fn meta(meta: Meta, days: Option<&Span>, query: &SeriesQuery) -> SeriesMeta {
    let previous = days.filter(|_| query.with_previous).and_then(|days| moved_back(days, length(days)));
    let meta = match days {
        Some(days) => meta.over(days),
        None => meta,
    };
    SeriesMeta::new(meta, query.bucket, previous.as_ref())
}

/// The points as a table; a previous period gives each column a second one.
fn table(name: String, meta: &SeriesMeta, points: &[SeriesPoint<'_>], query: &SeriesQuery) -> Result<Table, ApiError> {
    let mut columns = export::columns::<SeriesFigures<'_>>(&FILE_COLUMNS);
    if query.with_previous {
        columns.extend(export::beside("previous", "In the previous period", &columns));
    }
    Table::of(name, meta, columns, points)
}

fn file_name(what: &str, id: i64, days: Option<&Span>, query: &SeriesQuery) -> String {
    let days = days.map_or_else(String::new, |days| format!("_{}_{}", days.start(), days.end()));
    format!("{what}-{id}_{}{days}", query.bucket.as_str())
}

/// Days, weeks or months of a cooling unit
///
/// Every bucket of the range is there, also one without rows. Weeks begin on Monday. The range clips the first and the
/// last bucket; a bucket is labelled by its first day in the range.
#[utoipa::path(
    get,
    path = UNIT_PATH,
    tag = "series",
    operation_id = "cooling_unit_series",
    params(
        ("id" = i64, Path, description = "The cooling unit.", minimum = 1, example = 1),
        ("from" = Option<chrono::NaiveDate>, Query, description = "First day, inclusive, as YYYY-MM-DD; of the 90 days to the \
          last one the first with a row when not given.", example = "2026-11-01"),
        ("to" = Option<chrono::NaiveDate>, Query, description = "Last day, inclusive, as YYYY-MM-DD; not before from, and at \
          most 3660 days with both ends; the last day with a row when not given.", example = "2026-11-20"),
        ("bucket" = Option<String>, Query, description = "day, week or month; day when not given.",
          pattern = "^(day|week|month)$", example = "week"),
        ("compare" = Option<String>, Query, description = "previous: beside each bucket the one as many days before \
          as the range is long.", pattern = "^previous$", example = "previous"),
        FormParams,
        ("If-None-Match" = Option<String>, Header, description = "Entity tags of responses that the client has."),
    ),
    responses(
        (status = 200, description = "The buckets of the range.", headers(("ETag" = String, description = "Names this representation."),
            ("Content-Disposition" = String, description = "Name of the file; not with JSON.")),
          content(
              (CoolingUnitSeries = "application/json"),
              (String = "text/csv"),
              (Binary = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
              (Binary = "application/vnd.apache.parquet"),
          )),
        (status = 304, description = "The client has this representation already."),
        (status = 400, description = "A parameter is unknown, repeated or malformed.", body = Problem,
          content_type = "application/problem+json"),
        (status = 404, description = "No day of such a cooling unit is stored.", body = Problem,
          content_type = "application/problem+json"),
        (status = 406, description = "No form or encoding of the result is acceptable.", body = Problem,
          content_type = "application/problem+json"),
        (status = 503, description = "The database does not answer, or not in time.", body = Problem,
          content_type = "application/problem+json"),
    ),
)]
pub async fn cooling_unit(
    request: HttpRequest,
    id: Path<String>,
    worker: Data<Worker>,
) -> Result<HttpResponse, ApiError> {
    let mut fields = Fields::urlencoded(request.query_string());
    let asked = fields.form();
    let query = fields.series()?;
    let wanted = Wanted::new(&request, asked, Form::Json)?;
    let unknown = || ApiError::NotFound(format!("there is no cooling unit {id}"));
    let unit = path_id(&id).map(CoolingUnitId).ok_or_else(unknown)?;

    let mut snapshot = worker.snapshot().await?;
    let version = reader::data_version(&mut snapshot, View::AggregatedComparison).await?;
    let representation = Representation::in_form(&request, &query.normalised(), version.version, wanted)?;
    if representation.is_known_by_tag() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    let Some(found) = reader::cooling_unit(&mut snapshot, unit).await? else {
        snapshot.close().await?;
        return Err(unknown());
    };
    let (days, series) = read(&mut snapshot, SeriesSubject::CoolingUnit(unit), &query).await?;
    snapshot.close().await?;
    if representation.is_known() {
        return Ok(representation.not_modified());
    }

    let about = Meta::new(version, series.basis.clone());
    let body = CoolingUnitSeries {
        meta: meta(about, days.as_ref(), &query),
        cooling_unit: found.into(),
        series: points(&series),
    };
    let name = file_name("cooling-unit", unit.0, days.as_ref(), &query);
    representation.answer(&body, || table(name, &body.meta, &body.series, &query)).await
}

/// Days, weeks or months of a company
///
/// What its cooling units in use add up to. Every bucket of the range is there, also one without rows. Weeks begin on
/// Monday. The range clips the first and the last bucket; a bucket is labelled by its first day in the range.
#[utoipa::path(
    get,
    path = COMPANY_PATH,
    tag = "series",
    operation_id = "company_series",
    params(
        ("id" = i64, Path, description = "The company.", minimum = 1, example = 1),
        ("from" = Option<chrono::NaiveDate>, Query, description = "First day, inclusive, as YYYY-MM-DD; of the 90 days to the \
          last one the first with a row when not given.", example = "2026-11-01"),
        ("to" = Option<chrono::NaiveDate>, Query, description = "Last day, inclusive, as YYYY-MM-DD; not before from, and at \
          most 3660 days with both ends; the last day with a row when not given.", example = "2026-11-20"),
        ("bucket" = Option<String>, Query, description = "day, week or month; day when not given.",
          pattern = "^(day|week|month)$", example = "week"),
        ("compare" = Option<String>, Query, description = "previous: beside each bucket the one as many days before \
          as the range is long.", pattern = "^previous$", example = "previous"),
        FormParams,
        ("If-None-Match" = Option<String>, Header, description = "Entity tags of responses that the client has."),
    ),
    responses(
        (status = 200, description = "The buckets of the range.", headers(("ETag" = String, description = "Names this representation."),
            ("Content-Disposition" = String, description = "Name of the file; not with JSON.")),
          content(
              (CompanySeries = "application/json"),
              (String = "text/csv"),
              (Binary = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
              (Binary = "application/vnd.apache.parquet"),
          )),
        (status = 304, description = "The client has this representation already."),
        (status = 400, description = "A parameter is unknown, repeated or malformed.", body = Problem,
          content_type = "application/problem+json"),
        (status = 404, description = "There is no such company.", body = Problem,
          content_type = "application/problem+json"),
        (status = 406, description = "No form or encoding of the result is acceptable.", body = Problem,
          content_type = "application/problem+json"),
        (status = 503, description = "The database does not answer, or not in time.", body = Problem,
          content_type = "application/problem+json"),
    ),
)]
pub async fn company(request: HttpRequest, id: Path<String>, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    let mut fields = Fields::urlencoded(request.query_string());
    let asked = fields.form();
    let query = fields.series()?;
    let wanted = Wanted::new(&request, asked, Form::Json)?;
    let unknown = || ApiError::NotFound(format!("there is no company {id}"));
    let company = path_id(&id).map(CompanyId).ok_or_else(unknown)?;

    let mut snapshot = worker.snapshot().await?;
    let version = reader::data_version(&mut snapshot, View::AggregatedComparison).await?;
    // The company's name comes from its own view.
    let companies = reader::data_version(&mut snapshot, View::Company).await?;
    let question = format!("{}&{}", query.normalised(), companies.version);
    let representation = Representation::in_form(&request, &question, version.version, wanted)?;
    if representation.is_known_by_tag() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    let Some(found) = reader::listed_company(&mut snapshot, company).await? else {
        snapshot.close().await?;
        return Err(unknown());
    };
    let (days, series) = read(&mut snapshot, SeriesSubject::Company(company), &query).await?;
    snapshot.close().await?;
    if representation.is_known() {
        return Ok(representation.not_modified());
    }

    let about = Meta::new(version, series.basis.clone());
    let body =
        CompanySeries { meta: meta(about, days.as_ref(), &query), company: found.into(), series: points(&series) };
    let name = file_name("company", company.0, days.as_ref(), &query);
    representation.answer(&body, || table(name, &body.meta, &body.series, &query)).await
}
