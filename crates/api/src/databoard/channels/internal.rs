//! Our own channels: what there is of them, and their points.
//!
//! A back end that not everybody may see is not in the catalogue, so that its channels are unknown everywhere.

use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::rt;
use actix_web::web::Data;
use anyhow::Context as _;
use metrics_core::channel::binning::Binner;
use metrics_core::channel::catalogue::{Catalogue, Entry};
use metrics_core::channel::names::{Backend, Kind, Metric, Subject};
use metrics_core::channel::{Bin, Events, TimeRange, Values};
use metrics_core::db::databoard::points::{self, Wanted};
use metrics_core::db::databoard::{catalogue, series};
use metrics_core::db::reader::Snapshot;
use metrics_core::db::{ConnectOptions, DbError, Pool, connect};
use metrics_core::settings::{DatabaseUrl, Settings};
use metrics_core::uptime::Poll;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::JoinHandle;

use super::super::error::Refused;
use super::super::state::Databoard;
use super::super::within;
use crate::direct::Direct;
use crate::state::Worker;

/// Longest time for which a catalogue is taken for what the tables hold.
const FRESH: Duration = Duration::from_mins(1);
/// Time after which it is read anew while requests still have the old one.
const OLD: Duration = Duration::from_secs(45);
/// Longest time for reading it, whoever waits.
const READING: Duration = Duration::from_mins(5);
/// Channels whose points, other than polls, are read at once.
const POINTS_AT_ONCE: usize = 4;
/// Longest wait for a turn.
const POINTS_WAIT: Duration = Duration::from_secs(10);
/// Stores whose polls are read at once.
const POLLS_AT_ONCE: usize = 4;

/// Our own channels.
pub struct Internal {
    /// Back ends that everybody may see.
    public: Vec<Backend>,
    /// What was read last.
    kept: RwLock<Option<Kept>>,
    /// Whoever has it reads, while those that find nothing fresh wait.
    turn: Arc<Mutex<()>>,
    /// For polls, which come by COPY.
    polls: Direct,
    /// For all other points. A curve may take far longer than other requests, and keeps none of them waiting.
    points: Pool,
    /// Most points of a curve without bins.
    max_points: u32,
}

#[derive(Clone)]
struct Kept {
    /// When it had been read.
    since: Instant,
    catalogue: Arc<Catalogue>,
}

impl Internal {
    /// Over the database `url`; connections are opened when first needed.
    pub fn new(settings: &Settings, url: &DatabaseUrl) -> Result<Self, DbError> {
        let options = ConnectOptions {
            application_name: "metrics-api channels".to_owned(),
            read_only: true,
            statement_timeout: settings.api.query_timeout,
            connect_timeout: settings.database.connect_timeout,
        };
        let public = |backend: &Backend| settings.databoard.public_backends.iter().any(|name| name == backend.name());
        Ok(Self {
            public: Backend::ALL.into_iter().filter(public).collect(),
            kept: RwLock::default(),
            turn: Arc::default(),
            polls: Direct::new(settings, url, "metrics-api channels", POLLS_AT_ONCE),
            points: connect::pool(url, &options, POINTS_AT_ONCE, POINTS_WAIT)?,
            max_points: settings.databoard.max_points,
        })
    }

    /// The channels that everybody may see, as they were read at most a minute ago. Those that are new get their ids.
    ///
    /// Reading is a task of its own, which goes on when the request ends: the first one of a large database takes
    /// longer than a request may.
    pub async fn catalogue(
        &self,
        worker: &Data<Worker>,
        databoard: &Data<Databoard>,
    ) -> Result<Arc<Catalogue>, Refused> {
        if let Some(Kept { since, catalogue }) = self.fresh() {
            if since.elapsed() > OLD
                && let Ok(turn) = self.turn.clone().try_lock_owned()
            {
                // Nobody waits for it.
                drop(renew(turn, worker.clone(), databoard.clone()));
            }
            return Ok(catalogue);
        }
        let turn = self.turn.clone().lock_owned().await;
        // Whoever had the turn before has read it.
        if let Some(Kept { catalogue, .. }) = self.fresh() {
            return Ok(catalogue);
        }
        let renewed = renew(turn, worker.clone(), databoard.clone()).await;
        renewed.context("the task that lists channels ended").map_err(Refused::Internal)?
    }

    fn fresh(&self) -> Option<Kept> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner).clone();
        kept.filter(|kept| kept.since.elapsed() < FRESH)
    }

    async fn read(&self, worker: &Worker, databoard: &Databoard) -> Result<Catalogue, Refused> {
        let mut parts = Vec::new();
        if !self.public.is_empty() {
            let mut snapshot = worker.read().await?;
            for backend in &self.public {
                let subjects = catalogue::subjects(&mut snapshot, *backend).await?;
                parts.push((*backend, subjects, series::all(&mut snapshot, *backend).await?));
            }
            snapshot.close().await?;
        }
        let (mut subjects, mut series) = (Vec::new(), Vec::new());
        for (backend, found, mut known) in parts {
            if !series::missing(&known, &found).is_empty() {
                let mut conn = databoard.connection().await?;
                known = series::complete(&mut conn, backend, &found).await?;
            }
            subjects.extend(found);
            series.extend(known);
        }
        Ok(Catalogue::new(subjects, series))
    }

    /// The channel of `backend` with exactly this name or id; `None` when there is none that everybody may see.
    pub async fn find(
        &self,
        worker: &Data<Worker>,
        databoard: &Data<Databoard>,
        backend: Backend,
        name_or_id: &str,
    ) -> Result<Option<Entry>, Refused> {
        Ok(self.catalogue(worker, databoard).await?.find(backend, name_or_id).cloned())
    }

    /// Events of a channel, read until `deadline`. More than a curve may have are refused.
    pub async fn events(&self, entry: &Entry, range: TimeRange, deadline: Instant) -> Result<Events, Refused> {
        // One more, which tells that there are more.
        let limit = Some(self.max_points.saturating_add(1));
        let mut timestamps_ns = Vec::new();
        let mut values = Vec::new();
        if let (Subject::Store(store), Metric::Status) = (&entry.of.subject, entry.metric) {
            let mut polls: Vec<Poll> = Vec::new();
            let (_turn, client) = self.polls.connect_for(left(deadline)).await?;
            points::polls(&client, store, range, limit, |poll| polls.push(poll)).await?;
            self.check(polls.len())?;
            polls.sort_unstable();
            timestamps_ns.extend(polls.iter().map(|poll| points::poll_ns(*poll)));
            values.extend(polls.iter().map(|poll| status(*poll)));
        } else {
            let mut snapshot = Snapshot::open(&self.points).await?;
            points::allow(&mut snapshot, left(deadline)).await?;
            let wanted = Wanted { subject: &entry.of.subject, metric: entry.metric, unit: entry.unit(), range, limit };
            points::each(&mut snapshot, wanted, |at_ns, value| {
                timestamps_ns.push(at_ns);
                values.push(value);
            })
            .await?;
            snapshot.close().await?;
            self.check(timestamps_ns.len())?;
        }
        Ok(Events { timestamps_ns, pulses: None, values: typed(entry.metric.kind(), values) })
    }

    /// Bins of a channel, read until `deadline`, whatever the number of its events.
    pub async fn bins(
        &self,
        entry: &Entry,
        range: TimeRange,
        number: NonZeroU32,
        deadline: Instant,
    ) -> Result<Vec<Bin>, Refused> {
        let mut binner = Binner::new(range, number);
        if let (Subject::Store(store), Metric::Status) = (&entry.of.subject, entry.metric) {
            let (_turn, client) = self.polls.connect_for(left(deadline)).await?;
            let add = |poll| binner.add(points::poll_ns(poll), status(poll));
            points::polls(&client, store, range, None, add).await?;
        } else {
            let mut snapshot = Snapshot::open(&self.points).await?;
            points::allow(&mut snapshot, left(deadline)).await?;
            let wanted =
                Wanted { subject: &entry.of.subject, metric: entry.metric, unit: entry.unit(), range, limit: None };
            points::each(&mut snapshot, wanted, |at_ns, value| binner.add(at_ns, value)).await?;
            snapshot.close().await?;
        }
        Ok(binner.finish())
    }

    fn check(&self, points: usize) -> Result<(), Refused> {
        let max = self.max_points;
        if points <= max as usize {
            return Ok(());
        }
        let text = format!("The curve has more than {max} points: ask for bins (num_bins), or for less time.");
        Err(Refused::Told(StatusCode::PAYLOAD_TOO_LARGE, text))
    }
}

/// Reads the catalogue in a task of its own, and keeps it.
fn renew(
    turn: OwnedMutexGuard<()>,
    worker: Data<Worker>,
    databoard: Data<Databoard>,
) -> JoinHandle<Result<Arc<Catalogue>, Refused>> {
    rt::spawn(async move {
        let internal = &databoard.internal;
        let read = within(READING, internal.read(&worker, &databoard)).await;
        let catalogue = Arc::new(read.inspect_err(|error| tracing::warn!("channels could not be listed: {error}"))?);
        let kept = Kept { since: Instant::now(), catalogue: catalogue.clone() };
        *internal.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        drop(turn);
        Ok(catalogue)
    })
}

/// The time up to `deadline`, and never none at all, which means for ever.
fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))
}

/// 1 when a poll says active, 0 otherwise.
fn status(poll: Poll) -> f64 {
    f64::from(u8::from(poll.is_active()))
}

/// Values as a channel of this kind has them.
fn typed(kind: Kind, values: Vec<f64>) -> Values {
    #[expect(clippy::cast_possible_truncation, reason = "sums of columns of whole numbers of 32 bits")]
    let whole = |values: Vec<f64>| values.into_iter().map(|value| value as i64).collect::<Vec<_>>();
    match kind {
        Kind::Float => Values::Numbers(values),
        Kind::Integer => Values::Integers(whole(values)),
        Kind::Enum => {
            let words = Metric::LABELS.map(Arc::<str>::from);
            let values = whole(values);
            let labels = values.iter().map(|value| words[usize::from(*value != 0)].clone()).collect();
            Values::Enums { values, labels }
        }
    }
}
