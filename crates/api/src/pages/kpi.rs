//! `GET /kpis/{id}`: one KPI.

use std::fmt::Write as _;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use futures_util::TryStreamExt as _;
use metrics_core::db::metrics::kpi::{self, HistoryPart, HistoryPoint, Newest, StoredKpi};

use super::figure::{Figure, Reason};
use super::kpi_rows::RowsTable;
use super::kpis::{Instant, Shown, Status, why};
use super::uptime::segment;
use super::{Page, Section};
use crate::conditional::Representation;
use crate::error::ApiError;
use crate::fields::{Fields, KpiHistoryQuery};
use crate::routes::kpis::history::find;
use crate::state::Worker;

/// What the paths of these pages start with.
pub const PREFIX: &str = "/kpis/";
/// Pattern of their paths.
pub const PATTERN: &str = "/kpis/{id}";

#[derive(Template)]
#[template(path = "kpi.html")]
struct KpiPage<'a> {
    page: &'a Page,
    section: Section,
    title: &'a str,
    environment: &'a str,
    description: Option<&'a str>,
    unit: &'a str,
    value: Figure,
    value_at: Option<Instant>,
    value_run: String,
    last: Option<LastRun>,
    rows_table: Option<RowsTable>,
    is_count: bool,
    from: String,
    to: String,
    shown: String,
    points: Vec<PointRow>,
    downloads: String,
}

/// What came of it last.
struct LastRun {
    href: String,
    status: Status,
    started: Instant,
    why: Option<String>,
    error: Option<String>,
}

/// A row of the history.
struct PointRow {
    href: String,
    started: Instant,
    value: Figure,
    status: Status,
    seconds: Figure,
    why: Option<String>,
    error: Option<String>,
    /// Whether the query is not that of the result before.
    is_changed: bool,
}

/// Address of a run's page, from the root.
fn run_address(run: i64) -> String {
    format!("kpi-runs/{run}")
}

impl PointRow {
    fn new(page: &Page, point: &HistoryPoint, before: Option<&HistoryPoint>, unit: Option<&str>) -> Self {
        Self {
            href: page.link(&run_address(point.run_id)),
            started: Instant::new(page, point.started_at),
            value: Shown::of(point, unit).figure(page),
            status: Status::new(page, &point.status),
            seconds: page.float(f64::from(point.duration_ms) / 1e3, 2).unit("s"),
            why: why(page, point.error_kind.as_deref()),
            error: point.error.clone(),
            is_changed: before.is_some_and(|before| before.sql_hash != point.sql_hash),
        }
    }
}

impl LastRun {
    fn new(page: &Page, point: &HistoryPoint) -> Self {
        Self {
            href: page.link(&run_address(point.run_id)),
            status: Status::new(page, &point.status),
            started: Instant::new(page, point.started_at),
            why: why(page, point.error_kind.as_deref()),
            error: point.error.clone(),
        }
    }
}

/// The page.
pub async fn get(request: HttpRequest, id: Path<String>, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    let query = Fields::urlencoded(request.query_string()).kpi_page()?;
    let page = Page::new(&request);

    let mut snapshot = worker.snapshot().await?;
    let version = kpi::data_version(&mut snapshot).await?;
    let question = format!("{}&{}", page.variant(), query.normalised());
    let representation = Representation::new(&request, &question, version)?;
    if representation.is_known_by_tag() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    let found = match find(&mut snapshot, &id, query.environment.as_deref()).await {
        Ok(found) => found,
        Err(error) => {
            snapshot.close().await?;
            return Err(error);
        }
    };
    let StoredKpi { environment, name, .. } = &found;
    let total = kpi::history_length(&mut snapshot, environment, name, query.period).await?;
    // Of rows the page says how many there were.
    let part = HistoryPart { period: query.period, limit: query.limit.into(), has_rows: false };
    let points: Vec<_> = kpi::history(&mut snapshot, environment, name, part).await?.try_collect().await?;
    let one = std::slice::from_ref(&found);
    let last = kpi::newest(&mut snapshot, one, Newest::Last).await?.pop().and_then(|mut points| points.pop());
    let ok = kpi::newest(&mut snapshot, one, Newest::LastOk).await?.pop().and_then(|mut points| points.pop());
    snapshot.close().await?;
    if representation.is_known() {
        return Ok(representation.not_modified());
    }
    representation.html(&view(&page, &found, &query, total, &points, last.as_ref(), ok.as_ref()))
}

fn view<'a>(
    page: &'a Page,
    found: &'a StoredKpi,
    query: &KpiHistoryQuery,
    total: i64,
    points: &[HistoryPoint],
    last: Option<&HistoryPoint>,
    ok: Option<&HistoryPoint>,
) -> KpiPage<'a> {
    let unit = found.unit.as_deref();
    let number = |number: i64| crate::locale::decimal(page.lang, number.into(), 0);
    let on_page = i64::try_from(points.len()).unwrap_or(i64::MAX);
    let (from, to) = query.given.clone();
    let mut downloads = format!("api/kpis/{}/history?environment={}", segment(&found.id), segment(&found.environment));
    for (name, end) in [("from", &from), ("to", &to)] {
        if let Some(end) = end {
            let _ = write!(downloads, "&{name}={}", segment(end));
        }
    }
    let mut rows: Vec<_> = points
        .iter()
        .enumerate()
        .map(|(index, point)| PointRow::new(page, point, index.checked_sub(1).map(|before| &points[before]), unit))
        .collect();
    // The newest first, as people look for it.
    rows.reverse();
    KpiPage {
        section: Section::Kpis,
        title: &found.name,
        environment: &found.environment,
        description: found.description.as_deref(),
        unit: unit.unwrap_or_default(),
        value: ok.map_or_else(|| page.unknown(Reason::KpiNever), |ok| Shown::of(ok, unit).figure(page)),
        value_at: ok.map(|ok| Instant::new(page, ok.started_at)),
        value_run: ok.map_or_else(String::new, |ok| page.link(&run_address(ok.run_id))),
        last: last.map(|last| LastRun::new(page, last)),
        rows_table: ok.and_then(|ok| {
            let json = ok.value.as_ref().filter(|_| ok.form == "rows")?;
            RowsTable::new(page, json.as_str(), ok.is_truncated)
        }),
        is_count: points.iter().any(|point| point.value_num.is_some()),
        shown: if on_page == total {
            page.say("kpi.all_shown", "total", &number(total))
        } else {
            page.lang.say("kpi.shown", &[("shown", &number(on_page)), ("total", &number(total))])
        },
        points: rows,
        downloads: page.raw(&format!("{downloads}&limit=10000")),
        from: from.unwrap_or_default(),
        to: to.unwrap_or_default(),
        page,
    }
}
