//! Parameters of queries that are instants: `now`, moved and cut to a unit.
//!
//! ```text
//! instant = "now" { ( "+" | "-" ) digits unit } [ "/" unit ]
//! unit    = "minute" | "hour" | "day" | "week" | "month" | "year"
//! ```
//!
//! Minutes and hours are of one length; days and longer units are those of the calendar of a zone, so `now-1day` is
//! the same time of day. `/day` is the beginning of the day there, `/week` that of Monday. A time of day that a zone
//! leaves out becomes the first one after it, one that occurs twice the first of the two.

use chrono::{DateTime, Datelike, Days, Duration, Months, NaiveDate, NaiveDateTime, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use super::ParameterValue;

/// Text that begins as an instant and is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// It does not follow the grammar.
    #[error(
        "`{0}` is no instant; for example: now, now-1month/day, now-90minute (minute, hour, day, week, month, year)"
    )]
    Grammar(String),
    /// Outside of the calendar.
    #[error("`{0}` is outside of the calendar")]
    Range(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

const UNITS: [(&str, Unit); 6] = [
    ("minute", Unit::Minute),
    ("hour", Unit::Hour),
    ("day", Unit::Day),
    ("week", Unit::Week),
    ("month", Unit::Month),
    ("year", Unit::Year),
];

impl ParameterValue {
    /// The value that a text of a definition means: an instant by the grammar of this module, as of `as_of` in `zone`,
    /// or the text itself.
    pub fn of_text(text: &str, as_of: DateTime<Utc>, zone: Tz) -> Result<Self, ParameterError> {
        match text.strip_prefix("now") {
            Some(moves) if moves.is_empty() || moves.starts_with(['+', '-', '/']) => {
                instant(text, moves, as_of, zone).map(|instant| Self::Instant(instant.timestamp_micros()))
            }
            _ => Ok(Self::Text(text.to_owned())),
        }
    }
}

fn instant(text: &str, moves: &str, as_of: DateTime<Utc>, zone: Tz) -> Result<DateTime<Utc>, ParameterError> {
    let grammar = || ParameterError::Grammar(text.to_owned());
    let range = || ParameterError::Range(text.to_owned());
    let (mut moves, cut) = match moves.split_once('/') {
        Some((moves, name)) => {
            let (_, unit) = UNITS.into_iter().find(|(known, _)| *known == name).ok_or_else(grammar)?;
            (moves, Some(unit))
        }
        None => (moves, None),
    };
    let mut instant = as_of;
    while let Some(sign) = moves.chars().next() {
        let rest = moves.strip_prefix(['+', '-']).ok_or_else(grammar)?;
        let digits = rest.find(|char: char| !char.is_ascii_digit()).ok_or_else(grammar)?;
        let number: u32 = rest[..digits].parse().map_err(|_| grammar())?;
        let rest = &rest[digits..];
        let (name, unit) = UNITS.into_iter().find(|(name, _)| rest.starts_with(name)).ok_or_else(grammar)?;
        instant = moved(instant, sign == '-', number, unit, zone).ok_or_else(range)?;
        moves = &rest[name.len()..];
    }
    match cut {
        Some(unit) => beginning(instant, unit, zone).ok_or_else(range),
        None => Ok(instant),
    }
}

fn moved(from: DateTime<Utc>, is_back: bool, number: u32, unit: Unit, zone: Tz) -> Option<DateTime<Utc>> {
    let exact = |minutes: i64| {
        let minutes = if is_back { -minutes } else { minutes };
        from.checked_add_signed(Duration::try_minutes(minutes)?)
    };
    let local = from.with_timezone(&zone).naive_local();
    let days = |days: u64| {
        let days = Days::new(days);
        if is_back { local.checked_sub_days(days) } else { local.checked_add_days(days) }
    };
    let months = |months: u32| {
        let months = Months::new(months);
        if is_back { local.checked_sub_months(months) } else { local.checked_add_months(months) }
    };
    let there = match unit {
        Unit::Minute => return exact(i64::from(number)),
        Unit::Hour => return exact(i64::from(number) * 60),
        Unit::Day => days(u64::from(number)),
        Unit::Week => days(u64::from(number) * 7),
        Unit::Month => months(number),
        Unit::Year => months(number.checked_mul(12)?),
    };
    resolve(there?, zone)
}

/// The beginning of the `unit` of the calendar in which an instant lies.
fn beginning(instant: DateTime<Utc>, unit: Unit, zone: Tz) -> Option<DateTime<Utc>> {
    let local = instant.with_timezone(&zone);
    let date = local.date_naive();
    let day = match unit {
        // Offsets of today's zones are whole minutes; what is cut here is what the clock on the wall shows.
        Unit::Minute => return instant.checked_sub_signed(past(&local, false)),
        Unit::Hour => return instant.checked_sub_signed(past(&local, true)),
        Unit::Day => date,
        Unit::Week => date.checked_sub_days(Days::new(u64::from(date.weekday().num_days_from_monday())))?,
        Unit::Month => date.with_day(1)?,
        Unit::Year => NaiveDate::from_ymd_opt(date.year(), 1, 1)?,
    };
    resolve(day.and_time(chrono::NaiveTime::MIN), zone)
}

/// How much of the minute, or of the hour, has passed on the clock on the wall.
fn past(local: &DateTime<Tz>, of_hour: bool) -> Duration {
    let minutes = if of_hour { i64::from(local.minute()) } else { 0 };
    let nanoseconds = i64::from(local.nanosecond());
    Duration::minutes(minutes) + Duration::seconds(i64::from(local.second())) + Duration::nanoseconds(nanoseconds)
}

/// The instant of a time on the wall.
pub(super) fn resolve(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    // No zone leaves out more than a day.
    (0..=24 * 60).find_map(|minutes| {
        let local = local.checked_add_signed(Duration::minutes(minutes))?;
        zone.from_local_datetime(&local).earliest().map(|instant| instant.with_timezone(&Utc))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn value(text: &str, as_of: &str, zone: Tz) -> DateTime<Utc> {
        match ParameterValue::of_text(text, at(as_of), zone).unwrap() {
            ParameterValue::Instant(us) => DateTime::from_timestamp_micros(us).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn now_is_moved_and_cut() {
        let as_of = "2026-03-31T13:14:15.5Z";
        for (text, expected) in [
            ("now", "2026-03-31T13:14:15.5Z"),
            ("now-1month", "2026-02-28T13:14:15.5Z"),
            ("now-1month/day", "2026-02-28T00:00:00Z"),
            ("now+1year-1day", "2027-03-30T13:14:15.5Z"),
            ("now-90minute", "2026-03-31T11:44:15.5Z"),
            ("now/minute", "2026-03-31T13:14:00Z"),
            ("now/hour", "2026-03-31T13:00:00Z"),
            ("now/week", "2026-03-30T00:00:00Z"),
            ("now-1week/month", "2026-03-01T00:00:00Z"),
            ("now/year", "2026-01-01T00:00:00Z"),
        ] {
            assert_eq!(value(text, as_of, Tz::UTC), at(expected), "{text}");
        }
    }

    /// Summer time began in Paris on 2026-03-29 at 02:00, which became 03:00.
    #[test]
    fn days_are_those_of_the_zone() {
        let paris = Tz::Europe__Paris;
        assert_eq!(value("now/day", "2026-03-29T22:30:00Z", paris), at("2026-03-29T22:00:00Z"));
        assert_eq!(value("now-1day", "2026-03-29T10:00:00Z", paris), at("2026-03-28T11:00:00Z"));
        assert_eq!(value("now-24hour", "2026-03-29T10:00:00Z", paris), at("2026-03-28T10:00:00Z"));
        // 02:30 does not exist on the 29th.
        assert_eq!(value("now+1day", "2026-03-28T01:30:00Z", paris), at("2026-03-29T01:00:00Z"));
        // 02:30 is twice on 2026-10-25; the first is meant.
        assert_eq!(value("now+1day", "2026-10-24T00:30:00Z", paris), at("2026-10-25T00:30:00Z"));
        // Samoa left out 2011-12-30.
        assert_eq!(value("now+1day/day", "2011-12-29T12:00:00Z", Tz::Pacific__Apia), at("2011-12-30T10:00:00Z"));
        assert_eq!(value("now/hour", "2026-03-29T10:10:00Z", Tz::Asia__Kolkata), at("2026-03-29T09:30:00Z"));
    }

    #[test]
    fn other_texts_are_texts_and_mistakes_are_named() {
        let of = |text| ParameterValue::of_text(text, at("2026-03-31T00:00:00Z"), Tz::UTC);
        for text in ["", "nowhere", "now 1", "Now", "2026-01-01", "yesterday"] {
            assert_eq!(of(text), Ok(ParameterValue::Text(text.to_owned())), "{text}");
        }
        for text in [
            "now-",
            "now-1",
            "now-day",
            "now-1fortnight",
            "now/second",
            "now/day/day",
            "now--1day",
            "now-1days/day",
            "now+1day/",
            "now-99999999999day",
        ] {
            assert_eq!(of(text), Err(ParameterError::Grammar(text.to_owned())), "{text}");
        }
        assert_eq!(of("now+4000000000year"), Err(ParameterError::Range("now+4000000000year".to_owned())));
    }

    proptest! {
        /// What is cut is not later, and cutting again changes nothing.
        #[test]
        fn cutting_is_a_floor(
            us in 0..4_102_444_800_000_000_i64,
            unit in prop::sample::select(UNITS.to_vec()),
            zone in prop::sample::select(vec![Tz::UTC, Tz::Europe__Paris, Tz::Asia__Kolkata, Tz::America__Sao_Paulo]),
        ) {
            let instant = DateTime::from_timestamp_micros(us).unwrap();
            let cut = beginning(instant, unit.1, zone).unwrap();
            prop_assert!(cut <= instant);
            prop_assert_eq!(beginning(cut, unit.1, zone), Some(cut));
        }
    }
}
