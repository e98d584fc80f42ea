//! The slice of what storage changed for farmers, beside its emissions, in both forms.

mod files;
mod predecessor;

use std::collections::BTreeSet;

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use metrics_core::coldroom::impact_slice::ImpactSlice;
use metrics_core::db::reader::{self, KnownUnit};
use metrics_core::export::Form;
use metrics_core::ids::{CompanyId, CoolingUnitId};
use metrics_core::view::View;
use serde::Serialize;
use utoipa::ToSchema;

use crate::conditional::Representation;
use crate::error::{ApiError, FormProblem, Problem};
use crate::export::{Binary, FormParams, Table, Wanted};
use crate::fields::{Fields, ImpactQuery, ImpactSubject, Unknown};
use crate::form;
use crate::impact::{Records, SEVERAL_CURRENCIES, load};
use crate::json::Amounts;
use crate::meta::Meta;
use crate::state::Worker;

/// Path of the clean form.
pub const PATH: &str = "/api/impact-slice";
/// Paths of the predecessor's form.
pub const FORM_PATHS: [&str; 2] = ["/impact-slice", "/impact-slice/"];

/// What the impact of cooling units adds up to, and their emissions.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImpactSlices<'a> {
    meta: ImpactMeta,
    /// The company, the cooling units as one, or each by itself; those without a row in the range are left out.
    impact: Vec<ImpactFigures<'a>>,
    /// Their emissions over the same days; those without a day are left out.
    co2: Vec<EmissionFigures<'a>>,
}

/// `meta` of an impact slice.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImpactMeta {
    #[serde(flatten)]
    meta: Meta,
    /// ISO 4217 currencies of the rows, ascending. Where one record has several, its money is null and
    /// `data_quality` has `several_currencies`.
    #[schema(example = json!(["NGN"]))]
    currencies: BTreeSet<String>,
}

/// What storage changed, over all rows of a company or of cooling units.
///
/// A row is a local month, cooling unit, farmer and crop with a market survey and a baseline; those count whose latest
/// survey was filled in within the range. Null stands for what no row has, and for money of several currencies.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImpactFigures<'a> {
    /// The company; null when the record is of cooling units.
    #[schema(example = 1)]
    company_id: Option<i64>,
    /// The cooling unit; null when the record is of several.
    #[schema(example = json!(null))]
    cooling_unit_id: Option<i64>,
    /// Name of the cooling unit; null when the record is of several.
    #[schema(example = json!(null))]
    unit_name: Option<&'a str>,
    /// Cooling units with a row, ascending.
    #[schema(value_type = Vec<i64>, example = json!([1, 2]))]
    cooling_unit_ids: Vec<CoolingUnitId>,
    /// ISO 4217 currency of all money; null when the rows have several.
    #[schema(example = "NGN")]
    currency: Option<&'a str>,
    /// Baseline harvest per month, kg: sum.
    #[schema(example = 100.0)]
    baseline_quantity_total_month: Option<f64>,
    /// Baseline price per kg, weighted by baseline harvest.
    #[schema(example = 500.0)]
    avg_baseline_kg_selling_price_month: Option<f64>,
    /// Baseline loss per month, kg: sum.
    #[schema(example = 10.0)]
    baseline_kg_loss_month: Option<f64>,
    /// Baseline sales per month, kg: sum.
    #[schema(example = 80.0)]
    baseline_kg_sold_month: Option<f64>,
    /// Baseline loss, percent of the baseline harvest.
    #[schema(example = 10.0)]
    avg_baseline_perc_loss_month: Option<f64>,
    /// Revenue that the surveyed weight would have brought at baseline prices: sum.
    #[schema(example = 18000.0)]
    avg_baseline_farmer_revenue_month: Option<f64>,
    /// Price per kg, weighted by surveyed weight.
    #[schema(example = 612.5)]
    avg_monthly_kg_selling_price: Option<f64>,
    /// Surveyed weight, kg: sum.
    #[schema(example = 40.0)]
    monthly_kg_checkin: f64,
    /// Loss, kg: sum.
    #[schema(example = 4.0)]
    monthly_kg_loss: f64,
    /// Loss, percent of the surveyed weight.
    #[schema(example = 10.0)]
    avg_monthly_perc_loss: Option<f64>,
    /// Change of the loss against the baseline loss, percent of it; negative when less is lost.
    #[schema(example = 0.0)]
    avg_monthly_perc_foodloss_evolution: Option<f64>,
    /// Revenue: sum.
    #[schema(example = 22050.0)]
    avg_monthly_farmer_revenue: Option<f64>,
    /// Change of the revenue against the baseline revenue, percent of it.
    #[schema(example = 22.5)]
    avg_monthly_perc_revenue_increase_evolution: Option<f64>,
    /// Change of the price per kg against the baseline price, over rows with both.
    #[schema(example = 112.5)]
    avg_monthly_kg_selling_price_evolution: Option<f64>,
    /// The same, percent of the baseline price.
    #[schema(example = 22.5)]
    avg_monthly_perc_unit_selling_price_evolution: Option<f64>,
    /// Revenue less baseline revenue, over rows with both: sum.
    #[schema(example = 4050.0)]
    avg_monthly_farmer_revenue_evolution: Option<f64>,
    /// Instant at which the latest survey was filled in.
    #[schema(example = "2026-11-20T12:00:00Z")]
    latest_survey_date: DateTime<Utc>,
    /// Market surveys behind the figures.
    #[schema(example = 2)]
    num_post_harvest_surveys: i64,
    /// Market surveys that were possible: farmers and crops with a release, over the cooling units and months with a row.
    #[schema(example = 2)]
    possible_post_checkout_survey_room: i64,
    /// Market surveys filled in, over the same cooling units and months.
    #[schema(example = 2)]
    total_post_checkout_survey_unit: i64,
    /// Baseline lines filled in by the cooling users of each company, in its latest month with a row.
    #[schema(example = 1)]
    baseline_completed_surveys_room: i64,
    /// Rows behind the figures.
    #[schema(minimum = 1, example = 1)]
    rows: u32,
}

/// Emissions with and without the cold room, kg of CO2 equivalent.
#[derive(Debug, Serialize, ToSchema)]
pub struct EmissionFigures<'a> {
    /// The company; null when the record is of cooling units of several companies, or of none.
    #[schema(example = 1)]
    company_id: Option<i64>,
    /// The cooling unit; null when the record is of several.
    #[schema(example = json!(null))]
    cooling_unit_id: Option<i64>,
    /// Without the cold room: sum over the days that have both sides.
    #[schema(example = 12.5)]
    co2_from: Option<f64>,
    /// With the cold room, its own emissions and those of empty days included: sum over the same days.
    #[schema(example = 9.0)]
    co2_to: Option<f64>,
    /// Both sides by cause, over the same days: electricity and refrigerant of the room, disposal and production of the
    /// food that is lost with (`_cold`) and without it (`_ambient`).
    #[schema(value_type = BTreeMap<String, Option<f64>>, example = json!({"electricity": 1.5, "refrigerant": 0.2}))]
    co2_breakdown: Amounts<'a>,
    /// Days with both sides.
    #[schema(minimum = 0, example = 20)]
    days: u32,
    /// Days left out: their emissions are not known.
    #[schema(minimum = 0, example = 0)]
    missing_days: u32,
}

/// Cooling units by themselves only where they were asked for so.
fn records(query: &ImpactQuery) -> Records {
    let is_by_unit = query.is_comparison && matches!(query.subject, ImpactSubject::CoolingUnits(_));
    if is_by_unit { Records::ByUnit } else { Records::Together }
}

fn figures(company: Option<CompanyId>, unit: Option<CoolingUnitId>, slice: &ImpactSlice) -> ImpactFigures<'_> {
    ImpactFigures {
        company_id: company.map(|company| company.0),
        cooling_unit_id: unit.map(|unit| unit.0),
        unit_name: unit.and(slice.unit_name.as_deref()),
        cooling_unit_ids: slice.cooling_units.iter().copied().collect(),
        currency: slice.currency.as_deref(),
        baseline_quantity_total_month: slice.baseline_quantity_total_month,
        avg_baseline_kg_selling_price_month: slice.avg_baseline_kg_selling_price_month,
        baseline_kg_loss_month: slice.baseline_kg_loss_month,
        baseline_kg_sold_month: slice.baseline_kg_sold_month,
        avg_baseline_perc_loss_month: slice.avg_baseline_perc_loss_month,
        avg_baseline_farmer_revenue_month: slice.avg_baseline_farmer_revenue_month,
        avg_monthly_kg_selling_price: slice.avg_monthly_kg_selling_price,
        monthly_kg_checkin: slice.monthly_kg_checkin,
        monthly_kg_loss: slice.monthly_kg_loss,
        avg_monthly_perc_loss: slice.avg_monthly_perc_loss,
        avg_monthly_perc_foodloss_evolution: slice.avg_monthly_perc_foodloss_evolution,
        avg_monthly_farmer_revenue: slice.avg_monthly_farmer_revenue,
        avg_monthly_perc_revenue_increase_evolution: slice.avg_monthly_perc_revenue_increase_evolution,
        avg_monthly_kg_selling_price_evolution: slice.avg_monthly_kg_selling_price_evolution,
        avg_monthly_perc_unit_selling_price_evolution: slice.avg_monthly_perc_unit_selling_price_evolution,
        avg_monthly_farmer_revenue_evolution: slice.avg_monthly_farmer_revenue_evolution,
        latest_survey_date: slice.latest_survey_date,
        num_post_harvest_surveys: slice.num_post_harvest_surveys,
        possible_post_checkout_survey_room: slice.possible_post_checkout_survey_room,
        total_post_checkout_survey_unit: slice.total_post_checkout_survey_unit,
        baseline_completed_surveys_room: slice.baseline_completed_surveys_room,
        rows: slice.rows,
    }
}

/// What storage changed for farmers, and the emissions beside it
///
/// Impact rows count whose latest survey was filled in on a local day of the range; emissions those of its days. Both
/// ends are included. The response may be kept and asked about with `If-None-Match`.
#[utoipa::path(
    get,
    path = PATH,
    tag = "slices",
    operation_id = "impact_slice",
    params(
        ("mode" = Option<ModeSchema>, Query, description = "Whether the slice is of cooling units (the default) or of a \
          company."),
        ("company_id" = Option<i64>, Query, description = "The company; required in mode company.", minimum = 1,
          example = 1),
        ("cooling_unit_id" = Option<String>, Query, description = "Cooling units: ids from 1 to 9223372036854775807, \
          separated by commas; spaces around them are tolerated; at most 1000 different ones; required in mode \
          cooling_unit.", pattern = r"^ *0*[1-9][0-9]{0,17} *(, *0*[1-9][0-9]{0,17} *)*$", example = "1,2"),
        ("start_date" = chrono::NaiveDate, Query, description = "First day, inclusive, as YYYY-MM-DD.",
          example = "2026-11-01"),
        ("end_date" = chrono::NaiveDate, Query, description = "Last day, inclusive, as YYYY-MM-DD; not before \
          start_date, and at most 3660 days with both ends.", example = "2026-11-20"),
        ("view" = Option<ViewSchema>, Query, description = "Whether cooling units are one (the default) or each by \
          itself; without effect in mode company."),
        FormParams,
        ("If-None-Match" = Option<String>, Header, description = "Entity tags of responses that the client has."),
    ),
    responses(
        (status = 200, description = "The slice; in files a row for each record, with its impact and its emissions.",
          headers(("ETag" = String, description = "Names this representation."),
            ("Content-Disposition" = String, description = "Name of the file; not with JSON.")),
          content(
              (ImpactSlices = "application/json"),
              (String = "text/csv"),
              (Binary = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
              (Binary = "application/vnd.apache.parquet"),
          )),
        (status = 304, description = "The client has this representation already."),
        (status = 400, description = "A parameter is missing, unknown, repeated or malformed.", body = Problem,
          content_type = "application/problem+json"),
        (status = 406, description = "No form or encoding of the result is acceptable.", body = Problem,
          content_type = "application/problem+json"),
        (status = 503, description = "The database does not answer, or not in time.", body = Problem,
          content_type = "application/problem+json"),
    ),
)]
pub async fn get(request: HttpRequest, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    let mut fields = Fields::urlencoded(request.query_string());
    let asked = fields.form();
    let query = fields.impact(Unknown::Refused)?;
    let wanted = Wanted::new(&request, asked, Form::Json)?;

    let mut snapshot = worker.snapshot().await?;
    let version = reader::data_version(&mut snapshot, View::ImpactMetrics).await?;
    let of_days = reader::data_version(&mut snapshot, View::AggregatedComparison).await?.version;
    let normalised = format!("{}&{of_days}", query.normalised());
    let representation = Representation::in_form(&request, &normalised, version.version, wanted)?;
    if representation.is_known() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    let loaded = load(&mut snapshot, &query.subject, &query.days, records(&query)).await?;
    snapshot.close().await?;

    let mut basis = loaded.basis();
    let mut currencies = BTreeSet::new();
    let mut slices = Vec::new();
    for (unit, sums) in &loaded.impact {
        currencies.extend(sums.currencies().iter().cloned());
        if sums.currencies().len() > 1 {
            basis.data_quality.insert(SEVERAL_CURRENCIES.to_owned());
        }
        slices.extend(sums.finish().map(|slice| (*unit, slice)));
    }
    let company = match query.subject {
        ImpactSubject::Company(company) => Some(company),
        ImpactSubject::CoolingUnits(_) => None,
    };
    let co2 = loaded.emissions.iter().map(|(unit, emissions)| EmissionFigures {
        company_id: emissions.company().map(|company| company.0),
        cooling_unit_id: unit.map(|unit| unit.0),
        co2_from: emissions.sums.co2_from,
        co2_to: emissions.sums.co2_to,
        co2_breakdown: Amounts(&emissions.sums.breakdown),
        days: emissions.sums.days,
        missing_days: emissions.sums.missing_days,
    });
    let body = ImpactSlices {
        meta: ImpactMeta { meta: Meta::new(version, basis).over(&query.days), currencies },
        impact: slices.iter().map(|(unit, slice)| figures(company, *unit, slice)).collect(),
        co2: co2.collect(),
    };
    let table = || {
        let name = format!("impact-slice_{}_{}", query.days.start(), query.days.end());
        Table::of(name, &body.meta, files::columns(), &files::rows(&body)?)
    };
    representation.answer(&body, table).await
}

/// Whose impact it is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes a parameter; it is read by name")]
pub enum ModeSchema {
    CoolingUnit,
    Company,
}

/// Whether cooling units are one.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes a parameter; it is read by name")]
pub enum ViewSchema {
    Aggregated,
    Comparison,
}

/// The fields of the form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form; the fields are read by name")]
pub struct ImpactForm {
    /// The company, in mode company; 0 when left out.
    #[schema(minimum = 0, nullable = false, example = 1)]
    company_id: Option<i64>,
    /// Cooling units, in mode `cooling_unit`: ids separated by commas, at most 1000 different ones; `0,1` when left out.
    #[schema(pattern = r"^ *[0-9]{1,18} *(, *[0-9]{1,18} *)*$", nullable = false, example = "1,2")]
    cooling_unit_id: Option<String>,
    /// First day, inclusive, as YYYY-MM-DD.
    #[schema(example = "2026-11-01")]
    start_date: chrono::NaiveDate,
    /// Last day, inclusive, as YYYY-MM-DD; not before `start_date`, and at most 3660 days with both ends.
    #[schema(example = "2026-11-20")]
    end_date: chrono::NaiveDate,
    /// `cooling_unit` when left out.
    #[schema(nullable = false)]
    mode: Option<ModeSchema>,
    /// `aggregated` when left out.
    #[schema(nullable = false)]
    view: Option<ViewSchema>,
}

/// What storage changed for farmers, in the predecessor's form
///
/// `Impact metrics` is an array with one record for a company, and columns of `{"name", "value"}` for cooling units: one
/// each in the comparison, one in all when aggregated. Without rows it is a flat object of zeros.
#[utoipa::path(
    post,
    path = "/impact-slice/",
    tag = "predecessor",
    operation_id = "impact_slice_form",
    request_body(content(
        (ImpactForm = "application/x-www-form-urlencoded"),
        (ImpactForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "Impact and emissions.", body = Object,
          example = json!({"Impact metrics": [{"company_id": 1, "monthly_kg_checkin": 40.0}], "Co2_metrics": [
            {"company_id": "1", "co2_crops": {"co2_from": 12.5, "co2_to": 9.0}, "cooling_unit_id": "2"}]})),
        (status = 400, description = "A field is missing, repeated or malformed.", body = FormProblem),
        (status = 413, description = "The body is too large.", body = FormProblem),
        (status = 415, description = "The body is not a form.", body = FormProblem),
        (status = 503, description = "The database does not answer, or not in time.", body = FormProblem),
    ),
)]
pub async fn post(request: HttpRequest, payload: Payload, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    let fields = form::read(&request, payload, worker.app.settings.max_body_bytes).await?;
    let query = fields.impact(Unknown::Ignored)?;

    let mut snapshot = worker.snapshot().await?;
    let loaded = load(&mut snapshot, &query.subject, &query.days, records(&query)).await?;
    let known: Vec<KnownUnit> = match &query.subject {
        ImpactSubject::Company(_) => Vec::new(),
        ImpactSubject::CoolingUnits(units) => reader::known_units(&mut snapshot, units).await?,
    };
    snapshot.close().await?;

    Ok(HttpResponse::Ok().json(predecessor::Body::new(&query, &loaded, &known)))
}
