//! Civil opening hours → business time.
//!
//! Business time of a store is every instant whose civil time in the store's zone lies in one of its civil
//! intervals. So a civil time that a change of clocks skips gives nothing, and one that comes twice counts twice.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, NaiveDate, Offset, TimeZone};
use chrono_tz::Tz;

use super::intervals::{FOREVER, Interval, unite};
use super::opening_hours::OpeningHours;
use super::window::Horizon;
use crate::instant::{DAY_US, HOUR_US, SECOND_US};

/// A stretch of time in which a zone's clocks have one offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    span: Interval,
    offset_us: i64,
}

/// What opening hours need to know of a zone around one horizon; shared by all stores of the zone.
#[derive(Debug, Clone)]
pub struct ZoneCalendar {
    /// In order, without gaps, over all time.
    pieces: Vec<Piece>,
    /// Per weekday, Monday first: civil midnights of the dates that matter, as if the zone were UTC.
    midnights_us: [Vec<i64>; 7],
}

impl ZoneCalendar {
    /// The calendar of `zone` for reports at `horizon`.
    pub fn new(zone: Tz, horizon: &Horizon) -> Self {
        let first = local_us(zone, horizon.lookback_start_us()).div_euclid(DAY_US) - 1;
        let last = local_us(zone, horizon.as_of_us()).div_euclid(DAY_US) + 1;
        let mut midnights_us: [Vec<i64>; 7] = Default::default();
        for day in first..=last {
            midnights_us[weekday(day)].push(day * DAY_US);
        }
        // Hours of the first date start, and those of the last end, at most two days and an offset beyond the dates.
        let around_us = (first - 3) * DAY_US..=(last + 4) * DAY_US;
        Self { pieces: pieces(zone, around_us), midnights_us }
    }

    /// The intervals of a store with these hours, in order; `intervals` is emptied first.
    pub fn intervals(&self, hours: &[OpeningHours], intervals: &mut Vec<Interval>) {
        intervals.clear();
        for row in hours {
            let (start_us, end_us) = row.span_us();
            for midnight_us in &self.midnights_us[row.weekday()] {
                for piece in &self.pieces {
                    let to_utc_us = midnight_us - piece.offset_us;
                    let span = Interval::new(start_us + to_utc_us, end_us + to_utc_us).intersection(piece.span);
                    if !span.is_empty() {
                        intervals.push(span);
                    }
                }
            }
        }
        unite(intervals);
    }
}

/// Weekday of a day since 1970-01-01, which was a Thursday.
fn weekday(day: i64) -> usize {
    let date = i32::try_from(day).ok().and_then(NaiveDate::from_epoch_days);
    date.map_or(0, |date| date.weekday().num_days_from_monday() as usize)
}

/// By how much the clocks of `zone` are ahead of UTC.
fn offset_us(zone: Tz, at_us: i64) -> i64 {
    let at = DateTime::from_timestamp_micros(at_us).unwrap_or_default().naive_utc();
    i64::from(zone.offset_from_utc_datetime(&at).fix().local_minus_utc()) * SECOND_US
}

/// Civil time in `zone`, as if it were UTC.
fn local_us(zone: Tz, at_us: i64) -> i64 {
    at_us + offset_us(zone, at_us)
}

/// The pieces of constant offset: found hour by hour (no zone changes its clocks twice within an hour), and within
/// the hour to the second, on which clocks change. The first and the last reach to the ends of time.
fn pieces(zone: Tz, around_us: RangeInclusive<i64>) -> Vec<Piece> {
    let mut at_us = around_us.start() - around_us.start().rem_euclid(SECOND_US);
    let mut piece = Piece { span: FOREVER, offset_us: offset_us(zone, at_us) };
    let mut pieces = Vec::new();
    while at_us < *around_us.end() {
        let next_us = at_us + HOUR_US;
        let next_offset_us = offset_us(zone, next_us);
        if next_offset_us != piece.offset_us {
            let (mut before_us, mut change_us) = (at_us, next_us);
            while change_us - before_us > SECOND_US {
                let seconds = (change_us - before_us) / SECOND_US;
                let middle_us = before_us + seconds / 2 * SECOND_US;
                if offset_us(zone, middle_us) == piece.offset_us {
                    before_us = middle_us;
                } else {
                    change_us = middle_us;
                }
            }
            piece.span.end_us = change_us;
            pieces.push(piece);
            piece = Piece { span: Interval::new(change_us, FOREVER.end_us), offset_us: next_offset_us };
        }
        at_us = next_us;
    }
    pieces.push(piece);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instant::parse_us;
    use crate::uptime::opening_hours::{parse_end_us, parse_start_us};

    fn us(text: &str) -> i64 {
        parse_us(text.as_bytes()).expect("an instant")
    }

    fn row(weekday: u8, start: &str, end: &str) -> Option<OpeningHours> {
        OpeningHours::new(weekday, parse_start_us(start.as_bytes())?, parse_end_us(end.as_bytes())?)
    }

    /// Intervals of rows `(weekday, start, end)`, within the eight days before `as_of`.
    fn intervals(zone: Tz, as_of: &str, rows: &[(u8, &str, &str)]) -> Vec<(String, String)> {
        let rows: Vec<_> = rows.iter().map(|(day, start, end)| row(*day, start, end).expect("opening hours")).collect();
        let horizon = Horizon::new(us(as_of));
        let mut intervals = Vec::new();
        ZoneCalendar::new(zone, &horizon).intervals(&rows, &mut intervals);
        let text = |at_us| crate::instant::format_us(at_us)[..16].to_owned();
        let lookback = Interval::new(horizon.lookback_start_us(), horizon.as_of_us());
        intervals
            .into_iter()
            .filter(|interval| !interval.intersection(lookback).is_empty())
            .map(|interval| (text(interval.start_us), text(interval.end_us)))
            .collect()
    }

    fn spans(spans: &[(&str, &str)]) -> Vec<(String, String)> {
        spans.iter().map(|(start, end)| ((*start).to_owned(), (*end).to_owned())).collect()
    }

    #[test]
    fn hours_that_the_clocks_skip_do_not_exist_and_hours_that_come_twice_count_twice() {
        use chrono_tz::America::New_York;
        let spring = "2023-03-13 00:00:00";
        assert_eq!(
            intervals(New_York, spring, &[(6, "0:00", "6:00")])[1..],
            spans(&[("2023-03-12T05:00", "2023-03-12T10:00")])
        );
        assert_eq!(intervals(New_York, spring, &[(6, "2:15", "2:45")]).len(), 1, "that of the week before");
        assert_eq!(
            intervals(New_York, spring, &[(6, "2:30", "4:00")])[1..],
            spans(&[("2023-03-12T07:00", "2023-03-12T08:00")])
        );
        let autumn = "2023-11-06 00:00:00";
        assert_eq!(
            intervals(New_York, autumn, &[(6, "0:00", "6:00")])[1..],
            spans(&[("2023-11-05T04:00", "2023-11-05T11:00")])
        );
        assert_eq!(
            intervals(New_York, autumn, &[(6, "1:15", "1:45")])[1..],
            spans(&[("2023-11-05T05:15", "2023-11-05T05:45"), ("2023-11-05T06:15", "2023-11-05T06:45")])
        );
        // 90 minutes, closed for half an hour, and 30 minutes once more.
        assert_eq!(
            intervals(New_York, autumn, &[(6, "0:00", "1:30")])[1..],
            spans(&[("2023-11-05T04:00", "2023-11-05T05:30"), ("2023-11-05T06:00", "2023-11-05T06:30")])
        );
    }

    #[test]
    fn zones_with_odd_changes_and_offsets() {
        use chrono_tz::{Asia, Australia, Pacific};
        assert_eq!(
            intervals(Asia::Beirut, "2023-03-27 00:00:00", &[(6, "0:00", "2:00")]),
            spans(&[("2023-03-25T22:00", "2023-03-25T23:00")])
        );
        assert_eq!(
            intervals(Australia::Lord_Howe, "2023-10-02 00:00:00", &[(6, "0:00", "6:00")]),
            spans(&[("2023-09-30T13:30", "2023-09-30T19:00")])
        );
        assert_eq!(
            intervals(Australia::Lord_Howe, "2023-04-03 00:00:00", &[(6, "0:00", "6:00")]),
            spans(&[("2023-04-01T13:00", "2023-04-01T19:30")])
        );
        assert_eq!(
            intervals(Asia::Kathmandu, "2023-01-25 00:00:00", &[(1, "9:00", "17:00")])[1..],
            spans(&[("2023-01-24T03:15", "2023-01-24T11:15")])
        );
        // Friday 2011-12-30 never was, nor the night into it; what starts on Thursday ends where Friday would begin.
        assert_eq!(
            intervals(Pacific::Apia, "2011-12-31 12:00:00", &[(4, "9:00", "17:00"), (3, "22:00", "4:00")]),
            spans(&[
                ("2011-12-23T08:00", "2011-12-23T14:00"),
                ("2011-12-23T19:00", "2011-12-24T03:00"),
                ("2011-12-30T08:00", "2011-12-30T10:00")
            ])
        );
    }

    #[test]
    fn a_week_of_whole_days_is_one_interval_and_a_night_belongs_to_the_day_it_starts_on() {
        let week: Vec<_> = (0..7).map(|day| (day, "0:00", "24:00")).collect();
        assert_eq!(intervals(chrono_tz::Europe::Berlin, "2023-03-28 00:00:00", &week).len(), 1);
        assert_eq!(
            intervals(Tz::UTC, "2023-01-24 00:00:00", &[(6, "22:00", "4:00")]),
            spans(&[("2023-01-15T22:00", "2023-01-16T04:00"), ("2023-01-22T22:00", "2023-01-23T04:00")])
        );
    }

    /// Every offset of every zone in some decades, held against the pieces.
    #[test]
    fn pieces_have_the_offsets_of_the_zone() {
        for zone in chrono_tz::TZ_VARIANTS {
            for start in ["1970-01-01 00:00:00", "1987-03-20 00:00:00", "2011-12-20 00:00:00", "2023-03-01 00:00:00"] {
                let range = us(start)..=us(start) + 40 * DAY_US;
                let pieces = pieces(zone, range.clone());
                let mut at_us = *range.start();
                while at_us <= *range.end() {
                    let piece = pieces.iter().find(|piece| piece.span.end_us > at_us).unwrap();
                    assert_eq!(offset_us(zone, at_us), piece.offset_us, "{zone} {at_us}");
                    at_us += 41 * 60 * SECOND_US;
                }
                for pair in pieces.windows(2) {
                    let change_us = pair[0].span.end_us;
                    assert_eq!(change_us, pair[1].span.start_us);
                    let offsets_us = (offset_us(zone, change_us - 1), offset_us(zone, change_us));
                    assert_eq!(offsets_us, (pair[0].offset_us, pair[1].offset_us), "{zone} {change_us}");
                }
            }
        }
    }
}
