//! A data-api elsewhere, whose channels are shown beside our own.
//!
//! Requests to it run on a runtime of their own, so that neither its slowness nor the work of reading its answers holds
//! up other requests. There may be so many at a time; a further one is told so at once and waits for nothing. Each has
//! a deadline, and ends with the request that it is for.

mod catalogue;
mod client;

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use metrics_core::channel::answer::{are_sparse, can_replace_bins};
use metrics_core::channel::data_api::{DataError, exact_pattern};
use metrics_core::channel::pattern::SearchText;
use metrics_core::channel::{Bin, Channel, Events, TimeRange};
use metrics_core::settings::DataboardSettings;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

pub use catalogue::Catalogue;
use client::Client;
pub use client::Subject;

/// Characters of a text up to which channels are looked for among those that are known.
const SHORT_TEXT_CHARS: usize = 4;
/// Longest list of all channels, of which one at a time is fetched.
const LIST_MAX_BYTES: usize = 512 << 20;
/// Longest answer to the search of a request, of which there may be many.
const FOUND_MAX_BYTES: usize = 64 << 20;
/// Longest time for the list of all channels.
const LIST_TIMEOUT: Duration = Duration::from_mins(5);
/// The pause after the list could not be fetched; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// Why the data-api gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// As many requests as may be are under way.
    #[error("as many requests to the data-api as may be are under way")]
    Busy,
    /// It does not know the channel.
    #[error("the data-api does not know the channel")]
    NotFound,
    /// It did not answer in time.
    #[error("the data-api did not answer in time")]
    TimedOut,
    /// There are more points than may be shown.
    #[error("there are more than {limit} points")]
    TooMany {
        /// How many may be.
        limit: usize,
    },
    /// The texts among the points are longer than they may be.
    #[error("there are texts of more than {mib} MiB")]
    TooMuchText {
        /// How long they may be together.
        mib: usize,
    },
    /// It cannot be reached, reports an error or says what nobody understands.
    #[error("{0}")]
    Failed(String),
}

impl From<DataError> for UpstreamError {
    fn from(error: DataError) -> Self {
        match error {
            DataError::TooMany { limit } => Self::TooMany { limit },
            DataError::TooMuchText { mib } => Self::TooMuchText { mib },
            DataError::TimedOut => Self::TimedOut,
            other => Self::Failed(other.to_string()),
        }
    }
}

/// Points of a channel as they were found.
#[derive(Debug)]
pub enum Found {
    /// Events, which were asked for.
    Events(Events),
    /// Events in place of bins, which were too few.
    EventsForBins(Events),
    /// Bins.
    Bins(Vec<Bin>),
}

/// The data-api, and what is known of it.
pub struct Upstream {
    shared: Arc<Shared>,
    /// Until the end.
    runtime: Option<Runtime>,
}

struct Shared {
    client: Client,
    places: Arc<Semaphore>,
    /// Locked only as long as it takes to read or to set a pointer.
    catalogue: RwLock<Arc<Catalogue>>,
    /// Whoever makes the next one of the present one.
    learning: Mutex<()>,
    /// When the list of all was last fetched.
    listed_at: Mutex<Option<Instant>>,
}

impl Upstream {
    /// The data-api of the settings, if they name one. Its channels are fetched from now on.
    pub fn start(settings: &DataboardSettings) -> anyhow::Result<Option<Self>> {
        let Some(url) = &settings.upstream_url else { return Ok(None) };
        let runtime = Builder::new_multi_thread().worker_threads(2).thread_name("upstream").enable_all().build()?;
        let max_points = usize::try_from(settings.max_points)?;
        let shared = Arc::new(Shared {
            client: Client::new(url, max_points)?,
            places: Arc::new(Semaphore::new(settings.upstream_max_parallel.min(Semaphore::MAX_PERMITS))),
            catalogue: RwLock::default(),
            learning: Mutex::default(),
            listed_at: Mutex::default(),
        });
        runtime.spawn(keep_current(shared.clone(), settings.channel_refresh));
        Ok(Some(Self { shared, runtime: Some(runtime) }))
    }

    /// The channels that are known: those of the last list, and what was found since.
    pub fn known(&self) -> Arc<Catalogue> {
        self.shared.known()
    }

    /// How long ago the list of all was fetched; `None`: not yet.
    pub fn list_age(&self) -> Option<Duration> {
        let listed_at = *self.shared.listed_at.lock().unwrap_or_else(PoisonError::into_inner);
        listed_at.map(|listed_at| listed_at.elapsed())
    }

    /// Channels that match `text`, which the client sent as `sent`; with `backend` only those there.
    ///
    /// Without a text they are all that are known. Up to four characters, and where `allow_cached` says that it may
    /// be, those that are known and match; only where there is none the data-api is asked. Otherwise it is asked at
    /// once. What it finds is known from then on.
    pub async fn search(
        &self,
        sent: &str,
        text: &SearchText,
        backend: Option<&str>,
        allow_cached: bool,
        deadline: Instant,
    ) -> Result<Vec<Arc<Channel>>, UpstreamError> {
        let is_short = allow_cached && !text.is_elsewhere() && sent.chars().count() <= SHORT_TEXT_CHARS;
        if text.is_all() || is_short {
            let (known, wanted, backend) = (self.known(), text.clone(), backend.map(str::to_owned));
            // A scan of two million names takes its time.
            let matching = self.handle()?.spawn_blocking(move || {
                let is_wanted = |channel: &&Arc<Channel>| {
                    backend.as_ref().is_none_or(|backend| channel.backend == *backend) && wanted.matches(&channel.name)
                };
                known.iter().filter(is_wanted).cloned().collect::<Vec<_>>()
            });
            let matching = matching.await.map_err(|error| UpstreamError::Failed(error.to_string()))?;
            if text.is_all() || !matching.is_empty() {
                return Ok(matching);
            }
        }
        self.ask_for_channels(text.text().to_owned(), backend.map(str::to_owned), deadline).await
    }

    /// The channel of exactly this name, in `backend` if one is given; `None` when there is none.
    pub async fn find(
        &self,
        name: &str,
        backend: Option<&str>,
        deadline: Instant,
    ) -> Result<Option<Arc<Channel>>, UpstreamError> {
        if let Some(channel) = self.known().by_name(backend, name) {
            return Ok(Some(channel.clone()));
        }
        let found = self.ask_for_channels(exact_pattern(name), backend.map(str::to_owned), deadline).await?;
        Ok(found.into_iter().find(|channel| channel.name == name))
    }

    /// Points of a channel in `range`: events without `bins`. Bins that hold fewer events than there should be bins
    /// give way to the events, if `or_events` says so. Both requests have one deadline and one place.
    pub async fn points(
        &self,
        subject: Subject,
        range: TimeRange,
        bins: Option<u32>,
        or_events: bool,
        deadline: Instant,
    ) -> Result<Found, UpstreamError> {
        let shared = self.shared.clone();
        self.run(deadline, async move {
            let client = &shared.client;
            let Some(wanted) = bins else { return client.events(&subject, range).await.map(Found::Events) };
            let bins = client.bins(&subject, range, wanted).await?;
            if bins.is_empty() || !or_events || !are_sparse(&bins, u64::from(wanted)) {
                return Ok(Found::Bins(bins));
            }
            match client.events(&subject, range).await {
                Ok(events) if can_replace_bins(&events) => Ok(Found::EventsForBins(events)),
                // Lists of numbers or texts, of which there may be few that are long.
                Ok(_) | Err(UpstreamError::TooMany { .. } | UpstreamError::TooMuchText { .. }) => Ok(Found::Bins(bins)),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn ask_for_channels(
        &self,
        pattern: String,
        backend: Option<String>,
        deadline: Instant,
    ) -> Result<Vec<Arc<Channel>>, UpstreamError> {
        let shared = self.shared.clone();
        self.run(deadline, async move {
            let mut found = shared.client.channels(&pattern, backend.as_deref(), FOUND_MAX_BYTES).await?;
            if let Some(backend) = backend {
                found.retain(|channel| channel.backend == backend);
            }
            Ok(tokio::task::block_in_place(|| shared.learn(found)))
        })
        .await
    }

    /// Runs a request up to its deadline, in one of the places. It ends when the caller goes away.
    async fn run<T: Send + 'static>(
        &self,
        deadline: Instant,
        request: impl Future<Output = Result<T, UpstreamError>> + Send + 'static,
    ) -> Result<T, UpstreamError> {
        let place = self.shared.places.clone().try_acquire_owned().map_err(|_| UpstreamError::Busy)?;
        let mut tasks = JoinSet::new();
        let until_deadline = async move {
            let _place = place;
            timeout_at(deadline, request).await.unwrap_or(Err(UpstreamError::TimedOut))
        };
        tasks.spawn_on(until_deadline, self.handle()?);
        match tasks.join_next().await {
            Some(Ok(result)) => result,
            Some(Err(error)) => Err(UpstreamError::Failed(error.to_string())),
            None => Err(UpstreamError::Failed("the request was not started".to_owned())),
        }
    }

    fn handle(&self) -> Result<&Handle, UpstreamError> {
        let runtime = self.runtime.as_ref().map(Runtime::handle);
        runtime.ok_or_else(|| UpstreamError::Failed("the server is stopping".to_owned()))
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting for it is not allowed where requests are answered.
            runtime.shutdown_background();
        }
    }
}

impl Shared {
    fn known(&self) -> Arc<Catalogue> {
        self.catalogue.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds what was found to what is known.
    fn learn(&self, found: Vec<Channel>) -> Vec<Arc<Channel>> {
        let found: Vec<Arc<Channel>> = found.into_iter().map(Arc::new).collect();
        if self.known().lacks(&found) {
            let _turn = self.learning.lock().unwrap_or_else(PoisonError::into_inner);
            let next = self.known().with(&found);
            self.set(next);
        }
        found
    }

    fn replace(&self, list: Vec<Channel>) -> usize {
        let catalogue = Catalogue::new(list);
        let count = catalogue.iter().len();
        let _turn = self.learning.lock().unwrap_or_else(PoisonError::into_inner);
        self.set(catalogue);
        *self.listed_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        count
    }

    fn set(&self, catalogue: Catalogue) {
        let catalogue = Arc::new(catalogue);
        let old = std::mem::replace(&mut *self.catalogue.write().unwrap_or_else(PoisonError::into_inner), catalogue);
        // Its end takes its time: not where others wait.
        drop(old);
    }
}

/// Fetches the list of all channels again and again. Where that fails, the old one stays, and the next attempt comes
/// earlier.
async fn keep_current(shared: Arc<Shared>, refresh: Duration) {
    let mut failures = 0;
    loop {
        let fetched =
            timeout_at(Instant::now() + LIST_TIMEOUT, shared.client.channels(".*", None, LIST_MAX_BYTES)).await;
        let pause = match fetched.unwrap_or(Err(UpstreamError::TimedOut)) {
            Ok(list) => {
                let channels = tokio::task::block_in_place(|| shared.replace(list));
                tracing::info!(channels, "fetched the channels of the data-api");
                failures = 0;
                refresh
            }
            Err(error) => {
                tracing::warn!("the channels of the data-api could not be fetched: {error}");
                failures += 1;
                pause_after(failures).min(refresh)
            }
        };
        sleep(pause).await;
    }
}

/// The pause after so many failures in a row.
fn pause_after(failures: u32) -> Duration {
    let factor = 2_u32.checked_pow(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let seconds: Vec<u64> = [1, 2, 3, 9, 10, 11, 32, 33, u32::MAX].map(|n| pause_after(n).as_secs()).to_vec();
        assert_eq!(seconds, [1, 2, 4, 256, 512, 600, 600, 600, 600]);
    }
}
