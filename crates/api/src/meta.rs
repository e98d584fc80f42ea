//! `meta`: what a clean body speaks of and rests on.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, Utc};
use metrics_core::coldroom::series::Bucket;
use metrics_core::coldroom::slice::Basis;
use metrics_core::db::reader::{DataVersion, LastRun, Page};
use serde::Serialize;
use utoipa::ToSchema;

/// What a result speaks of and rests on.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Meta {
    /// First day asked for, inclusive; null where the result has no range.
    #[schema(example = "2026-11-01")]
    start_date: Option<NaiveDate>,
    /// Last day asked for, inclusive; null where the result has no range.
    #[schema(example = "2026-11-20")]
    end_date: Option<NaiveDate>,
    /// IANA time zones of the days, ascending.
    #[schema(example = json!(["Africa/Lagos"]))]
    time_zones: BTreeSet<String>,
    /// Versions of the literature values used, ascending.
    #[schema(example = json!(["2026.1"]))]
    parameter_sets: BTreeSet<String>,
    /// The run of the reporter that last changed a row of the view; null when none is recorded.
    last_run: Option<RunMeta>,
    /// What limits the rows, from the closed list of docs/indicators.md, ascending.
    #[schema(example = json!(["electricity_estimated"]))]
    data_quality: BTreeSet<String>,
}

/// A run of the reporter.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunMeta {
    /// The view, as on the reporter's command line.
    #[schema(example = "aggregated-comparison")]
    view: String,
    /// Instant of which the run speaks: nothing dated at or after it was seen.
    #[schema(example = "2026-11-21T03:05:00Z")]
    as_of: DateTime<Utc>,
    /// How it ended: running, done, partial, failed, interrupted or abandoned.
    #[schema(example = "done")]
    outcome: String,
}

impl From<LastRun> for RunMeta {
    fn from(run: LastRun) -> Self {
        Self { view: run.view, as_of: run.as_of, outcome: run.outcome }
    }
}

impl Meta {
    /// Of rows computed with `basis`, in the given version of the data.
    pub fn new(version: DataVersion, basis: Basis) -> Self {
        Self {
            start_date: None,
            end_date: None,
            time_zones: basis.time_zones,
            parameter_sets: basis.parameter_sets,
            last_run: version.last_run.map(RunMeta::from),
            data_quality: basis.data_quality,
        }
    }

    /// The same, over a range of days.
    pub fn over(self, days: &RangeInclusive<NaiveDate>) -> Self {
        Self { start_date: Some(*days.start()), end_date: Some(*days.end()), ..self }
    }
}

/// `meta` of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListMeta {
    #[serde(flatten)]
    meta: Meta,
    /// Entries on all pages.
    #[schema(minimum = 0, example = 2)]
    total: i64,
    /// Entries per page at most.
    #[schema(minimum = 1, maximum = 1000, example = 100)]
    limit: u32,
    /// Entries before this page.
    #[schema(minimum = 0, example = 0)]
    offset: i64,
}

impl ListMeta {
    /// Of one `page` out of `total` entries.
    pub fn new(meta: Meta, page: Page, total: i64) -> Self {
        Self { meta, total, limit: page.limit, offset: page.offset }
    }
}

/// `meta` of a series.
#[derive(Debug, Serialize, ToSchema)]
pub struct SeriesMeta {
    #[serde(flatten)]
    meta: Meta,
    /// How the range is cut: day, week (ISO, from Monday) or month.
    #[schema(example = "week")]
    bucket: &'static str,
    /// First day of the previous period; null unless it was asked for.
    #[schema(example = "2026-10-12")]
    previous_start_date: Option<NaiveDate>,
    /// Last day of the previous period; null unless it was asked for.
    #[schema(example = "2026-10-31")]
    previous_end_date: Option<NaiveDate>,
}

impl SeriesMeta {
    /// Of a series in `buckets`, beside that of the `previous` days.
    pub fn new(meta: Meta, bucket: Bucket, previous: Option<&RangeInclusive<NaiveDate>>) -> Self {
        Self {
            meta,
            bucket: bucket.as_str(),
            previous_start_date: previous.map(|days| *days.start()),
            previous_end_date: previous.map(|days| *days.end()),
        }
    }
}
