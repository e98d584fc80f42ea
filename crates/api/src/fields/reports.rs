//! Parameters of reports.

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use metrics_core::ids::CoolingUnitId;

use super::{Fields, Unknown, unit_ids};
use crate::error::ApiError;

/// What a report of a period was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportQuery {
    /// Cooling units; absent: all of the company.
    pub cooling_units: Option<Vec<CoolingUnitId>>,
    /// First to last local day.
    pub days: RangeInclusive<NaiveDate>,
}

impl Fields {
    /// Parameters of the report of cooling users: whether only active ones are meant. At the predecessor's address
    /// every text but `true` says no.
    pub fn cooling_users(mut self, unknown: Unknown) -> Result<bool, ApiError> {
        let only_active = match self.optional("only_active") {
            None => Some(true),
            Some(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Some(text) if unknown == Unknown::Ignored || text.eq_ignore_ascii_case("false") => Some(false),
            Some(_) => self.accept("only_active", Err("must be true or false".to_owned())),
        };
        self.finish(unknown, only_active)
    }

    /// Parameters of a report of a period.
    pub fn report(mut self, unknown: Unknown) -> Result<ReportQuery, ApiError> {
        let given = self.optional("cooling_unit_ids");
        let cooling_units = given.and_then(|text| self.accept("cooling_unit_ids", unit_ids(&text, 1)));
        let query = self.days().map(|days| ReportQuery { cooling_units, days });
        self.finish(unknown, query)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::refused;
    use super::*;

    #[test]
    fn cooling_users_are_active_unless_said_otherwise() {
        let only_active = |query: &str, unknown| Fields::urlencoded(query).cooling_users(unknown);
        assert!(only_active("", Unknown::Refused).expect("valid"));
        assert!(only_active("only_active=True", Unknown::Refused).expect("valid"));
        assert!(!only_active("only_active=false", Unknown::Refused).expect("valid"));
        assert!(!only_active("only_active=no&x=1", Unknown::Ignored).expect("valid"));
        assert_eq!(refused(only_active("only_active=no", Unknown::Refused))[0].0, "only_active");
    }

    #[test]
    fn a_report_has_a_period_and_perhaps_cooling_units() {
        let period = "start_date=2026-11-01&end_date=2026-11-30";
        let query = Fields::urlencoded(period).report(Unknown::Refused).expect("valid");
        assert_eq!(query.cooling_units, None);
        let query = Fields::urlencoded(&format!("cooling_unit_ids=2,1&{period}")).report(Unknown::Refused);
        assert_eq!(query.expect("valid").cooling_units, Some(vec![CoolingUnitId(2), CoolingUnitId(1)]));
        assert_eq!(refused(Fields::urlencoded("cooling_unit_ids=a").report(Unknown::Refused)).len(), 3);
    }
}
