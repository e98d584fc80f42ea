//! The list of cooling units.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use metrics_core::coldroom::slice::Basis;
use metrics_core::db::reader::{self, ListedCoolingUnit};
use metrics_core::export::{Form, Kind};
use metrics_core::view::View;
use serde::Serialize;
use utoipa::ToSchema;

use crate::conditional::Representation;
use crate::error::{ApiError, Problem};
use crate::export::{self, Binary, FormParams, Table, Wanted};
use crate::fields::Fields;
use crate::meta::{ListMeta, Meta};
use crate::state::Worker;

/// Path of the list.
pub const PATH: &str = "/api/cooling-units";

/// A page of cooling units.
#[derive(Debug, Serialize, ToSchema)]
pub struct CoolingUnits {
    meta: ListMeta,
    /// Cooling units of the page, by id.
    cooling_units: Vec<CoolingUnitEntry>,
}

/// A cooling unit, as its last stored day describes it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CoolingUnitEntry {
    /// The cooling unit.
    #[schema(example = 1)]
    cooling_unit_id: i64,
    /// Name.
    #[schema(example = "Room 1")]
    unit_name: Option<String>,
    /// Company.
    #[schema(example = 1)]
    company_id: Option<i64>,
    /// IANA time zone of its days.
    #[schema(example = "Africa/Lagos")]
    time_zone: String,
    /// True when the cooling unit or its location is deleted.
    #[schema(example = false)]
    is_unit_deleted: bool,
    /// First stored day.
    #[schema(example = "2025-05-03")]
    first_date: NaiveDate,
    /// Last stored day.
    #[schema(example = "2026-11-20")]
    last_date: NaiveDate,
}

impl From<ListedCoolingUnit> for CoolingUnitEntry {
    fn from(row: ListedCoolingUnit) -> Self {
        Self {
            cooling_unit_id: row.cooling_unit_id,
            unit_name: row.unit_name,
            company_id: row.company_id,
            time_zone: row.time_zone,
            is_unit_deleted: row.is_unit_deleted,
            first_date: row.first_date,
            last_date: row.last_date,
        }
    }
}

/// Cooling units with figures
#[utoipa::path(
    get,
    path = PATH,
    tag = "lists",
    operation_id = "cooling_units",
    params(
        ("company_id" = Option<i64>, Query, description = "Only cooling units of this company on their last day.",
          minimum = 1, example = 1),
        ("limit" = Option<u32>, Query, description = "Entries at most; 100 when not given.", minimum = 1,
          maximum = 1000, example = 100),
        ("offset" = Option<i64>, Query, description = "Entries to skip; 0 when not given.", minimum = 0, example = 0),
        FormParams,
        ("If-None-Match" = Option<String>, Header, description = "Entity tags of responses that the client has."),
    ),
    responses(
        (status = 200, description = "A page of cooling units, by id.", headers(("ETag" = String, description = "Names this representation."),
            ("Content-Disposition" = String, description = "Name of the file; not with JSON.")),
          content(
              (CoolingUnits = "application/json"),
              (String = "text/csv"),
              (Binary = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
              (Binary = "application/vnd.apache.parquet"),
          )),
        (status = 304, description = "The client has this representation already."),
        (status = 400, description = "A parameter is unknown, repeated or malformed.", body = Problem,
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
    let (company, page) = fields.cooling_unit_list()?;
    let wanted = Wanted::new(&request, asked, Form::Json)?;

    let mut snapshot = worker.snapshot().await?;
    let version = reader::data_version(&mut snapshot, View::AggregatedComparison).await?;
    let query = format!("{company:?}&{}&{}", page.limit, page.offset);
    let representation = Representation::in_form(&request, &query, version.version, wanted)?;
    if representation.is_known() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    let found = reader::cooling_units(&mut snapshot, company, page).await?;
    snapshot.close().await?;

    let basis = Basis {
        time_zones: found.cooling_units.iter().map(|row| row.time_zone.clone()).collect(),
        parameter_sets: found.cooling_units.iter().map(|row| row.parameter_set.clone()).collect(),
        ..Basis::default()
    };
    let body = CoolingUnits {
        meta: ListMeta::new(Meta::new(version, basis), page, found.total),
        cooling_units: found.cooling_units.into_iter().map(CoolingUnitEntry::from).collect(),
    };
    let table = || {
        let columns = export::columns::<CoolingUnitEntry>(&FILE_COLUMNS);
        Table::of("cooling-units".to_owned(), &body.meta, columns, &body.cooling_units)
    };
    representation.answer(&body, table).await
}

/// The columns in files, which are the members of the entries.
const FILE_COLUMNS: [(&str, Kind); 7] = [
    ("cooling_unit_id", Kind::Integer),
    ("unit_name", Kind::Text),
    ("company_id", Kind::Integer),
    ("time_zone", Kind::Text),
    ("is_unit_deleted", Kind::Flag),
    ("first_date", Kind::Date),
    ("last_date", Kind::Date),
];
