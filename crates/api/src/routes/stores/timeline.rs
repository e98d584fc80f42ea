//! The timeline of a store: what its figures are sums of.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use metrics_core::instant::format_us;
use metrics_core::uptime::{Policy, Segment, ShownPoll, Status};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{coverage_ratio, fresh, unknown_store};
use crate::error::{ApiError, Problem};
use crate::fields::Fields;
use crate::state::Worker;
use crate::timeline::{self, StoreTimeline};

/// Path of a store's timeline.
pub const PATH: &str = "/stores/{store_id}/timeline";

/// A store from `from` to before `to`, as a report as of `to` sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelineBody<'a> {
    /// The store.
    #[schema(example = "8419537941919820732")]
    store_id: &'a str,
    /// How polls become uptime, in canonical form.
    #[schema(example = "step")]
    policy: String,
    /// IANA time zone of its opening hours; null when it was given none, which counts as America/Chicago.
    #[schema(example = "America/Denver")]
    time_zone: Option<String>,
    /// True when the store has no opening hours.
    #[schema(example = false)]
    is_always_open: bool,
    /// First instant.
    #[schema(example = "2023-01-18T18:13:22.479220Z")]
    from: String,
    /// First instant after.
    #[schema(example = "2023-01-25T18:13:22.479220Z")]
    to: String,
    /// Business time of the range, µs.
    #[schema(minimum = 0)]
    business_us: i64,
    /// Of it, time up, µs.
    #[schema(minimum = 0)]
    up_us: i64,
    /// Of it, time down, µs.
    #[schema(minimum = 0)]
    down_us: i64,
    /// Of it, time within an hour of a poll, µs.
    #[schema(minimum = 0)]
    observed_us: i64,
    /// Least uptime that the polls allow, µs.
    #[schema(minimum = 0)]
    lo_us: i64,
    /// Most uptime that the polls allow, µs.
    #[schema(minimum = 0)]
    hi_us: i64,
    /// Observed share of business time, with four decimals; null without business time.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 1, example = 0.9222)]
    coverage_ratio: Option<Box<RawValue>>,
    /// Business time in order, cut where anything changes; closed time is left out.
    segments: Vec<SegmentEntry>,
    /// Polls of the range, one at its end included, in order.
    polls: Vec<PollEntry>,
}

/// A stretch of business time in which nothing changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct SegmentEntry {
    /// First instant.
    #[schema(example = "2023-01-25T16:00:00.000000Z")]
    start: String,
    /// First instant after.
    #[schema(example = "2023-01-25T17:04:09.388884Z")]
    end: String,
    /// up or down, by the policy.
    #[schema(example = "up", pattern = "^(up|down)$")]
    status: &'static str,
    /// What the status rests on: poll (the latest of the opening, at most an hour before), carried-forward (the same,
    /// longer before), extended-back (the first of the opening, later), from-earlier (the latest of earlier openings),
    /// from-later (the earliest of later ones), or assumed (none).
    #[schema(example = "poll", pattern = "^(poll|carried-forward|extended-back|from-earlier|from-later|assumed)$")]
    evidence: &'static str,
    /// True when a poll of the opening is within an hour.
    #[schema(example = true)]
    observed: bool,
    /// up or down where the polls around prove it, whatever the policy; null where they do not.
    #[schema(example = "up", pattern = "^(up|down)$")]
    proven: Option<&'static str>,
}

/// A poll.
#[derive(Debug, Serialize, ToSchema)]
pub struct PollEntry {
    /// Its instant.
    #[schema(example = "2023-01-25T16:04:09.388884Z")]
    ts: String,
    /// True when the store was active.
    #[schema(example = true)]
    active: bool,
    /// True when it was taken in opening hours; others are no evidence.
    #[schema(example = true)]
    eligible: bool,
}

const fn up_or_down(status: Status) -> &'static str {
    match status {
        Status::Active => "up",
        Status::Inactive => "down",
    }
}

impl From<&Segment> for SegmentEntry {
    fn from(segment: &Segment) -> Self {
        Self {
            start: format_us(segment.span.start_us),
            end: format_us(segment.span.end_us),
            status: up_or_down(segment.status),
            evidence: segment.ground.as_str(),
            observed: segment.is_observed,
            proven: segment.proven.map(up_or_down),
        }
    }
}

impl From<&ShownPoll> for PollEntry {
    fn from(shown: &ShownPoll) -> Self {
        Self { ts: format_us(shown.poll.at_us()), active: shown.poll.is_active(), eligible: shown.is_eligible }
    }
}

/// Status of a store over some days
///
/// Computed from the stored polls as a report as of `to` would: the sums over the last hour, day and week of the range
/// are that report's figures. Polls are kept for `uptime.polls_retention_days`.
#[utoipa::path(
    get,
    path = PATH,
    tag = "uptime",
    operation_id = "store_timeline",
    params(
        ("store_id" = String, Path, description = "The store, percent-encoded.", example = "8419537941919820732"),
        ("from" = Option<String>, Query, description = "First instant; seven days before `to` when not given. A plus is \
          written %2B.", example = "2023-01-18T18:00:00Z"),
        ("to" = Option<String>, Query, description = "First instant after, at most eight days later; the latest poll of \
          any store when not given.", example = "2023-01-25T18:00:00Z"),
        ("policy" = Option<String>, Query, description = "step (when not given), also with ;max_carry=MINUTES and \
          ;assume=active. The others have no timeline.", example = "step"),
    ),
    responses(
        (status = 200, description = "The timeline.", body = TimelineBody),
        (status = 400, description = "A parameter is unknown, repeated or malformed, or the range too long.",
          body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such store.", body = Problem,
          content_type = "application/problem+json"),
        (status = 406, description = "No encoding of the result is acceptable.", body = Problem,
          content_type = "application/problem+json"),
        (status = 503, description = "The database does not answer, or not in time.", body = Problem,
          content_type = "application/problem+json"),
    ),
)]
pub async fn get(request: HttpRequest, id: Path<String>, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    let query = Fields::urlencoded(request.query_string()).timeline()?;
    let found = timeline::read(&worker, &id, &query).await?;
    let StoreTimeline { time_zone, timeline } = found.ok_or_else(unknown_store)?;
    let sums = timeline.figures();
    Ok(fresh(&TimelineBody {
        store_id: &id,
        policy: Policy::Step(query.step).to_string(),
        time_zone,
        is_always_open: timeline.is_always_open,
        from: format_us(timeline.span.start_us),
        to: format_us(timeline.span.end_us),
        business_us: sums.business_us,
        up_us: sums.up_us,
        down_us: sums.down_us,
        observed_us: sums.observed_us,
        lo_us: sums.lo_us,
        hi_us: sums.hi_us,
        coverage_ratio: coverage_ratio(&sums)?,
        segments: timeline.segments.iter().map(SegmentEntry::from).collect(),
        polls: timeline.polls.iter().map(PollEntry::from).collect(),
    }))
}
