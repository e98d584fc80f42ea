//! Days of a store, one under the other: each a picture of its business time, and what it adds up to.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use metrics_core::instant::{HOUR_US, format_us};
use metrics_core::uptime::{Figures, Interval, Policy, Segment, ShownPoll, Status, Timeline, Window};
use metrics_core::window::{local_date, start_of_day};

use super::super::figure::{Figure, Reason};
use super::super::graphics::DayStrip;
use super::super::uptime;
use crate::pages::Page;
use crate::timeline::StoreTimeline;

/// The days.
pub struct Week {
    /// Where the civil time is that of.
    pub zone: String,
    /// Whether the store was given no zone.
    pub is_assumed_zone: bool,
    /// Whether it has no opening hours.
    pub is_always_open: bool,
    /// First and last instant.
    pub range: String,
    /// Days, the latest last.
    pub days: Vec<DayRow>,
    /// Pieces of business time.
    pub segments: Vec<SegmentRow>,
    /// Polls.
    pub polls: Vec<PollRow>,
    /// Where the same is as JSON.
    pub address: String,
}

/// A civil day, as far as it lies in the range.
pub struct DayRow {
    pub(super) date: NaiveDate,
    pub(super) name: String,
    /// How many hours it has, when that is not 24.
    pub(super) length: Option<String>,
    pub(super) strip: DayStrip,
    pub(super) business: Figure,
    pub(super) up: Figure,
    pub(super) down: Figure,
    pub(super) coverage: Figure,
    pub(super) polls: Figure,
}

/// A piece of business time.
pub struct SegmentRow {
    pub(super) start: String,
    pub(super) start_shown: String,
    pub(super) end_shown: String,
    pub(super) code: &'static str,
    pub(super) status: String,
    pub(super) evidence: String,
    pub(super) observed: String,
    pub(super) proven: String,
}

/// A poll.
pub struct PollRow {
    pub(super) at: String,
    pub(super) shown: String,
    pub(super) code: &'static str,
    pub(super) status: String,
    pub(super) is_eligible: String,
}

impl Week {
    /// Of a timeline of the store `id`.
    pub fn new(page: &Page, id: &str, policy: Policy, read: &StoreTimeline) -> Self {
        let timeline = &read.timeline;
        let zone = read.time_zone.as_deref().and_then(|zone| zone.parse().ok()).unwrap_or(Tz::America__Chicago);
        let [from, to] = [timeline.span.start_us, timeline.span.end_us].map(instant_of);
        let [first, last] = [from, to].map(|at| local_date(at, zone));
        let days = first.iter_days().take_while(|day| *day <= last);
        let days = days.filter_map(|day| DayRow::new(page, timeline, day, zone));
        let [from_us, to_us] =
            [timeline.span.start_us, timeline.span.end_us].map(|at_us| uptime::segment(&format_us(at_us)));
        Self {
            zone: zone.name().to_owned(),
            is_assumed_zone: read.time_zone.is_none(),
            is_always_open: timeline.is_always_open,
            range: page.lang.say(
                "range.days",
                &[
                    ("start", &local(page, timeline.span.start_us, zone)),
                    ("end", &local(page, timeline.span.end_us, zone)),
                ],
            ),
            days: days.collect(),
            segments: timeline.segments.iter().map(|segment| SegmentRow::new(page, segment, zone)).collect(),
            polls: timeline.polls.iter().map(|shown| PollRow::new(page, shown, zone)).collect(),
            address: page.raw(&format!(
                "stores/{}/timeline?from={from_us}&to={to_us}&policy={}",
                uptime::segment(id),
                uptime::segment(&policy.to_string())
            )),
        }
    }
}

fn instant_of(at_us: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at_us).unwrap_or_default()
}

/// An instant by the store's own clocks.
fn local(page: &Page, at_us: i64, zone: Tz) -> String {
    let local = instant_of(at_us).with_timezone(&zone);
    format!("{}, {}", page.lang.date(local.date_naive()), local.format("%H:%M:%S"))
}

fn status(page: &Page, status: Status) -> String {
    page.t(if status == Status::Active { "store.up" } else { "store.down" }).to_owned()
}

impl DayRow {
    /// The day, unless nothing of it lies in the range or the zone skipped it.
    fn new(page: &Page, timeline: &Timeline, date: NaiveDate, zone: Tz) -> Option<Self> {
        let [start_us, end_us] = [date, date.succ_opt()?].map(|day| start_of_day(day, zone).timestamp_micros());
        let day = Interval::new(start_us, end_us);
        let shown = day.intersection(timeline.span);
        if shown.is_empty() {
            return None;
        }
        let segments =
            timeline.segments.iter().map(|segment| Segment { span: segment.span.intersection(day), ..*segment });
        let part = Timeline {
            span: shown,
            segments: segments.filter(|segment| !segment.span.is_empty()).collect(),
            polls: timeline
                .polls
                .iter()
                .filter(|poll| (start_us..end_us).contains(&poll.poll.at_us()))
                .copied()
                .collect(),
            is_always_open: timeline.is_always_open,
        };
        let Figures { business_us, up_us, down_us, observed_us, polls, .. } = part.figures();
        let hours = |amount_us| uptime::duration(page, Window::Day, amount_us);
        let length_us = end_us - start_us;
        Some(Self {
            date,
            name: page.lang.date(date),
            length: (length_us != 24 * HOUR_US).then(|| {
                page.say(
                    "store.long_day",
                    "hours",
                    &crate::locale::decimal(
                        page.lang,
                        rust_decimal::Decimal::from(length_us) / rust_decimal::Decimal::from(HOUR_US),
                        1,
                    ),
                )
            }),
            strip: DayStrip::new(day, &part),
            business: hours(business_us),
            up: if business_us > 0 { hours(up_us) } else { page.unknown(Reason::NoBusiness) },
            down: if business_us > 0 { hours(down_us) } else { page.unknown(Reason::NoBusiness) },
            coverage: uptime::percent(page, observed_us, business_us, Reason::NoBusiness),
            polls: page.count(polls),
        })
    }
}

impl SegmentRow {
    fn new(page: &Page, segment: &Segment, zone: Tz) -> Self {
        let yes_no = |yes| page.t(if yes { "store.yes" } else { "store.no" }).to_owned();
        Self {
            start: format_us(segment.span.start_us),
            start_shown: local(page, segment.span.start_us, zone),
            end_shown: local(page, segment.span.end_us, zone),
            code: if segment.status == Status::Active { "done" } else { "failed" },
            status: status(page, segment.status),
            evidence: page.t(&format!("evidence.{}", segment.ground.as_str().replace('-', "_"))).to_owned(),
            observed: yes_no(segment.is_observed),
            proven: segment.proven.map_or_else(|| page.t("store.unsure").to_owned(), |proven| status(page, proven)),
        }
    }
}

impl PollRow {
    fn new(page: &Page, shown: &ShownPoll, zone: Tz) -> Self {
        Self {
            at: format_us(shown.poll.at_us()),
            shown: local(page, shown.poll.at_us(), zone),
            code: if shown.poll.is_active() { "done" } else { "failed" },
            status: page.t(if shown.poll.is_active() { "store.active" } else { "store.inactive" }).to_owned(),
            is_eligible: page.t(if shown.is_eligible { "store.yes" } else { "store.no" }).to_owned(),
        }
    }
}
