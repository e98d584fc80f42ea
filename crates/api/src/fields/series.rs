//! Parameters of series.

use std::ops::RangeInclusive;

use chrono::{Days, NaiveDate};
use metrics_core::coldroom::series::Bucket;

use super::{Fields, Unknown, date, range_reason};
use crate::error::{ApiError, FieldError};

impl Fields {
    /// Parameters of a series.
    pub fn series(mut self) -> Result<SeriesQuery, ApiError> {
        let from = self.optional("from").and_then(|text| self.accept("from", date(&text)));
        let to = self.optional("to").and_then(|text| self.accept("to", date(&text)));
        let bucket = self.optional("bucket").and_then(|text| {
            let known = [Bucket::Day, Bucket::Week, Bucket::Month].into_iter().find(|bucket| bucket.as_str() == text);
            self.accept("bucket", known.ok_or_else(|| "must be day, week or month".to_owned()))
        });
        let compare = self.optional("compare").and_then(|text| {
            self.accept("compare", (text == "previous").then_some(()).ok_or_else(|| "must be previous".to_owned()))
        });
        if let (Some(from), Some(to)) = (from, to)
            && let Err(reason) = range_reason(from, to, "from")
        {
            self.refuse("to", reason);
        }
        let query = SeriesQuery { from, to, bucket: bucket.unwrap_or_default(), with_previous: compare.is_some() };
        self.finish(Unknown::Refused, Some(query))
    }
}

/// What a series was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesQuery {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    /// How the range is cut.
    pub bucket: Bucket,
    /// Also the previous period.
    pub with_previous: bool,
}

impl SeriesQuery {
    /// Days of a series whose range was not said.
    const DEFAULT_DAYS: u64 = 90;

    /// The days meant, of something with rows in `extent`: up to the last one, and of the last 90 those with rows,
    /// unless said otherwise. `None` when nothing is said and there is no row.
    pub fn days(
        &self,
        extent: Option<&RangeInclusive<NaiveDate>>,
    ) -> Result<Option<RangeInclusive<NaiveDate>>, ApiError> {
        let last = extent.map(|extent| *extent.end());
        let Some(to) = self.to.or(match self.from {
            Some(from) => Some(last.map_or(from, |last| last.max(from))),
            None => last,
        }) else {
            return Ok(None);
        };
        let from = self.from.unwrap_or_else(|| {
            let earliest = to.checked_sub_days(Days::new(Self::DEFAULT_DAYS - 1)).unwrap_or(to);
            extent.map_or(earliest, |extent| earliest.max(*extent.start()).min(to))
        });
        match range_reason(from, to, "from") {
            Ok(()) => Ok(Some(from..=to)),
            Err(reason) => Err(ApiError::InvalidFields(vec![FieldError { field: "from".to_owned(), reason }])),
        }
    }

    /// The same for every way of asking for the same.
    pub fn normalised(&self) -> String {
        format!("{:?}&{:?}&{}&{}", self.from, self.to, self.bucket.as_str(), self.with_previous)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::refused;
    use super::*;

    #[test]
    fn a_series_covers_the_last_90_days_with_rows_unless_said_otherwise() {
        let date = |text| date(text).expect("a date");
        let rows = date("2026-01-01")..=date("2026-11-20");
        let days = |query: &str, rows| {
            Fields::urlencoded(query)
                .series()
                .expect("valid")
                .days(rows)
                .map(|days| days.map(|days| format!("{}/{}", days.start(), days.end())))
        };
        for (query, expected) in [
            ("", "2026-08-23/2026-11-20"),
            ("to=2026-02-10", "2026-01-01/2026-02-10"),
            ("to=2025-12-31", "2025-12-31/2025-12-31"),
            ("from=2026-11-01", "2026-11-01/2026-11-20"),
            ("from=2027-01-01", "2027-01-01/2027-01-01"),
            ("from=2020-01-01&to=2020-01-02", "2020-01-01/2020-01-02"),
        ] {
            assert_eq!(days(query, Some(&rows)).expect("a range").as_deref(), Some(expected), "{query}");
        }
        assert_eq!(days("", None).expect("no range"), None);
        assert_eq!(days("to=2026-03-31", None).expect("a range").as_deref(), Some("2026-01-01/2026-03-31"));
        assert_eq!(refused(days("from=2000-01-01", Some(&rows)))[0].0, "from");
    }

    #[test]
    fn buckets_and_comparisons_have_names() {
        let query = Fields::urlencoded("bucket=week&compare=previous").series().expect("valid");
        assert_eq!((query.bucket, query.with_previous), (Bucket::Week, true));
        for bad in ["bucket=Week", "bucket=", "compare=yes", "compare=", "from=x", "to=2026-02-30", "x=1"] {
            assert_eq!(refused(Fields::urlencoded(bad).series()).len(), 1, "{bad}");
        }
        assert_eq!(refused(Fields::urlencoded("from=2026-01-02&to=2026-01-01").series())[0].0, "to");
        assert_eq!(refused(Fields::urlencoded("from=2000-01-01&to=2026-01-01").series())[0].0, "to");
    }
}
