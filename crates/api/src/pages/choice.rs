//! The form in which companies, cooling units and days are chosen.

use std::collections::BTreeSet;

use metrics_core::db::reader::{self, CompanyUnit, ListedCompany, Page as ListPage, Snapshot};
use metrics_core::ids::{CompanyId, CoolingUnitId};

use super::Page;
use super::overview::{company_name, unit_name};
use crate::error::ApiError;
use crate::fields::{ChoiceQuery, MAX_LIMIT};

/// Cooling units that the form offers at most.
const MAX_OFFERED: u32 = 200;

/// What can be chosen, and what is.
pub struct Choice {
    /// All companies.
    pub companies: Vec<CompanyChoice>,
    /// The chosen one.
    pub company: Option<CompanyId>,
    /// Its cooling units.
    pub offered: Vec<UnitChoice>,
    /// True when it has more of them.
    pub offered_left_out: bool,
    /// The same, as they are stored.
    pub units: Vec<CompanyUnit>,
    /// What the page shows without a choice.
    pub hint: Option<String>,
    /// What its button says.
    pub action: String,
    /// First day; empty when there is none.
    pub start: String,
    /// Last day.
    pub end: String,
}

/// A company that can be chosen.
pub struct CompanyChoice {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// True when it is the chosen one.
    pub is_chosen: bool,
}

/// A cooling unit that can be chosen.
pub struct UnitChoice {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// When it was closed; else empty.
    pub detail: String,
    /// True when it is chosen.
    pub is_chosen: bool,
}

impl Choice {
    /// The choice that `query` names. The company is the one of the address; else that of its first cooling unit;
    /// else the only one that there is.
    pub async fn load(page: &Page, snapshot: &mut Snapshot, query: &ChoiceQuery) -> Result<Self, ApiError> {
        let companies = reader::companies(snapshot, ListPage { limit: MAX_LIMIT, offset: 0 }).await?.companies;
        let company = match (query.company, query.units.first(), companies.as_slice()) {
            (Some(company), ..) => Some(company),
            (None, Some(unit), _) => reader::unit_company(snapshot, *unit).await?,
            (None, None, [only]) => Some(CompanyId(only.company_id)),
            (None, None, _) => None,
        };
        let units = match company {
            Some(company) => reader::company_units(snapshot, company, MAX_OFFERED).await?,
            None => Vec::new(),
        };
        Ok(Self {
            companies: companies.iter().map(|listed| CompanyChoice::new(page, listed, company)).collect(),
            company,
            offered: units.iter().map(|unit| UnitChoice::new(page, unit)).collect(),
            offered_left_out: units.first().is_some_and(|unit| unit.total > i64::from(MAX_OFFERED)),
            units,
            hint: None,
            action: page.t("compare.do").to_owned(),
            start: String::new(),
            end: String::new(),
        })
    }

    /// Ticks the boxes of `units`.
    pub fn tick(&mut self, units: &[CoolingUnitId]) {
        let chosen: BTreeSet<_> = units.iter().map(|unit| unit.0).collect();
        for unit in &mut self.offered {
            unit.is_chosen = chosen.contains(&unit.id);
        }
    }

    /// The company, as addresses have it.
    pub fn company_id(&self) -> Option<i64> {
        self.company.map(|company| company.0)
    }

    /// Name of a cooling unit, as far as it is known.
    pub fn unit_name(&self, page: &Page, unit: CoolingUnitId) -> String {
        let known = self.units.iter().find(|known| known.cooling_unit_id == unit.0);
        unit_name(page, unit.0, known.and_then(|unit| unit.unit_name.as_deref()))
    }
}

impl CompanyChoice {
    fn new(page: &Page, listed: &ListedCompany, chosen: Option<CompanyId>) -> Self {
        Self {
            id: listed.company_id,
            name: company_name(page, listed.company_id, listed.comp_name.as_deref()),
            is_chosen: chosen == Some(CompanyId(listed.company_id)),
        }
    }
}

impl UnitChoice {
    fn new(page: &Page, unit: &CompanyUnit) -> Self {
        let last = page.lang.date(unit.last_date);
        Self {
            id: unit.cooling_unit_id,
            name: unit_name(page, unit.cooling_unit_id, unit.unit_name.as_deref()),
            detail: if unit.is_unit_deleted { page.say("compare.closed", "date", &last) } else { String::new() },
            is_chosen: false,
        }
    }
}
