//! The slice of cooling units over a range of days, in both forms.

use std::collections::BTreeMap;

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use metrics_core::coldroom::slice::{Beneficiaries, UnitSlice};
use metrics_core::db::reader;
use metrics_core::export::{Form, Kind};
use metrics_core::view::View;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::conditional::Representation;
use crate::error::{ApiError, FormProblem, Problem};
use crate::export::{self, Binary, FormParams, Table, Wanted};
use crate::fields::{Fields, Unknown};
use crate::form;
use crate::frame::{Cell, Column, Frame};
use crate::json::{Amounts, Counts, Exact};
use crate::meta::Meta;
use crate::state::Worker;

/// Path of the clean form.
pub const PATH: &str = "/api/coolingunit-slice";
/// Paths of the predecessor's form.
pub const FORM_PATHS: [&str; 2] = ["/coolingunit-slice", "/coolingunit-slice/"];

/// What the days of cooling units add up to.
#[derive(Debug, Serialize, ToSchema)]
pub struct CoolingUnitSlices<'a> {
    meta: Meta,
    /// Cooling units with at least one day in the range, by id.
    cooling_units: Vec<CoolingUnitSlice<'a>>,
}

/// What the days of one cooling unit add up to.
///
/// Sums, means and unions are over the days that have a figure; a column without any figure is null.
#[derive(Debug, Serialize, ToSchema)]
pub struct CoolingUnitSlice<'a> {
    /// The cooling unit.
    #[schema(example = 1)]
    cooling_unit_id: i64,
    /// Name, on the latest day of the range.
    #[schema(example = "Room 1")]
    unit_name: Option<&'a str>,
    /// True when the cooling unit or its location is deleted.
    #[schema(example = false)]
    is_unit_deleted: bool,
    /// State or region, on the latest day.
    #[schema(example = "Lagos")]
    state: Option<&'a str>,
    /// Type, on the latest day.
    #[schema(example = "FARM_GATE_STORAGE_ROOM")]
    cool_unit_type: Option<&'a str>,
    /// Capacity in metric tons, on the latest day.
    #[schema(value_type = Option<f64>, example = 5.7)]
    cap_tons: Option<Exact>,
    /// Capacity in crates, on the latest day.
    #[schema(example = 150)]
    cap_num_crates: Option<i32>,
    /// Company, on the latest day.
    #[schema(example = 1)]
    company_id: Option<i64>,
    /// Name of the company, on the latest day.
    #[schema(example = "Cold Company")]
    comp_name: Option<&'a str>,
    /// How storage is charged, on the latest day.
    #[schema(example = "Per Crate per day")]
    comp_pricing: &'a str,
    /// ISO 4217 currency of `room_revenue`, on the latest day.
    #[schema(example = "NGN")]
    currency: Option<&'a str>,
    /// Operators, on the latest day.
    #[schema(example = 2)]
    room_op: i32,
    /// Of `room_op`, women.
    #[schema(example = 1)]
    room_op_fem: i32,
    /// Of `room_op`, men.
    #[schema(example = 1)]
    room_op_ma: i32,
    /// Of `room_op`, other or unknown gender.
    #[schema(example = 0)]
    room_op_ot: i32,
    /// People in the households of the distinct active farmers of the range.
    #[schema(value_type = Option<f64>, example = 9.4)]
    room_beneficiaries: Option<Exact>,
    /// Of `room_beneficiaries`, women and girls.
    #[schema(value_type = Option<f64>, example = 4.653)]
    room_beneficiaries_fem: Option<Exact>,
    /// Of `room_beneficiaries`, men and boys.
    #[schema(value_type = Option<f64>, example = 4.747)]
    room_beneficiaries_ma: Option<Exact>,
    /// Number of `room_active_user_ids`.
    #[schema(example = 2)]
    room_active_users: usize,
    /// Distinct users with a crate checked in or released in the range, ascending.
    #[schema(example = json!([10, 11]))]
    room_active_user_ids: &'a [i64],
    /// Of `room_active_user_ids`, women.
    #[schema(example = json!([10]))]
    room_active_fem: &'a [i64],
    /// Of `room_active_user_ids`, men.
    #[schema(example = json!([11]))]
    room_active_ma: &'a [i64],
    /// Of `room_active_user_ids`, other or unknown gender.
    #[schema(example = json!([]))]
    room_active_ot: &'a [i64],
    /// Crates checked in: sum.
    #[schema(example = 11)]
    room_crates_in: i64,
    /// Check-in operations: sum over days.
    #[schema(example = 3)]
    room_ops_in: i64,
    /// Weight checked in, kg: sum.
    #[schema(example = 210.5)]
    room_kg_in: f64,
    /// Crates emptied: sum.
    #[schema(example = 4)]
    room_crates_out: i64,
    /// Check-out operations: sum over days.
    #[schema(example = 2)]
    room_ops_out: i64,
    /// Weight released, kg: sum.
    #[schema(example = 80.0)]
    room_kg_out: f64,
    /// Occupancy, percent: unweighted mean of the days.
    #[schema(example = 2.5)]
    average_room_occupancy: Option<f64>,
    /// Fees in currency: sum.
    #[schema(value_type = Option<f64>, example = 1200.00)]
    room_revenue: Option<Exact>,
    /// Fees in US dollars, each day at its rate: sum.
    #[schema(value_type = Option<f64>, example = 0.84)]
    room_revenue_usd: Option<Exact>,
    /// Crates checked in by crop: sums.
    #[schema(value_type = BTreeMap<String, i64>, example = json!({"Tomato": 8}))]
    check_in_crates_crop: Counts<'a>,
    /// Weight checked in by crop, kg: sums.
    #[schema(value_type = BTreeMap<String, f64>, example = json!({"Tomato": 165.5}))]
    check_in_kg_crop: Amounts<'a>,
    /// Crates emptied by crop: sums.
    #[schema(value_type = BTreeMap<String, i64>, example = json!({"Tomato": 4}))]
    check_out_crates_crop: Counts<'a>,
    /// Weight released by crop, kg: sums.
    #[schema(value_type = BTreeMap<String, f64>, example = json!({"Tomato": 80.0}))]
    check_out_kg_crop: Amounts<'a>,
    /// Avoided emissions, kg of CO2 equivalent: sum; positive when emissions were saved.
    #[schema(example = 3.25)]
    tot_co2: Option<f64>,
    /// Avoided emissions by crop, kg of CO2 equivalent: sums of without minus with cold room.
    #[schema(value_type = Option<BTreeMap<String, f64>>, example = json!({"Tomato": 3.5}))]
    co2_crops: Option<Amounts<'a>>,
    /// Distinct farmers with a crate checked in or released in the range, ascending.
    #[schema(example = json!([7, 8]))]
    room_active_farmer_ids: &'a [i64],
    /// Weight in the room at the end of the latest day, kg.
    #[schema(example = 130.5)]
    room_stock_kg: f64,
    /// Emissions of the room on days that ended empty, kg of CO2 equivalent: sum, contained in `tot_co2` with a minus sign.
    #[schema(example = 0.25)]
    co2_idle: Option<f64>,
    /// Emissions by cause, kg of CO2 equivalent: sums; a cause without any figure is null.
    #[schema(value_type = BTreeMap<String, Option<f64>>, example = json!({"electricity": 1.5, "refrigerant": 0.2}))]
    co2_breakdown: Amounts<'a>,
    /// Model and parameter set behind the CO2 columns, on the latest day.
    #[schema(example = "room-day@2026.1")]
    co2_model: &'a str,
    /// ISO 3166 country, on the latest day.
    #[schema(example = "NG")]
    country: Option<&'a str>,
    /// People per household, on the latest day.
    #[schema(value_type = f64, example = 4.7)]
    household_size: Exact,
    /// Share of women and girls in a household, on the latest day.
    #[schema(value_type = f64, minimum = 0, maximum = 1, example = 0.495)]
    household_fem_share: Exact,
    /// Share of men and boys in a household, on the latest day.
    #[schema(value_type = f64, minimum = 0, maximum = 1, example = 0.505)]
    household_ma_share: Exact,
    /// IANA time zone of the latest day.
    #[schema(example = "Africa/Lagos")]
    time_zone: &'a str,
    /// Version of the literature values of the latest day.
    #[schema(example = "2026.1")]
    parameter_set: &'a str,
    /// What limits the rows, ascending.
    #[schema(value_type = Vec<String>, example = json!([]))]
    data_quality: Vec<&'a str>,
    /// Days with a row.
    #[schema(minimum = 1, example = 4)]
    days: u32,
    /// Columns of which some days have no figure, and how many; such days are left out of the column.
    #[schema(value_type = BTreeMap<String, u32>, example = json!({"room_revenue_usd": 1}))]
    missing_days: BTreeMap<&'static str, u32>,
}

impl<'a> From<&'a UnitSlice> for CoolingUnitSlice<'a> {
    fn from(unit: &'a UnitSlice) -> Self {
        let UnitSlice { sums, latest, .. } = unit;
        let beneficiaries = unit.beneficiaries();
        Self {
            cooling_unit_id: unit.cooling_unit_id.0,
            unit_name: latest.unit_name.as_deref(),
            is_unit_deleted: latest.is_unit_deleted,
            state: latest.state.as_deref(),
            cool_unit_type: latest.cool_unit_type.as_deref(),
            cap_tons: latest.cap_tons.map(Exact),
            cap_num_crates: latest.cap_num_crates,
            company_id: latest.company_id.map(|company| company.0),
            comp_name: latest.comp_name.as_deref(),
            comp_pricing: &latest.comp_pricing,
            currency: latest.currency.as_deref(),
            room_op: latest.room_op,
            room_op_fem: latest.room_op_fem,
            room_op_ma: latest.room_op_ma,
            room_op_ot: latest.room_op_ot,
            room_beneficiaries: beneficiaries.map(|people| Exact(people.total)),
            room_beneficiaries_fem: beneficiaries.map(|people| Exact(people.women)),
            room_beneficiaries_ma: beneficiaries.map(|people| Exact(people.men)),
            room_active_users: sums.room_active_user_ids.count(),
            room_active_user_ids: sums.room_active_user_ids.ids(),
            room_active_fem: sums.room_active_fem.ids(),
            room_active_ma: sums.room_active_ma.ids(),
            room_active_ot: sums.room_active_ot.ids(),
            room_crates_in: sums.room_crates_in,
            room_ops_in: sums.room_ops_in,
            room_kg_in: sums.room_kg_in,
            room_crates_out: sums.room_crates_out,
            room_ops_out: sums.room_ops_out,
            room_kg_out: sums.room_kg_out,
            average_room_occupancy: sums.average_room_occupancy(),
            room_revenue: sums.room_revenue.sum.map(Exact),
            room_revenue_usd: sums.room_revenue_usd.sum.map(Exact),
            check_in_crates_crop: Counts(&sums.check_in_crates_crop),
            check_in_kg_crop: Amounts(&sums.check_in_kg_crop),
            check_out_crates_crop: Counts(&sums.check_out_crates_crop),
            check_out_kg_crop: Amounts(&sums.check_out_kg_crop),
            tot_co2: sums.tot_co2.sum,
            co2_crops: sums.co2_crops.as_ref().map(Amounts),
            room_active_farmer_ids: sums.room_active_farmer_ids.ids(),
            room_stock_kg: latest.room_stock_kg,
            co2_idle: sums.co2_idle.sum,
            co2_breakdown: Amounts(&sums.co2_breakdown),
            co2_model: &latest.co2_model,
            country: latest.country.as_deref(),
            household_size: Exact(latest.household_size),
            household_fem_share: Exact(latest.household_fem_share),
            household_ma_share: Exact(latest.household_ma_share),
            time_zone: &latest.time_zone,
            parameter_set: &latest.parameter_set,
            data_quality: sums.data_quality.iter().map(String::as_str).collect(),
            days: sums.days,
            missing_days: sums.missing_days().collect(),
        }
    }
}

/// Sums of cooling units over a range of days
///
/// Both ends of the range are included, in each cooling unit's local time. Cooling units without a row in the range
/// are left out. The response may be kept and asked about with `If-None-Match`.
#[utoipa::path(
    get,
    path = PATH,
    tag = "slices",
    operation_id = "cooling_unit_slice",
    params(
        ("unit_ids" = String, Query, description = "Cooling units: ids from 1 to 9223372036854775807, separated by \
          commas; spaces around them are tolerated; at most 1000 different ones.",
          pattern = r"^ *0*[1-9][0-9]{0,17} *(, *0*[1-9][0-9]{0,17} *)*$", example = "1,2"),
        ("start_date" = chrono::NaiveDate, Query, description = "First day, inclusive, as YYYY-MM-DD.",
          example = "2026-11-01"),
        ("end_date" = chrono::NaiveDate, Query, description = "Last day, inclusive, as YYYY-MM-DD; not before \
          start_date, and at most 3660 days with both ends.", example = "2026-11-20"),
        FormParams,
        ("If-None-Match" = Option<String>, Header, description = "Entity tags of responses that the client has."),
    ),
    responses(
        (status = 200, description = "The sums, by cooling unit.", headers(("ETag" = String, description = "Names this representation."),
            ("Content-Disposition" = String, description = "Name of the file; not with JSON.")),
          content(
              (CoolingUnitSlices = "application/json"),
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
    let query = fields.cooling_units(Unknown::Refused)?;
    let wanted = Wanted::new(&request, asked, Form::Json)?;

    let mut snapshot = worker.snapshot().await?;
    let version = reader::data_version(&mut snapshot, View::AggregatedComparison).await?;
    let representation = Representation::in_form(&request, &query.normalised(), version.version, wanted)?;
    if representation.is_known() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    let slice = reader::slice(&mut snapshot, &query.units, &query.days).await?;
    snapshot.close().await?;

    let body = CoolingUnitSlices {
        meta: Meta::new(version, slice.basis).over(&query.days),
        cooling_units: slice.units.iter().map(CoolingUnitSlice::from).collect(),
    };
    let table = || {
        let name = format!("coolingunit-slice_{}_{}", query.days.start(), query.days.end());
        let columns = export::columns::<CoolingUnitSlice<'_>>(&FILE_COLUMNS);
        Table::of(name, &body.meta, columns, &body.cooling_units)
    };
    representation.answer(&body, table).await
}

/// The columns in files, which are the members of the body.
const FILE_COLUMNS: [(&str, Kind); 52] = [
    ("cooling_unit_id", Kind::Integer),
    ("unit_name", Kind::Text),
    ("is_unit_deleted", Kind::Flag),
    ("state", Kind::Text),
    ("cool_unit_type", Kind::Text),
    ("cap_tons", Kind::Number),
    ("cap_num_crates", Kind::Integer),
    ("company_id", Kind::Integer),
    ("comp_name", Kind::Text),
    ("comp_pricing", Kind::Text),
    ("currency", Kind::Text),
    ("room_op", Kind::Integer),
    ("room_op_fem", Kind::Integer),
    ("room_op_ma", Kind::Integer),
    ("room_op_ot", Kind::Integer),
    ("room_beneficiaries", Kind::Number),
    ("room_beneficiaries_fem", Kind::Number),
    ("room_beneficiaries_ma", Kind::Number),
    ("room_active_users", Kind::Integer),
    ("room_active_user_ids", Kind::Integers),
    ("room_active_fem", Kind::Integers),
    ("room_active_ma", Kind::Integers),
    ("room_active_ot", Kind::Integers),
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
    ("room_active_farmer_ids", Kind::Integers),
    ("room_stock_kg", Kind::Float),
    ("co2_idle", Kind::Float),
    ("co2_breakdown", Kind::Json),
    ("co2_model", Kind::Text),
    ("country", Kind::Text),
    ("household_size", Kind::Number),
    ("household_fem_share", Kind::Number),
    ("household_ma_share", Kind::Number),
    ("time_zone", Kind::Text),
    ("parameter_set", Kind::Text),
    ("data_quality", Kind::Texts),
    ("days", Kind::Integer),
    ("missing_days", Kind::Json),
];

/// The fields of the form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form; the fields are read by name")]
pub struct CoolingUnitForm {
    /// Cooling units: ids from 1, separated by commas; at most 1000 different ones.
    #[schema(pattern = r"^ *0*[1-9][0-9]{0,17} *(, *0*[1-9][0-9]{0,17} *)*$", example = "1,2")]
    unit_ids: String,
    /// First day, inclusive, as YYYY-MM-DD.
    #[schema(example = "2026-11-01")]
    start_date: chrono::NaiveDate,
    /// Last day, inclusive, as YYYY-MM-DD; not before `start_date`, and at most 3660 days with both ends.
    #[schema(example = "2026-11-20")]
    end_date: chrono::NaiveDate,
}

/// Sums of cooling units over a range of days, in the predecessor's form
///
/// Column by column, each an object of values by position. What is absent stands as 0, `"0"` or an empty
/// dictionary; without any row every column is the number 0.
#[utoipa::path(
    post,
    path = "/coolingunit-slice/",
    tag = "predecessor",
    operation_id = "cooling_unit_slice_form",
    request_body(content(
        (CoolingUnitForm = "application/x-www-form-urlencoded"),
        (CoolingUnitForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "Columns of values by position.", body = Object,
          example = json!({"cooling_unit_id": {"0": 1, "1": 3}, "unit_name": {"0": "Room 1", "1": "Room 3"}})),
        (status = 400, description = "A field is missing, repeated or malformed.", body = FormProblem),
        (status = 413, description = "The body is too large.", body = FormProblem),
        (status = 415, description = "The body is not a form.", body = FormProblem),
        (status = 503, description = "The database does not answer, or not in time.", body = FormProblem),
    ),
)]
pub async fn post(request: HttpRequest, payload: Payload, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    let fields = form::read(&request, payload, worker.app.settings.max_body_bytes).await?;
    let query = fields.cooling_units(Unknown::Ignored)?;

    let mut snapshot = worker.snapshot().await?;
    let slice = reader::slice(&mut snapshot, &query.units, &query.days).await?;
    snapshot.close().await?;

    Ok(HttpResponse::Ok().json(Frame { columns: &COLUMNS, rows: &slice.units }))
}

/// The predecessor's columns, in its order.
const COLUMNS: [Column<UnitSlice>; 38] = [
    ("cooling_unit_id", |unit| Cell::Int(Some(unit.cooling_unit_id.0))),
    ("unit_name", |unit| Cell::Text(unit.latest.unit_name.as_deref())),
    ("is_unit_deleted", |unit| Cell::Float(Some(f64::from(u8::from(unit.latest.is_unit_deleted))))),
    ("state", |unit| Cell::Text(unit.latest.state.as_deref())),
    ("cool_unit_type", |unit| Cell::Text(unit.latest.cool_unit_type.as_deref())),
    ("cap_tons", |unit| Cell::Decimal(unit.latest.cap_tons)),
    ("cap_num_crates", |unit| Cell::Float(unit.latest.cap_num_crates.map(f64::from))),
    ("company_id", |unit| Cell::Int(unit.latest.company_id.map(|company| company.0))),
    ("comp_name", |unit| Cell::Text(unit.latest.comp_name.as_deref())),
    ("comp_pricing", |unit| Cell::Text(Some(&unit.latest.comp_pricing))),
    ("currency", |unit| Cell::Text(unit.latest.currency.as_deref())),
    ("room_op", |unit| Cell::Float(Some(unit.latest.room_op.into()))),
    ("room_op_fem", |unit| Cell::Float(Some(unit.latest.room_op_fem.into()))),
    ("room_op_ma", |unit| Cell::Float(Some(unit.latest.room_op_ma.into()))),
    ("room_op_ot", |unit| Cell::Float(Some(unit.latest.room_op_ot.into()))),
    ("room_beneficiaries", |unit| people(unit, |people| people.total)),
    ("room_beneficiaries_fem", |unit| people(unit, |people| people.women)),
    ("room_beneficiaries_ma", |unit| people(unit, |people| people.men)),
    ("room_active_user_ids", |unit| Cell::Ids(unit.sums.room_active_user_ids.ids())),
    ("room_active_users", |unit| count(unit.sums.room_active_user_ids.count())),
    ("room_active_fem", |unit| count(unit.sums.room_active_fem.count())),
    ("room_active_ma", |unit| count(unit.sums.room_active_ma.count())),
    ("room_active_ot", |unit| count(unit.sums.room_active_ot.count())),
    ("room_crates_in", |unit| Cell::Int(Some(unit.sums.room_crates_in))),
    ("room_ops_in", |unit| Cell::Int(Some(unit.sums.room_ops_in))),
    ("room_kg_in", |unit| Cell::Float(Some(unit.sums.room_kg_in))),
    ("room_crates_out", |unit| Cell::Int(Some(unit.sums.room_crates_out))),
    ("room_ops_out", |unit| Cell::Int(Some(unit.sums.room_ops_out))),
    ("room_kg_out", |unit| Cell::Float(Some(unit.sums.room_kg_out))),
    ("average_room_occupancy", |unit| Cell::Float(unit.sums.average_room_occupancy())),
    ("room_revenue", |unit| Cell::Decimal(unit.sums.room_revenue.sum)),
    ("room_revenue_usd", |unit| Cell::Decimal(unit.sums.room_revenue_usd.sum)),
    ("check_in_crates_crop", |unit| Cell::Sums(Some(&unit.sums.check_in_crates_crop))),
    ("check_in_kg_crop", |unit| Cell::Sums(Some(&unit.sums.check_in_kg_crop))),
    ("check_out_crates_crop", |unit| Cell::Sums(Some(&unit.sums.check_out_crates_crop))),
    ("check_out_kg_crop", |unit| Cell::Sums(Some(&unit.sums.check_out_kg_crop))),
    ("tot_co2", |unit| Cell::Float(unit.sums.tot_co2.sum)),
    ("co2_crops", |unit| Cell::Sums(unit.sums.co2_crops.as_ref())),
];

fn people(unit: &UnitSlice, which: fn(Beneficiaries) -> Decimal) -> Cell<'_> {
    Cell::Decimal(unit.beneficiaries().map(which))
}

fn count<'a>(number: usize) -> Cell<'a> {
    // No list holds 2^63 ids.
    Cell::Int(i64::try_from(number).ok())
}
