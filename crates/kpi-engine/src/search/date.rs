//! Dates as documents hold them, by the formats of their mapping.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};

/// The format of a field without one.
pub(super) const DEFAULT_FORMAT: &str = "strict_date_optional_time||epoch_millis";

/// Formats in the order in which they are tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DateFormats(Vec<Format>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Format {
    /// ISO 8601, from a mere year to nanoseconds and an offset.
    Iso,
    EpochMillis,
    EpochSecond,
    /// In chrono's letters.
    Pattern(String),
}

impl DateFormats {
    /// What `format` of a mapping means; `Err` names the part that is not known.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        text.split("||").map(Format::parse).collect::<Result<_, _>>().map(Self)
    }

    /// Tries what others know after what it knows.
    pub(super) fn extend(&mut self, others: &Self) {
        for format in &others.0 {
            if !self.0.contains(format) {
                self.0.push(format.clone());
            }
        }
    }

    /// Nanoseconds since 1970 of a text; one without an offset is in UTC.
    pub(super) fn instant(&self, text: &str) -> Option<i128> {
        self.0.iter().find_map(|format| format.instant(text))
    }

    /// Nanoseconds since 1970 of a number, which is milliseconds unless the formats know only seconds.
    pub(super) fn instant_of_number(&self, text: &str) -> Option<i128> {
        let is_seconds = self.0.contains(&Format::EpochSecond) && !self.0.contains(&Format::EpochMillis);
        let counts = if is_seconds { Format::EpochSecond } else { Format::EpochMillis };
        // A year, or `20261121`, comes as a number too.
        self.instant(text).or_else(|| counts.instant(text))
    }
}

impl Format {
    fn parse(name: &str) -> Result<Self, String> {
        let name = name.trim();
        Ok(match name.strip_prefix("strict_").unwrap_or(name) {
            "date_optional_time"
            | "date_optional_time_nanos"
            | "dateOptionalTime"
            | "date_time"
            | "date_time_no_millis"
            | "date"
            | "year"
            | "year_month"
            | "year_month_day"
            | "date_hour"
            | "date_hour_minute"
            | "date_hour_minute_second"
            | "date_hour_minute_second_fraction"
            | "date_hour_minute_second_millis"
            | "iso8601" => Self::Iso,
            "epoch_millis" => Self::EpochMillis,
            "epoch_second" => Self::EpochSecond,
            "basic_date" => Self::Pattern("%Y%m%d".to_owned()),
            "basic_date_time" => Self::Pattern("%Y%m%dT%H%M%S%.f%#z".to_owned()),
            "basic_date_time_no_millis" => Self::Pattern("%Y%m%dT%H%M%S%#z".to_owned()),
            _ => Self::Pattern(chrono_pattern(name).ok_or_else(|| name.to_owned())?),
        })
    }

    fn instant(&self, text: &str) -> Option<i128> {
        match self {
            Self::Iso => iso(text),
            Self::EpochMillis => epoch(text, 6),
            Self::EpochSecond => epoch(text, 9),
            Self::Pattern(pattern) => by_pattern(text, pattern),
        }
    }
}

/// A pattern of Java's letters in chrono's; `None` with letters that are not in use for instants.
fn chrono_pattern(java: &str) -> Option<String> {
    // Version 6 marks patterns of the newer kind by an 8.
    let java = java.strip_prefix('8').unwrap_or(java);
    let mut pattern = String::new();
    let mut rest = java;
    while let Some(letter) = rest.chars().next() {
        if letter == '\'' {
            let (literal, after) = rest[1..].split_once('\'')?;
            pattern.push_str(&literal.replace('%', "%%"));
            rest = after;
            continue;
        }
        let length = rest.chars().take_while(|char| *char == letter).count();
        let run = &rest[..length * letter.len_utf8()];
        rest = &rest[run.len()..];
        match (letter, length) {
            ('y' | 'u', 1 | 4) => pattern.push_str("%Y"),
            ('M', 1 | 2) => pattern.push_str("%m"),
            ('d', 1 | 2) => pattern.push_str("%d"),
            ('H', 1 | 2) => pattern.push_str("%H"),
            ('m', 1 | 2) => pattern.push_str("%M"),
            ('s', 1 | 2) => pattern.push_str("%S"),
            ('S', 3 | 6 | 9) => {
                // A fraction after a point takes the point with it.
                if pattern.pop() == Some('.') {
                    pattern.push_str("%.f");
                } else {
                    return None;
                }
            }
            ('X' | 'x' | 'Z', _) => pattern.push_str("%#z"),
            (letter, _) if letter.is_ascii_alphabetic() => return None,
            ('%', _) => pattern.push_str(&run.replace('%', "%%")),
            _ => pattern.push_str(run),
        }
    }
    pattern.contains("%Y").then_some(pattern)
}

fn by_pattern(text: &str, pattern: &str) -> Option<i128> {
    if pattern.contains("%#z") {
        return DateTime::parse_from_str(text, pattern).ok().map(|at| nanoseconds(at.naive_utc()));
    }
    let at = NaiveDateTime::parse_from_str(text, pattern)
        .ok()
        .or_else(|| NaiveDate::parse_from_str(text, pattern).ok().map(|date| date.and_time(NaiveTime::MIN)))?;
    Some(nanoseconds(at))
}

fn nanoseconds(at: NaiveDateTime) -> i128 {
    let at = at.and_utc();
    i128::from(at.timestamp()) * 1_000_000_000 + i128::from(at.timestamp_subsec_nanos())
}

/// A count since 1970, with a fraction or not; `digits` of it are nanoseconds.
fn epoch(text: &str, digits: usize) -> Option<i128> {
    let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: i128 = number(whole, whole.len())?.into();
    let fraction = fraction_of(fraction, digits)?;
    let value = whole * 10_i128.pow(u32::try_from(digits).ok()?) + i128::from(fraction);
    Some(if is_negative { -value } else { value })
}

/// A fraction in units of its digit number `digits`; what comes after that is cut.
fn fraction_of(text: &str, digits: usize) -> Option<u64> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let kept = &text[..text.len().min(digits)];
    let value: u64 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
    Some(value * 10_u64.pow(u32::try_from(digits - kept.len()).ok()?))
}

/// Just `length` digits.
fn number(text: &str, length: usize) -> Option<u64> {
    (!text.is_empty() && text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

/// `2026`, `2026-11`, `2026-11-21`, `2026-11-21T14`, … `2026-11-21T14:05:06.123456789+01:00`.
fn iso(text: &str) -> Option<i128> {
    let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
    let mut parts = date.split('-');
    let year = number(parts.next()?, 4)?;
    let mut part = |default: u32| match parts.next() {
        None => Some(default),
        Some(text) => number(text, text.len().clamp(1, 2)).and_then(|value| u32::try_from(value).ok()),
    };
    let (month, day) = (part(1)?, part(1)?);
    if parts.next().is_some() {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    let (time, offset) = match time {
        None | Some("") => (NaiveTime::MIN, 0),
        Some(text) => {
            let end = text.find(['Z', '+', '-']).unwrap_or(text.len());
            (time_of_day(&text[..end])?, offset_seconds(&text[end..])?)
        }
    };
    Some(nanoseconds(date.and_time(time)) - i128::from(offset) * 1_000_000_000)
}

fn time_of_day(text: &str) -> Option<NaiveTime> {
    let (clock, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let mut parts = clock.split(':');
    let mut part = |is_needed: bool| match parts.next() {
        None => (!is_needed).then_some(0),
        Some(text) => number(text, text.len().clamp(1, 2)).and_then(|value| u32::try_from(value).ok()),
    };
    let (hour, minute, second) = (part(true)?, part(false)?, part(false)?);
    if parts.next().is_some() {
        return None;
    }
    NaiveTime::from_hms_nano_opt(hour, minute, second, u32::try_from(fraction_of(fraction, 9)?).ok()?)
}

fn offset_seconds(text: &str) -> Option<i64> {
    let sign = match text.chars().next() {
        None => return Some(0),
        Some('Z') => return (text == "Z").then_some(0),
        Some('-') => -1,
        Some(_) => 1,
    };
    let digits = text[1..].replacen(':', "", 1);
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = if minutes.is_empty() { 0 } else { number(minutes, 2)? };
    i64::try_from(number(hours, 2)? * 3_600 + minutes * 60).ok().map(|seconds| sign * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn microseconds(format: &str, text: &str) -> Option<i128> {
        DateFormats::parse(format).expect("known").instant(text).map(|at| at.div_euclid(1_000))
    }

    #[test]
    fn iso_dates_may_leave_out_what_is_small() {
        let noon = 1_795_262_400_000_000_i128;
        for (text, expected) in [
            ("2026-11-21T12:00:00Z", noon),
            ("2026-11-21T12", noon),
            ("2026-11-21T13:00+01:00", noon),
            ("2026-11-21T10:30:00-0130", noon),
            ("2026-11-21T12:00:00.5", noon + 500_000),
            ("2026-11-21T12:00:00,000001", noon + 1),
            ("2026-11-21T12:00:00.123456789Z", noon + 123_456),
            ("2026-11-21", noon - 43_200_000_000),
            ("1970", 0),
            ("1969-12-31T23:59:59.9999999", -1),
        ] {
            assert_eq!(microseconds(DEFAULT_FORMAT, text), Some(expected), "{text}");
        }
    }

    #[test]
    fn numbers_are_milliseconds_or_what_the_format_says() {
        assert_eq!(microseconds(DEFAULT_FORMAT, "1795262400000"), Some(1_795_262_400_000_000));
        assert_eq!(microseconds("epoch_second", "1795262400.25"), Some(1_795_262_400_250_000));
        assert_eq!(microseconds("epoch_millis", "-1.5"), Some(-1_500));
        let formats = DateFormats::parse("epoch_second").expect("known");
        assert_eq!(formats.instant_of_number("1"), Some(1_000_000_000));
    }

    #[test]
    fn patterns_of_java_are_read() {
        let noon = 1_795_262_400_000_000_i128;
        for (format, text, expected) in [
            ("yyyy-MM-dd HH:mm:ss", "2026-11-21 12:00:00", noon),
            ("yyyy-MM-dd HH:mm:ss.SSS", "2026-11-21 12:00:00.250", noon + 250_000),
            // XXX: hours and minutes ahead of UTC, with a colon.
            ("yyyy-MM-dd'T'HH:mm:ssXXX", "2026-11-21T13:00:00+01:00", noon),
            ("8uuuu/MM/dd||epoch_millis", "2026/11/21", noon - 43_200_000_000),
            ("dd.MM.yyyy", "21.11.2026", noon - 43_200_000_000),
            ("basic_date", "20261121", noon - 43_200_000_000),
        ] {
            assert_eq!(microseconds(format, text), Some(expected), "{format}");
        }
        assert_eq!(DateFormats::parse("yyyy-MM-dd||xxxx-'W'ww"), Err("xxxx-'W'ww".to_owned()));
        assert_eq!(DateFormats::parse("HH:mm"), Err("HH:mm".to_owned()));
    }

    #[test]
    fn what_is_no_date_has_no_instant() {
        for text in ["", "2026-13-01", "2026-11-21T25", "2026-11-21T12:00:00+", "x", "2026-1-1-1", "é", "2026-11-21Té"]
        {
            assert_eq!(microseconds(DEFAULT_FORMAT, text), None, "{text}");
        }
    }
}
