//! Opening hours as they are written: a weekday and two civil times.

use crate::instant::{DAY_US, HOUR_US, MINUTE_US, SECOND_US};

/// One row of opening hours, in the store's own civil time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OpeningHours {
    /// Weekday of the date on which it starts, Monday 0 to Sunday 6.
    weekday: u8,
    /// Civil time since midnight of that date.
    start_us: i64,
    /// Civil time since the same midnight, above the start, at most 48 hours.
    end_us: i64,
}

impl OpeningHours {
    /// From `start_us` to before `end_us`, both since midnight: an end at or before the start is that of the next
    /// day, so equal times mean 24 hours. `None` when the weekday is above 6 or a time is none.
    pub fn new(weekday: u8, start_us: i64, end_us: i64) -> Option<Self> {
        if weekday > 6 || !(0..DAY_US).contains(&start_us) || !(0..=DAY_US).contains(&end_us) {
            return None;
        }
        let end_us = if end_us > start_us { end_us } else { end_us + DAY_US };
        Some(Self { weekday, start_us, end_us })
    }

    /// Weekday on which it starts, Monday 0.
    pub fn weekday(self) -> usize {
        usize::from(self.weekday)
    }

    /// Start and end since midnight of that day.
    pub const fn span_us(self) -> (i64, i64) {
        (self.start_us, self.end_us)
    }

    /// The time of day at which it closes, 24:00 included; at or before the start it is one of the next day.
    pub const fn closing_us(self) -> i64 {
        if self.end_us > DAY_US { self.end_us - DAY_US } else { self.end_us }
    }
}

/// Weekday of a field: one digit, 0 to 6.
pub fn parse_weekday(text: &[u8]) -> Option<u8> {
    match text {
        [digit @ b'0'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}

/// Start of a row: `H:MM` or `HH:MM`, with seconds and up to six digits of their fraction or without.
pub fn parse_start_us(text: &[u8]) -> Option<i64> {
    let time = Time::parse(text)?;
    (time.hour < 24).then(|| time.since_midnight_us())
}

/// End of a row: as a start; also 24:00; and 23:59, whatever its seconds, means 24:00.
pub fn parse_end_us(text: &[u8]) -> Option<i64> {
    let time = Time::parse(text)?;
    match (time.hour, time.minute) {
        (23, 59) => Some(DAY_US),
        (24, _) => (time.since_midnight_us() == DAY_US).then_some(DAY_US),
        _ => Some(time.since_midnight_us()),
    }
}

/// A civil time as it is written; the hour may be 24.
struct Time {
    hour: i64,
    minute: i64,
    second: i64,
    fraction_us: i64,
}

impl Time {
    fn parse(text: &[u8]) -> Option<Self> {
        let mut parts = text.split(|byte| *byte == b':');
        let hour = number(parts.next()?, 1..=2)?;
        let minute = number(parts.next()?, 2..=2)?;
        let (second, fraction_us) = parts.next().map_or(Some((0, 0)), seconds)?;
        let is_time = parts.next().is_none() && hour <= 24 && minute <= 59 && second <= 59;
        is_time.then_some(Self { hour, minute, second, fraction_us })
    }

    const fn since_midnight_us(&self) -> i64 {
        self.hour * HOUR_US + self.minute * MINUTE_US + self.second * SECOND_US + self.fraction_us
    }
}

/// Whole seconds, and microseconds of their fraction.
fn seconds(text: &[u8]) -> Option<(i64, i64)> {
    let (whole, fraction) = match text.iter().position(|byte| *byte == b'.') {
        Some(point) => (&text[..point], Some(&text[point + 1..])),
        None => (text, None),
    };
    let fraction_us = match fraction {
        Some(digits) => number(digits, 1..=6)? * digits.iter().skip(1).fold(SECOND_US / 10, |unit_us, _| unit_us / 10),
        None => 0,
    };
    Some((number(whole, 2..=2)?, fraction_us))
}

/// A number of so many digits.
fn number(text: &[u8], digits: std::ops::RangeInclusive<usize>) -> Option<i64> {
    let is_number = digits.contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    is_number.then(|| text.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(text: &str) -> Option<i64> {
        parse_start_us(text.as_bytes())
    }

    fn end(text: &str) -> Option<i64> {
        parse_end_us(text.as_bytes())
    }

    #[test]
    fn times_have_one_or_two_digits_of_hours_and_may_have_seconds() {
        let nine = Some(9 * HOUR_US);
        for text in ["9:00", "09:00", "9:00:00", "09:00:00", "09:00:00.0", "09:00:00.000000"] {
            assert_eq!((start(text), end(text)), (nine, nine), "{text}");
        }
        assert_eq!(start("00:00:01.25"), Some(1_250_000));
        assert_eq!(start("00:00:00.000001"), Some(1));
        assert_eq!(start("23:59:59.999999"), Some(DAY_US - 1));
        for text in [
            "",
            ":",
            "9",
            "9:0",
            "009:00",
            "09:000",
            "09:00:0",
            "09:00:00.",
            "09:00:00.0000000",
            "09:00.5",
            "09:60",
            "09:00:60",
            "09:00:00:00",
            "-9:00",
            "+9:00",
            "9:00 AM",
            "25:00",
            "09;00",
            "09: 0",
        ] {
            assert_eq!((start(text), end(text)), (None, None), "{text}");
        }
    }

    #[test]
    fn only_an_end_can_be_midnight_and_only_the_last_minute_is_stretched_to_it() {
        for text in ["24:00", "24:00:00", "24:00:00.000", "23:59", "23:59:00", "23:59:59", "23:59:59.999999"] {
            assert_eq!(end(text), Some(DAY_US), "{text}");
        }
        for text in ["24:00", "24:00:00"] {
            assert_eq!(start(text), None, "{text}");
        }
        for text in ["24:00:01", "24:00:00.000001", "24:01", "24:59"] {
            assert_eq!(end(text), None, "{text}");
        }
        assert_eq!(end("22:59:59"), Some(23 * HOUR_US - SECOND_US));
        assert_eq!(end("11:59:00"), Some(12 * HOUR_US - MINUTE_US));
        assert_eq!(start("23:59"), Some(DAY_US - MINUTE_US));
    }

    #[test]
    fn an_end_at_or_before_the_start_is_that_of_the_next_day() {
        let span = |start, end| OpeningHours::new(0, start, end).map(OpeningHours::span_us);
        assert_eq!(span(9 * HOUR_US, 17 * HOUR_US), Some((9 * HOUR_US, 17 * HOUR_US)));
        assert_eq!(span(22 * HOUR_US, 4 * HOUR_US), Some((22 * HOUR_US, 28 * HOUR_US)));
        assert_eq!(span(9 * HOUR_US, 9 * HOUR_US), Some((9 * HOUR_US, 33 * HOUR_US)));
        assert_eq!(span(0, DAY_US), Some((0, DAY_US)));
        assert_eq!(span(DAY_US, DAY_US), None);
        assert_eq!(span(0, DAY_US + 1), None);
        assert_eq!(span(-1, 1), None);
        assert_eq!(OpeningHours::new(7, 0, 1), None);
        assert_eq!(parse_weekday(b"6"), Some(6));
        for text in [&b"7"[..], b"", b"06", b"-1", b"Mon", b"\xd9\xa1"] {
            assert_eq!(parse_weekday(text), None);
        }
    }
}
