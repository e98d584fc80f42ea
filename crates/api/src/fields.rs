//! Query parameters and form fields, checked.
//!
//! Every field that is wrong is reported, not only the first.

mod kpis;
mod pages;
mod reports;
mod series;
mod stores;
mod uptime_reports;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use actix_web::web::Query;
use chrono::NaiveDate;
use metrics_core::db::reader::Page;
use metrics_core::export::Form;
use metrics_core::ids::{CompanyId, CoolingUnitId};

use crate::error::{ApiError, FieldError};
use crate::export::Asked;

pub use kpis::{KpiHistoryQuery, KpiListQuery};
pub use reports::ReportQuery;
pub use series::SeriesQuery;
pub use stores::TimelineQuery;

pub use pages::ChoiceQuery;
pub use uptime_reports::{GetReport, TriggerReport};

/// Cooling units of a slice at most.
pub const MAX_UNITS: usize = 1_000;
/// Days of a slice at most, first and last included.
pub const MAX_DAYS: i64 = 3_660;
/// Rows of a page at most.
pub const MAX_LIMIT: u32 = 1_000;
/// Rows of a page when not said.
pub const DEFAULT_LIMIT: u32 = 100;

/// What to do with fields that a route does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// Name them: a misspelt parameter must not silently widen a result.
    Refused,
    /// Pass over them, as the predecessor's form routes do: a browser's form may carry a button.
    Ignored,
}

/// Names and values of a query or form, as sent.
#[derive(Debug, Default)]
pub struct Fields {
    pairs: Vec<(String, String)>,
    known: BTreeSet<&'static str>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// The pairs of a query string or of a form in the same encoding.
    pub fn urlencoded(text: &str) -> Self {
        // Decoding cannot fail: what is not an escape is itself, and bytes that are not UTF-8 are replaced.
        Self::new(Query::<Vec<(String, String)>>::from_query(text).map(Query::into_inner).unwrap_or_default())
    }

    /// The given pairs.
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self { pairs, ..Self::default() }
    }

    /// With further pairs.
    pub fn and(mut self, other: Self) -> Self {
        self.pairs.extend(other.pairs);
        self
    }

    fn refuse(&mut self, field: &str, reason: impl Into<String>) {
        self.errors.push(FieldError { field: field.to_owned(), reason: reason.into() });
    }

    /// The value of a field that may be missing.
    fn optional(&mut self, name: &'static str) -> Option<String> {
        self.known.insert(name);
        let mut values = self.pairs.iter().filter(|(field, _)| field == name).map(|(_, value)| value.clone());
        let (value, further) = (values.next(), values.next());
        if further.is_some() {
            self.refuse(name, "is given more than once");
            return None;
        }
        value
    }

    /// The value of a field that must be there.
    fn required(&mut self, name: &'static str) -> Option<String> {
        let errors = self.errors.len();
        let value = self.optional(name);
        match &value {
            None if self.errors.len() == errors => self.refuse(name, "is required"),
            Some(text) if text.trim().is_empty() => {
                self.refuse(name, "is required");
                return None;
            }
            _ => {}
        }
        value
    }

    fn accept<T>(&mut self, name: &str, parsed: Result<T, String>) -> Option<T> {
        parsed.map_err(|reason| self.refuse(name, reason)).ok()
    }

    /// Ends the check of a route's fields: `checked`, which is there unless a field was refused.
    fn finish<T>(mut self, unknown: Unknown, checked: Option<T>) -> Result<T, ApiError> {
        if unknown == Unknown::Refused {
            let names: BTreeSet<_> = self.pairs.iter().map(|(name, _)| name.as_str()).collect();
            let strangers: Vec<_> =
                names.into_iter().filter(|name| !self.known.contains(name)).map(str::to_owned).collect();
            for name in strangers {
                self.refuse(&name, "is not a parameter of this address");
            }
        }
        checked.filter(|_| self.errors.is_empty()).ok_or(ApiError::InvalidFields(self.errors))
    }

    /// Parameters that choose the form of the result. The route's own parameters are checked after them.
    pub fn form(&mut self) -> Asked {
        let form = self.optional("format").and_then(|text| {
            self.accept("format", Form::from_name(&text).ok_or_else(|| "must be json, csv, xlsx or parquet".to_owned()))
        });
        let units_in_header = self.optional("header").and_then(|text| {
            let known = [("names", false), ("units", true)].into_iter().find(|(name, _)| *name == text);
            self.accept("header", known.map(|(_, units)| units).ok_or_else(|| "must be names or units".to_owned()))
        });
        Asked { form, units_in_header }
    }

    /// Fields of a company slice.
    pub fn company(mut self, unknown: Unknown) -> Result<CompanyId, ApiError> {
        let company = self.required("company_id").and_then(|text| self.accept("company_id", id(&text)));
        self.finish(unknown, company.map(CompanyId))
    }

    /// Fields of a slice of cooling units.
    pub fn cooling_units(mut self, unknown: Unknown) -> Result<UnitQuery, ApiError> {
        let units = self.required("unit_ids").and_then(|text| self.accept("unit_ids", unit_ids(&text, 1)));
        let units = units.map(|mut units| {
            units.sort_unstable();
            units
        });
        let days = self.days();
        let query = units.zip(days).map(|(units, days)| UnitQuery { units, days });
        self.finish(unknown, query)
    }

    /// Fields of an impact slice. With `Unknown::Ignored`, as the predecessor has them: everything but the dates has a
    /// default, and 0 is an id that nothing has.
    pub fn impact(mut self, unknown: Unknown) -> Result<ImpactQuery, ApiError> {
        let is_old = unknown == Unknown::Ignored;
        let choose = |text: Option<String>, names: [&str; 2]| match text.as_deref() {
            None => Ok(false),
            Some(text) if text == names[0] => Ok(false),
            Some(text) if text == names[1] => Ok(true),
            Some(_) => Err(format!("must be {} or {}", names[0], names[1])),
        };
        let mode = choose(self.optional("mode"), ["cooling_unit", "company"]);
        let is_of_company = self.accept("mode", mode);
        let view = choose(self.optional("view"), ["aggregated", "comparison"]);
        let is_comparison = self.accept("view", view);
        let days = self.days();

        let smallest = i64::from(!is_old);
        let needs = |of_company: bool| !is_old && is_of_company == Some(of_company);
        let company = if needs(true) { self.required("company_id") } else { self.optional("company_id") };
        let company = company.or_else(|| is_old.then(|| "0".to_owned()));
        let company = company.map(|text| self.accept("company_id", id_from(&text, smallest)));
        let units = if needs(false) { self.required("cooling_unit_id") } else { self.optional("cooling_unit_id") };
        let units = units.or_else(|| is_old.then(|| "0,1".to_owned()));
        let units = units.map(|text| self.accept("cooling_unit_id", unit_ids(&text, smallest)));

        let subject = match is_of_company {
            Some(true) => company.flatten().map(|company| ImpactSubject::Company(CompanyId(company))),
            Some(false) => units.flatten().map(ImpactSubject::CoolingUnits),
            None => None,
        };
        let query = subject.zip(days).zip(is_comparison).map(|((subject, days), is_comparison)| ImpactQuery {
            subject,
            days,
            is_comparison,
        });
        self.finish(unknown, query)
    }

    /// First and last day of a range.
    fn days(&mut self) -> Option<RangeInclusive<NaiveDate>> {
        let start = self.required("start_date").and_then(|text| self.accept("start_date", date(&text)));
        let end = self.required("end_date").and_then(|text| self.accept("end_date", date(&text)));
        let (start, end) = start.zip(end)?;
        if let Err(reason) = range_reason(start, end, "start_date") {
            self.refuse("end_date", reason);
        }
        Some(start..=end)
    }

    /// Limit of a list.
    fn limit(&mut self) -> u32 {
        let limit = self.optional("limit").and_then(|text| {
            let parsed = digits(&text).and_then(|limit| u32::try_from(limit).ok());
            let in_range = parsed.filter(|limit| (1..=MAX_LIMIT).contains(limit));
            self.accept("limit", in_range.ok_or_else(|| format!("must be a whole number from 1 to {MAX_LIMIT}")))
        });
        limit.unwrap_or(DEFAULT_LIMIT)
    }

    /// Limit and offset of a list.
    fn page(&mut self) -> Page {
        let limit = self.limit();
        let offset = self.optional("offset").and_then(|text| {
            self.accept("offset", digits(&text).ok_or_else(|| format!("must be a whole number from 0 to {}", i64::MAX)))
        });
        Page { limit, offset: offset.unwrap_or(0) }
    }

    /// Parameters of the list of companies.
    pub fn company_list(mut self) -> Result<Page, ApiError> {
        let page = self.page();
        self.finish(Unknown::Refused, Some(page))
    }

    /// Parameters of the list of cooling units.
    pub fn cooling_unit_list(mut self) -> Result<(Option<CompanyId>, Page), ApiError> {
        let company = self.optional("company_id").and_then(|text| self.accept("company_id", id(&text)));
        let page = self.page();
        self.finish(Unknown::Refused, Some((company.map(CompanyId), page)))
    }

    /// An address without parameters.
    pub fn none(self) -> Result<(), ApiError> {
        self.finish(Unknown::Refused, Some(()))
    }
}

/// What a slice of cooling units was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitQuery {
    /// Cooling units, ascending, each once.
    pub units: Vec<CoolingUnitId>,
    /// First to last day.
    pub days: RangeInclusive<NaiveDate>,
}

impl UnitQuery {
    /// The same for every way of asking for the same.
    pub fn normalised(&self) -> String {
        let ids: Vec<_> = self.units.iter().map(ToString::to_string).collect();
        format!("{}&{}&{}", ids.join(","), self.days.start(), self.days.end())
    }
}

/// Whose impact was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImpactSubject {
    /// A company's.
    Company(CompanyId),
    /// That of cooling units, each once, in order of mention.
    CoolingUnits(Vec<CoolingUnitId>),
}

/// What an impact slice was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImpactQuery {
    /// Whose.
    pub subject: ImpactSubject,
    /// First to last day of the latest survey, and of the emissions.
    pub days: RangeInclusive<NaiveDate>,
    /// Each cooling unit by itself; otherwise all as one.
    pub is_comparison: bool,
}

impl ImpactQuery {
    /// The same for every way of asking for the same.
    pub fn normalised(&self) -> String {
        let subject = match &self.subject {
            ImpactSubject::Company(company) => format!("company {company}"),
            ImpactSubject::CoolingUnits(units) => units.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        };
        format!("{subject}&{}&{}&{}", self.days.start(), self.days.end(), self.is_comparison)
    }
}

/// Why a range that ends with `last` is not accepted.
fn range_reason(first: NaiveDate, last: NaiveDate, first_field: &str) -> Result<(), String> {
    if last < first {
        return Err(format!("must not be before {first_field}"));
    }
    if (last - first).num_days() >= MAX_DAYS {
        return Err(format!("the range must not exceed {MAX_DAYS} days, first and last included"));
    }
    Ok(())
}

/// A whole number without sign.
fn digits(text: &str) -> Option<i64> {
    let only_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    only_digits.then(|| text.parse().ok()).flatten()
}

fn id(text: &str) -> Result<i64, String> {
    id_from(text, 1)
}

/// An id in a path.
pub fn path_id(text: &str) -> Option<i64> {
    digits(text).filter(|id| *id > 0)
}

fn id_from(text: &str, smallest: i64) -> Result<i64, String> {
    digits(text.trim())
        .filter(|id| *id >= smallest)
        .ok_or_else(|| format!("must be a whole number from {smallest} to {}", i64::MAX))
}

/// Ids in order of their first mention, each once.
fn unit_ids(text: &str, smallest: i64) -> Result<Vec<CoolingUnitId>, String> {
    let mut seen = BTreeSet::new();
    let mut units = Vec::new();
    for (index, element) in text.split(',').enumerate() {
        if element.trim().is_empty() {
            return Err(format!("element {} is empty", index + 1));
        }
        let id = id_from(element, smallest).map_err(|reason| format!("element {} {reason}", index + 1))?;
        if seen.insert(id) {
            units.push(CoolingUnitId(id));
        }
    }
    if units.len() > MAX_UNITS {
        return Err(format!("must not name more than {MAX_UNITS} cooling units"));
    }
    Ok(units)
}

fn date(text: &str) -> Result<NaiveDate, String> {
    let has_form = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    let parsed = has_form.then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten();
    parsed.ok_or_else(|| "must be a date of the form YYYY-MM-DD".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn refused<T: std::fmt::Debug>(result: Result<T, ApiError>) -> Vec<(String, String)> {
        match result {
            Err(ApiError::InvalidFields(errors)) => {
                errors.into_iter().map(|error| (error.field, error.reason)).collect()
            }
            other => panic!("not refused: {other:?}"),
        }
    }

    fn units(query: &str) -> Result<UnitQuery, ApiError> {
        Fields::urlencoded(query).cooling_units(Unknown::Refused)
    }

    #[test]
    fn ids_are_sorted_and_collapse_and_spaces_are_tolerated() {
        let query = units("unit_ids=3,%201+,3&start_date=2026-01-01&end_date=2026-01-31").expect("valid");
        assert_eq!(query.units, [CoolingUnitId(1), CoolingUnitId(3)]);
        assert_eq!(query.normalised(), "1,3&2026-01-01&2026-01-31");
    }

    #[test]
    fn every_wrong_field_is_named() {
        let errors = refused(units("unit_ids=1,,2&start_date=2026-1-01&colour=red&colour=blue"));
        let expected = [
            ("unit_ids", "element 2 is empty"),
            ("start_date", "must be a date of the form YYYY-MM-DD"),
            ("end_date", "is required"),
            ("colour", "is not a parameter of this address"),
        ];
        assert_eq!(errors, expected.map(|(field, reason)| (field.to_owned(), reason.to_owned())));
    }

    #[test]
    fn ids_are_positive_whole_numbers_of_64_bits() {
        for bad in ["0", "-1", "+1", "1.5", "9223372036854775808", "abc", "0x1", "١"] {
            let errors = refused(Fields::new(vec![("company_id".into(), bad.into())]).company(Unknown::Refused));
            assert_eq!(errors[0].1, "must be a whole number from 1 to 9223372036854775807", "{bad}");
        }
        let largest = Fields::urlencoded("company_id=9223372036854775807").company(Unknown::Refused);
        assert_eq!(largest.expect("valid"), CompanyId(i64::MAX));
    }

    #[test]
    fn dates_are_strict() {
        for bad in [
            "2026-02-30",
            "2026/01/01",
            "20260101",
            "2026-1-1",
            "+026-01-01",
            "2026-01-01 ",
            "20 Nov 2026",
            "２026-01-1",
        ] {
            assert!(date(bad).is_err(), "{bad}");
        }
        assert!(date("2028-02-29").is_ok());
    }

    /// 2020-01-01 and 3,659 days later, 2030-01-07, are 3,660 days.
    #[test]
    fn a_range_has_3660_days_at_most() {
        assert!(units("unit_ids=1&start_date=2020-01-01&end_date=2030-01-07").is_ok());
        let errors = refused(units("unit_ids=1&start_date=2020-01-01&end_date=2030-01-08"));
        assert_eq!(errors[0].1, "the range must not exceed 3660 days, first and last included");
        let errors = refused(units("unit_ids=1&start_date=2026-01-02&end_date=2026-01-01"));
        assert_eq!(errors, [("end_date".to_owned(), "must not be before start_date".to_owned())]);
    }

    #[test]
    fn a_slice_has_1000_cooling_units_at_most() {
        let ids = |count: usize| (1..=count).map(|id| id.to_string()).collect::<Vec<_>>().join(",");
        let query = |ids: String| units(&format!("unit_ids={ids}&start_date=2026-01-01&end_date=2026-01-01"));
        assert_eq!(query(ids(MAX_UNITS)).expect("valid").units.len(), 1_000);
        assert!(query(format!("{},1,2", ids(MAX_UNITS))).is_ok(), "repeated ids count once");
        assert_eq!(refused(query(ids(MAX_UNITS + 1)))[0].1, "must not name more than 1000 cooling units");
    }

    #[test]
    fn a_repeated_field_is_refused_and_not_called_missing() {
        let errors = refused(Fields::urlencoded("company_id=1&company_id=1").company(Unknown::Ignored));
        assert_eq!(errors, [("company_id".to_owned(), "is given more than once".to_owned())]);
    }

    #[test]
    fn forms_may_carry_more_fields() {
        let company = Fields::urlencoded("company_id=7&submit=Show").company(Unknown::Ignored);
        assert_eq!(company.expect("valid"), CompanyId(7));
    }

    #[test]
    fn forms_of_results_have_names() {
        let mut fields = Fields::urlencoded("format=csv&header=units&company_id=1");
        assert_eq!(fields.form(), Asked { form: Some(Form::Csv), units_in_header: Some(true) });
        assert!(fields.company(Unknown::Refused).is_ok());
        for bad in ["format=xml", "format=", "format=CSV", "format=csv&format=csv", "header=1"] {
            let mut fields = Fields::urlencoded(bad);
            fields.form();
            assert_eq!(refused(fields.company_list()).len(), 1, "{bad}");
        }
    }

    #[test]
    fn pages_have_limits() {
        let page = |query: &str| Fields::urlencoded(query).company_list();
        assert_eq!(page("").expect("valid"), Page { limit: 100, offset: 0 });
        assert_eq!(page("limit=1000&offset=5").expect("valid"), Page { limit: 1_000, offset: 5 });
        for bad in ["limit=0", "limit=1001", "limit=", "limit=-1", "limit=99999999999", "offset=-1", "offset=a"] {
            assert_eq!(refused(page(bad)).len(), 1, "{bad}");
        }
    }
}
