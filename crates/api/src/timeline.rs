//! Timelines of stores: polls as they are stored → the pure function → what the route and the page show.

use metrics_core::db::stores::read;
use metrics_core::uptime::{Bounds, Timeline};

use crate::error::ApiError;
use crate::fields::TimelineQuery;
use crate::state::Worker;

/// A timeline and whose it is.
pub struct StoreTimeline {
    /// The zone that the store was given.
    pub time_zone: Option<String>,
    /// The timeline.
    pub timeline: Timeline,
}

/// The timeline of the store with this id; `None` when there is no such store.
pub async fn read(worker: &Worker, store_id: &str, query: &TimelineQuery) -> Result<Option<StoreTimeline>, ApiError> {
    // The database keeps no NUL.
    if store_id.contains('\0') {
        return Ok(None);
    }
    let (_turn, mut client) = worker.app.timelines.connect().await?;
    let latest_us = match query.to_us {
        Some(_) => None,
        None => read::latest_poll_us(&mut client, None).await?,
    };
    let span = query.span(latest_us)?;
    let bounds = Bounds { as_of_us: Some(span.end_us), not_after_us: None };
    let read::Stored { ids, fleet, intake, .. } = read::read(&mut client, bounds, Some(store_id)).await?;
    if ids.is_empty() {
        return Ok(None);
    }
    let timeline = Timeline::of_store(&fleet, intake, span.start_us, query.step);
    let timeline = timeline.ok_or_else(|| ApiError::Internal(anyhow::anyhow!("a checked range has no timeline")))?;
    Ok(Some(StoreTimeline { time_zone: fleet.given_zone(0).map(|zone| zone.name().to_owned()), timeline }))
}
