//! The slice of a company: its latest row, in both forms.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use metrics_core::coldroom::slice::Basis;
use metrics_core::db::reader::{self, Company};
use metrics_core::export::{Form, Kind};
use metrics_core::ids::CompanyId;
use metrics_core::view::View;
use serde::Serialize;
use utoipa::ToSchema;

use crate::conditional::Representation;
use crate::error::{ApiError, FormProblem, Problem};
use crate::export::{self, Binary, FormParams, Table, Wanted};
use crate::fields::{Fields, Unknown};
use crate::form;
use crate::frame::{Cell, Column, Frame};
use crate::json::{Exact, StoredCounts};
use crate::meta::Meta;
use crate::state::Worker;

/// Path of the clean form.
pub const PATH: &str = "/api/company-slice";
/// Paths of the predecessor's form.
pub const FORM_PATHS: [&str; 2] = ["/company-slice", "/company-slice/"];

/// A company since its first day.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanySlice<'a> {
    meta: Meta,
    company: CompanyFigures<'a>,
}

/// The figures of a company since its first day; null where there is none.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyFigures<'a> {
    /// Local date of which the figures speak.
    #[schema(example = "2026-11-21")]
    report_date: NaiveDate,
    /// The company.
    #[schema(example = 1)]
    company_id: i64,
    /// Name.
    #[schema(example = "Cold Company")]
    comp_name: Option<&'a str>,
    /// Path of the logo.
    #[schema(example = "company_logos/c1.png")]
    comp_logo: Option<&'a str>,
    /// ISO 3166 country.
    #[schema(example = "NG")]
    comp_country: Option<&'a str>,
    /// Capacity in metric tons of the cooling units in use that state one.
    #[schema(value_type = Option<f64>, example = 20.0)]
    comp_cap_tons: Option<Exact>,
    /// Capacity in crates of the cooling units in use that state one.
    #[schema(example = 330)]
    comp_cap_num_crates: Option<i32>,
    /// Cooling units in use by type.
    #[schema(value_type = BTreeMap<String, i64>, example = json!({"MARKET_STORAGE_ROOM": 1}))]
    cooling_unit_types: StoredCounts<'a>,
    /// Operators.
    #[schema(example = 2)]
    comp_op: i32,
    /// Of `comp_op`, women.
    #[schema(example = 1)]
    comp_op_fem: i32,
    /// Of `comp_op`, men.
    #[schema(example = 1)]
    comp_op_ma: i32,
    /// Of `comp_op`, other or unknown gender.
    #[schema(example = 0)]
    comp_op_ot: i32,
    /// ISO 4217 currency of `comp_revenue`.
    #[schema(example = "NGN")]
    currency: Option<&'a str>,
    /// Registered employees.
    #[schema(example = 4)]
    comp_reg_users: i32,
    /// Of `comp_reg_users`, men.
    #[schema(example = 1)]
    comp_reg_users_ma: i32,
    /// Of `comp_reg_users`, women.
    #[schema(example = 1)]
    comp_reg_users_fem: i32,
    /// Of `comp_reg_users`, other or unknown gender.
    #[schema(example = 2)]
    comp_reg_users_ot: i32,
    /// People in the households of the cooling users.
    #[schema(value_type = f64, example = 122.2)]
    comp_beneficiaries: Exact,
    /// Of `comp_beneficiaries`, women and girls.
    #[schema(value_type = f64, example = 60.489)]
    comp_beneficiaries_fem: Exact,
    /// Of `comp_beneficiaries`, men and boys.
    #[schema(value_type = f64, example = 61.711)]
    comp_beneficiaries_ma: Exact,
    /// Cooling users.
    #[schema(example = 26)]
    comp_cool_users: i32,
    /// Of `comp_cool_users`, women.
    #[schema(example = 8)]
    comp_cool_users_fem: i32,
    /// Of `comp_cool_users`, men.
    #[schema(example = 11)]
    comp_cool_users_ma: i32,
    /// Of `comp_cool_users`, other or unknown gender.
    #[schema(example = 7)]
    comp_cool_users_ot: i32,
    /// Of `comp_cool_users`, farmers.
    #[schema(example = 11)]
    comp_farmers: i32,
    /// Of `comp_cool_users`, traders.
    #[schema(example = 2)]
    comp_traders: i32,
    /// Of `comp_cool_users`, neither.
    #[schema(example = 13)]
    comp_unspec_user_type: i32,
    /// Crates checked in.
    #[schema(example = 2045)]
    comp_crates_in: i32,
    /// Check-in operations.
    #[schema(example = 455)]
    comp_ops_in: i32,
    /// Weight checked in, kg.
    #[schema(example = 42776.5)]
    comp_kg_in: f64,
    /// Crates emptied.
    #[schema(example = 1759)]
    comp_crates_out: i32,
    /// Check-out operations.
    #[schema(example = 429)]
    comp_ops_out: i32,
    /// Weight released, kg.
    #[schema(example = 36779.0)]
    comp_kg_out: f64,
    /// Mean occupancy of complete days, weighted by capacity, percent.
    #[schema(value_type = Option<f64>, example = 23.45)]
    comp_average_room_occupancy: Option<Exact>,
    /// Fees in currency.
    #[schema(value_type = Option<f64>, example = 1_302_068.2)]
    comp_revenue: Option<Exact>,
    /// Fees in US dollars, each day at its rate.
    #[schema(value_type = Option<f64>, example = 846.34)]
    comp_revenue_usd: Option<Exact>,
    /// Days of cooling units without `comp_revenue` or `comp_revenue_usd`, left out of the sums.
    #[schema(minimum = 0, example = 0)]
    fx_missing_days: i32,
    /// IANA time zone of `report_date`.
    #[schema(example = "Africa/Lagos")]
    time_zone: &'a str,
    /// Version of the literature values used.
    #[schema(example = "2026.1")]
    parameter_set: &'a str,
}

impl<'a> From<&'a Company> for CompanyFigures<'a> {
    fn from(row: &'a Company) -> Self {
        Self {
            report_date: row.report_date,
            company_id: row.company_id,
            comp_name: row.comp_name.as_deref(),
            comp_logo: row.comp_logo.as_deref(),
            comp_country: row.comp_country.as_deref(),
            comp_cap_tons: row.comp_cap_tons.map(Exact),
            comp_cap_num_crates: row.comp_cap_num_crates,
            cooling_unit_types: StoredCounts(&row.cooling_unit_types),
            comp_op: row.comp_op,
            comp_op_fem: row.comp_op_fem,
            comp_op_ma: row.comp_op_ma,
            comp_op_ot: row.comp_op_ot,
            currency: row.currency.as_deref(),
            comp_reg_users: row.comp_reg_users,
            comp_reg_users_ma: row.comp_reg_users_ma,
            comp_reg_users_fem: row.comp_reg_users_fem,
            comp_reg_users_ot: row.comp_reg_users_ot,
            comp_beneficiaries: Exact(row.comp_beneficiaries),
            comp_beneficiaries_fem: Exact(row.comp_beneficiaries_fem),
            comp_beneficiaries_ma: Exact(row.comp_beneficiaries_ma),
            comp_cool_users: row.comp_cool_users,
            comp_cool_users_fem: row.comp_cool_users_fem,
            comp_cool_users_ma: row.comp_cool_users_ma,
            comp_cool_users_ot: row.comp_cool_users_ot,
            comp_farmers: row.comp_farmers,
            comp_traders: row.comp_traders,
            comp_unspec_user_type: row.comp_unspec_user_type,
            comp_crates_in: row.comp_crates_in,
            comp_ops_in: row.comp_ops_in,
            comp_kg_in: row.comp_kg_in,
            comp_crates_out: row.comp_crates_out,
            comp_ops_out: row.comp_ops_out,
            comp_kg_out: row.comp_kg_out,
            comp_average_room_occupancy: row.comp_average_room_occupancy.map(Exact),
            comp_revenue: row.comp_revenue.map(Exact),
            comp_revenue_usd: row.comp_revenue_usd.map(Exact),
            fx_missing_days: row.fx_missing_days,
            time_zone: &row.time_zone,
            parameter_set: &row.parameter_set,
        }
    }
}

/// A company since its first day
///
/// The response may be kept and asked about with `If-None-Match`.
#[utoipa::path(
    get,
    path = PATH,
    tag = "slices",
    operation_id = "company_slice",
    params(
        ("company_id" = i64, Query, description = "The company.", minimum = 1, example = 1),
        FormParams,
        ("If-None-Match" = Option<String>, Header, description = "Entity tags of responses that the client has."),
    ),
    responses(
        (status = 200, description = "The figures of the company.", headers(("ETag" = String, description = "Names this representation."),
            ("Content-Disposition" = String, description = "Name of the file; not with JSON.")),
          content(
              (CompanySlice = "application/json"),
              (String = "text/csv"),
              (Binary = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
              (Binary = "application/vnd.apache.parquet"),
          )),
        (status = 304, description = "The client has this representation already."),
        (status = 400, description = "A parameter is missing, unknown, repeated or malformed.", body = Problem,
          content_type = "application/problem+json"),
        (status = 404, description = "There is no such company.", body = Problem,
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
    let id = fields.company(Unknown::Refused)?;
    let wanted = Wanted::new(&request, asked, Form::Json)?;

    let mut snapshot = worker.snapshot().await?;
    let version = reader::data_version(&mut snapshot, View::Company).await?;
    let representation = Representation::in_form(&request, &id.to_string(), version.version, wanted)?;
    if representation.is_known_by_tag() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    let company = reader::company(&mut snapshot, id).await?;
    snapshot.close().await?;

    let company = company.ok_or_else(|| unknown(id))?;
    if representation.is_known() {
        return Ok(representation.not_modified());
    }
    let basis = Basis {
        time_zones: [company.time_zone.clone()].into(),
        parameter_sets: [company.parameter_set.clone()].into(),
        ..Basis::default()
    };
    let body = CompanySlice { meta: Meta::new(version, basis), company: (&company).into() };
    let table = || {
        let columns = export::columns::<CompanyFigures<'_>>(&FILE_COLUMNS);
        Table::of(format!("company-slice_{id}"), &body.meta, columns, std::slice::from_ref(&body.company))
    };
    representation.answer(&body, table).await
}

/// The columns in files, which are the members of the body.
const FILE_COLUMNS: [(&str, Kind); 39] = [
    ("report_date", Kind::Date),
    ("company_id", Kind::Integer),
    ("comp_name", Kind::Text),
    ("comp_logo", Kind::Text),
    ("comp_country", Kind::Text),
    ("comp_cap_tons", Kind::Number),
    ("comp_cap_num_crates", Kind::Integer),
    ("cooling_unit_types", Kind::Json),
    ("comp_op", Kind::Integer),
    ("comp_op_fem", Kind::Integer),
    ("comp_op_ma", Kind::Integer),
    ("comp_op_ot", Kind::Integer),
    ("currency", Kind::Text),
    ("comp_reg_users", Kind::Integer),
    ("comp_reg_users_ma", Kind::Integer),
    ("comp_reg_users_fem", Kind::Integer),
    ("comp_reg_users_ot", Kind::Integer),
    ("comp_beneficiaries", Kind::Number),
    ("comp_beneficiaries_fem", Kind::Number),
    ("comp_beneficiaries_ma", Kind::Number),
    ("comp_cool_users", Kind::Integer),
    ("comp_cool_users_fem", Kind::Integer),
    ("comp_cool_users_ma", Kind::Integer),
    ("comp_cool_users_ot", Kind::Integer),
    ("comp_farmers", Kind::Integer),
    ("comp_traders", Kind::Integer),
    ("comp_unspec_user_type", Kind::Integer),
    ("comp_crates_in", Kind::Integer),
    ("comp_ops_in", Kind::Integer),
    ("comp_kg_in", Kind::Float),
    ("comp_crates_out", Kind::Integer),
    ("comp_ops_out", Kind::Integer),
    ("comp_kg_out", Kind::Float),
    ("comp_average_room_occupancy", Kind::Number),
    ("comp_revenue", Kind::Money(2)),
    ("comp_revenue_usd", Kind::Money(2)),
    ("fx_missing_days", Kind::Integer),
    ("time_zone", Kind::Text),
    ("parameter_set", Kind::Text),
];

fn unknown(id: CompanyId) -> ApiError {
    ApiError::NotFound(format!("there is no company {id}"))
}

/// The field of the form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form; the fields are read by name")]
pub struct CompanyForm {
    /// The company.
    #[schema(minimum = 1, example = 1)]
    company_id: i64,
}

/// A company since its first day, in the predecessor's form
///
/// Column by column, each an object with the value at position 0. What is absent stands as 0, `"0"` or an empty
/// dictionary; for an unknown company every column is the number 0.
#[utoipa::path(
    post,
    path = "/company-slice/",
    tag = "predecessor",
    operation_id = "company_slice_form",
    request_body(content(
        (CompanyForm = "application/x-www-form-urlencoded"),
        (CompanyForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "Columns of values by position.", body = Object,
          example = json!({"report_date": {"0": "2026-11-21"}, "company_id": {"0": 1}})),
        (status = 400, description = "A field is missing, repeated or malformed.", body = FormProblem),
        (status = 413, description = "The body is too large.", body = FormProblem),
        (status = 415, description = "The body is not a form.", body = FormProblem),
        (status = 503, description = "The database does not answer, or not in time.", body = FormProblem),
    ),
)]
pub async fn post(request: HttpRequest, payload: Payload, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    let fields = form::read(&request, payload, worker.app.settings.max_body_bytes).await?;
    let id = fields.company(Unknown::Ignored)?;

    let mut snapshot = worker.snapshot().await?;
    let company = reader::company(&mut snapshot, id).await?;
    snapshot.close().await?;

    Ok(HttpResponse::Ok().json(Frame { columns: &COLUMNS, rows: company.as_slice() }))
}

/// The predecessor's columns, in its order.
const COLUMNS: [Column<Company>; 36] = [
    ("report_date", |row| Cell::Date(row.report_date)),
    ("company_id", |row| Cell::Int(Some(row.company_id))),
    ("comp_name", |row| Cell::Text(row.comp_name.as_deref())),
    ("comp_logo", |row| Cell::Text(row.comp_logo.as_deref())),
    ("comp_country", |row| Cell::Text(row.comp_country.as_deref())),
    ("comp_cap_tons", |row| Cell::Decimal(row.comp_cap_tons)),
    ("comp_cap_num_crates", |row| Cell::Int(row.comp_cap_num_crates.map(i64::from))),
    ("cooling_unit_types", |row| Cell::Counts(&row.cooling_unit_types)),
    ("comp_op", |row| int(row.comp_op)),
    ("comp_op_fem", |row| int(row.comp_op_fem)),
    ("comp_op_ma", |row| int(row.comp_op_ma)),
    ("comp_op_ot", |row| int(row.comp_op_ot)),
    ("currency", |row| Cell::Text(row.currency.as_deref())),
    ("comp_reg_users", |row| int(row.comp_reg_users)),
    ("comp_reg_users_ma", |row| int(row.comp_reg_users_ma)),
    ("comp_reg_users_fem", |row| int(row.comp_reg_users_fem)),
    ("comp_reg_users_ot", |row| int(row.comp_reg_users_ot)),
    ("comp_beneficiaries", |row| Cell::Decimal(Some(row.comp_beneficiaries))),
    ("comp_beneficiaries_fem", |row| Cell::Decimal(Some(row.comp_beneficiaries_fem))),
    ("comp_beneficiaries_ma", |row| Cell::Decimal(Some(row.comp_beneficiaries_ma))),
    ("comp_cool_users", |row| int(row.comp_cool_users)),
    ("comp_cool_users_fem", |row| int(row.comp_cool_users_fem)),
    ("comp_cool_users_ma", |row| int(row.comp_cool_users_ma)),
    ("comp_cool_users_ot", |row| int(row.comp_cool_users_ot)),
    ("comp_farmers", |row| int(row.comp_farmers)),
    ("comp_traders", |row| int(row.comp_traders)),
    ("comp_unspec_user_type", |row| int(row.comp_unspec_user_type)),
    ("comp_crates_in", |row| int(row.comp_crates_in)),
    ("comp_ops_in", |row| int(row.comp_ops_in)),
    ("comp_kg_in", |row| Cell::Float(Some(row.comp_kg_in))),
    ("comp_crates_out", |row| int(row.comp_crates_out)),
    ("comp_ops_out", |row| int(row.comp_ops_out)),
    ("comp_kg_out", |row| Cell::Float(Some(row.comp_kg_out))),
    ("comp_average_room_occupancy", |row| Cell::Decimal(row.comp_average_room_occupancy)),
    ("comp_revenue", |row| Cell::Decimal(row.comp_revenue)),
    ("comp_revenue_usd", |row| Cell::Decimal(row.comp_revenue_usd)),
];

fn int<'a>(number: i32) -> Cell<'a> {
    Cell::Int(Some(number.into()))
}
