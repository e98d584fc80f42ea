//! `GET /`: all companies at a glance.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use metrics_core::db::metrics::kpi;
use metrics_core::db::reader::{self, Company, DataVersion};
use metrics_core::view::View;

use super::figure::{Figure, Reason};
use super::graphics::Bar;
use super::{Page, Section};
use crate::conditional::Representation;
use crate::error::ApiError;
use crate::fields::Fields;
use crate::state::Worker;

/// Path of the page.
pub const PATH: &str = "/";

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview<'a> {
    page: &'a Page,
    section: Section,
    title: &'a str,
    companies: Vec<Row>,
    shown: String,
    previous: Option<String>,
    next: Option<String>,
    as_of: Option<AsOf>,
    parameter_sets: Vec<String>,
    has_kpis: bool,
}

/// A company in the list.
struct Row {
    href: String,
    name: String,
    country: Figure,
    units: Figure,
    capacity: Figure,
    occupancy: Figure,
    bar: Bar,
    users: Figure,
    kg_in: Figure,
    kg_out: Figure,
    revenue: Figure,
    revenue_usd: Figure,
    report_date: String,
}

/// The run that last changed the figures.
pub struct AsOf {
    /// Its instant.
    pub instant: String,
    /// How it ended.
    pub outcome: String,
    /// As stored.
    pub code: String,
}

impl AsOf {
    /// Of a version of the data.
    pub fn new(page: &Page, version: &DataVersion) -> Option<Self> {
        let run = version.last_run.as_ref()?;
        Some(Self {
            instant: page.lang.instant(run.as_of),
            outcome: outcome(page, &run.outcome),
            code: run.outcome.clone(),
        })
    }
}

/// How a run ended, in words.
pub fn outcome(page: &Page, code: &str) -> String {
    let key = format!("outcome.{code}");
    if crate::locale::Lang::knows(&key) { page.t(&key).to_owned() } else { code.to_owned() }
}

/// Name of a company.
pub fn company_name(page: &Page, id: i64, name: Option<&str>) -> String {
    name.map_or_else(|| page.say("company.nameless", "id", &id.to_string()), str::to_owned)
}

/// Name of a cooling unit.
pub fn unit_name(page: &Page, id: i64, name: Option<&str>) -> String {
    name.map_or_else(|| page.say("unit.nameless", "id", &id.to_string()), str::to_owned)
}

impl Row {
    fn new(page: &Page, company: &Company, units_in_use: Option<i64>) -> Self {
        let occupancy = company.comp_average_room_occupancy;
        let percent: f64 = occupancy.and_then(|percent| percent.try_into().ok()).unwrap_or(0.0);
        Self {
            href: page.link(&format!("companies/{}", company.company_id)),
            name: company_name(page, company.company_id, company.comp_name.as_deref()),
            country: page.maybe_text(company.comp_country.as_deref()),
            units: page.maybe_count(units_in_use, Reason::NoDays),
            capacity: page.maybe_count(company.comp_cap_num_crates, Reason::NotStated),
            occupancy: page.maybe_decimal(occupancy, 1, Reason::NoCapacity).unit("%"),
            bar: Bar::new(&[("fill-1", percent)], 100.0),
            users: page.count(company.comp_cool_users),
            kg_in: page.float(company.comp_kg_in, 0),
            kg_out: page.float(company.comp_kg_out, 0),
            revenue: page
                .maybe_decimal(company.comp_revenue, 2, Reason::NoRate)
                .unit(company.currency.as_deref().unwrap_or_default()),
            revenue_usd: page.maybe_decimal(company.comp_revenue_usd, 2, Reason::NoRate).unit("USD"),
            report_date: page.lang.date(company.report_date),
        }
    }
}

/// The page.
pub async fn get(request: HttpRequest, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    let range = Fields::urlencoded(request.query_string()).overview_page()?;
    let page = Page::new(&request);

    let mut snapshot = worker.snapshot().await?;
    let version = reader::data_version(&mut snapshot, View::Company).await?;
    let daily = reader::data_version(&mut snapshot, View::AggregatedComparison).await?;
    let has_kpis = kpi::data_version(&mut snapshot).await? > 0;
    let query = format!("{}&{}&{}&{has_kpis}", page.variant(), range.limit, range.offset);
    // Versions only grow, so equal sums are equal versions.
    let representation = Representation::new(&request, &query, version.version + daily.version)?;
    if representation.is_known() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    if let Some(response) = representation.kept_page(&worker.kept_pages) {
        snapshot.close().await?;
        return Ok(response);
    }
    let found = reader::company_rows(&mut snapshot, range).await?;
    let ids: Vec<i64> = found.companies.iter().map(|company| company.company_id).collect();
    let units_in_use = reader::units_in_use(&mut snapshot, &ids).await?;
    snapshot.close().await?;
    // Before any day is stored, nothing is known of cooling units.
    let units_of =
        |company: &Company| (daily.version > 0).then(|| units_in_use.get(&company.company_id).copied().unwrap_or(0));

    let limit = i64::from(range.limit);
    let to = |offset: i64| page.link(&format!("./?limit={limit}&offset={offset}"));
    let on_page = i64::try_from(found.companies.len()).unwrap_or(i64::MAX);
    let last = range.offset.saturating_add(on_page);
    let mut parameter_sets: Vec<_> = found.companies.iter().map(|company| company.parameter_set.clone()).collect();
    parameter_sets.sort_unstable();
    parameter_sets.dedup();
    let number = |number: i64| crate::locale::decimal(page.lang, number.into(), 0);
    let view = Overview {
        section: Section::Overview,
        title: page.t("overview.title"),
        shown: if on_page == 0 {
            page.say("overview.none_shown", "total", &number(found.total))
        } else {
            let (first, last) = (number(range.offset.saturating_add(1)), number(last));
            page.lang.say("overview.shown", &[("first", &first), ("last", &last), ("total", &number(found.total))])
        },
        previous: (range.offset > 0).then(|| to((range.offset - limit).max(0))),
        next: (last < found.total && on_page > 0).then(|| to(last)),
        companies: found.companies.iter().map(|company| Row::new(&page, company, units_of(company))).collect(),
        as_of: AsOf::new(&page, &version),
        parameter_sets,
        has_kpis,
        page: &page,
    };
    representation.kept_html(&worker.kept_pages, &view).await
}
