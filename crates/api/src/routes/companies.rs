//! The list of companies.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use metrics_core::coldroom::slice::Basis;
use metrics_core::db::reader::{self, ListedCompany};
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
pub const PATH: &str = "/api/companies";

/// A page of companies.
#[derive(Debug, Serialize, ToSchema)]
pub struct Companies {
    meta: ListMeta,
    /// Companies of the page, by id.
    companies: Vec<CompanyEntry>,
}

/// A company.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyEntry {
    /// The company.
    #[schema(example = 1)]
    company_id: i64,
    /// Name.
    #[schema(example = "Cold Company")]
    comp_name: Option<String>,
    /// ISO 3166 country.
    #[schema(example = "NG")]
    comp_country: Option<String>,
    /// ISO 4217 currency.
    #[schema(example = "NGN")]
    currency: Option<String>,
}

impl From<ListedCompany> for CompanyEntry {
    fn from(row: ListedCompany) -> Self {
        let ListedCompany { company_id, comp_name, comp_country, currency, .. } = row;
        Self { company_id, comp_name, comp_country, currency }
    }
}

/// Companies with figures
#[utoipa::path(
    get,
    path = PATH,
    tag = "lists",
    operation_id = "companies",
    params(
        ("limit" = Option<u32>, Query, description = "Entries at most; 100 when not given.", minimum = 1,
          maximum = 1000, example = 100),
        ("offset" = Option<i64>, Query, description = "Entries to skip; 0 when not given.", minimum = 0, example = 0),
        FormParams,
        ("If-None-Match" = Option<String>, Header, description = "Entity tags of responses that the client has."),
    ),
    responses(
        (status = 200, description = "A page of companies, by id.", headers(("ETag" = String, description = "Names this representation."),
            ("Content-Disposition" = String, description = "Name of the file; not with JSON.")),
          content(
              (Companies = "application/json"),
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
    let page = fields.company_list()?;
    let wanted = Wanted::new(&request, asked, Form::Json)?;

    let mut snapshot = worker.snapshot().await?;
    let version = reader::data_version(&mut snapshot, View::Company).await?;
    let query = format!("{}&{}", page.limit, page.offset);
    let representation = Representation::in_form(&request, &query, version.version, wanted)?;
    if representation.is_known() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    let found = reader::companies(&mut snapshot, page).await?;
    snapshot.close().await?;

    let basis = Basis {
        time_zones: found.companies.iter().map(|row| row.time_zone.clone()).collect(),
        parameter_sets: found.companies.iter().map(|row| row.parameter_set.clone()).collect(),
        ..Basis::default()
    };
    let body = Companies {
        meta: ListMeta::new(Meta::new(version, basis), page, found.total),
        companies: found.companies.into_iter().map(CompanyEntry::from).collect(),
    };
    let table = || {
        let columns = export::columns::<CompanyEntry>(&FILE_COLUMNS);
        Table::of("companies".to_owned(), &body.meta, columns, &body.companies)
    };
    representation.answer(&body, table).await
}

/// The columns in files, which are the members of the entries.
const FILE_COLUMNS: [(&str, Kind); 4] =
    [("company_id", Kind::Integer), ("comp_name", Kind::Text), ("comp_country", Kind::Text), ("currency", Kind::Text)];
