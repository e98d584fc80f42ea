//! The history of a KPI.

use std::pin::pin;

use actix_web::body::BoxBody;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use metrics_core::db::metrics::kpi::{self, HistoryPart, HistoryPoint, StoredKpi};
use metrics_core::db::reader::Snapshot;
use metrics_core::export::{Form, Kind, Style};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::raw;
use crate::conditional::Representation;
use crate::error::{ApiError, Problem};
use crate::export::{self, Binary, FormParams, Wanted};
use crate::fields::Fields;
use crate::spool::{self, TextFile};
use crate::state::Worker;

/// Path of a history.
pub const PATH: &str = "/api/kpis/{id}/history";

/// The history of a KPI.
#[derive(Debug, Serialize, ToSchema)]
pub struct KpiHistory {
    meta: KpiHistoryMeta,
    /// What came of it in each run, the oldest first. Runs in which it failed are there too, without a value.
    series: Vec<KpiPoint>,
}

/// `meta` of a history.
#[derive(Debug, Serialize, ToSchema)]
pub struct KpiHistoryMeta {
    /// Environment of the definitions.
    #[schema(example = "production")]
    environment: String,
    /// Short form of the name for addresses.
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
    /// First day or instant asked for, inclusive; null when not given.
    #[schema(example = "2026-11-01")]
    from: Option<String>,
    /// Last day or instant asked for, inclusive; null when not given.
    #[schema(example = "2026-11-20")]
    to: Option<String>,
    /// Results in that range; more than `limit` when older ones are left out.
    #[schema(minimum = 0, example = 20)]
    total: i64,
    /// Results at most: the newest ones.
    #[schema(minimum = 1, maximum = 10_000, example = 1000)]
    limit: u32,
}

/// What came of a KPI in one run.
#[derive(Debug, Serialize, ToSchema)]
pub struct KpiPoint {
    /// The run.
    #[schema(example = 4711)]
    run_id: i64,
    /// Instant at which it started.
    #[schema(example = "2026-11-21T00:00:00Z")]
    started_at: DateTime<Utc>,
    /// Instant of which the value speaks.
    #[schema(example = "2026-11-21T00:00:00Z")]
    as_of: DateTime<Utc>,
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
    /// Hash of the query; values with another one answer another question.
    #[schema(example = "5f2b6e8a90c4d1f7")]
    sql_hash: String,
}

/// The columns of a history in files.
const FILE_COLUMNS: [(&str, Kind); 13] = [
    ("run_id", Kind::Integer),
    ("started_at", Kind::Instant),
    ("as_of", Kind::Instant),
    ("form", Kind::Text),
    ("status", Kind::Text),
    ("value", Kind::Json),
    ("value_num", Kind::Float),
    ("rows", Kind::Integer),
    ("is_truncated", Kind::Flag),
    ("duration_ms", Kind::Integer),
    ("error_kind", Kind::Text),
    ("error", Kind::Text),
    ("sql_hash", Kind::Text),
];

impl KpiPoint {
    fn new(point: HistoryPoint) -> Result<Self, ApiError> {
        Ok(Self {
            value: raw(point.value.as_ref())?,
            run_id: point.run_id,
            started_at: point.started_at,
            as_of: point.as_of,
            form: point.form,
            status: point.status,
            value_num: point.value_num,
            rows: point.rows,
            is_truncated: point.is_truncated,
            duration_ms: point.duration_ms,
            error_kind: point.error_kind,
            error: point.error,
            sql_hash: point.sql_hash,
        })
    }
}

/// The KPI with this id in `environment`, which has to be said where several have one. Looks for nothing that cannot be an
/// id.
pub async fn find(snapshot: &mut Snapshot, id: &str, environment: Option<&str>) -> Result<StoredKpi, ApiError> {
    let is_id = id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let mut found = if is_id { kpi::kpis_by_id(snapshot, id).await? } else { Vec::new() };
    let unknown = || ApiError::NotFound("there is no KPI with this id; /api/kpis lists those that ran".to_owned());
    if let Some(environment) = environment {
        return found.into_iter().find(|kpi| kpi.environment == environment).ok_or_else(unknown);
    }
    if found.len() > 1 {
        let names: Vec<_> = found.iter().map(|kpi| kpi.environment.as_str()).collect();
        return Err(ApiError::invalid("environment", format!("is required: one of {}", names.join(", "))));
    }
    found.pop().ok_or_else(unknown)
}

/// History of a KPI
///
/// One entry per run in which it was to be computed, the oldest first. Where it failed, `value` is null and `status`,
/// `error_kind` and `error` say why: a gap in a chart. Of more results than `limit` the newest are given.
#[utoipa::path(
    get,
    path = PATH,
    tag = "kpis",
    operation_id = "kpi_history",
    params(
        ("id" = String, Path, description = "The KPI.", example = "a7-number-of-coproduction-processes"),
        ("environment" = Option<String>, Query, description = "Environment of the KPI; required when several have one with \
          this id.", min_length = 1, example = "production"),
        ("from" = Option<String>, Query, description = "First day (YYYY-MM-DD, UTC) or instant of the start of runs, \
          inclusive; the first one when not given.", example = "2026-11-01"),
        ("to" = Option<String>, Query, description = "Last day (YYYY-MM-DD, UTC) or instant of the start of runs, inclusive, \
          not before from; the last one when not given.", example = "2026-11-20"),
        ("limit" = Option<u32>, Query, description = "Results at most, the newest; 1000 when not given.", minimum = 1,
          maximum = 10_000, example = 1000),
        FormParams,
        ("If-None-Match" = Option<String>, Header, description = "Entity tags of responses that the client has."),
    ),
    responses(
        (status = 200, description = "What came of the KPI run by run.", headers(("ETag" = String, description = "Names this representation."),
            ("Content-Disposition" = String, description = "Name of the file; not with JSON.")),
          content(
              (KpiHistory = "application/json"),
              (String = "text/csv"),
              (Binary = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
              (Binary = "application/vnd.apache.parquet"),
          )),
        (status = 304, description = "The client has this representation already."),
        (status = 400, description = "A parameter is unknown, repeated or malformed, or the environment is needed.",
          body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such KPI.", body = Problem, content_type = "application/problem+json"),
        (status = 406, description = "No form or encoding of the result is acceptable.", body = Problem,
          content_type = "application/problem+json"),
        (status = 503, description = "The database does not answer, or not in time.", body = Problem,
          content_type = "application/problem+json"),
    ),
)]
pub async fn get(request: HttpRequest, id: Path<String>, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    let mut fields = Fields::urlencoded(request.query_string());
    let asked = fields.form();
    let query = fields.kpi_history()?;
    let wanted = Wanted::new(&request, asked, Form::Json)?;

    let mut snapshot = worker.snapshot().await?;
    let version = kpi::data_version(&mut snapshot).await?;
    let representation = Representation::in_form(&request, &query.normalised(), version, wanted)?;
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
    let StoredKpi { environment, id, name, unit, description } = found;
    if representation.is_known() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    let total = kpi::history_length(&mut snapshot, &environment, &name, query.period).await?;
    let file = format!("kpi-{id}");
    let (from, to) = query.given;
    let meta = KpiHistoryMeta { environment, id, name, unit, description, from, to, total, limit: query.limit };
    let part = HistoryPart { period: query.period, limit: query.limit.into(), has_rows: true };
    let body = match wanted.form {
        Form::Json => json(&mut snapshot, &meta, part).await,
        _ => table(&mut snapshot, &meta, part, wanted).await,
    };
    snapshot.close().await?;
    Ok(representation.spooled(&file, body?))
}

/// A [`KpiHistory`], written as it is read: values of rows are large.
async fn json(snapshot: &mut Snapshot, meta: &KpiHistoryMeta, part: HistoryPart) -> Result<BoxBody, ApiError> {
    let mut file = TextFile::default();
    file.bytes().extend_from_slice(b"{\"meta\":");
    serde_json::to_writer(file.bytes(), meta)?;
    file.bytes().extend_from_slice(b",\"series\":[");
    let mut is_first = true;
    let mut points = pin!(kpi::history(snapshot, &meta.environment, &meta.name, part).await?);
    while let Some(point) = points.try_next().await? {
        if !is_first {
            file.bytes().push(b',');
        }
        is_first = false;
        serde_json::to_writer(file.bytes(), &KpiPoint::new(point)?)?;
        file.spill()?;
    }
    file.bytes().extend_from_slice(b"]}");
    file.finish()
}

/// The same rows in the form that is wanted.
async fn table(
    snapshot: &mut Snapshot,
    meta: &KpiHistoryMeta,
    part: HistoryPart,
    wanted: Wanted,
) -> Result<BoxBody, ApiError> {
    let columns = export::columns::<KpiPoint>(&FILE_COLUMNS);
    // The unit of this one's values.
    let columns = columns.into_iter().map(|column| match (&meta.unit, column.name.as_str()) {
        (Some(unit), "value" | "value_num") => column.in_unit(unit),
        _ => column,
    });
    let columns: Vec<_> = columns.collect();
    let style = Style { units_in_header: wanted.units_in_header, ..Style::default() };
    spool::file(wanted, columns.clone(), export::about(meta)?, style, async |sink| {
        let mut points = pin!(kpi::history(snapshot, &meta.environment, &meta.name, part).await?);
        while let Some(point) = points.try_next().await? {
            sink.push(export::cells(&columns, &KpiPoint::new(point)?)?).await;
        }
        Ok(())
    })
    .await
}
