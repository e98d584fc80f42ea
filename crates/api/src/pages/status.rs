//! `GET /status`: how the figures came about, and what limits them.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use metrics_core::db::reader::{self, MissingRates, RunDetail};

use super::figure::{Figure, Reason};
use super::flags::Flag;
use super::overview::outcome;
use super::{Page, Section, fresh, methodology};
use crate::error::ApiError;
use crate::fields::Fields;
use crate::state::Worker;

/// Path of the page.
pub const PATH: &str = "/status";

/// Runs in the list.
const RUNS: u32 = 20;
/// Rejects in the list.
const REJECTS: u32 = 100;
/// Stored dates that the newest days of cooling units and missing rates are looked for in.
const DAYS: i32 = 92;

#[derive(Template)]
#[template(path = "status.html")]
struct Status<'a> {
    page: &'a Page,
    section: Section,
    title: &'a str,
    version: &'static str,
    parameter_set: &'a str,
    embedded: Option<String>,
    newest: Vec<RunRow>,
    runs: Vec<RunRow>,
    rejects: Vec<RejectRow>,
    rejects_shown: Option<String>,
    flags: Vec<FlagRow>,
    rates: Vec<RateRow>,
    days: String,
}

/// A run.
struct RunRow {
    id: i64,
    view: String,
    as_of: String,
    range: Option<String>,
    started: String,
    seconds: Figure,
    read: Figure,
    written: Figure,
    deleted: Figure,
    rejected: Figure,
    outcome: String,
    code: String,
    error: Option<String>,
    parameter_set: String,
    program_version: String,
}

/// What a run could not use.
struct RejectRow {
    run: i64,
    view: String,
    subject: String,
    reason: String,
}

/// A flag and how many cooling units have it.
struct FlagRow {
    flag: Flag,
    units: Figure,
    last: String,
}

/// A currency without rates.
struct RateRow {
    currency: Figure,
    unit_days: Figure,
    first: String,
    last: String,
    quarantined: Figure,
}

impl RunRow {
    fn new(page: &Page, run: &RunDetail) -> Self {
        let date = |date: Option<chrono::NaiveDate>| date.map_or_else(|| "…".to_owned(), |date| page.lang.date(date));
        let has_range = run.range_from.is_some() || run.range_to.is_some();
        Self {
            id: run.id,
            view: run.view.clone(),
            as_of: page.lang.instant(run.as_of),
            range: has_range.then(|| format!("{} – {}", date(run.range_from), date(run.range_to))),
            started: page.lang.instant(run.started_at),
            seconds: page.maybe_float(run.duration_ms.map(|ms| ms as f64 / 1e3), 1, Reason::Running).unit("s"),
            read: page.count(run.rows_read),
            written: page.count(run.rows_written),
            deleted: page.count(run.rows_deleted),
            rejected: page.count(run.rows_rejected),
            outcome: outcome(page, &run.outcome),
            code: run.outcome.clone(),
            error: run.error.clone(),
            parameter_set: run.parameter_set.clone(),
            program_version: run.program_version.clone(),
        }
    }
}

impl RateRow {
    fn new(page: &Page, missing: &MissingRates) -> Self {
        Self {
            currency: page.maybe_text(missing.currency.as_deref()),
            unit_days: page.count(missing.unit_days),
            first: page.lang.date(missing.first_date),
            last: page.lang.date(missing.last_date),
            quarantined: page.count(missing.quarantined),
        }
    }
}

/// The page.
pub async fn get(request: HttpRequest, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    Fields::urlencoded(request.query_string()).plain_page()?;
    let page = Page::new(&request);

    let mut snapshot = worker.snapshot().await?;
    let runs = reader::newest_runs(&mut snapshot, RUNS).await?;
    let newest: Vec<_> = reader::newest_run_of_each_view(&mut snapshot).await?;
    let ids: Vec<_> = newest.iter().map(|run| run.id).collect();
    let rejects = reader::rejects(&mut snapshot, &ids, REJECTS).await?;
    let flags = reader::flag_counts(&mut snapshot, DAYS).await?;
    let rates = reader::missing_rates(&mut snapshot, DAYS).await?;
    snapshot.close().await?;

    let rejected: i64 = newest.iter().map(|run| run.rows_rejected).sum();
    let listed = i64::try_from(rejects.len()).unwrap_or(i64::MAX);
    let view_of = |id: i64| newest.iter().find(|run| run.id == id).map_or("", |run| &run.view);
    let view = Status {
        section: Section::Status,
        title: page.t("status.title"),
        version: env!("CARGO_PKG_VERSION"),
        parameter_set: &methodology::catalogue()?.set,
        embedded: worker.app.embedded_dir.as_ref().map(|dir| dir.display().to_string()),
        rejects: rejects
            .iter()
            .map(|reject| RejectRow {
                run: reject.run,
                view: view_of(reject.run).to_owned(),
                subject: reject.subject.clone(),
                reason: reject.reason.clone(),
            })
            .collect(),
        rejects_shown: (listed < rejected).then(|| {
            page.lang.say("status.rejects_shown", &[("shown", &listed.to_string()), ("total", &rejected.to_string())])
        }),
        flags: flags
            .into_iter()
            .map(|count| FlagRow {
                units: page.count(count.cooling_units),
                last: page.lang.date(count.last_date),
                flag: Flag::new(&page, count.flag, Vec::new()),
            })
            .collect(),
        rates: rates.iter().map(|missing| RateRow::new(&page, missing)).collect(),
        days: DAYS.to_string(),
        newest: newest.iter().map(|run| RunRow::new(&page, run)).collect(),
        runs: runs.iter().map(|run| RunRow::new(&page, run)).collect(),
        page: &page,
    };
    fresh(&view)
}
