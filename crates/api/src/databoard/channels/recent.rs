//! `GET /channels/recent`: the channels that were read last.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Data;
use metrics_core::channel::Channel;
use metrics_core::channel::catalogue::Catalogue;
use metrics_core::channel::names::Backend;
use metrics_core::db::databoard::recent;

use super::super::error::Refused;
use super::super::state::Databoard;
use super::super::upstream::Upstream;
use super::super::within;
use super::search::Channels;
use crate::state::Worker;

/// Where it answers, below the mount.
pub const PATH: &str = "/channels/recent";
/// Time that it may take.
const LIMIT: Duration = Duration::from_secs(10);
/// Channels that are listed: where fewer were read, those of the end of the list as well.
const LISTED: usize = 10;

/// Channels that were read last
///
/// At most ten, the newest first.
#[utoipa::path(
    get,
    path = "/channels/recent",
    tag = "channels",
    operation_id = "recent_channels",
    responses((status = 200, description = "The channels.", body = Channels)),
)]
pub async fn get(worker: Data<Worker>, databoard: Data<Databoard>) -> Result<HttpResponse, Refused> {
    within(LIMIT, async {
        let catalogue = databoard.internal.catalogue(&worker, &databoard).await?;
        let mut snapshot = worker.read().await?;
        let stored = recent::newest(&mut snapshot).await?;
        snapshot.close().await?;
        let known = databoard.upstream.as_ref().map(Upstream::known);
        let channels = shown(stored, &catalogue, known.as_deref().map(|known| known.iter().as_slice()));
        Ok(HttpResponse::Ok().json(Channels { channels }))
    })
    .await
}

/// Longest time for which points are kept back for it.
const NOTING: Duration = Duration::from_millis(500);

/// Notes that the points of `channel` were asked for. That this fails is no reason to keep them back.
pub async fn note(databoard: &Databoard, channel: &Channel) {
    let noted = async {
        let mut conn = databoard.connection().await?;
        Ok::<_, Refused>(recent::put(&mut conn, channel).await?)
    };
    if let Err(error) = within(NOTING, noted).await {
        tracing::warn!(channel.name, "a channel is not noted as recent: {error}");
    }
}

/// Of what is stored, what can be seen now, ours as the catalogue has it. Up to ten of the end of the list, in which those
/// of the data-api follow ours, stand behind: as if they had been read before.
fn shown(stored: Vec<Channel>, own: &Catalogue, theirs: Option<&[Arc<Channel>]>) -> Vec<Arc<Channel>> {
    let seen = stored.into_iter().filter_map(|channel| match Backend::from_name(&channel.backend) {
        Some(backend) => own.find(backend, &channel.name).map(|entry| Arc::new(entry.channel())),
        None => theirs.map(|_| Arc::new(channel)),
    });
    let mut shown: Vec<_> = seen.collect();
    let theirs = last(theirs.unwrap_or_default(), LISTED);
    let own = last(own.entries(), LISTED - theirs.len()).iter().map(|entry| Arc::new(entry.channel()));
    for channel in own.chain(theirs.iter().cloned()) {
        let is_same = |other: &Arc<Channel>| (&other.backend, &other.name) == (&channel.backend, &channel.name);
        if !shown.iter().any(is_same) {
            shown.push(channel);
        }
    }
    shown.truncate(LISTED);
    shown
}

/// The last ones, at most so many.
fn last<T>(list: &[T], number: usize) -> &[T] {
    &list[list.len().saturating_sub(number)..]
}
