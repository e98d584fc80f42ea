//! Stores: which there are, and the stored uptime of each.

pub mod timeline;

use std::fmt::Write as _;

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use metrics_core::db::reader::{self, ListedStore, StoredUptime};
use metrics_core::instant::format_us;
use metrics_core::uptime::{Figures, Policy, coverage};
use metrics_core::view::View;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::conditional::Representation;
use crate::error::{ApiError, Problem};
use crate::fields::Fields;
use crate::state::Worker;

/// Path of the list.
pub const PATH: &str = "/stores";
/// Path of a store's uptime.
pub const UPTIME_PATH: &str = "/stores/{store_id}/uptime";

/// A page of stores.
#[derive(Debug, Serialize, ToSchema)]
pub struct StoreList {
    /// Stores of the page, by the bytes of their ids.
    stores: Vec<StoreEntry>,
    /// What `after` has to be for the next page; null on the last one.
    #[schema(example = "8419537941919820732")]
    next: Option<String>,
    /// Stores on all pages.
    #[schema(minimum = 0, example = 14_226)]
    total: i64,
}

/// A store.
#[derive(Debug, Serialize, ToSchema)]
pub struct StoreEntry {
    /// The store: text, whatever it looks like.
    #[schema(example = "8419537941919820732")]
    store_id: String,
    /// IANA time zone of its opening hours; null when it was given none, which counts as America/Chicago.
    #[schema(example = "America/Denver")]
    time_zone: Option<String>,
    /// Instant of its earliest poll ever taken in; null when there was none.
    #[schema(example = "2023-01-18T00:04:09.388884Z")]
    first_poll: Option<String>,
}

impl From<ListedStore> for StoreEntry {
    fn from(store: ListedStore) -> Self {
        Self { store_id: store.ext_id, time_zone: store.tz, first_poll: store.first_poll.map(instant) }
    }
}

/// An instant with all its digits.
fn instant(instant: DateTime<Utc>) -> String {
    format_us(instant.timestamp_micros())
}

/// Stores that were taken in
#[utoipa::path(
    get,
    path = PATH,
    tag = "uptime",
    operation_id = "stores",
    params(
        ("after" = Option<String>, Query, description = "Only stores whose ids come after it, by their bytes: `next` of \
          the page before.", example = "8419537941919820732"),
        ("limit" = Option<u32>, Query, description = "Stores at most; 100 when not given.", minimum = 1, maximum = 1000,
          example = 100),
    ),
    responses(
        (status = 200, description = "A page of stores, by the bytes of their ids.", body = StoreList),
        (status = 400, description = "A parameter is unknown, repeated or malformed.", body = Problem,
          content_type = "application/problem+json"),
        (status = 406, description = "No encoding of the result is acceptable.", body = Problem,
          content_type = "application/problem+json"),
        (status = 503, description = "The database does not answer, or not in time.", body = Problem,
          content_type = "application/problem+json"),
    ),
)]
pub async fn list(request: HttpRequest, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    let query = Fields::urlencoded(request.query_string()).store_list()?;
    let mut snapshot = worker.snapshot().await?;
    let found = reader::stores(&mut snapshot, &query.after, query.limit).await?;
    snapshot.close().await?;
    let next = found.stores.last().filter(|_| found.has_more).map(|store| store.ext_id.clone());
    let stores = found.stores.into_iter().map(StoreEntry::from).collect();
    Ok(fresh(&StoreList { stores, next, total: found.total }))
}

/// A body of which no version is known: stores and polls come in between runs.
fn fresh(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}

/// There is no such store.
pub fn unknown_store() -> ApiError {
    ApiError::NotFound("there is no store with this id; reporter ingest stores takes stores in".to_owned())
}

/// Uptime of a store in the last hour, day and week before `as_of`.
#[derive(Debug, Serialize, ToSchema)]
pub struct StoreUptime<'a> {
    /// The store.
    #[schema(example = "8419537941919820732")]
    store_id: &'a str,
    /// Instant of which the figures speak; the windows end there.
    #[schema(example = "2023-01-25T18:13:22.479220Z")]
    as_of: String,
    /// How polls become uptime, in canonical form.
    #[schema(example = "step")]
    policy: String,
    /// Instant at which the figures last changed.
    #[schema(example = "2023-01-25T18:15:01.000000Z")]
    computed_at: String,
    #[serde(flatten)]
    hour: HourFigures,
    #[serde(flatten)]
    day: DayFigures,
    #[serde(flatten)]
    week: WeekFigures,
}

/// The figures of one window, named after it.
macro_rules! window {
    ($name:ident, $business:ident, $up:ident, $down:ident, $observed:ident, $lo:ident, $hi:ident, $polls:ident, $coverage:ident) => {
        /// Figures of a window.
        #[derive(Debug, Serialize, ToSchema)]
        pub struct $name {
            /// Time inside opening hours, µs.
            #[schema(minimum = 0)]
            $business: i64,
            /// Time up by the policy, µs.
            #[schema(minimum = 0)]
            $up: i64,
            /// Time down by the policy, µs.
            #[schema(minimum = 0)]
            $down: i64,
            /// Business time within an hour of a poll, µs.
            #[schema(minimum = 0)]
            $observed: i64,
            /// Least uptime that the polls allow, µs.
            #[schema(minimum = 0)]
            $lo: i64,
            /// Most uptime that the polls allow, µs.
            #[schema(minimum = 0)]
            $hi: i64,
            /// Polls in opening hours, both ends of the window included.
            #[schema(minimum = 0)]
            $polls: u32,
            /// Observed share of business time, with four decimals; null without business time.
            #[schema(value_type = Option<f64>, minimum = 0, maximum = 1, example = 0.9222)]
            $coverage: Option<Box<RawValue>>,
        }

        impl TryFrom<&Figures> for $name {
            type Error = ApiError;

            fn try_from(figures: &Figures) -> Result<Self, ApiError> {
                Ok(Self {
                    $business: figures.business_us,
                    $up: figures.up_us,
                    $down: figures.down_us,
                    $observed: figures.observed_us,
                    $lo: figures.lo_us,
                    $hi: figures.hi_us,
                    $polls: figures.polls,
                    $coverage: coverage_ratio(figures)?,
                })
            }
        }
    };
}

window!(
    HourFigures,
    business_last_hour_us,
    up_last_hour_us,
    down_last_hour_us,
    observed_last_hour_us,
    lo_last_hour_us,
    hi_last_hour_us,
    polls_last_hour,
    coverage_last_hour_ratio
);
window!(
    DayFigures,
    business_last_day_us,
    up_last_day_us,
    down_last_day_us,
    observed_last_day_us,
    lo_last_day_us,
    hi_last_day_us,
    polls_last_day,
    coverage_last_day_ratio
);
window!(
    WeekFigures,
    business_last_week_us,
    up_last_week_us,
    down_last_week_us,
    observed_last_week_us,
    lo_last_week_us,
    hi_last_week_us,
    polls_last_week,
    coverage_last_week_ratio
);

/// Coverage as a number with its four decimals.
fn coverage_ratio(figures: &Figures) -> Result<Option<Box<RawValue>>, ApiError> {
    let text = coverage(figures);
    Ok(if text.is_empty() { None } else { Some(RawValue::from_string(text)?) })
}

impl<'a> StoreUptime<'a> {
    fn new(store_id: &'a str, policy: Policy, stored: &StoredUptime) -> Result<Self, ApiError> {
        let [hour, day, week] = &stored.figures;
        Ok(Self {
            store_id,
            as_of: instant(stored.as_of),
            policy: policy.to_string(),
            computed_at: instant(stored.computed_at),
            hour: hour.try_into()?,
            day: day.try_into()?,
            week: week.try_into()?,
        })
    }
}

/// Newest stored uptime of a store
///
/// As `reporter --view store-uptime` stored it; nothing is computed. The figures of a window are null-free: without
/// business time they are 0, and coverage is null.
#[utoipa::path(
    get,
    path = UPTIME_PATH,
    tag = "uptime",
    operation_id = "store_uptime",
    params(
        ("store_id" = String, Path, description = "The store, percent-encoded.", example = "8419537941919820732"),
        ("policy" = Option<String>, Query, description = "How polls become uptime: step (when not given), also with \
          ;max_carry=MINUTES and ;assume=active; capped-60m, count-hours or count-hours-edges.",
          example = "step"),
        ("If-None-Match" = Option<String>, Header, description = "Entity tags of responses that the client has."),
    ),
    responses(
        (status = 200, description = "The newest row of the store by the policy.", body = StoreUptime,
          headers(("ETag" = String, description = "Names this representation."))),
        (status = 304, description = "The client has this representation already."),
        (status = 400, description = "A parameter is unknown, repeated or malformed.", body = Problem,
          content_type = "application/problem+json"),
        (status = 404, description = "There is no such store, or no row of it by the policy.", body = Problem,
          content_type = "application/problem+json"),
        (status = 406, description = "No encoding of the result is acceptable.", body = Problem,
          content_type = "application/problem+json"),
        (status = 503, description = "The database does not answer, or not in time.", body = Problem,
          content_type = "application/problem+json"),
    ),
)]
pub async fn uptime(request: HttpRequest, id: Path<String>, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    let policy = Fields::urlencoded(request.query_string()).store_uptime()?;
    let mut snapshot = worker.snapshot().await?;
    let version = reader::data_version(&mut snapshot, View::StoreUptime).await?;
    let representation = Representation::new(&request, &policy.to_string(), version.version)?;
    if representation.is_known_by_tag() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    let found = reader::store_uptime(&mut snapshot, &id, &policy).await?;
    snapshot.close().await?;
    let stored = found.ok_or_else(unknown_store)?.ok_or_else(|| ApiError::NotFound(no_uptime(policy)))?;
    representation.json(&StoreUptime::new(&id, policy, &stored)?)
}

/// There is no row, and how there will be one.
fn no_uptime(policy: Policy) -> String {
    let mut command = format!("reporter --view store-uptime --policy {}", policy.name());
    if let Some(step) = policy.options() {
        if let Some(max_carry) = step.max_carry {
            let _ = write!(command, " --max-carry {}", max_carry.minutes());
        }
        if step.assume != metrics_core::uptime::Status::default() {
            let _ = write!(command, " --assume {}", step.assume);
        }
    }
    format!("no uptime of this store by {policy} is stored yet; {command} stores it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_names_its_command() {
        let said = |text: &str| no_uptime(text.parse().expect("a policy"));
        assert!(said("step").ends_with("; reporter --view store-uptime --policy step stores it"));
        let all = said("step;max_carry=60;assume=active");
        assert!(all.contains(" by step;max_carry=60;assume=active is "), "{all}");
        assert!(all.contains("--policy step --max-carry 60 --assume active stores"), "{all}");
        assert!(said("capped-60m").contains("--policy capped-60m stores"));
    }
}
