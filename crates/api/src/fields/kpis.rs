//! Parameters about KPIs.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use metrics_core::db::metrics::kpi::Period;
use metrics_core::db::reader::Page;
use metrics_core::instant::parse;

use super::{Fields, Unknown, date, digits};
use crate::error::ApiError;

/// Results of a history at most.
const MOST_RESULTS: u32 = 10_000;
/// Results of a history when not said, and on a page at most.
const USUAL_RESULTS: u32 = 1_000;
/// Results on the page of a KPI when not said.
const RESULTS_ON_PAGE: u32 = 200;

/// What a list of KPIs was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KpiListQuery {
    /// Only those of this environment.
    pub environment: Option<String>,
    /// Which of them.
    pub page: Page,
}

/// What a history was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KpiHistoryQuery {
    /// Environment of the KPI; may be left out where there is only one.
    pub environment: Option<String>,
    /// Part of the history.
    pub period: Period,
    /// The same as it was given: first and last.
    pub given: (Option<String>, Option<String>),
    /// The newest so many results of it.
    pub limit: u32,
}

impl KpiListQuery {
    /// The same for every way of asking for the same.
    pub fn normalised(&self) -> String {
        format!("{:?}&{}&{}", self.environment, self.page.limit, self.page.offset)
    }
}

impl KpiHistoryQuery {
    /// The same for every way of asking for the same.
    pub fn normalised(&self) -> String {
        format!(
            "{:?}&{:?}&{:?}&{:?}&{}",
            self.environment, self.period.from, self.period.before, self.given, self.limit
        )
    }
}

/// One end of a range: a day, in UTC, or an instant.
enum End {
    Day(NaiveDate),
    Instant(DateTime<Utc>),
}

impl End {
    fn parse(text: &str) -> Result<Self, String> {
        if let Ok(day) = date(text) {
            return Ok(Self::Day(day));
        }
        parse(text)
            .map(Self::Instant)
            .map_err(|_| "must be a day (YYYY-MM-DD) or an instant (2026-11-21T03:05:00Z)".to_owned())
    }

    /// When it begins.
    fn start(&self) -> DateTime<Utc> {
        match self {
            Self::Day(day) => day.and_time(NaiveTime::MIN).and_utc(),
            Self::Instant(at) => *at,
        }
    }

    /// What comes right after it: both ends of a range are in it. After the last day that there is comes nothing.
    fn next(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Day(day) => Some(day.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN).and_utc()),
            Self::Instant(at) => at.checked_add_signed(TimeDelta::microseconds(1)),
        }
    }
}

impl Fields {
    /// An environment, which is any text that is not empty.
    fn environment(&mut self, may_be_empty: bool) -> Option<String> {
        let text = self.optional("environment")?;
        if text.is_empty() && may_be_empty {
            return None;
        }
        let is_name = !text.is_empty() && !text.contains('\0');
        self.accept("environment", is_name.then_some(text).ok_or_else(|| "must name an environment".to_owned()))
    }

    /// One end of a range, which a form may leave empty.
    fn range_end(&mut self, name: &'static str, may_be_empty: bool) -> (Option<End>, Option<String>) {
        let Some(text) = self.optional(name).filter(|text| !may_be_empty || !text.is_empty()) else {
            return (None, None);
        };
        (self.accept(name, End::parse(&text)), Some(text))
    }

    fn kpi_history_query(&mut self, may_be_empty: bool, usual: u32, most: u32) -> KpiHistoryQuery {
        let environment = self.environment(may_be_empty);
        let (from, from_text) = self.range_end("from", may_be_empty);
        let (to, to_text) = self.range_end("to", may_be_empty);
        let period = Period { from: from.as_ref().map(End::start), before: to.as_ref().and_then(End::next) };
        if let (Some(from), Some(before)) = (period.from, period.before)
            && before <= from
        {
            self.refuse("to", "must not be before from");
        }
        let limit = self.optional("limit").and_then(|text| {
            let parsed = digits(&text).and_then(|limit| u32::try_from(limit).ok());
            let in_range = parsed.filter(|limit| (1..=most).contains(limit));
            self.accept("limit", in_range.ok_or_else(|| format!("must be a whole number from 1 to {most}")))
        });
        KpiHistoryQuery { environment, period, given: (from_text, to_text), limit: limit.unwrap_or(usual) }
    }

    /// Parameters of the list of KPIs.
    pub fn kpi_list(mut self) -> Result<KpiListQuery, ApiError> {
        let environment = self.environment(false);
        let page = self.page();
        self.finish(Unknown::Refused, Some(KpiListQuery { environment, page }))
    }

    /// Parameters of the page of all KPIs.
    pub fn kpi_list_page(mut self) -> Result<KpiListQuery, ApiError> {
        self.lang();
        let environment = self.environment(true);
        let page = self.page();
        self.finish(Unknown::Refused, Some(KpiListQuery { environment, page }))
    }

    /// Parameters of a KPI's history.
    pub fn kpi_history(mut self) -> Result<KpiHistoryQuery, ApiError> {
        let query = self.kpi_history_query(false, USUAL_RESULTS, MOST_RESULTS);
        self.finish(Unknown::Refused, Some(query))
    }

    /// Parameters of the page of a KPI.
    pub fn kpi_page(mut self) -> Result<KpiHistoryQuery, ApiError> {
        self.lang();
        let query = self.kpi_history_query(true, RESULTS_ON_PAGE, USUAL_RESULTS);
        self.finish(Unknown::Refused, Some(query))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::refused;
    use super::*;

    fn period(query: &str) -> (Option<String>, Option<String>) {
        let period = Fields::urlencoded(query).kpi_history().expect("valid").period;
        (period.from.map(|at| at.to_rfc3339()), period.before.map(|at| at.to_rfc3339()))
    }

    #[test]
    fn both_ends_of_a_range_are_in_it() {
        let text = |text: &str| Some(text.to_owned());
        let day = (text("2026-11-01T00:00:00+00:00"), text("2026-11-02T00:00:00+00:00"));
        assert_eq!(period("from=2026-11-01&to=2026-11-01"), day);
        let instant = (text("2026-11-01T03:05:00+00:00"), text("2026-11-01T03:05:00.000001+00:00"));
        assert_eq!(period("from=2026-11-01T03:05:00Z&to=2026-11-01T03:05:00Z"), instant);
        assert_eq!(period(""), (None, None));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, field) in [
            ("from=yesterday", "from"),
            ("from=", "from"),
            ("to=2026-13-01", "to"),
            ("from=2026-11-02&to=2026-11-01", "to"),
            ("limit=0", "limit"),
            ("limit=10001", "limit"),
            ("environment=", "environment"),
            ("environment=a%00b", "environment"),
            ("environment=a&environment=b", "environment"),
            ("lang=en", "lang"),
            ("offset=1", "offset"),
        ] {
            let errors = refused(Fields::urlencoded(query).kpi_history());
            assert_eq!((errors.len(), errors[0].0.as_str()), (1, field), "{query}");
        }
        assert_eq!(Fields::urlencoded("limit=10000").kpi_history().expect("valid").limit, 10_000);
    }

    #[test]
    fn a_form_may_leave_its_fields_empty() {
        let query = Fields::urlencoded("environment=&from=&to=&lang=fr").kpi_page().expect("valid");
        assert_eq!((query.environment, query.period, query.limit), (None, Period::default(), RESULTS_ON_PAGE));
        assert_eq!(refused(Fields::urlencoded("limit=1001").kpi_page())[0].0, "limit");
        let list = Fields::urlencoded("environment=demo&offset=7").kpi_list_page().expect("valid");
        assert_eq!((list.environment.as_deref(), list.page.offset), (Some("demo"), 7));
    }
}
