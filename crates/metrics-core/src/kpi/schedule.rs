//! When a job of a schedule runs: the five fields of cron, `@daily` and the like, `@every 10m`.
//!
//! ```text
//! schedule = minute hour day-of-month month day-of-week | "@every" length | "@hourly" | "@daily" | "@midnight"
//!          | "@weekly" | "@monthly" | "@yearly" | "@annually"
//! field    = part { "," part }
//! part     = ( "*" | value [ "-" value ] ) [ "/" step ]
//! ```
//!
//! Months and days of the week have names too, of three letters; Sunday is 0 and 7. When both kinds of days are
//! restricted, either is enough. A time of day that a zone leaves out is run at the first one after it; of one that
//! occurs twice, a job of every hour runs at both and any other at the first.

use std::time::Duration;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use super::duration::parse_duration;
use super::parameter::resolve;

/// Days that are searched: from one 29th of February to the next there may be eight years.
const SEARCHED_DAYS: u64 = 8 * 366 + 1;

/// When a job runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// At these times.
    Times(Box<Times>),
    /// Again and again after so long.
    Every(Duration),
}

/// Times of a calendar; bit `n` of a field is the value `n`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    minutes: u64,
    hours: u64,
    days_of_month: u64,
    months: u64,
    days_of_week: u64,
    is_any_day_enough: bool,
}

/// Why a text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Not five fields.
    #[error(
        "`{0}` is no schedule; for example: 0 0 * * * (minute, hour, day of month, month, day of week), @daily, @every 10m"
    )]
    Fields(String),
    /// One of them is wrong.
    #[error("`{text}` is no {field} of a schedule: {reason}")]
    Field {
        /// The field as written.
        text: String,
        /// Which one it is.
        field: &'static str,
        /// What would be right.
        reason: String,
    },
    /// Not a length of time, or none.
    #[error("`@every {0}` is no schedule; for example: @every 10m, @every 1h30m, @every 1d; at least 1s")]
    Every(String),
}

struct Field {
    name: &'static str,
    first: u32,
    last: u32,
    words: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", first: 0, last: 59, words: &[] },
    Field { name: "hour", first: 0, last: 23, words: &[] },
    Field { name: "day of month", first: 1, last: 31, words: &[] },
    Field {
        name: "month",
        first: 1,
        last: 12,
        words: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    },
    Field { name: "day of week", first: 0, last: 7, words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

impl Schedule {
    /// The schedule that `text` spells.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let text = text.trim();
        if let Some(length) = text.strip_prefix("@every ") {
            return match parse_duration(length) {
                Ok(every) if every >= Duration::from_secs(1) => Ok(Self::Every(every)),
                _ => Err(ScheduleError::Every(length.to_owned())),
            };
        }
        let fields = match text {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            _ => text,
        };
        let fields: Vec<&str> = fields.split_whitespace().collect();
        if fields.len() != FIELDS.len() {
            return Err(ScheduleError::Fields(text.to_owned()));
        }
        let mut bits = [0; FIELDS.len()];
        for ((field, text), bits) in FIELDS.iter().zip(&fields).zip(&mut bits) {
            *bits = field.parse(text)?;
        }
        let [minutes, hours, days_of_month, months, days_of_week] = bits;
        Ok(Self::Times(Box::new(Times {
            minutes,
            hours,
            days_of_month,
            months,
            // 7 is Sunday as well.
            days_of_week: (days_of_week | (days_of_week >> 7)) & 0x7f,
            is_any_day_enough: !fields[2].starts_with('*') && !fields[4].starts_with('*'),
        })))
    }

    /// The first time after `instant`, for a job that last ran, or was first known, at `instant`.
    pub fn next_after(&self, instant: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        match self {
            Self::Every(every) => instant.checked_add_signed(chrono::Duration::from_std(*every).ok()?),
            Self::Times(times) => times.next_after(instant, zone),
        }
    }
}

impl Times {
    fn next_after(&self, instant: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let today = instant.with_timezone(&zone).date_naive();
        // A day before, because its repeated hour may be after midnight.
        let first = today.pred_opt()?;
        (0..SEARCHED_DAYS)
            .filter_map(|days| first.checked_add_days(Days::new(days)))
            .filter(|day| self.has_day(*day))
            .find_map(|day| self.times_of(day, zone).filter(|time| *time > instant).min())
    }

    fn has_day(&self, day: NaiveDate) -> bool {
        let of_month = has(self.days_of_month, day.day());
        let of_week = has(self.days_of_week, day.weekday().num_days_from_sunday());
        has(self.months, day.month()) && if self.is_any_day_enough { of_month || of_week } else { of_month && of_week }
    }

    fn times_of(&self, day: NaiveDate, zone: Tz) -> impl Iterator<Item = DateTime<Utc>> {
        let every_hour = self.hours == (1 << 24) - 1;
        let minutes = (0..24 * 60).filter_map(|minute| NaiveTime::from_num_seconds_from_midnight_opt(minute * 60, 0));
        let times = minutes.filter(|time| has(self.hours, time.hour()) && has(self.minutes, time.minute()));
        times.flat_map(move |time| {
            let local = day.and_time(time);
            let second = zone.from_local_datetime(&local).latest().filter(|_| every_hour);
            [resolve(local, zone), second.map(|instant| instant.with_timezone(&Utc))].into_iter().flatten()
        })
    }
}

fn has(bits: u64, value: u32) -> bool {
    bits & (1 << value) != 0
}

impl Field {
    fn parse(&self, text: &str) -> Result<u64, ScheduleError> {
        text.split(',').map(|part| self.part(part)).try_fold(0, |bits, part| Ok(bits | part?))
    }

    fn part(&self, part: &str) -> Result<u64, ScheduleError> {
        let error = |reason: String| ScheduleError::Field { text: part.to_owned(), field: self.name, reason };
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => {
                let step = step.parse().ok().filter(|step| (1..=self.last).contains(step));
                (range, Some(step.ok_or_else(|| error(format!("the step is 1 to {}", self.last)))?))
            }
            None => (part, None),
        };
        let value = |text: &str| {
            let word = self.words.iter().position(|word| text.eq_ignore_ascii_case(word));
            let number = match word {
                Some(index) => u32::try_from(index).ok().map(|index| index + self.first),
                None => text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit())),
            };
            let number = number.filter(|number| (self.first..=self.last).contains(number));
            number.ok_or_else(|| error(format!("values are {} to {}", self.first, self.last)))
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (self.first, self.last),
            Some((from, to)) => (value(from)?, value(to)?),
            // Of a value with a step the range has no end.
            None => (value(range)?, if step.is_some() { self.last } else { value(range)? }),
        };
        if from > to {
            return Err(error(format!("{from} is after {to}")));
        }
        Ok((from..=to).step_by(step.unwrap_or(1) as usize).fold(0, |bits, value| bits | (1 << value)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn after(schedule: &str, instant: &str, zone: Tz) -> DateTime<Utc> {
        Schedule::parse(schedule).unwrap().next_after(at(instant), zone).unwrap()
    }

    #[test]
    fn the_next_time_is_found() {
        for (schedule, instant, expected) in [
            ("0 0 * * *", "2026-11-21T10:00:00Z", "2026-11-22T00:00:00Z"),
            ("0 0 * * *", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"),
            ("@daily", "2026-11-21T23:59:59.999Z", "2026-11-22T00:00:00Z"),
            ("*/15 * * * *", "2026-11-21T10:15:00Z", "2026-11-21T10:30:00Z"),
            ("@hourly", "2026-11-21T10:15:00Z", "2026-11-21T11:00:00Z"),
            ("5,10-12 8 * * mon-fri", "2026-11-21T10:00:00Z", "2026-11-23T08:05:00Z"),
            ("0 12 * * 7", "2026-11-21T10:00:00Z", "2026-11-22T12:00:00Z"),
            ("0 12 * * SUN", "2026-11-21T10:00:00Z", "2026-11-22T12:00:00Z"),
            ("0 0 13 * 5", "2026-11-21T10:00:00Z", "2026-11-27T00:00:00Z"),
            ("0 0 */2 * 5", "2026-11-21T10:00:00Z", "2026-11-27T00:00:00Z"),
            ("0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"),
            ("@monthly", "2026-11-21T10:00:00Z", "2026-12-01T00:00:00Z"),
            ("@yearly", "2026-11-21T10:00:00Z", "2027-01-01T00:00:00Z"),
            ("@every 10m", "2026-11-21T10:01:02Z", "2026-11-21T10:11:02Z"),
            ("30/10 * * * *", "2026-11-21T10:41:00Z", "2026-11-21T10:50:00Z"),
        ] {
            assert_eq!(after(schedule, instant, Tz::UTC), at(expected), "{schedule} after {instant}");
        }
        assert_eq!(Schedule::parse("0 0 31 2 *").unwrap().next_after(at("2026-01-01T00:00:00Z"), Tz::UTC), None);
    }

    /// In Paris 2026-03-29 had no 02:00 to 03:00, and 2026-10-25 has that hour twice.
    #[test]
    fn a_missing_hour_is_run_after_it_and_a_repeated_one_once_unless_it_is_every_hour() {
        let paris = Tz::Europe__Paris;
        assert_eq!(after("30 2 * * *", "2026-03-28T12:00:00Z", paris), at("2026-03-29T01:00:00Z"));
        assert_eq!(after("30 2 * * *", "2026-10-24T12:00:00Z", paris), at("2026-10-25T00:30:00Z"));
        assert_eq!(after("30 2 * * *", "2026-10-25T00:30:00Z", paris), at("2026-10-26T01:30:00Z"));
        assert_eq!(after("30 * * * *", "2026-10-25T00:30:00Z", paris), at("2026-10-25T01:30:00Z"));
        assert_eq!(after("*/20 * * * *", "2026-03-29T00:50:00Z", paris), at("2026-03-29T01:00:00Z"));
    }

    #[test]
    fn mistakes_are_named() {
        for (schedule, message) in [
            ("", "is no schedule; for example: 0 0 * * *"),
            ("* * * *", "is no schedule"),
            ("0 0 0 * * *", "is no schedule"),
            ("@reboot", "is no schedule"),
            ("60 * * * *", "`60` is no minute of a schedule: values are 0 to 59"),
            ("* 24 * * *", "is no hour"),
            ("* * 0 * *", "is no day of month"),
            ("* * * 13 *", "is no month"),
            ("* * * * 8", "is no day of week"),
            ("5-1 * * * *", "5 is after 1"),
            ("*/0 * * * *", "the step is 1 to 59"),
            ("+5 * * * *", "is no minute"),
            ("@every 0.5s", "at least 1s"),
            ("@every day", "`@every day` is no schedule"),
        ] {
            let error = Schedule::parse(schedule).expect_err(schedule).to_string();
            assert!(error.contains(message), "{schedule}: {error}");
        }
    }

    proptest! {
        /// No earlier minute after the instant is one of the schedule's, looked at minute by minute.
        #[test]
        fn nothing_is_left_out(
            minute in 0..60_u32, hour in 0..24_u32, step in 1..30_u32, from in 0..4_000_000_i64,
        ) {
            let start = at("2026-01-01T00:00:00Z") + chrono::Duration::seconds(from);
            let text = format!("{minute}-59/{step} {hour} * * 1-5");
            let schedule = Schedule::parse(&text).unwrap();
            let next = schedule.next_after(start, Tz::UTC).unwrap();
            let is_meant = |time: DateTime<Utc>| {
                time.minute() >= minute && (time.minute() - minute).is_multiple_of(step) && time.hour() == hour
                    && time.weekday().num_days_from_monday() < 5
            };
            let first_minute = start.timestamp() / 60 + 1;
            let mut minutes =
                (first_minute..first_minute + 7 * 24 * 60).filter_map(|minute| DateTime::from_timestamp(minute * 60, 0));
            let slow = minutes.find(|time| is_meant(*time));
            prop_assert_eq!(Some(next), slow);
        }
    }
}
