//! Whether the process lives, and whether it can answer.

use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use metrics_core::db::{DbError, connect, migrate, reader};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, Problem};
use crate::fields::Fields;
use crate::state::{AppState, Worker};

/// Path of the first question.
pub const LIVE_PATH: &str = "/health/live";
/// Path of the second.
pub const READY_PATH: &str = "/health/ready";

/// An answer of a moment ago says nothing.
const NO_STORE: (&str, &str) = ("cache-control", "no-store");

/// Time that the database gets to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// The process answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Live {
    /// Always `live`.
    #[schema(example = "live")]
    status: &'static str,
}

/// Whether requests can be answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ready {
    /// `ready` or `unready`.
    #[schema(example = "ready")]
    status: &'static str,
    /// Why not; null when ready.
    reason: Option<&'static str>,
    /// Version of this program.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Folder of the embedded PostgreSQL when it holds the metrics, which is not for production; else null.
    embedded_database: Option<String>,
    /// The newest run of each view, for information.
    runs: Vec<Run>,
}

/// The newest run of a view.
#[derive(Debug, Serialize, ToSchema)]
pub struct Run {
    /// The view.
    #[schema(example = "company")]
    view: String,
    /// Instant of which the run speaks.
    #[schema(example = "2026-11-21T03:05:00Z")]
    as_of: DateTime<Utc>,
    /// When it ended; null while it runs.
    #[schema(example = "2026-11-21T03:05:09Z")]
    finished_at: Option<DateTime<Utc>>,
    /// How it ended: running, done, partial, failed, interrupted or abandoned.
    #[schema(example = "done")]
    outcome: String,
    /// Subjects that it rejected by name.
    #[schema(example = 0)]
    rows_rejected: i64,
}

/// Whether the process answers
#[utoipa::path(
    get,
    path = LIVE_PATH,
    tag = "health",
    operation_id = "live",
    responses(
        (status = 200, description = "The process answers.", body = Live),
        (status = 400, description = "A parameter was given.", body = Problem,
          content_type = "application/problem+json"),
    ),
)]
pub async fn live(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    Fields::urlencoded(request.query_string()).none()?;
    Ok(HttpResponse::Ok().insert_header(NO_STORE).json(Live { status: "live" }))
}

/// Whether the database answers and has this program's tables
///
/// Runs are for information: a failed run does not make the API unready.
#[utoipa::path(
    get,
    path = READY_PATH,
    tag = "health",
    operation_id = "ready",
    responses(
        (status = 200, description = "Requests can be answered.", body = Ready),
        (status = 400, description = "A parameter was given.", body = Problem,
          content_type = "application/problem+json"),
        (status = 503, description = "The database does not answer within a second, or its tables are of another \
          version of the program.", body = Ready),
    ),
)]
pub async fn ready(request: HttpRequest, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    Fields::urlencoded(request.query_string()).none()?;
    let found = tokio::time::timeout(PATIENCE, look(&worker.app)).await;
    let (reason, runs) = match found {
        Ok(Ok(Some(runs))) => (None, runs),
        Ok(Ok(None)) => (Some("the tables of the database are of another version: run `reporter migrate`"), Vec::new()),
        Ok(Err(error)) => {
            let error = anyhow::Error::from(error);
            tracing::warn!("not ready: {error:#}");
            (Some("the database does not answer"), Vec::new())
        }
        Err(_) => (Some("the database does not answer within a second"), Vec::new()),
    };
    let body = Ready {
        status: if reason.is_none() { "ready" } else { "unready" },
        reason,
        version: env!("CARGO_PKG_VERSION"),
        embedded_database: worker.app.embedded_dir.as_ref().map(|dir| dir.display().to_string()),
        runs,
    };
    let mut response = if reason.is_none() { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    Ok(response.insert_header(NO_STORE).json(body))
}

/// The newest run of each view; `None` when the tables are of another version.
async fn look(app: &AppState) -> Result<Option<Vec<Run>>, DbError> {
    let mut connection = connect::get(&app.health_pool).await?;
    if !migrate::schema_is_current(&mut connection).await? {
        return Ok(None);
    }
    let runs = reader::last_runs(&mut connection).await?;
    let runs = runs.into_iter().map(|run| Run {
        view: run.view,
        as_of: run.as_of,
        finished_at: run.finished_at,
        outcome: run.outcome,
        rows_rejected: run.rows_rejected,
    });
    Ok(Some(runs.collect()))
}
