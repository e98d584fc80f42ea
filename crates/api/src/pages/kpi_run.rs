//! `GET /kpi-runs/{id}`: one run of KPIs.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use metrics_core::db::metrics::kpi::{self, StoredDelivery, StoredKpi, StoredResult};

use super::figure::Figure;
use super::kpi_rows::RowsTable;
use super::kpis::{Instant, Shown, Status, kpi_address, why};
use super::{Page, Section};
use crate::conditional::Representation;
use crate::error::ApiError;
use crate::fields::{Fields, path_id};
use crate::routes::kpis::runs::unknown_run;
use crate::state::Worker;

/// What the paths of these pages start with.
pub const PREFIX: &str = "/kpi-runs/";
/// Pattern of their paths.
pub const PATTERN: &str = "/kpi-runs/{id}";

#[derive(Template)]
#[template(path = "kpi_run.html")]
struct RunPage<'a> {
    page: &'a Page,
    section: Section,
    title: String,
    status: Status,
    counts: String,
    environment: &'a str,
    started: Instant,
    finished: Option<Instant>,
    as_of: Instant,
    trigger: &'a str,
    host: &'a str,
    results: Vec<ResultRow>,
    deliveries: Vec<DeliveryRow>,
    json: String,
}

/// What came of a KPI.
struct ResultRow {
    href: Option<String>,
    name: String,
    value: Figure,
    rows_table: Option<RowsTable>,
    status: Status,
    seconds: Figure,
    why: Option<String>,
    error: Option<String>,
}

/// What became of the row at a sink.
struct DeliveryRow {
    sink: String,
    status: Status,
    attempts: Figure,
    delivered: Option<Instant>,
    error: Option<String>,
}

impl ResultRow {
    fn new(page: &Page, result: &StoredResult, kpi: Option<&StoredKpi>) -> Self {
        let value = result.value.as_ref().map(kpi::JsonText::as_str);
        let unit = kpi.and_then(|kpi| kpi.unit.as_deref());
        Self {
            href: kpi.map(|kpi| page.link(&kpi_address(&kpi.environment, &kpi.id))),
            name: result.name.clone(),
            value: Shown { form: &result.form, value, rows: result.rows, unit }.figure(page),
            rows_table: value
                .filter(|_| result.form == "rows")
                .and_then(|json| RowsTable::new(page, json, result.is_truncated)),
            status: Status::new(page, &result.status),
            seconds: page.float(f64::from(result.duration_ms) / 1e3, 2).unit("s"),
            why: why(page, result.error_kind.as_deref()),
            error: result.error.clone(),
        }
    }
}

impl DeliveryRow {
    fn new(page: &Page, delivery: &StoredDelivery) -> Self {
        let words = page.t(if delivery.status == "ok" { "kpi.delivered" } else { "kpi.not_delivered" });
        Self {
            sink: delivery.sink.clone(),
            status: Status { code: delivery.status.clone(), words: words.to_owned() },
            attempts: page.count(delivery.attempts),
            delivered: delivery.delivered_at.map(|at| Instant::new(page, at)),
            error: delivery.error.clone(),
        }
    }
}

/// The page.
pub async fn get(request: HttpRequest, id: Path<String>, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    Fields::urlencoded(request.query_string()).plain_page()?;
    let page = Page::new(&request);
    let id = path_id(&id).ok_or_else(unknown_run)?;

    let mut snapshot = worker.snapshot().await?;
    let version = kpi::data_version(&mut snapshot).await?;
    let representation = Representation::new(&request, &page.variant(), version)?;
    if representation.is_known_by_tag() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    let Some(run) = kpi::run(&mut snapshot, id).await? else {
        snapshot.close().await?;
        return Err(unknown_run());
    };
    let results = kpi::results(&mut snapshot, id).await?;
    let deliveries = kpi::deliveries(&mut snapshot, id).await?;
    let kpis = kpi::kpis_by_name(&mut snapshot, &run.environment, results.iter().map(|result| &*result.name)).await?;
    snapshot.close().await?;
    if representation.is_known() {
        return Ok(representation.not_modified());
    }

    let [ok, all] = [run.ok, run.kpis].map(|number| number.to_string());
    let view = RunPage {
        section: Section::Kpis,
        title: page.say("kpi.run_title", "id", &id.to_string()),
        status: Status::new(&page, &run.status),
        counts: page.lang.say("kpi.counts", &[("ok", &ok), ("all", &all)]),
        environment: &run.environment,
        started: Instant::new(&page, run.started_at),
        finished: run.finished_at.map(|at| Instant::new(&page, at)),
        as_of: Instant::new(&page, run.as_of),
        trigger: &run.trigger,
        host: &run.host,
        results: results
            .iter()
            .map(|result| ResultRow::new(&page, result, kpis.iter().find(|kpi| kpi.name == result.name)))
            .collect(),
        deliveries: deliveries.iter().map(|delivery| DeliveryRow::new(&page, delivery)).collect(),
        json: page.raw(&format!("api/kpi-runs/{id}")),
        page: &page,
    };
    representation.html(&view)
}
