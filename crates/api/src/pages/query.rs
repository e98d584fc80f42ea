//! `GET /query`: forms for the raw API.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use metrics_core::db::reader::{self, Page as ListPage};
use metrics_core::view::View;

use super::{Page, Section};
use crate::conditional::Representation;
use crate::error::ApiError;
use crate::fields::Fields;
use crate::state::Worker;

/// Path of the page.
pub const PATH: &str = "/query";

#[derive(Template)]
#[template(path = "query.html")]
struct Query<'a> {
    page: &'a Page,
    section: Section,
    title: &'a str,
    company: i64,
    units: String,
    start: String,
    end: String,
}

/// The page. Its forms are filled in with a company and cooling units that exist.
pub async fn get(request: HttpRequest, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    Fields::urlencoded(request.query_string()).plain_page()?;
    let page = Page::new(&request);

    let mut snapshot = worker.snapshot().await?;
    let version = reader::data_version(&mut snapshot, View::AggregatedComparison).await?;
    let representation = Representation::new(&request, &page.variant(), version.version)?;
    if representation.is_known() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    let units = reader::cooling_units(&mut snapshot, None, ListPage { limit: 2, offset: 0 }).await?.cooling_units;
    snapshot.close().await?;

    let last = units.iter().map(|unit| unit.last_date).max();
    let start = last.and_then(|last| last.checked_sub_days(chrono::Days::new(29)));
    let ids: Vec<_> = units.iter().map(|unit| unit.cooling_unit_id.to_string()).collect();
    let view = Query {
        section: Section::Query,
        title: page.t("query.title"),
        company: units.iter().find_map(|unit| unit.company_id).unwrap_or(1),
        units: if ids.is_empty() { "1".to_owned() } else { ids.join(",") },
        start: start.map_or_else(String::new, |day| day.to_string()),
        end: last.map_or_else(String::new, |day| day.to_string()),
        page: &page,
    };
    representation.html(&view)
}
