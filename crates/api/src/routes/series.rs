//! Time series of a cooling unit and of a company.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use metrics_core::coldroom::series::{Point, Span, length, moved_back};
use metrics_core::db::reader::{self, Series, Snapshot, Subject};
use metrics_core::export::{Form, Kind};
use metrics_core::ids::{CompanyId, CoolingUnitId};
use metrics_core::view::View;
use serde::Serialize;
use utoipa::ToSchema;

use super::companies::CompanyEntry;
use super::cooling_units::CoolingUnitEntry;
use crate::conditional::Representation;
use crate::error::{ApiError, Problem};
use crate::export::{self, Binary, FormParams, Table, Wanted};
use crate::fields::{Fields, SeriesQuery, path_id};
use crate::json::{Amounts, Counts, Exact};
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

/// What the rows of one bucket add up to.
///
/// Sums, means and unions are over the rows that have a figure. A column without any figure is null, and so is every
/// figure of a bucket without rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct SeriesFigures<'a> {
    /// First day of the bucket in the range.
    #[schema(example = "2026-11-02")]
    date: NaiveDate,
    /// Last day of the bucket in the range.
    #[schema(example = "2026-11-08")]
    last_date: NaiveDate,
    /// Rows in the bucket: days of a cooling unit; of a company one per cooling unit and day.
    #[schema(minimum = 0, example = 7)]
    days: u32,
    /// Cooling units with a row in the bucket.
    #[schema(minimum = 0, example = 1)]
    cooling_units: usize,
    /// ISO 4217 currency of `room_revenue`; null when no row states one, or the rows state several.
    #[schema(example = "NGN")]
    currency: Option<&'a str>,
    /// People in the households of the distinct active farmers.
    #[schema(value_type = Option<f64>, example = 9.4)]
    room_beneficiaries: Option<Exact>,
    /// Of `room_beneficiaries`, women and girls.
    #[schema(value_type = Option<f64>, example = 4.653)]
    room_beneficiaries_fem: Option<Exact>,
    /// Of `room_beneficiaries`, men and boys.
    #[schema(value_type = Option<f64>, example = 4.747)]
    room_beneficiaries_ma: Option<Exact>,
    /// Distinct users with a crate checked in or released.
    #[schema(example = 2)]
    room_active_users: Option<usize>,
    /// Of `room_active_users`, women.
    #[schema(example = 1)]
    room_active_fem: Option<usize>,
    /// Of `room_active_users`, men.
    #[schema(example = 1)]
    room_active_ma: Option<usize>,
    /// Of `room_active_users`, other or unknown gender.
    #[schema(example = 0)]
    room_active_ot: Option<usize>,
    /// Distinct farmers with a crate checked in or released.
    #[schema(example = 2)]
    room_active_farmers: Option<usize>,
    /// Crates checked in.
    #[schema(example = 11)]
    room_crates_in: Option<i64>,
    /// Check-in operations: sum over days and cooling units.
    #[schema(example = 3)]
    room_ops_in: Option<i64>,
    /// Weight checked in, kg.
    #[schema(example = 210.5)]
    room_kg_in: Option<f64>,
    /// Crates emptied.
    #[schema(example = 4)]
    room_crates_out: Option<i64>,
    /// Check-out operations: sum over days and cooling units.
    #[schema(example = 2)]
    room_ops_out: Option<i64>,
    /// Weight released, kg.
    #[schema(example = 80.0)]
    room_kg_out: Option<f64>,
    /// Occupancy, percent: mean over the rows; of a company weighted by capacity in crates.
    #[schema(example = 2.5)]
    average_room_occupancy: Option<f64>,
    /// Fees in currency; null when the rows state several currencies.
    #[schema(value_type = Option<f64>, example = 1200.00)]
    room_revenue: Option<Exact>,
    /// Fees in US dollars, each day at its rate.
    #[schema(value_type = Option<f64>, example = 0.84)]
    room_revenue_usd: Option<Exact>,
    /// Crates checked in by crop.
    #[schema(value_type = Option<BTreeMap<String, i64>>, example = json!({"Tomato": 8}))]
    check_in_crates_crop: Option<Counts<'a>>,
    /// Weight checked in by crop, kg.
    #[schema(value_type = Option<BTreeMap<String, f64>>, example = json!({"Tomato": 165.5}))]
    check_in_kg_crop: Option<Amounts<'a>>,
    /// Crates emptied by crop.
    #[schema(value_type = Option<BTreeMap<String, i64>>, example = json!({"Tomato": 4}))]
    check_out_crates_crop: Option<Counts<'a>>,
    /// Weight released by crop, kg.
    #[schema(value_type = Option<BTreeMap<String, f64>>, example = json!({"Tomato": 80.0}))]
    check_out_kg_crop: Option<Amounts<'a>>,
    /// Avoided emissions, kg of CO2 equivalent; positive when emissions were saved.
    #[schema(example = 3.25)]
    tot_co2: Option<f64>,
    /// Avoided emissions by crop, kg of CO2 equivalent: without minus with cold room.
    #[schema(value_type = Option<BTreeMap<String, f64>>, example = json!({"Tomato": 3.5}))]
    co2_crops: Option<Amounts<'a>>,
    /// Weight in the rooms at the end of the latest day with a row, kg.
    #[schema(example = 130.5)]
    room_stock_kg: Option<f64>,
    /// Emissions of rooms on days that ended empty, kg of CO2 equivalent, contained in `tot_co2` with a minus sign.
    #[schema(example = 0.25)]
    co2_idle: Option<f64>,
    /// Emissions by cause, kg of CO2 equivalent; a cause without any figure is null.
    #[schema(value_type = Option<BTreeMap<String, Option<f64>>>, example = json!({"electricity": 1.5}))]
    co2_breakdown: Option<Amounts<'a>>,
    /// What limits the rows, ascending.
    #[schema(value_type = Vec<String>, example = json!([]))]
    data_quality: Vec<&'a str>,
    /// Columns of which some rows have no figure, and how many; such rows are left out of the column.
    #[schema(value_type = BTreeMap<String, u32>, example = json!({"room_revenue_usd": 1}))]
    missing_days: BTreeMap<&'static str, u32>,
}

impl<'a> From<&'a Point> for SeriesFigures<'a> {
    fn from(point: &'a Point) -> Self {
        let sums = (!point.is_empty()).then_some(&point.sums);
        let people = point.beneficiaries();
        Self {
            date: *point.span.start(),
            last_date: *point.span.end(),
            days: point.sums.days,
            cooling_units: point.cooling_units(),
            currency: point.currency(),
            room_beneficiaries: people.map(|people| Exact(people.total)),
            room_beneficiaries_fem: people.map(|people| Exact(people.women)),
            room_beneficiaries_ma: people.map(|people| Exact(people.men)),
            room_active_users: sums.map(|sums| sums.room_active_user_ids.count()),
            room_active_fem: sums.map(|sums| sums.room_active_fem.count()),
            room_active_ma: sums.map(|sums| sums.room_active_ma.count()),
            room_active_ot: sums.map(|sums| sums.room_active_ot.count()),
            room_active_farmers: sums.map(|sums| sums.room_active_farmer_ids.count()),
            room_crates_in: sums.map(|sums| sums.room_crates_in),
            room_ops_in: sums.map(|sums| sums.room_ops_in),
            room_kg_in: sums.map(|sums| sums.room_kg_in),
            room_crates_out: sums.map(|sums| sums.room_crates_out),
            room_ops_out: sums.map(|sums| sums.room_ops_out),
            room_kg_out: sums.map(|sums| sums.room_kg_out),
            average_room_occupancy: point.average_room_occupancy(),
            room_revenue: point.room_revenue().map(Exact),
            room_revenue_usd: sums.and_then(|sums| sums.room_revenue_usd.sum).map(Exact),
            check_in_crates_crop: sums.map(|sums| Counts(&sums.check_in_crates_crop)),
            check_in_kg_crop: sums.map(|sums| Amounts(&sums.check_in_kg_crop)),
            check_out_crates_crop: sums.map(|sums| Counts(&sums.check_out_crates_crop)),
            check_out_kg_crop: sums.map(|sums| Amounts(&sums.check_out_kg_crop)),
            tot_co2: sums.and_then(|sums| sums.tot_co2.sum),
            co2_crops: sums.and_then(|sums| sums.co2_crops.as_ref()).map(Amounts),
            room_stock_kg: point.room_stock_kg(),
            co2_idle: sums.and_then(|sums| sums.co2_idle.sum),
            co2_breakdown: sums.map(|sums| Amounts(&sums.co2_breakdown)),
            data_quality: point.sums.data_quality.iter().map(String::as_str).collect(),
            missing_days: point.missing_days().collect(),
        }
    }
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
    subject: Subject,
    query: &SeriesQuery,
) -> Result<(Option<Span>, Series), ApiError> {
    let extent = reader::extent(snapshot, subject).await?;
    let days = query.days(extent.as_ref())?;
    let series = match &days {
        Some(days) => reader::series(snapshot, subject, days, query.bucket, query.with_previous).await?,
        None => Series { points: Vec::new(), previous: None, basis: metrics_core::coldroom::slice::Basis::default() },
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

/// The columns in files, which are the members of the points.
const FILE_COLUMNS: [(&str, Kind); 33] = [
    ("date", Kind::Date),
    ("last_date", Kind::Date),
    ("days", Kind::Integer),
    ("cooling_units", Kind::Integer),
    ("currency", Kind::Text),
    ("room_beneficiaries", Kind::Number),
    ("room_beneficiaries_fem", Kind::Number),
    ("room_beneficiaries_ma", Kind::Number),
    ("room_active_users", Kind::Integer),
    ("room_active_fem", Kind::Integer),
    ("room_active_ma", Kind::Integer),
    ("room_active_ot", Kind::Integer),
    ("room_active_farmers", Kind::Integer),
    ("room_crates_in", Kind::Integer),
    ("room_ops_in", Kind::Integer),
    ("room_kg_in", Kind::Float),
    ("room_crates_out", Kind::Integer),
    ("room_ops_out", Kind::Integer),
    ("room_kg_out", Kind::Float),
    ("average_room_occupancy", Kind::Float),
    ("room_revenue", Kind::Money(2)),
    ("room_revenue_usd", Kind::Money(6)),
    ("check_in_crates_crop", Kind::Json),
    ("check_in_kg_crop", Kind::Json),
    ("check_out_crates_crop", Kind::Json),
    ("check_out_kg_crop", Kind::Json),
    ("tot_co2", Kind::Float),
    ("co2_crops", Kind::Json),
    ("room_stock_kg", Kind::Float),
    ("co2_idle", Kind::Float),
    ("co2_breakdown", Kind::Json),
    ("data_quality", Kind::Texts),
    ("missing_days", Kind::Json),
];

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
        ("from" = Option<NaiveDate>, Query, description = "First day, inclusive, as YYYY-MM-DD; of the 90 days to the \
          last one the first with a row when not given.", example = "2026-11-01"),
        ("to" = Option<NaiveDate>, Query, description = "Last day, inclusive, as YYYY-MM-DD; not before from, and at \
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
    let representation = Representation::new(&request, &query.normalised(), version.version, wanted)?;
    if representation.is_known_by_tag() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    let Some(found) = reader::cooling_unit(&mut snapshot, unit).await? else {
        snapshot.close().await?;
        return Err(unknown());
    };
    let (days, series) = read(&mut snapshot, Subject::CoolingUnit(unit), &query).await?;
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
        ("from" = Option<NaiveDate>, Query, description = "First day, inclusive, as YYYY-MM-DD; of the 90 days to the \
          last one the first with a row when not given.", example = "2026-11-01"),
        ("to" = Option<NaiveDate>, Query, description = "Last day, inclusive, as YYYY-MM-DD; not before from, and at \
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
    let representation = Representation::new(&request, &question, version.version, wanted)?;
    if representation.is_known_by_tag() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    let Some(found) = reader::listed_company(&mut snapshot, company).await? else {
        snapshot.close().await?;
        return Err(unknown());
    };
    let (days, series) = read(&mut snapshot, Subject::Company(company), &query).await?;
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
