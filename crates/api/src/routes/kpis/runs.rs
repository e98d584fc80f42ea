//! Runs of KPIs.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use metrics_core::db::metrics::kpi::{self, StoredDelivery, StoredResult, StoredRun};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::raw;
use crate::conditional::Representation;
use crate::error::{ApiError, Problem};
use crate::fields::{Fields, path_id};
use crate::state::Worker;

/// Path of a run.
pub const PATH: &str = "/api/kpi-runs/{id}";

/// A run with its results and deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub struct KpiRun {
    run: KpiRunFacts,
    /// What came of each KPI, as the definitions have them. Empty while the run is under way.
    results: Vec<KpiResult>,
    /// Whether the row of the run reached its sheets and files, by name.
    deliveries: Vec<KpiDelivery>,
}

/// A run.
#[derive(Debug, Serialize, ToSchema)]
pub struct KpiRunFacts {
    /// Its number.
    #[schema(example = 4711)]
    id: i64,
    /// Environment of the definitions.
    #[schema(example = "production")]
    environment: String,
    /// Instant of which the values speak.
    #[schema(example = "2026-11-21T00:00:00Z")]
    as_of: DateTime<Utc>,
    /// Instant at which it started.
    #[schema(example = "2026-11-21T00:00:00Z")]
    started_at: DateTime<Utc>,
    /// Instant at which it ended; null while it runs, and when its process ended without saying so.
    #[schema(example = "2026-11-21T00:00:07Z")]
    finished_at: Option<DateTime<Utc>>,
    /// What started it.
    #[schema(example = "schedule")]
    trigger: String,
    /// Name of the machine.
    #[schema(example = "reporter-1")]
    host: String,
    /// Hash of the definitions; runs with the same one ran the same definitions.
    #[schema(example = "b1946ac92492d234")]
    definition_hash: String,
    /// KPIs that were to run.
    #[schema(minimum = 0, example = 88)]
    kpis: i32,
    /// Those with a value.
    #[schema(minimum = 0, example = 87)]
    ok: i32,
    /// Those without: failed, timed out or skipped.
    #[schema(minimum = 0, example = 1)]
    failed: i32,
    /// running, ok, partial (some KPIs have no value), failed (none has one) or interrupted.
    #[schema(example = "partial")]
    status: String,
}

impl From<StoredRun> for KpiRunFacts {
    fn from(run: StoredRun) -> Self {
        Self {
            id: run.id,
            environment: run.environment,
            as_of: run.as_of,
            started_at: run.started_at,
            finished_at: run.finished_at,
            trigger: run.trigger,
            host: run.host,
            definition_hash: run.definition_hash,
            kpis: run.kpis,
            ok: run.ok,
            failed: run.failed,
            status: run.status,
        }
    }
}

/// What came of a KPI.
#[derive(Debug, Serialize, ToSchema)]
pub struct KpiResult {
    /// Name of the KPI.
    #[schema(example = "A7: Number of coproduction processes")]
    name: String,
    /// count: the value is one number; rows: a list of objects.
    #[schema(example = "count")]
    form: String,
    /// ok, failed, timeout or skipped.
    #[schema(example = "ok")]
    status: String,
    /// A number with all its digits, or a list of objects. Null without status ok, and when the query gave null.
    #[schema(value_type = serde_json::Value, example = 12)]
    value: Option<Box<RawValue>>,
    /// The same as floating-point number; null when it is none.
    #[schema(example = 12.0)]
    value_num: Option<f64>,
    /// Rows of a value of rows.
    #[schema(minimum = 0)]
    rows: Option<i32>,
    /// True when rows over the limit were left out of the value.
    is_truncated: bool,
    /// Duration of the query, milliseconds.
    #[schema(minimum = 0, example = 12)]
    duration_ms: i32,
    /// Why there is no value: `plan`, `source_unavailable`, `timeout`, `execution`, `shape`, `too_many_rows`,
    /// `memory`, `value` or `interrupted`; null with status ok.
    #[schema(example = json!(null))]
    error_kind: Option<String>,
    /// The same in words.
    #[schema(example = json!(null))]
    error: Option<String>,
    /// Hash of the query.
    #[schema(example = "5f2b6e8a90c4d1f7")]
    sql_hash: String,
}

impl KpiResult {
    fn new(result: StoredResult) -> Result<Self, ApiError> {
        Ok(Self {
            value: raw(result.value.as_ref())?,
            name: result.name,
            form: result.form,
            status: result.status,
            value_num: result.value_num,
            rows: result.rows,
            is_truncated: result.is_truncated,
            duration_ms: result.duration_ms,
            error_kind: result.error_kind,
            error: result.error,
            sql_hash: result.sql_hash,
        })
    }
}

/// What became of the row of a run at a sheet or file.
#[derive(Debug, Serialize, ToSchema)]
pub struct KpiDelivery {
    /// Name of the sink in the definitions.
    #[schema(example = "sheet")]
    sink: String,
    /// How the last delivery ended: ok or failed.
    #[schema(example = "ok")]
    status: String,
    /// Attempts, those of resends included.
    #[schema(minimum = 0, example = 1)]
    attempts: i32,
    /// Why the last delivery failed; null when it did not.
    #[schema(example = json!(null))]
    error: Option<String>,
    /// Instant of the last delivery that succeeded; null when none did.
    #[schema(example = "2026-11-21T00:00:08Z")]
    delivered_at: Option<DateTime<Utc>>,
}

impl From<StoredDelivery> for KpiDelivery {
    fn from(delivery: StoredDelivery) -> Self {
        let StoredDelivery { sink, status, attempts, error, delivered_at } = delivery;
        Self { sink, status, attempts, error, delivered_at }
    }
}

/// There is no such run.
pub fn unknown_run() -> ApiError {
    ApiError::NotFound("there is no run of KPIs with this number, or it is no longer kept".to_owned())
}

/// A run of KPIs
#[utoipa::path(
    get,
    path = PATH,
    tag = "kpis",
    operation_id = "kpi_run",
    params(
        ("id" = i64, Path, description = "The run.", minimum = 1, example = 1),
        ("If-None-Match" = Option<String>, Header, description = "Entity tags of responses that the client has."),
    ),
    responses(
        (status = 200, description = "The run, what came of each KPI, and where the row went.", body = KpiRun,
          headers(("ETag" = String, description = "Names this representation."))),
        (status = 304, description = "The client has this representation already."),
        (status = 400, description = "A parameter is unknown.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such run.", body = Problem, content_type = "application/problem+json"),
        (status = 406, description = "No encoding of the result is acceptable.", body = Problem,
          content_type = "application/problem+json"),
        (status = 503, description = "The database does not answer, or not in time.", body = Problem,
          content_type = "application/problem+json"),
    ),
)]
pub async fn get(request: HttpRequest, id: Path<String>, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    Fields::urlencoded(request.query_string()).none()?;
    let id = path_id(&id).ok_or_else(unknown_run)?;

    let mut snapshot = worker.snapshot().await?;
    let version = kpi::data_version(&mut snapshot).await?;
    let representation = Representation::new(&request, "", version)?;
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
    snapshot.close().await?;
    if representation.is_known() {
        return Ok(representation.not_modified());
    }

    representation.json(&KpiRun {
        run: run.into(),
        results: results.into_iter().map(KpiResult::new).collect::<Result<_, _>>()?,
        deliveries: deliveries.into_iter().map(Into::into).collect(),
    })
}
