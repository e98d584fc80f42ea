//! Instants as text: one grammar, for files and for command lines.
//!
//! ```text
//! instant  = date ( " " | "T" | "t" ) time [ "." 1 to 9 digits ] [ " " ] [ zone ]
//! date     = YYYY-MM-DD, a day of the calendar from 1970 to 2199
//! time     = HH:MM:SS, 00:00:00 to 23:59:59
//! zone     = "UTC" | "utc" | "Z" | "z" | ( "+" | "-" ) HH [ ":" ] MM
//! ```
//!
//! Without a zone it is UTC. Digits after the sixth of the fraction are cut, not rounded.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

/// Microseconds of a second.
pub const SECOND_US: i64 = 1_000_000;
/// Microseconds of a minute.
pub const MINUTE_US: i64 = 60 * SECOND_US;
/// Microseconds of an hour.
pub const HOUR_US: i64 = 60 * MINUTE_US;
/// Microseconds of a day of 24 hours.
pub const DAY_US: i64 = 24 * HOUR_US;

/// What the last digit of a fraction of so many digits is worth.
const FRACTION_UNITS_US: [i64; 7] = [1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];

/// Years that an instant is written with.
const YEARS: std::ops::RangeInclusive<u32> = 1970..=2199;

/// A text that is no instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no instant; for example: 2026-11-21T12:00:00Z, or 2026-11-21 12:00:00.5 +05:30")]
pub struct InstantError(String);

/// The instant that an argument of a command means.
pub fn parse(text: &str) -> Result<DateTime<Utc>, InstantError> {
    parse_us(text.trim_ascii().as_bytes())
        .and_then(DateTime::from_timestamp_micros)
        .ok_or_else(|| InstantError(text.to_owned()))
}

/// Microseconds since 1970-01-01 00:00 UTC, or `None` when the text is no instant.
pub fn parse_us(text: &[u8]) -> Option<i64> {
    let (head, rest) = text.split_first_chunk::<19>()?;
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b' ' | b'T' | b't', h0, h1, b':', n0, n1, b':', s0, s1] = *head
    else {
        return None;
    };
    let year = two(y0, y1)? * 100 + two(y2, y3)?;
    let (month, day) = (two(m0, m1)?, two(d0, d1)?);
    let (hour, minute, second) = (two(h0, h1)?, two(n0, n1)?, two(s0, s1)?);
    if !YEARS.contains(&year) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    let (fraction_us, rest) = fraction(rest)?;
    let offset_us = zone(rest)?;
    let second_of_day = (hour * 60 + minute) * 60 + second;
    let local_us = i64::from(date.to_epoch_days()) * DAY_US + i64::from(second_of_day) * SECOND_US + fraction_us;
    Some(local_us - offset_us)
}

/// `instant` in the form `2026-11-21T12:00:00.000000Z`; empty outside of the calendar.
pub fn format_us(instant_us: i64) -> String {
    DateTime::from_timestamp_micros(instant_us)
        .map_or_else(String::new, |instant| instant.to_rfc3339_opts(SecondsFormat::Micros, true))
}

/// Two digits as a number.
fn two(tens: u8, ones: u8) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| u32::from(tens) * 10 + u32::from(ones))
}

/// Microseconds of an optional fraction, and what follows it.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.', text)) = text.split_first() else { return Some((0, text)) };
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(digits);
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    let kept = &digits[..digits.len().min(6)];
    let number = kept.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
    Some((number * FRACTION_UNITS_US[kept.len()], rest))
}

/// Microseconds by which an optional zone is ahead of UTC.
fn zone(text: &[u8]) -> Option<i64> {
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let (sign, [h0, h1, m0, m1]) = match *text {
        [] | [b'Z' | b'z'] | [b'U', b'T', b'C'] | [b'u', b't', b'c'] => return Some(0),
        [sign, h0, h1, b':', m0, m1] | [sign, h0, h1, m0, m1] => (sign, [h0, h1, m0, m1]),
        _ => return None,
    };
    let (hours, minutes) = (two(h0, h1)?, two(m0, m1)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let offset_us = i64::from(hours) * HOUR_US + i64::from(minutes) * MINUTE_US;
    match sign {
        b'+' => Some(offset_us),
        b'-' => Some(-offset_us),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use proptest::prelude::*;

    use super::*;

    fn us(text: &str) -> Option<i64> {
        parse_us(text.as_bytes())
    }

    #[test]
    fn every_spelling_of_one_instant_is_read() {
        let expected = us("2023-01-25 17:00:00.25");
        assert_eq!(expected, Some(1_674_666_000_250_000));
        for text in [
            "2023-01-25 17:00:00.25 UTC",
            "2023-01-25 17:00:00.25UTC",
            "2023-01-25 17:00:00.250 utc",
            "2023-01-25T17:00:00.250000Z",
            "2023-01-25t17:00:00.250000999z",
            "2023-01-25 17:00:00.25 Z",
            "2023-01-25 17:00:00.25 ",
            "2023-01-25 22:30:00.25+05:30",
            "2023-01-25 22:30:00.25 +0530",
            "2023-01-25T09:00:00.25-0800",
            "2023-01-25T09:00:00.25 -08:00",
            "2023-01-25 17:00:00.25+00:00",
        ] {
            assert_eq!(us(text), expected, "{text}");
        }
        assert_eq!(us("1970-01-01 00:00:00"), Some(0));
        assert_eq!(us("1970-01-01 00:00:00 +00:01"), Some(-MINUTE_US));
        assert_eq!(us("2199-12-31 23:59:59.999999999 UTC"), Some(7_258_118_399_999_999));
        assert_eq!(us("2024-02-29 00:00:00").map(format_us).as_deref(), Some("2024-02-29T00:00:00.000000Z"));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "2023-01-25",
            "2023-01-25 17:00",
            "2023-01-25  17:00:00",
            "2023-01-25 17:00:00.",
            "2023-01-25 17:00:00. UTC",
            "2023-01-25 17:00:00.1234567890",
            "2023-01-25 17:00:00  UTC",
            "2023-01-25 17:00:00 Utc",
            "2023-01-25 17:00:00 GMT",
            "2023-01-25 17:00:00 UTC+1",
            "2023-01-25 17:00:00+5:30",
            "2023-01-25 17:00:00+05",
            "2023-01-25 17:00:00+24:00",
            "2023-01-25 17:00:00+05:60",
            "2023-01-25 17:00:00 *05:30",
            "2023-01-25 17:00:60",
            "2023-01-25 17:60:00",
            "2023-01-25 24:00:00",
            "2023-02-29 00:00:00",
            "2023-00-01 00:00:00",
            "2023-13-01 00:00:00",
            "2023-01-00 00:00:00",
            "1969-12-31 23:59:59",
            "2200-01-01 00:00:00",
            "2023/01/25 17:00:00",
            "2023-01-25_17:00:00",
            " 2023-01-25 17:00:00",
            "+023-01-25 17:00:00",
            "2023-01-25 17:00:0\u{661}",
        ] {
            assert_eq!(us(text), None, "{text}");
        }
    }

    #[test]
    fn an_argument_may_have_space_around_it_and_a_mistake_is_shown() {
        assert_eq!(parse(" 2026-11-21 12:00:00 "), Ok(Utc.with_ymd_and_hms(2026, 11, 21, 12, 0, 0).unwrap()));
        assert!(parse("yesterday").unwrap_err().to_string().starts_with("`yesterday` is no instant; for example: "));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        /// What chrono writes of any instant and offset, in every dress of the grammar, is read as that instant.
        #[test]
        fn agrees_with_chrono(
            local_us in 0..7_258_118_400_000_000_i64,
            offset_min in -1439..=1439_i32,
            digits in 0..=9_usize,
            dress in 0..6_usize,
            separator in prop::sample::select(vec![" ", "T", "t"]),
        ) {
            let naive = DateTime::from_timestamp_micros(local_us).unwrap().naive_utc();
            let fraction = format!("{}000", naive.format("%6f"));
            let fraction = if digits == 0 { String::new() } else { format!(".{}", &fraction[..digits]) };
            let kept_us = fraction[fraction.len().min(1)..].bytes().chain(std::iter::repeat(b'0')).take(6);
            let kept_us = kept_us.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
            let sign = if offset_min < 0 { '-' } else { '+' };
            let (hours, minutes) = (offset_min.abs() / 60, offset_min.abs() % 60);
            let (zone, offset_min) = match dress {
                0 => (String::new(), 0),
                1 => (" UTC".to_owned(), 0),
                2 => ("Z".to_owned(), 0),
                3 => (format!("{sign}{hours:02}:{minutes:02}"), offset_min),
                4 => (format!("{sign}{hours:02}{minutes:02}"), offset_min),
                _ => (format!(" {sign}{hours:02}:{minutes:02}"), offset_min),
            };
            let text = format!("{}{separator}{}{fraction}{zone}", naive.format("%Y-%m-%d"), naive.format("%H:%M:%S"));
            let whole_us = naive.and_utc().timestamp() * SECOND_US;
            prop_assert_eq!(us(&text), Some(whole_us + kept_us - i64::from(offset_min) * MINUTE_US), "{}", text);
        }

        /// With one byte changed it is either refused, or chrono reads the same instant from it.
        #[test]
        fn a_changed_byte_never_makes_another_instant_of_it(
            local_us in 0..7_258_118_400_000_000_i64,
            at in 0..26_usize,
            byte in any::<u8>(),
        ) {
            let naive = DateTime::from_timestamp_micros(local_us).unwrap().naive_utc();
            let mut text = naive.format("%Y-%m-%d %H:%M:%S%.6f").to_string().into_bytes();
            text[at] = byte;
            if let Some(read) = parse_us(&text) {
                // The only letters and blanks that it survives: T between date and time, Z or a blank at the end.
                let text = String::from_utf8(text).unwrap().to_ascii_uppercase().replace('T', " ");
                let text = text.trim_end_matches(['Z', ' ']);
                // A sign before the last four digits of the fraction makes a zone of them.
                let expected = if text[19..].contains(['+', '-']) {
                    DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%z").map(|at| at.timestamp_micros())
                } else {
                    let naive = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f");
                    naive.map(|at| at.and_utc().timestamp_micros())
                };
                prop_assert_eq!(expected, Ok(read), "{}", text);
            }
        }
    }
}
