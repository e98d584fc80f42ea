//! Workers in this process that compute reports of uptime from the queue.

use std::sync::Arc;
use std::time::Duration;

use metrics_core::db::DbError;
use metrics_core::db::uptime_reports::{Step, Worker};
use metrics_core::settings::{DatabaseUrl, Settings};

use crate::state::AppState;

/// How long an idle worker waits before it looks at the queue, which other processes fill as well.
const IDLE: Duration = Duration::from_secs(1);
/// How long a worker waits after its session was lost.
const AFTER_ERROR: Duration = Duration::from_secs(5);

/// Starts the workers of the settings on this thread. They end with it; what one of them had begun then waits for the
/// next.
pub fn start(settings: &Settings, url: &DatabaseUrl, state: &Arc<AppState>) {
    for _ in 0..settings.api.report_workers {
        let (settings, url, state) = (settings.clone(), url.clone(), state.clone());
        actix_web::rt::spawn(async move {
            let mut is_told = false;
            // The first requests have the machine to themselves; one for a report wakes the worker at once.
            wait(&state).await;
            loop {
                let Err(error) = work(&settings, &url, &state, &mut is_told).await;
                // Once, not every few seconds: requests say the same.
                if !is_told {
                    tracing::warn!("reports of uptime wait: {error}");
                    is_told = true;
                }
                tokio::time::sleep(AFTER_ERROR).await;
            }
        });
    }
}

/// Works until the session is lost.
async fn work(
    settings: &Settings,
    url: &DatabaseUrl,
    state: &AppState,
    is_told: &mut bool,
) -> Result<std::convert::Infallible, DbError> {
    let mut worker = Worker::connect(url, settings.database.connect_timeout).await?;
    loop {
        let step = worker.step(settings.uptime.reports_retention_hours).await?;
        *is_told = false;
        if step == Step::Idle {
            wait(state).await;
        }
    }
}

/// Waits until a report was asked for, or it is time to look again.
async fn wait(state: &AppState) {
    let _ = tokio::time::timeout(IDLE, state.reports_wait.notified()).await;
}
