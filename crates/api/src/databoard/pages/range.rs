//! Which days a reader looks at, as the address of the page says it.

use actix_web::web::Query;
use chrono::{Days, NaiveDate, NaiveTime};

/// Days up to now that are offered.
pub const DAYS: [u16; 4] = [7, 30, 90, 365];
/// What is shown when nothing is said.
const USUAL_DAYS: u16 = 90;

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// So many days up to now, which the script knows.
    LastDays(u16),
    /// All of these days, in UTC.
    Between(NaiveDate, NaiveDate),
}

impl Default for Range {
    fn default() -> Self {
        Self::LastDays(USUAL_DAYS)
    }
}

impl Range {
    /// `days`, or `from` and `to`; `None` when they cannot be used.
    pub fn of_query(query: &str) -> Option<Self> {
        let pairs = Query::<Vec<(String, String)>>::from_query(query).ok()?.into_inner();
        let value =
            |name: &str| pairs.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value);
        match (value("days"), value("from"), value("to")) {
            (None, None, None) => Some(Self::default()),
            (Some(days), None, None) => days.parse().ok().filter(|days| DAYS.contains(days)).map(Self::LastDays),
            (None, Some(from), Some(to)) => {
                let (from, to) = (from.parse().ok()?, to.parse().ok()?);
                (from <= to).then_some(Self::Between(from, to))
            }
            _ => None,
        }
    }

    /// The days up to now.
    pub fn days(self) -> Option<u16> {
        match self {
            Self::LastDays(days) => Some(days),
            Self::Between(..) => None,
        }
    }

    /// First and last day, where they are said.
    pub fn between(self) -> Option<(NaiveDate, NaiveDate)> {
        match self {
            Self::LastDays(_) => None,
            Self::Between(from, to) => Some((from, to)),
        }
    }

    /// Milliseconds since 1970 at the beginning of the first day and behind the last one, where they are said.
    pub fn bounds_ms(self) -> Option<(i64, i64)> {
        let (from, to) = self.between()?;
        let ms = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
        Some((ms(from), ms(to.checked_add_days(Days::new(1))?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn an_address_names_a_range_or_none() {
        assert_eq!(Range::of_query(""), Some(Range::LastDays(90)));
        assert_eq!(Range::of_query("lang=fr&days=7"), Some(Range::LastDays(7)));
        assert_eq!(Range::of_query("days=&from=&to="), Some(Range::LastDays(90)));
        let november = Range::Between(day("2026-11-01"), day("2026-11-30"));
        assert_eq!(Range::of_query("from=2026-11-01&to=2026-11-30&lang=hi"), Some(november));
        for wrong in ["days=8", "days=x", "from=2026-11-01", "from=2026-11-02&to=2026-11-01", "days=7&from=2026-11-01"]
        {
            assert_eq!(Range::of_query(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn both_days_belong_to_a_range() {
        let one = Range::Between(day("2026-11-01"), day("2026-11-01"));
        assert_eq!(one.bounds_ms(), Some((1_793_491_200_000, 1_793_577_600_000)));
        assert_eq!(Range::default().bounds_ms(), None);
    }
}
