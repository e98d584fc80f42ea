//! `GET /channels/curve`: the points of a channel.

use std::convert::Infallible;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use futures_util::stream;
use metrics_core::channel::answer::{Curve, are_sparse};
use metrics_core::channel::catalogue::Entry;
use metrics_core::channel::names::Backend;
use metrics_core::channel::{Channel, TimeRange};
use tokio::time::Instant;

use super::super::error::{Detail, Refused};
use super::super::state::{Databoard, now};
use super::super::upstream::{Found, Subject, Upstream, UpstreamError};
use super::super::within;
use super::parameters::Parameters;
use super::recent;
use crate::state::Worker;

/// Where it answers, below the mount.
pub const PATH: &str = "/channels/curve";
/// Time that it may take.
const LIMIT: Duration = Duration::from_mins(1);
/// Back end that is meant when a request names none, whatever there is: the predecessor's, which its clients count on.
pub const DEFAULT_BACKEND: &str = "sf-databuffer";
/// The years 1 to 9999, which a date can have, in milliseconds since 1970.
const DATES_MS: RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

/// Which points are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    /// Name or id of the channel.
    name: String,
    backend: Option<String>,
    times: Times,
    /// None or a negative number: events.
    bins: i64,
    /// Whether bins that are too few give way to events.
    or_events: bool,
    leave_out_empty: bool,
    /// Whether values are texts; where it is not said, the channel's type says it.
    as_text: Option<bool>,
}

/// A span of time as clients give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Milliseconds since 1970 UTC.
    pub begin_ms: i64,
    /// Milliseconds since 1970 UTC.
    pub end_ms: i64,
}

/// Points of a channel
///
/// Keyed by the name or id of the request, and by instants in nanoseconds since 1970 UTC.
#[utoipa::path(
    get,
    path = "/channels/curve",
    tag = "channels",
    operation_id = "curve",
    params(
        ("channel_name" = String, Query, description = "Name of the channel, or its id.", example = "COOL-17:OCCUPANCY"),
        ("begin_time" = i64, Query, description = "First instant, milliseconds since 1970 UTC."),
        ("end_time" = i64, Query, description = "The instant after the last one."),
        ("backend" = Option<String>, Query, description = "Back end of the channel."),
        ("num_bins" = Option<i64>, Query, description = "Bins; without them, or with 0, the events."),
        ("useEventsIfBinCountTooLarge" = Option<bool>, Query, description = "Give events where there are fewer of them \
            than bins."),
        ("removeEmptyBins" = Option<bool>, Query, description = "Leave bins without events out."),
        ("isString" = Option<bool>, Query, description = "Whether values are texts; as the channel says, when not said."),
    ),
    responses(
        (status = 200, description = "The curve.", body = Object),
        (status = 400, description = "The times cannot be used.", body = Detail),
        (status = 404, description = "There is no such channel.", body = Detail),
        (status = 413, description = "There are too many points.", body = Detail),
        (status = 422, description = "Parameters are missing or wrong.", body = Detail),
        (status = 502, description = "The data-api gives no answer.", body = Detail),
        (status = 503, description = "Too many requests to the data-api are under way.", body = Detail),
        (status = 504, description = "The time was over.", body = Detail),
    ),
)]
pub async fn get(
    request: HttpRequest,
    worker: Data<Worker>,
    databoard: Data<Databoard>,
) -> Result<HttpResponse, Refused> {
    let asked = Asked::new(request.query_string())?;
    let deadline = Instant::now() + LIMIT;
    let curve = within(LIMIT, Box::pin(curve(&worker, &databoard, asked, now(), deadline))).await?;
    let mut pieces = curve.pieces().map(Bytes::from).peekable();
    let mut response = HttpResponse::Ok();
    response.content_type(ContentType::json());
    let first = pieces.next().unwrap_or_default();
    if pieces.peek().is_none() {
        return Ok(response.body(first));
    }
    let pieces = std::iter::once(first).chain(pieces);
    Ok(response.streaming(stream::iter(pieces.map(Ok::<_, Infallible>))))
}

impl Asked {
    fn new(query: &str) -> Result<Self, Refused> {
        let mut parameters = Parameters::new(query);
        let asked = Self {
            name: parameters.required_text("channel_name"),
            times: Times::new(&mut parameters),
            backend: parameters.text("backend"),
            bins: parameters.integer("num_bins").unwrap_or(0),
            or_events: parameters.boolean("useEventsIfBinCountTooLarge").unwrap_or(false),
            leave_out_empty: parameters.boolean("removeEmptyBins").unwrap_or(false),
            as_text: parameters.boolean("isString"),
        };
        parameters.finish().map_err(Refused::Invalid)?;
        Ok(asked)
    }

    /// How many bins, if any. As many as points may be shown can be asked for.
    fn bins(&self, databoard: &Databoard) -> Result<Option<NonZeroU32>, Refused> {
        let max = databoard.settings.max_points;
        match u32::try_from(self.bins.max(0)) {
            Ok(bins) if bins <= max => Ok(NonZeroU32::new(bins)),
            _ => Err(too_large(format!("At most {max} bins can be asked for (num_bins)."))),
        }
    }
}

impl Times {
    /// `begin_time` and `end_time`.
    pub fn new(parameters: &mut Parameters) -> Self {
        Self { begin_ms: parameters.required_integer("begin_time"), end_ms: parameters.required_integer("end_time") }
    }

    /// The same, if they are such. A span that ends before it begins, and times that no date has, are refused.
    pub fn checked(self) -> Result<Self, Refused> {
        let is_time = |ms| ms != 0 && DATES_MS.contains(&ms);
        if !is_time(self.begin_ms) || !is_time(self.end_ms) {
            // The words of the predecessor, which counts milliseconds too.
            let invalid = "begin_time or end_time is invalid, must be valid unix time (seconds)";
            return Err(Refused::bad_request(invalid));
        }
        if self.begin_ms > self.end_ms {
            return Err(Refused::bad_request("begin_time is bigger than end_time, must be smaller or equal"));
        }
        Ok(self)
    }

    /// The span in nanoseconds, as far as these can be counted: from 1677 to 2262.
    fn range(self) -> Result<TimeRange, Refused> {
        let Self { begin_ms, end_ms } = self.checked()?;
        let ns = |ms: i64| ms.saturating_mul(1_000_000);
        Ok(TimeRange { begin_ns: ns(begin_ms), end_ns: ns(end_ms) })
    }
}

/// The part of a range that is not in the future; `None` where nothing can be in it.
fn until(range: TimeRange, now: DateTime<Utc>) -> Option<TimeRange> {
    let end_ns = now.timestamp_nanos_opt().map_or(range.end_ns, |now_ns| range.end_ns.min(now_ns));
    (range.begin_ns < end_ns).then_some(TimeRange { end_ns, ..range })
}

/// The channel is unknown, or nobody may know it.
pub fn unknown() -> Refused {
    Refused::Told(StatusCode::NOT_FOUND, "Channel not found in backend".to_owned())
}

fn too_large(text: String) -> Refused {
    Refused::Told(StatusCode::PAYLOAD_TOO_LARGE, text)
}

async fn curve(
    worker: &Data<Worker>,
    databoard: &Data<Databoard>,
    asked: Asked,
    now: DateTime<Utc>,
    deadline: Instant,
) -> Result<Curve, Refused> {
    let backend = asked.backend.as_deref().unwrap_or(DEFAULT_BACKEND).to_owned();
    match (Backend::from_name(&backend), &databoard.upstream) {
        (Some(backend), _) => own(worker, databoard, backend, asked, now, deadline).await,
        (None, Some(upstream)) => elsewhere(databoard, upstream, backend, asked, now).await,
        (None, None) => Err(unknown()),
    }
}

/// The curve of a channel of ours.
async fn own(
    worker: &Data<Worker>,
    databoard: &Data<Databoard>,
    backend: Backend,
    asked: Asked,
    now: DateTime<Utc>,
    deadline: Instant,
) -> Result<Curve, Refused> {
    let entry = databoard.internal.find(worker, databoard, backend, &asked.name).await?.ok_or_else(unknown)?;
    let range = asked.times.range()?;
    let bins = asked.bins(databoard)?;
    let curve = match until(range, now) {
        Some(range) => own_points(databoard, &entry, range, bins, asked, deadline.into_std()).await?,
        None => Curve::empty(asked.name),
    };
    // Not before the points: what is refused is not recent.
    recent::note(databoard, &entry.channel()).await;
    Ok(curve)
}

async fn own_points(
    databoard: &Databoard,
    entry: &Entry,
    range: TimeRange,
    bins: Option<NonZeroU32>,
    asked: Asked,
    deadline: std::time::Instant,
) -> Result<Curve, Refused> {
    let as_text = asked.as_text.unwrap_or(false);
    let Some(number) = bins else {
        let events = databoard.internal.events(entry, range, deadline).await?;
        return Ok(Curve::of_events(asked.name, events, as_text));
    };
    let bins = databoard.internal.bins(entry, range, number, deadline).await?;
    if bins.iter().all(|bin| bin.count == 0) {
        return Ok(Curve::empty(asked.name));
    }
    if asked.or_events && are_sparse(&bins, number.get().into()) {
        let events = databoard.internal.events(entry, range, deadline).await?;
        return Ok(Curve::of_events_for_bins(asked.name, events, as_text));
    }
    Ok(Curve::of_bins(asked.name, bins, asked.leave_out_empty))
}

/// The curve of a channel of the data-api.
async fn elsewhere(
    databoard: &Databoard,
    upstream: &Upstream,
    backend: String,
    asked: Asked,
    now: DateTime<Utc>,
) -> Result<Curve, Refused> {
    let deadline = Instant::now() + databoard.settings.upstream_timeout;
    let subject = Subject { backend, name: asked.name.clone() };
    let channel = known(upstream, &subject, asked.backend.as_deref(), deadline).await?;
    // A twin in another back end makes the name known, and says nothing of what is read here.
    let channel = channel.filter(|channel| channel.backend == subject.backend);
    let range = asked.times.range()?;
    let bins = asked.bins(databoard)?.map(NonZeroU32::get);
    let is_text = || channel.as_ref().is_some_and(|channel| channel.kind == "string");
    let as_text = asked.as_text.unwrap_or_else(is_text);
    let curve = match until(range, now) {
        Some(range) => {
            let found = upstream.points(subject, range, bins, asked.or_events, deadline).await;
            match found.map_err(|error| refused(error, "Error fetching data from backend"))? {
                Found::Events(events) => Curve::of_events(asked.name, events, as_text),
                Found::EventsForBins(events) => Curve::of_events_for_bins(asked.name, events, as_text),
                Found::Bins(bins) => Curve::of_bins(asked.name, bins, asked.leave_out_empty),
            }
        }
        None => Curve::empty(asked.name),
    };
    if let Some(channel) = &channel {
        recent::note(databoard, channel).await;
    }
    Ok(curve)
}

/// What is known of a channel of the data-api. A name has to be one of its channels, in the back end that the client
/// gave, if it gave one; an id is looked up where the points are.
async fn known(
    upstream: &Upstream,
    subject: &Subject,
    given_backend: Option<&str>,
    deadline: Instant,
) -> Result<Option<Arc<Channel>>, Refused> {
    let known = upstream.known();
    if subject.is_id() {
        return Ok(known.by_id(Some(&subject.backend), &subject.name).cloned());
    }
    if let Some(channel) = known.by_name(Some(&subject.backend), &subject.name) {
        return Ok(Some(channel.clone()));
    }
    // Not kept while the data-api is asked: a newer list may take its place.
    drop(known);
    match upstream.find(&subject.name, given_backend, deadline).await {
        Ok(Some(channel)) => Ok(Some(channel)),
        Ok(None) => Err(unknown()),
        Err(error) => Err(refused(error, "Error fetching data from backend")),
    }
}

/// What a client is told when the data-api gives no answer; `failed` where nothing else is to be said.
pub fn refused(error: UpstreamError, failed: &str) -> Refused {
    match error {
        UpstreamError::Busy => Refused::Told(
            StatusCode::SERVICE_UNAVAILABLE,
            "Too many requests to the data-api are under way, try again later".to_owned(),
        ),
        UpstreamError::NotFound => unknown(),
        UpstreamError::TimedOut => Refused::TimedOut,
        UpstreamError::TooMany { limit } => {
            too_large(format!("The curve has more than {limit} points: ask for bins (num_bins), or for less time."))
        }
        UpstreamError::TooMuchText { mib } => {
            too_large(format!("The curve has texts of more than {mib} MiB: ask for bins (num_bins), or for less time."))
        }
        UpstreamError::Failed(reason) => {
            tracing::warn!("the data-api gives no answer: {reason}");
            Refused::Told(StatusCode::BAD_GATEWAY, failed.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(begin_ms: i64, end_ms: i64) -> Result<(i64, i64), String> {
        let range = Times { begin_ms, end_ms }.range();
        range.map(|range| (range.begin_ns, range.end_ns)).map_err(|refused| refused.to_string())
    }

    #[test]
    fn times_are_milliseconds_and_may_lie_before_1970() {
        assert_eq!(range(1, 2), Ok((1_000_000, 2_000_000)));
        assert_eq!(range(-5, -5), Ok((-5_000_000, -5_000_000)));
        let invalid = Err("begin_time or end_time is invalid, must be valid unix time (seconds)".to_owned());
        // Later than nanoseconds count, and a date all the same.
        assert_eq!(range(1, 9_999_999_999_999), Ok((1_000_000, i64::MAX)));
        assert_eq!(range(1, 253_402_300_799_999), Ok((1_000_000, i64::MAX)));
        assert_eq!(range(-62_135_596_800_000, 1), Ok((i64::MIN, 1_000_000)));
        let absurd = [(i64::MAX, i64::MAX), (i64::MIN, 1), (1, 253_402_300_800_000), (-62_135_596_800_001, 1)];
        for (begin_ms, end_ms) in [(0, 1), (1, 0), (0, 0)].into_iter().chain(absurd) {
            assert_eq!(range(begin_ms, end_ms), invalid, "{begin_ms} {end_ms}");
        }
        assert_eq!(range(2, 1), Err("begin_time is bigger than end_time, must be smaller or equal".to_owned()));
    }

    #[test]
    fn a_range_ends_now_and_nothing_is_in_the_future() {
        let now = DateTime::from_timestamp_nanos(100);
        let until =
            |begin_ns, end_ns| until(TimeRange { begin_ns, end_ns }, now).map(|range| (range.begin_ns, range.end_ns));
        assert_eq!(until(1, 50), Some((1, 50)));
        assert_eq!(until(1, 500), Some((1, 100)));
        assert_eq!(until(i64::MIN, i64::MAX), Some((i64::MIN, 100)));
        for (begin_ns, end_ns) in [(100, 500), (200, 500), (50, 50), (i64::MAX, i64::MAX)] {
            assert_eq!(until(begin_ns, end_ns), None, "{begin_ns} {end_ns}");
        }
    }

    #[test]
    fn what_is_not_said_is_what_the_predecessor_takes() {
        let asked = Asked::new("channel_name=a&begin_time=1&end_time=2").expect("parameters");
        let expected = Asked {
            name: "a".to_owned(),
            backend: None,
            times: Times { begin_ms: 1, end_ms: 2 },
            bins: 0,
            or_events: false,
            leave_out_empty: false,
            as_text: None,
        };
        assert_eq!(asked, expected);
        let Err(Refused::Invalid(items)) = Asked::new("num_bins=x") else { panic!("not refused") };
        let names: Vec<&str> = items.iter().map(|item| item.loc[1].as_str()).collect();
        assert_eq!(names, ["channel_name", "begin_time", "end_time", "num_bins"]);
    }
}
