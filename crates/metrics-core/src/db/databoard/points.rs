//! Points of our own channels.
//!
//! A point is an instant, in nanoseconds since 1970 UTC, and a number. A day without a row, or without a value, has none.

use std::pin::pin;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Double, Integer, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use futures_util::TryStreamExt as _;
use tokio_postgres::Client;

use crate::channel::TimeRange;
use crate::channel::names::{Metric, Subject};
use crate::db::connect::Connection;
use crate::db::error::DbError;
use crate::db::stores::copy_binary::Decoder;
use crate::instant::format_us;
use crate::uptime::{Policy, Poll};

/// Nanoseconds of a day.
const DAY_NS: i64 = 86_400_000_000_000;
/// Microseconds of a minute and an hour.
const MINUTE_US: f64 = 60e6;
const HOUR_US: f64 = 3600e6;

#[derive(QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct Day {
    #[diesel(sql_type = Date)]
    date: NaiveDate,
    #[diesel(sql_type = Double)]
    value: f64,
}

#[derive(QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct Uptime {
    #[diesel(sql_type = Timestamptz)]
    as_of: DateTime<Utc>,
    #[diesel(sql_type = Nullable<BigInt>)]
    us: Option<i64>,
}

#[derive(QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct Run {
    #[diesel(sql_type = Timestamptz)]
    started_at: DateTime<Utc>,
    #[diesel(sql_type = Double)]
    value: f64,
}

/// What is read.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// What the channel is of.
    pub subject: &'a Subject,
    /// What it tells.
    pub metric: Metric,
    /// Its unit: revenue in another currency is none of its points.
    pub unit: &'a str,
    /// When.
    pub range: TimeRange,
    /// Points at most; all when absent.
    pub limit: Option<u32>,
}

/// Gives each further statement of the transaction this time, in place of what the session gives it.
pub async fn allow(conn: &mut Connection, time: Duration) -> Result<(), DbError> {
    // The server takes zero for no limit.
    let milliseconds = time.as_millis().max(1);
    diesel::sql_query("SELECT set_config('statement_timeout', $1, true)")
        .bind::<Text, _>(milliseconds.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// Gives the points of a channel to `point`, in order of time. The status of a store has none here: see [`polls`].
pub async fn each(conn: &mut Connection, wanted: Wanted<'_>, mut point: impl FnMut(i64, f64)) -> Result<(), DbError> {
    let mut finite = |at_ns: i64, value: f64| {
        // Neither JSON nor a drawing has a place for others.
        if value.is_finite() {
            point(at_ns, value);
        }
    };
    match wanted.subject {
        Subject::CoolingUnit(id) => days(conn, include_str!("room_points.sql"), id.0, wanted, &mut finite).await,
        Subject::Company(id) => days(conn, include_str!("company_points.sql"), id.0, wanted, &mut finite).await,
        Subject::Store(id) => uptimes(conn, id, wanted, &mut finite).await,
        Subject::Kpi { environment, name } => {
            let (begin, end) = instants(wanted.range);
            let mut rows = diesel::sql_query(include_str!("kpi_points.sql"))
                .bind::<Text, _>(environment)
                .bind::<Text, _>(name)
                .bind::<Timestamptz, _>(begin)
                .bind::<Timestamptz, _>(end)
                .bind::<Nullable<BigInt>, _>(wanted.limit.map(i64::from))
                .load_stream::<Run>(conn)
                .await?;
            while let Some(Run { started_at, value }) = rows.try_next().await? {
                finite(nanoseconds(started_at.timestamp_micros()), value);
            }
            Ok(())
        }
    }
}

async fn days(
    conn: &mut Connection,
    sql: &str,
    id: i64,
    wanted: Wanted<'_>,
    point: &mut impl FnMut(i64, f64),
) -> Result<(), DbError> {
    let mut rows = diesel::sql_query(sql)
        .bind::<BigInt, _>(id)
        .bind::<Text, _>(wanted.metric.name())
        .bind::<Date, _>(first_day(wanted.range.begin_ns))
        .bind::<Date, _>(first_day(wanted.range.end_ns))
        .bind::<Text, _>(wanted.unit)
        .bind::<Nullable<BigInt>, _>(wanted.limit.map(i64::from))
        .load_stream::<Day>(conn)
        .await?;
    while let Some(Day { date, value }) = rows.try_next().await? {
        point(i64::from(date.to_epoch_days()) * DAY_NS, value);
    }
    Ok(())
}

async fn uptimes(
    conn: &mut Connection,
    store: &str,
    wanted: Wanted<'_>,
    point: &mut impl FnMut(i64, f64),
) -> Result<(), DbError> {
    let (is_up, window, unit_us) = match wanted.metric {
        Metric::UptimeHour => (true, 1, MINUTE_US),
        Metric::DowntimeHour => (false, 1, MINUTE_US),
        Metric::UptimeDay => (true, 2, HOUR_US),
        Metric::DowntimeDay => (false, 2, HOUR_US),
        Metric::UptimeWeek => (true, 3, HOUR_US),
        Metric::DowntimeWeek => (false, 3, HOUR_US),
        _ => return Ok(()),
    };
    let (begin, end) = instants(wanted.range);
    let mut rows = diesel::sql_query(include_str!("uptime_points.sql"))
        .bind::<Text, _>(store)
        .bind::<Text, _>(Policy::default().to_string())
        .bind::<Bool, _>(is_up)
        .bind::<Integer, _>(window)
        .bind::<Timestamptz, _>(begin)
        .bind::<Timestamptz, _>(end)
        .bind::<Nullable<BigInt>, _>(wanted.limit.map(i64::from))
        .load_stream::<Uptime>(conn)
        .await?;
    while let Some(Uptime { as_of, us }) = rows.try_next().await? {
        if let Some(us) = us {
            point(nanoseconds(as_of.timestamp_micros()), us as f64 / unit_us);
        }
    }
    Ok(())
}

/// Gives the polls of a store in `range` to `poll`, in no order; at most `limit`.
pub async fn polls(
    client: &Client,
    store: &str,
    range: TimeRange,
    limit: Option<u32>,
    mut poll: impl FnMut(Poll),
) -> Result<(), DbError> {
    let found = client.query_opt("SELECT id FROM metrics.store WHERE ext_id = $1", &[&store]).await?;
    let Some(number) = found.map(|row| row.try_get::<_, i32>(0)).transpose()? else { return Ok(()) };
    // No poll is before 1970 or after 2199, which are what can be written.
    let us = |ns: i64| ceiling(ns, 1000).clamp(0, END_OF_INSTANTS_US);
    let (begin, end) = (us(range.begin_ns), us(range.end_ns));
    if begin >= end {
        return Ok(());
    }
    // COPY takes no binds: the bounds are numbers of ours, as text.
    let (begin, last) = (format_us(begin), format_us(end - 1));
    let limit = limit.map_or_else(String::new, |limit| format!("LIMIT {limit}"));
    let copy = format!(
        "COPY (SELECT store, ts, up FROM metrics.store_poll WHERE store = {number} \
         AND ts >= '{begin}'::timestamptz AND ts <= '{last}'::timestamptz {limit}) TO STDOUT (FORMAT binary)"
    );
    let malformed = |_| DbError::Inconsistent("metrics.store_poll came in another form than asked for".to_owned());
    let mut parts = pin!(client.copy_out(&copy).await?);
    let mut decoder = Decoder::default();
    while let Some(part) = parts.try_next().await? {
        decoder.decode(&part, |_, found| poll(found)).map_err(malformed)?;
    }
    decoder.finish().map_err(malformed)
}

/// 2200-01-01 00:00 UTC in microseconds since 1970.
const END_OF_INSTANTS_US: i64 = 7_258_118_400_000_000;

/// The instant of a poll, in nanoseconds since 1970 UTC.
pub const fn poll_ns(poll: Poll) -> i64 {
    nanoseconds(poll.at_us())
}

const fn nanoseconds(us: i64) -> i64 {
    // Within a range whose ends are nanoseconds.
    us.saturating_mul(1000)
}

/// The first day that begins at an instant or after it.
fn first_day(ns: i64) -> NaiveDate {
    // 64 bits of nanoseconds are 292 years each way, which dates have.
    let day = i32::try_from(ceiling(ns, DAY_NS)).ok().and_then(NaiveDate::from_epoch_days);
    day.unwrap_or_default()
}

/// The range in microseconds, which the database counts.
fn instants(range: TimeRange) -> (DateTime<Utc>, DateTime<Utc>) {
    let instant = |ns: i64| DateTime::from_timestamp_micros(ceiling(ns, 1000)).unwrap_or_default();
    (instant(range.begin_ns), instant(range.end_ns))
}

/// `a / b` rounded up.
const fn ceiling(a: i64, b: i64) -> i64 {
    a.div_euclid(b) + (a.rem_euclid(b) != 0) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn midnight_ns(year: i32, month: u32, day: u32) -> i64 {
        let date = NaiveDate::from_ymd_opt(year, month, day).unwrap();
        date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_nanos_opt().unwrap()
    }

    #[test]
    fn a_range_has_the_days_that_begin_in_it() {
        for (year, month, day) in [(1969, 12, 31), (1970, 1, 1), (2024, 2, 29), (2200, 1, 1)] {
            let (date, midnight) = (NaiveDate::from_ymd_opt(year, month, day).unwrap(), midnight_ns(year, month, day));
            assert_eq!(first_day(midnight), date);
            assert_eq!(first_day(midnight - DAY_NS + 1), date);
            assert_eq!(first_day(midnight + 1), date.succ_opt().unwrap());
            assert_eq!(i64::from(date.to_epoch_days()) * DAY_NS, midnight);
        }
        assert_eq!(END_OF_INSTANTS_US * 1000, midnight_ns(2200, 1, 1));
    }

    #[test]
    fn the_ends_of_a_range_are_rounded_up_to_what_the_database_counts() {
        let ends = |begin_ns, end_ns| {
            let (begin, end) = instants(TimeRange { begin_ns, end_ns });
            (begin.timestamp_micros(), end.timestamp_micros())
        };
        assert_eq!(ends(1000, 1001), (1, 2));
        assert_eq!(ends(-1000, -999), (-1, 0));
        assert_eq!(ends(i64::MIN, i64::MAX), (-9_223_372_036_854_775, 9_223_372_036_854_776));
    }

    #[test]
    fn every_instant_of_nanoseconds_is_on_a_day() {
        assert_eq!(first_day(i64::MIN).to_string(), "1677-09-22");
        assert_eq!(first_day(i64::MAX).to_string(), "2262-04-12");
    }
}
