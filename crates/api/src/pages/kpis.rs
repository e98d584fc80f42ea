//! `GET /kpis`: all KPIs at a glance.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, SecondsFormat, Utc};
use metrics_core::db::metrics::kpi::{self, HistoryPoint, Newest, StoredKpi, StoredRun};

use super::figure::{Figure, Reason};
use super::graphics::{Spark, SparkPoint};
use super::uptime::segment;
use super::{Page, Section};
use crate::conditional::Representation;
use crate::error::ApiError;
use crate::fields::{Fields, KpiListQuery};
use crate::state::Worker;

/// Path of the page.
pub const PATH: &str = "/kpis";

/// Results in a small chart.
const SPARK_RESULTS: u32 = 30;

#[derive(Template)]
#[template(path = "kpis.html")]
struct KpisPage<'a> {
    page: &'a Page,
    section: Section,
    title: &'a str,
    environments: Vec<EnvironmentOption>,
    has_choice: bool,
    names_environments: bool,
    runs: Vec<RunTile>,
    kpis: Vec<KpiRow>,
    shown: String,
    previous: Option<String>,
    next: Option<String>,
    downloads: String,
}

/// An environment that can be chosen.
struct EnvironmentOption {
    name: String,
    is_chosen: bool,
}

/// The newest run of an environment.
struct RunTile {
    href: String,
    environment: String,
    status: Status,
    started: Instant,
    counts: String,
}

/// A KPI in the list.
struct KpiRow {
    href: String,
    environment: String,
    name: String,
    description: Option<String>,
    value: Figure,
    value_at: Option<Instant>,
    status: Option<Status>,
    why: Option<String>,
    spark: Option<Spark>,
    spark_words: String,
}

/// A status in words, and as the colour that repeats it.
pub struct Status {
    /// As stored.
    pub code: String,
    /// In words.
    pub words: String,
}

impl Status {
    /// Of a run or of a result.
    pub fn new(page: &Page, code: &str) -> Self {
        Self { code: code.to_owned(), words: in_words(page, "status", code) }
    }
}

/// An instant as machines and as people read it.
pub struct Instant {
    /// As machines do.
    pub stored: String,
    /// As people do.
    pub shown: String,
}

impl Instant {
    /// Of an instant of the tables.
    pub fn new(page: &Page, at: DateTime<Utc>) -> Self {
        Self { stored: at.to_rfc3339_opts(SecondsFormat::AutoSi, true), shown: page.lang.instant(at) }
    }
}

/// A word of the tables in words of the language; one that is not known stays as it is.
fn in_words(page: &Page, kind: &str, code: &str) -> String {
    let key = format!("kpi.{kind}_{code}");
    if crate::locale::Lang::knows(&key) { page.t(&key).to_owned() } else { code.to_owned() }
}

/// Why there is no value, in few words.
pub fn why(page: &Page, error_kind: Option<&str>) -> Option<String> {
    error_kind.map(|kind| in_words(page, "error", kind))
}

/// Address of a KPI's page, from the root.
pub fn kpi_address(environment: &str, id: &str) -> String {
    format!("kpis/{}?environment={}", segment(id), segment(environment))
}

/// A result, as far as its value goes.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// `count` or `rows`.
    pub form: &'a str,
    /// The value as JSON.
    pub value: Option<&'a str>,
    /// Rows of a value of rows.
    pub rows: Option<i32>,
    /// What it counts or measures.
    pub unit: Option<&'a str>,
}

impl<'a> Shown<'a> {
    /// Of a point of the history.
    pub fn of(point: &'a HistoryPoint, unit: Option<&'a str>) -> Self {
        let value = point.value.as_ref().map(kpi::JsonText::as_str);
        Self { form: &point.form, value, rows: point.rows, unit }
    }

    /// The value as a figure; of rows, how many there are.
    pub fn figure(self, page: &Page) -> Figure {
        match (self.form, self.value) {
            ("rows", _) => page.maybe_count(self.rows, Reason::KpiFailed).unit(page.t("kpi.rows_unit")),
            (_, None) => page.unknown(Reason::KpiFailed),
            (_, Some("null")) => page.unknown(Reason::KpiNull),
            (_, Some(json)) => page.json(json).unit(self.unit.unwrap_or_default()),
        }
    }
}

impl KpiRow {
    fn new(page: &Page, kpi: &StoredKpi, last: Option<&HistoryPoint>, ok: Option<&HistoryPoint>) -> Self {
        Self {
            href: page.link(&kpi_address(&kpi.environment, &kpi.id)),
            environment: kpi.environment.clone(),
            name: kpi.name.clone(),
            description: kpi.description.clone(),
            value: ok
                .map_or_else(|| page.unknown(Reason::KpiNever), |ok| Shown::of(ok, kpi.unit.as_deref()).figure(page)),
            value_at: ok.map(|ok| Instant::new(page, ok.started_at)),
            status: last.map(|last| Status::new(page, &last.status)),
            why: last.and_then(|last| why(page, last.error_kind.as_deref())),
            spark: None,
            spark_words: String::new(),
        }
    }

    /// With its last results as a picture.
    fn with_spark(self, page: &Page, points: &[HistoryPoint]) -> Self {
        let without = points.iter().filter(|point| point.status != "ok").count();
        let [all, without] = [points.len(), without].map(|number| number.to_string());
        let drawn = points.iter().map(|point| SparkPoint {
            at: point.started_at,
            value: point.value_num,
            is_failed: point.status != "ok",
        });
        let drawn: Vec<_> = drawn.collect();
        Self {
            spark: drawn.iter().any(|point| point.value.is_some()).then(|| Spark::new(&drawn)),
            spark_words: page.lang.say("kpi.spark", &[("all", &all), ("without", &without)]),
            ..self
        }
    }
}

impl RunTile {
    fn new(page: &Page, run: &StoredRun) -> Self {
        let [ok, all] = [run.ok, run.kpis].map(|number| number.to_string());
        Self {
            href: page.link(&format!("kpi-runs/{}", run.id)),
            environment: run.environment.clone(),
            status: Status::new(page, &run.status),
            started: Instant::new(page, run.started_at),
            counts: page.lang.say("kpi.counts", &[("ok", &ok), ("all", &all)]),
        }
    }
}

/// The page.
pub async fn get(request: HttpRequest, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    let query = Fields::urlencoded(request.query_string()).kpi_list_page()?;
    let page = Page::new(&request);

    let mut snapshot = worker.snapshot().await?;
    let version = kpi::data_version(&mut snapshot).await?;
    let question = format!("{}&{}", page.variant(), query.normalised());
    let representation = Representation::new(&request, &question, version)?;
    if representation.is_known() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    if let Some(response) = representation.kept_page(&worker.kept_pages) {
        snapshot.close().await?;
        return Ok(response);
    }
    let found = kpi::kpis(&mut snapshot, query.environment.as_deref(), query.page).await?;
    let last = kpi::newest(&mut snapshot, &found.kpis, Newest::Last).await?;
    let last_ok = kpi::newest(&mut snapshot, &found.kpis, Newest::LastOk).await?;
    let points = kpi::newest(&mut snapshot, &found.kpis, Newest::Numbers(SPARK_RESULTS)).await?;
    let environments = kpi::environments(&mut snapshot).await?;
    let runs = kpi::newest_runs(&mut snapshot).await?;
    snapshot.close().await?;

    let rows = found.kpis.iter().zip(last.iter().zip(&last_ok)).zip(&points);
    let rows = rows
        .map(|((kpi, (last, ok)), points)| KpiRow::new(&page, kpi, last.last(), ok.last()).with_spark(&page, points));
    let Paging { shown, previous, next } = Paging::new(&page, &query, found.kpis.len(), found.total);
    let environment = query.environment.as_deref();
    let runs = runs.iter().filter(|run| environment.is_none_or(|environment| run.environment == environment));
    let view = KpisPage {
        section: Section::Kpis,
        title: page.t("kpi.title"),
        has_choice: environments.len() > 1 || environment.is_some(),
        names_environments: environments.len() > 1 && environment.is_none(),
        environments: environments
            .into_iter()
            .map(|name| EnvironmentOption { is_chosen: environment == Some(name.as_str()), name })
            .collect(),
        runs: runs.map(|run| RunTile::new(&page, run)).collect(),
        kpis: rows.collect(),
        shown,
        previous,
        next,
        downloads: page.raw(&format!(
            "api/kpis?{}limit=1000",
            environment.map_or_else(String::new, |name| format!("environment={}&", segment(name)))
        )),
        page: &page,
    };
    representation.kept_html(&worker.kept_pages, &view).await
}

/// Where the list goes on.
struct Paging {
    shown: String,
    previous: Option<String>,
    next: Option<String>,
}

impl Paging {
    fn new(page: &Page, query: &KpiListQuery, on_page: usize, total: i64) -> Self {
        let (limit, offset) = (i64::from(query.page.limit), query.page.offset);
        let on_page = i64::try_from(on_page).unwrap_or(i64::MAX);
        let last = offset.saturating_add(on_page);
        let environment =
            query.environment.as_ref().map_or_else(String::new, |name| format!("&environment={}", segment(name)));
        let to = |offset: i64| page.link(&format!("kpis?limit={limit}&offset={offset}{environment}"));
        let number = |number: i64| crate::locale::decimal(page.lang, number.into(), 0);
        let shown = if on_page == 0 {
            page.say("overview.none_shown", "total", &number(total))
        } else {
            let (first, last) = (number(offset.saturating_add(1)), number(last));
            page.lang.say("overview.shown", &[("first", &first), ("last", &last), ("total", &number(total))])
        };
        Self {
            shown,
            previous: (offset > 0).then(|| to((offset - limit).max(0))),
            next: (last < total && on_page > 0).then(|| to(last)),
        }
    }
}

#[cfg(test)]
mod tests {
    use metrics_core::kpi::{ErrorKind, ResultStatus, RunStatus};

    use crate::locale::Lang;

    #[test]
    fn every_word_of_the_tables_has_its_words() {
        use {ErrorKind as E, ResultStatus as S, RunStatus as R};

        let kinds = [E::Plan, E::SourceUnavailable, E::Timeout, E::Execution, E::Shape, E::TooManyRows, E::Memory];
        let kinds = kinds.into_iter().chain([E::Value, E::Interrupted]).map(|kind| format!("error_{kind}"));
        let results = [S::Ok, S::Failed, S::Timeout, S::Skipped].map(S::as_str);
        let runs = [R::Running, R::Ok, R::Partial, R::Failed, R::Interrupted].map(R::as_str);
        let statuses = results.into_iter().chain(runs).map(|status| format!("status_{status}"));
        for word in kinds.chain(statuses) {
            assert!(Lang::knows(&format!("kpi.{word}")), "{word}");
        }
    }
}
