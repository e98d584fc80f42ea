//! Parameters about stores.

use metrics_core::instant::{DAY_US, parse};
use metrics_core::uptime::{Interval, LOOKBACK_US, Policy, Step};

use super::{Fields, Unknown};
use crate::error::{ApiError, FieldError};
use crate::pages::store::MOST_DAYS;

/// Days of a timeline whose range was not said.
const DEFAULT_DAYS: i64 = 7;

/// A page of the list of stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreListQuery {
    /// Only stores whose ids come after it.
    pub after: String,
    /// Stores at most.
    pub limit: u32,
}

/// What a timeline was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimelineQuery {
    from_us: Option<i64>,
    /// Days of the range, if its beginning is not given.
    days: i64,
    /// Its end, if it is given.
    pub to_us: Option<i64>,
    /// The options of its policy.
    pub step: Step,
}

impl TimelineQuery {
    /// So many days before an instant, or before the latest poll.
    pub const fn days_before(to_us: Option<i64>, days: i64, step: Step) -> Self {
        Self { from_us: None, days, to_us, step }
    }

    /// The range meant; it ends with the latest poll, if there is one, unless said otherwise.
    pub fn span(&self, latest_us: Option<i64>) -> Result<Interval, ApiError> {
        let Some(to_us) = self.to_us.or(latest_us) else {
            return Err(refused("to", "is required, because there is no poll that could end the range"));
        };
        let from_us = self.from_us.unwrap_or(to_us - self.days * DAY_US);
        // What was given is to blame.
        let field = if self.from_us.is_some() { "from" } else { "to" };
        if from_us >= to_us {
            return Err(refused(field, "from must be before to, which is the latest poll unless it is given"));
        }
        if to_us - from_us > LOOKBACK_US {
            return Err(refused(field, "the range must not exceed 8 days"));
        }
        Ok(Interval::new(from_us, to_us))
    }
}

fn refused(field: &str, reason: &str) -> ApiError {
    ApiError::InvalidFields(vec![FieldError { field: field.to_owned(), reason: reason.to_owned() }])
}

impl Fields {
    /// Parameters of the list of stores.
    pub fn store_list(mut self) -> Result<StoreListQuery, ApiError> {
        let after = self.optional("after").unwrap_or_default();
        let limit = self.limit();
        self.finish(Unknown::Refused, Some(StoreListQuery { after, limit }))
    }

    /// A policy by its text; `step` when not said.
    pub(super) fn policy(&mut self) -> Option<Policy> {
        let Some(text) = self.optional("policy") else { return Some(Policy::default()) };
        self.accept("policy", text.parse().map_err(|error: metrics_core::uptime::PolicyError| error.to_string()))
    }

    /// Parameters of a store's uptime.
    pub fn store_uptime(mut self) -> Result<Policy, ApiError> {
        let policy = self.policy();
        self.finish(Unknown::Refused, policy)
    }

    /// Parameters of the page of all stores.
    pub fn fleet_page(mut self) -> Result<Policy, ApiError> {
        self.lang();
        let policy = self.policy();
        self.finish(Unknown::Refused, policy)
    }

    /// Parameters of the page of a store: the policy, and how many days it shows.
    pub fn store_page(mut self) -> Result<(Policy, u8), ApiError> {
        self.lang();
        let policy = self.policy();
        let days = self.optional("days").map_or(Some(MOST_DAYS - 1), |text| {
            let days = text.parse().ok().filter(|days| (1..=MOST_DAYS).contains(days));
            self.accept("days", days.ok_or_else(|| format!("must be a whole number from 1 to {MOST_DAYS}")))
        });
        self.finish(Unknown::Refused, policy.zip(days))
    }

    /// Parameters of a timeline.
    pub fn timeline(mut self) -> Result<TimelineQuery, ApiError> {
        let mut instant = |name| {
            let text = self.optional(name)?;
            self.accept(name, parse(&text).map_err(|error| error.to_string())).map(|instant| instant.timestamp_micros())
        };
        let (from_us, to_us) = (instant("from"), instant("to"));
        let step = self.policy().and_then(|policy| {
            let reason = || format!("{policy} has no timeline: it counts polls, and does not say when a store was up");
            self.accept("policy", policy.options().ok_or_else(reason))
        });
        self.finish(Unknown::Refused, step.map(|step| TimelineQuery { from_us, days: DEFAULT_DAYS, to_us, step }))
    }
}

#[cfg(test)]
mod tests {
    use metrics_core::instant::format_us;

    use super::super::tests::refused;
    use super::*;

    fn span(query: &str, latest: Option<&str>) -> Result<String, ApiError> {
        let latest_us = latest.map(|latest| parse(latest).expect("an instant").timestamp_micros());
        let span = Fields::urlencoded(query).timeline()?.span(latest_us)?;
        Ok([span.start_us, span.end_us].map(|at_us| format_us(at_us)[5..16].to_owned()).join(" "))
    }

    #[test]
    fn a_timeline_is_of_the_week_before_the_latest_poll_unless_said_otherwise() {
        let latest = Some("2023-01-25T12:00:00Z");
        for (query, expected) in [
            ("", "01-18T12:00 01-25T12:00"),
            ("to=2023-01-20T00:00:00Z", "01-13T00:00 01-20T00:00"),
            ("from=2023-01-24+00:00:00", "01-24T00:00 01-25T12:00"),
            ("from=2023-01-17T12:00:00Z", "01-17T12:00 01-25T12:00"),
            (
                "from=2023-01-01T05:30:00%2B05:30&to=2023-01-09T00:00:00Z&policy=step;max_carry%3D60",
                "01-01T00:00 01-09T00:00",
            ),
        ] {
            assert_eq!(span(query, latest).expect("valid"), expected, "{query}");
        }
        for (query, field) in [
            ("from=2023-01-25T12:00:00Z", "from"),
            ("from=2023-01-17T11:59:59Z", "from"),
            ("from=2023-01-02T00:00:00Z&to=2023-01-01T00:00:00Z", "from"),
            ("from=yesterday", "from"),
            ("to=2023-01-32T00:00:00Z", "to"),
            ("policy=count-hours", "policy"),
            ("policy=step;max_carry=0", "policy"),
            ("policy=", "policy"),
            ("days=7", "days"),
        ] {
            let errors = refused(span(query, latest));
            assert_eq!((errors.len(), errors[0].0.as_str()), (1, field), "{query}");
        }
        assert_eq!(refused(span("", None))[0].0, "to");
    }

    #[test]
    fn stores_are_listed_after_any_text() {
        let list = |query| Fields::urlencoded(query).store_list();
        assert_eq!(list("").expect("valid"), StoreListQuery { after: String::new(), limit: 100 });
        assert_eq!(list("after=a%2Fb&limit=7").expect("valid"), StoreListQuery { after: "a/b".into(), limit: 7 });
        for bad in ["limit=1001", "offset=1", "after=a&after=b"] {
            assert_eq!(refused(list(bad)).len(), 1, "{bad}");
        }
    }
}
