//! KPIs: which there are, with their last values.

pub mod history;
pub mod runs;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use metrics_core::db::metrics::kpi::{self, HistoryPoint, JsonText, Newest, StoredKpi, StoredRun};
use metrics_core::export::{Form, Kind};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::conditional::Representation;
use crate::error::{ApiError, Problem};
use crate::export::{self, Binary, FormParams, Table, Wanted};
use crate::fields::Fields;
use crate::state::Worker;

/// Path of the list.
pub const PATH: &str = "/api/kpis";

/// A page of KPIs.
#[derive(Debug, Serialize, ToSchema)]
pub struct KpiList {
    meta: KpiListMeta,
    /// KPIs of the page, by environment, then as the definitions have them.
    kpis: Vec<KpiEntry>,
}

/// `meta` of the list.
#[derive(Debug, Serialize, ToSchema)]
pub struct KpiListMeta {
    /// Environments that have KPIs, by name.
    #[schema(example = json!(["production"]))]
    environments: Vec<String>,
    /// The newest run of each environment, by its name.
    last_runs: Vec<KpiRunSummary>,
    /// KPIs on all pages.
    #[schema(minimum = 0, example = 88)]
    total: i64,
    /// KPIs per page at most.
    #[schema(minimum = 1, maximum = 1000, example = 100)]
    limit: u32,
    /// KPIs before this page.
    #[schema(minimum = 0, example = 0)]
    offset: i64,
}

/// A run in few words.
#[derive(Debug, Serialize, ToSchema)]
pub struct KpiRunSummary {
    /// The run.
    #[schema(example = 4711)]
    run_id: i64,
    /// Environment of its definitions.
    #[schema(example = "production")]
    environment: String,
    /// Instant at which it started.
    #[schema(example = "2026-11-21T00:00:00Z")]
    started_at: DateTime<Utc>,
    /// running, ok, partial (some KPIs have no value), failed (none has one) or interrupted.
    #[schema(example = "partial")]
    status: String,
}

impl From<StoredRun> for KpiRunSummary {
    fn from(run: StoredRun) -> Self {
        Self { run_id: run.id, environment: run.environment, started_at: run.started_at, status: run.status }
    }
}

/// A KPI with its last value, and what came of it last.
#[derive(Debug, Serialize, ToSchema)]
pub struct KpiEntry {
    /// Environment of the definitions.
    #[schema(example = "production")]
    environment: String,
    /// Short form of the name for addresses; unique in its environment, and never changes.
    #[schema(example = "a7-number-of-coproduction-processes")]
    id: String,
    /// Name.
    #[schema(example = "A7: Number of coproduction processes")]
    name: String,
    /// What the value counts or measures; null when the definition does not say.
    #[schema(example = "processes")]
    unit: Option<String>,
    /// What it tells; null when the definition does not say.
    description: Option<String>,
    /// count: the value is one number; rows: a list of objects. Null when it never ran.
    #[schema(example = "count")]
    form: Option<String>,
    /// The last value that there was: a number with all its digits, or a list of objects. Null when there was none, and
    /// when the query gave null.
    #[schema(value_type = serde_json::Value, example = 12)]
    value: Option<Box<RawValue>>,
    /// The same as floating-point number; null when it is none.
    #[schema(example = 12.0)]
    value_num: Option<f64>,
    /// Rows of a value of rows.
    #[schema(minimum = 0)]
    rows: Option<i32>,
    /// True when rows over the limit were left out of the value.
    is_truncated: Option<bool>,
    /// Run that has the value.
    #[schema(example = 4711)]
    value_run_id: Option<i64>,
    /// Instant at which that run started.
    #[schema(example = "2026-11-21T00:00:00Z")]
    value_started_at: Option<DateTime<Utc>>,
    /// Instant of which the value speaks.
    #[schema(example = "2026-11-21T00:00:00Z")]
    value_as_of: Option<DateTime<Utc>>,
    /// What came of it in its last run: ok, failed, timeout or skipped. Null when it never ran.
    #[schema(example = "ok")]
    status: Option<String>,
    /// Its last run.
    #[schema(example = 4711)]
    run_id: Option<i64>,
    /// Instant at which that run started.
    #[schema(example = "2026-11-21T00:00:00Z")]
    started_at: Option<DateTime<Utc>>,
    /// Duration of its query in that run, milliseconds.
    #[schema(minimum = 0, example = 12)]
    duration_ms: Option<i32>,
    /// Why there is no value in that run: `plan`, `source_unavailable`, `timeout`, `execution`, `shape`, `too_many_rows`,
    /// `memory`, `value` or `interrupted`; null with status ok.
    #[schema(example = json!(null))]
    error_kind: Option<String>,
    /// The same in words.
    #[schema(example = json!(null))]
    error: Option<String>,
}

/// The columns of the list in files.
const FILE_COLUMNS: [(&str, Kind); 19] = [
    ("environment", Kind::Text),
    ("id", Kind::Text),
    ("name", Kind::Text),
    ("unit", Kind::Text),
    ("description", Kind::Text),
    ("form", Kind::Text),
    ("value", Kind::Json),
    ("value_num", Kind::Float),
    ("rows", Kind::Integer),
    ("is_truncated", Kind::Flag),
    ("value_run_id", Kind::Integer),
    ("value_started_at", Kind::Instant),
    ("value_as_of", Kind::Instant),
    ("status", Kind::Text),
    ("run_id", Kind::Integer),
    ("started_at", Kind::Instant),
    ("duration_ms", Kind::Integer),
    ("error_kind", Kind::Text),
    ("error", Kind::Text),
];

/// A stored value as it stands in a body.
fn raw(value: Option<&JsonText>) -> Result<Option<Box<RawValue>>, ApiError> {
    Ok(value.map(|value| RawValue::from_string(value.as_str().to_owned())).transpose()?)
}

impl KpiEntry {
    fn new(kpi: StoredKpi, last: Option<&HistoryPoint>, last_ok: Option<&HistoryPoint>) -> Result<Self, ApiError> {
        let StoredKpi { environment, id, name, unit, description } = kpi;
        Ok(Self {
            environment,
            id,
            name,
            unit,
            description,
            form: last.map(|last| last.form.clone()),
            value: raw(last_ok.and_then(|ok| ok.value.as_ref()))?,
            value_num: last_ok.and_then(|ok| ok.value_num),
            rows: last_ok.and_then(|ok| ok.rows),
            is_truncated: last_ok.map(|ok| ok.is_truncated),
            value_run_id: last_ok.map(|ok| ok.run_id),
            value_started_at: last_ok.map(|ok| ok.started_at),
            value_as_of: last_ok.map(|ok| ok.as_of),
            status: last.map(|last| last.status.clone()),
            run_id: last.map(|last| last.run_id),
            started_at: last.map(|last| last.started_at),
            duration_ms: last.map(|last| last.duration_ms),
            error_kind: last.and_then(|last| last.error_kind.clone()),
            error: last.and_then(|last| last.error.clone()),
        })
    }
}

/// KPIs with their last values
///
/// The value is the last one that there was; beside it stands what came of the KPI in its last run, which may have failed.
/// How old a value is follows from `value_started_at`.
#[utoipa::path(
    get,
    path = PATH,
    tag = "kpis",
    operation_id = "kpis",
    params(
        ("environment" = Option<String>, Query, description = "Only KPIs of this environment.", min_length = 1,
          example = "production"),
        ("limit" = Option<u32>, Query, description = "KPIs at most; 100 when not given.", minimum = 1, maximum = 1000,
          example = 100),
        ("offset" = Option<i64>, Query, description = "KPIs to skip; 0 when not given.", minimum = 0, example = 0),
        FormParams,
        ("If-None-Match" = Option<String>, Header, description = "Entity tags of responses that the client has."),
    ),
    responses(
        (status = 200, description = "A page of KPIs.", headers(("ETag" = String, description = "Names this representation."),
            ("Content-Disposition" = String, description = "Name of the file; not with JSON.")),
          content(
              (KpiList = "application/json"),
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
    let query = fields.kpi_list()?;
    let wanted = Wanted::new(&request, asked, Form::Json)?;

    let mut snapshot = worker.snapshot().await?;
    let version = kpi::data_version(&mut snapshot).await?;
    let representation = Representation::in_form(&request, &query.normalised(), version, wanted)?;
    if representation.is_known() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    let found = kpi::kpis(&mut snapshot, query.environment.as_deref(), query.page).await?;
    let last = kpi::newest(&mut snapshot, &found.kpis, Newest::Last).await?;
    let last_ok = kpi::newest(&mut snapshot, &found.kpis, Newest::LastOk).await?;
    let environments = kpi::environments(&mut snapshot).await?;
    let runs = kpi::newest_runs(&mut snapshot).await?;
    snapshot.close().await?;

    let entries = found.kpis.into_iter().zip(last.iter().zip(&last_ok));
    let entries = entries.map(|(kpi, (last, last_ok))| KpiEntry::new(kpi, last.last(), last_ok.last()));
    let body = KpiList {
        meta: KpiListMeta {
            environments,
            last_runs: runs.into_iter().map(Into::into).collect(),
            total: found.total,
            limit: query.page.limit,
            offset: query.page.offset,
        },
        kpis: entries.collect::<Result<_, _>>()?,
    };
    let table = || Table::of("kpis".to_owned(), &body.meta, export::columns::<KpiEntry>(&FILE_COLUMNS), &body.kpis);
    representation.answer(&body, table).await
}
