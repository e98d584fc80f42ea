//! Query parameters of the web pages.

use std::ops::RangeInclusive;

use chrono::{Days, NaiveDate};
use metrics_core::db::reader::Page;
use metrics_core::ids::{CompanyId, CoolingUnitId};

use super::{Fields, MAX_DAYS, Unknown, date, id, unit_ids};
use crate::error::{ApiError, FieldError};
use crate::locale::Lang;

/// Cooling units that a page shows side by side at most.
const MAX_PAGE_UNITS: usize = 24;

/// First and last day as far as they were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OptionalDays {
    start: Option<NaiveDate>,
    end: Option<NaiveDate>,
}

impl OptionalDays {
    /// A day that was given.
    pub fn given(self) -> Option<NaiveDate> {
        self.end.or(self.start)
    }

    /// The days: what was not given is the last day that has data, and `length` days up to the end.
    pub fn or_last(self, last: NaiveDate, length: u64) -> Result<RangeInclusive<NaiveDate>, ApiError> {
        let end = self.end.unwrap_or_else(|| self.start.map_or(last, |start| start.max(last)));
        let before = end.checked_sub_days(Days::new(length.saturating_sub(1))).unwrap_or(end);
        let start = self.start.unwrap_or(before);
        if (end - start).num_days() >= MAX_DAYS {
            let reason = format!("the range must not exceed {MAX_DAYS} days, first and last included");
            return Err(ApiError::InvalidFields(vec![FieldError { field: "end_date".to_owned(), reason }]));
        }
        Ok(start..=end)
    }
}

/// What a page about chosen cooling units was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChoiceQuery {
    /// The company whose cooling units are offered.
    pub company: Option<CompanyId>,
    /// The cooling units; empty: those of the company.
    pub units: Vec<CoolingUnitId>,
    /// The days.
    pub days: OptionalDays,
}

impl Fields {
    /// The language is read where the page is made; here it is only checked.
    pub(super) fn lang(&mut self) {
        if let Some(text) = self.optional("lang")
            && Lang::of_code(&text).is_none()
        {
            let codes: Vec<_> = Lang::ALL.iter().map(|lang| lang.code()).collect();
            self.refuse("lang", format!("must be one of {}", codes.join(", ")));
        }
    }

    /// A date that a form may leave empty.
    fn optional_date(&mut self, name: &'static str) -> Option<NaiveDate> {
        let text = self.optional(name).filter(|text| !text.is_empty())?;
        self.accept(name, date(&text))
    }

    fn optional_days(&mut self) -> OptionalDays {
        let days = OptionalDays { start: self.optional_date("start_date"), end: self.optional_date("end_date") };
        if let (Some(start), Some(end)) = (days.start, days.end)
            && end < start
        {
            self.refuse("end_date", "must not be before start_date");
        }
        days
    }

    /// A page without parameters of its own.
    pub fn plain_page(mut self) -> Result<(), ApiError> {
        self.lang();
        self.finish(Unknown::Refused, Some(()))
    }

    /// The list of companies.
    pub fn overview_page(mut self) -> Result<Page, ApiError> {
        self.lang();
        let page = self.page();
        self.finish(Unknown::Refused, Some(page))
    }

    /// A page about some days.
    pub fn days_page(mut self) -> Result<OptionalDays, ApiError> {
        self.lang();
        let days = self.optional_days();
        self.finish(Unknown::Refused, Some(days))
    }

    /// A page about chosen cooling units. Each box of its form is a parameter `unit_ids` of its own.
    pub fn choice_page(mut self) -> Result<ChoiceQuery, ApiError> {
        self.lang();
        let company = self.optional("company_id").filter(|text| !text.is_empty());
        let company = company.and_then(|text| self.accept("company_id", id(&text))).map(CompanyId);
        self.known.insert("unit_ids");
        let given: Vec<_> = self.pairs.iter().filter(|(name, _)| name == "unit_ids").collect();
        let given = given.into_iter().map(|(_, ids)| ids.as_str()).collect::<Vec<_>>().join(",");
        let mut units = if given.is_empty() { Some(Vec::new()) } else { self.accept("unit_ids", unit_ids(&given, 1)) };
        if let Some(units) = &mut units {
            units.sort_unstable();
        }
        if units.as_ref().is_some_and(|units| units.len() > MAX_PAGE_UNITS) {
            self.refuse("unit_ids", format!("must not name more than {MAX_PAGE_UNITS} cooling units on a page"));
        }
        let days = self.optional_days();
        self.finish(Unknown::Refused, units.map(|units| ChoiceQuery { company, units, days }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn compare(query: &str) -> Result<ChoiceQuery, ApiError> {
        Fields::urlencoded(query).choice_page()
    }

    fn reason(query: &str) -> String {
        compare(query).expect_err("refused").to_string()
    }

    #[test]
    fn boxes_of_a_form_are_one_list() {
        let query = compare("unit_ids=3&unit_ids=1%2C2&unit_ids=3&lang=fr").expect("valid");
        assert_eq!(query.units, [1, 2, 3].map(CoolingUnitId));
        assert_eq!(compare("company_id=&start_date=&end_date=").expect("valid"), ChoiceQuery::default());
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(reason("unit_ids=1&unit_ids="), "unit_ids: element 2 is empty");
        assert_eq!(reason("lang=de"), "lang: must be one of en, fr, hi");
        assert_eq!(reason("colour=red"), "colour: is not a parameter of this address");
        assert_eq!(reason("start_date=2026-02-02&end_date=2026-02-01"), "end_date: must not be before start_date");
        let many: Vec<_> = (1..=25).map(|id| format!("unit_ids={id}")).collect();
        assert_eq!(reason(&many.join("&")), "unit_ids: must not name more than 24 cooling units on a page");
    }

    #[test]
    fn days_end_with_the_data_unless_said_otherwise() {
        let last = day("2026-11-20");
        let range = |start: Option<&str>, end: Option<&str>| {
            OptionalDays { start: start.map(day), end: end.map(day) }.or_last(last, 30)
        };
        assert_eq!(range(None, None).expect("valid"), day("2026-10-22")..=last);
        assert_eq!(range(None, Some("2026-01-30")).expect("valid"), day("2026-01-01")..=day("2026-01-30"));
        assert_eq!(range(Some("2026-11-01"), None).expect("valid"), day("2026-11-01")..=last);
        assert_eq!(range(Some("2027-01-01"), None).expect("valid"), day("2027-01-01")..=day("2027-01-01"));
        assert!(range(Some("2000-01-01"), None).is_err());
    }
}
