//! Instants, local civil days and months.
//!
//! A day belongs to a cooling unit and is the local civil day of its time zone. `D 00:00` is the first instant
//! whose local date is `D`; a day lasts 23, 24 or 25 hours, and a civil day that a zone skipped does not exist.

use chrono::{DateTime, Datelike, Days, Duration, Months, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;

/// Half-open span of time `[start, end)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObservationWindow {
    /// First instant inside.
    pub start: DateTime<Utc>,
    /// First instant after.
    pub end: DateTime<Utc>,
}

/// Local date of an instant.
pub fn local_date(instant: DateTime<Utc>, zone: Tz) -> NaiveDate {
    instant.with_timezone(&zone).date_naive()
}

/// First instant whose local date is `date` or later.
///
/// For a civil day that exists this is its `00:00`, or the end of the gap when midnight was skipped, or the
/// earlier of two midnights when clocks went back over it. For a day that the zone skipped altogether it is the
/// start of the next one, so the skipped day is empty: [`day_window`] tells.
pub fn start_of_day(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    // Local dates never run backwards by more than the largest jump of a zone's offset, a day, so the first
    // instant lies within two days around midnight UTC; local_date is monotone but for jumps back over
    // midnight, which the search for the *first* such instant handles below.
    let midnight = date.and_hms_opt(0, 0, 0).map(|naive| zone.from_local_datetime(&naive));
    match midnight {
        Some(chrono::LocalResult::Single(at)) => at.to_utc(),
        Some(chrono::LocalResult::Ambiguous(earlier, _)) => earlier.to_utc(),
        _ => end_of_gap(date, zone),
    }
}

/// First instant after a gap that swallows local midnight of `date`.
fn end_of_gap(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let near = date.and_hms_opt(0, 0, 0).map_or(DateTime::<Utc>::MIN_UTC, |naive| naive.and_utc());
    let (mut before, mut after) = (near - Duration::days(2), near + Duration::days(2));
    // Bisection: local dates are monotone around a gap.
    while after - before > Duration::microseconds(1) {
        let middle = before + (after - before) / 2;
        if local_date(middle, zone) < date {
            before = middle;
        } else {
            after = middle;
        }
    }
    // Transitions fall on whole seconds.
    DateTime::from_timestamp(after.timestamp(), 0).filter(|at| local_date(*at, zone) >= date).unwrap_or(after)
}

/// The local civil day, or `None` when the zone skipped it.
pub fn day_window(date: NaiveDate, zone: Tz) -> Option<ObservationWindow> {
    let start = start_of_day(date, zone);
    let end = start_of_day(date.checked_add_days(Days::new(1))?, zone);
    (start < end).then_some(ObservationWindow { start, end })
}

/// First day of the month of `date`.
pub fn month_of(date: NaiveDate) -> NaiveDate {
    date.with_day(1).unwrap_or(date)
}

/// First day of the month after that of `date`.
pub fn next_month(date: NaiveDate) -> NaiveDate {
    month_of(date).checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX)
}

/// Consecutive civil months, each named by its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthRange {
    first: NaiveDate,
    last: NaiveDate,
}

impl MonthRange {
    /// The months from that of `first` to that of `last`, both inclusive; none when `last` is earlier.
    pub fn new(first: NaiveDate, last: NaiveDate) -> Self {
        Self { first: month_of(first), last: month_of(last) }
    }

    /// First day of the first month.
    pub fn first(&self) -> NaiveDate {
        self.first
    }

    /// First day of the last month.
    pub fn last(&self) -> NaiveDate {
        self.last
    }

    /// Whether `month`, its first day, is among them.
    pub fn contains(&self, month: NaiveDate) -> bool {
        self.first <= month && month <= self.last
    }

    /// The months, ascending.
    pub fn iter(&self) -> impl Iterator<Item = NaiveDate> {
        let last = self.last;
        std::iter::successors(Some(self.first), |month| Some(next_month(*month)))
            .take_while(move |month| *month <= last)
    }

    /// Start of each month in `zone`, and the end of the last.
    pub fn bounds(&self, zone: Tz) -> Vec<DateTime<Utc>> {
        let starts = self.iter().map(|month| start_of_day(month, zone));
        starts.chain([start_of_day(next_month(self.last), zone)]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_start_at_local_midnight() {
        let months = MonthRange::new(date("2026-02-17"), date("2026-04-01"));
        assert_eq!(months.iter().collect::<Vec<_>>(), [date("2026-02-01"), date("2026-03-01"), date("2026-04-01")]);
        let bounds: Vec<String> = months.bounds(chrono_tz::Europe::Berlin).iter().map(DateTime::to_rfc3339).collect();
        assert_eq!(
            bounds,
            [
                "2026-01-31T23:00:00+00:00",
                "2026-02-28T23:00:00+00:00",
                "2026-03-31T22:00:00+00:00",
                "2026-04-30T22:00:00+00:00"
            ]
        );
        assert_eq!(MonthRange::new(date("2026-05-01"), date("2026-04-30")).iter().count(), 0);
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn hours(day: &str, zone: Tz) -> Option<i64> {
        day_window(date(day), zone).map(|w| (w.end - w.start).num_hours())
    }

    #[test]
    fn days_last_23_24_or_25_hours() {
        assert_eq!(hours("2026-03-28", chrono_tz::Europe::Berlin), Some(24));
        assert_eq!(hours("2026-03-29", chrono_tz::Europe::Berlin), Some(23));
        assert_eq!(hours("2026-10-25", chrono_tz::Europe::Berlin), Some(25));
    }

    /// In Beirut clocks go from 23:59:59 to 01:00; in Cairo likewise.
    #[test]
    fn a_day_without_midnight_starts_at_one() {
        let start = start_of_day(date("2026-04-24"), chrono_tz::Africa::Cairo);
        assert_eq!(start.with_timezone(&chrono_tz::Africa::Cairo).format("%F %T").to_string(), "2026-04-24 01:00:00");
        assert_eq!(hours("2026-04-24", chrono_tz::Africa::Cairo), Some(23));
    }

    /// Samoa went from 29 to 31 December 2011.
    #[test]
    fn a_skipped_day_does_not_exist() {
        assert_eq!(hours("2011-12-30", chrono_tz::Pacific::Apia), None);
        assert_eq!(hours("2011-12-29", chrono_tz::Pacific::Apia), Some(24));
        assert_eq!(hours("2011-12-31", chrono_tz::Pacific::Apia), Some(24));
    }

    /// In Havana clocks go back from 01:00 to 00:00, so midnight comes twice and the day starts at the first.
    #[test]
    fn a_midnight_that_comes_twice_starts_at_the_first() {
        assert_eq!(hours("2026-11-01", chrono_tz::America::Havana), Some(25));
    }

    #[test]
    fn days_follow_each_other_without_gap_in_every_zone() {
        for zone in chrono_tz::TZ_VARIANTS {
            for start in ["2011-12-20", "2018-10-25", "2026-03-20", "2026-10-20"] {
                let first = date(start);
                for n in 0..20 {
                    let day = first + Days::new(n);
                    if let Some(window) = day_window(day, zone) {
                        assert_eq!(local_date(window.start, zone), day, "{zone} {day}");
                        let last = window.end - Duration::microseconds(1);
                        assert_eq!(local_date(last, zone), day, "{zone} {day}");
                    }
                }
            }
        }
    }
}
