//! What impact slices are made of, for the API and for the page.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::NaiveDate;
use metrics_core::coldroom::impact_slice::ImpactSums;
use metrics_core::coldroom::slice::{Basis, EmissionSums};
use metrics_core::db::reader::{self, Snapshot, Subject};
use metrics_core::ids::{CompanyId, CoolingUnitId};

use crate::error::ApiError;
use crate::fields::ImpactSubject;

/// Flag of a slice whose rows have several currencies: its money is absent.
pub const SEVERAL_CURRENCIES: &str = "several_currencies";

/// Which records are made of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Records {
    /// All rows together.
    Together,
    /// Each cooling unit by itself.
    ByUnit,
    /// All rows together, and each cooling unit by itself.
    Both,
}

impl Records {
    /// The records that a row of `unit` belongs to; `None` is that of all together.
    fn of(self, unit: CoolingUnitId) -> impl Iterator<Item = Option<CoolingUnitId>> {
        let together = matches!(self, Self::Together | Self::Both).then_some(None);
        let own = matches!(self, Self::ByUnit | Self::Both).then_some(Some(unit));
        together.into_iter().chain(own)
    }
}

/// Emissions of one record.
#[derive(Debug, Default)]
pub struct UnitEmissions {
    companies: BTreeSet<Option<CompanyId>>,
    /// Over the days of the record.
    pub sums: EmissionSums,
}

impl UnitEmissions {
    /// The company, when there is one and no other.
    pub fn company(&self) -> Option<CompanyId> {
        let mut companies = self.companies.iter();
        companies.next().copied().flatten().filter(|_| companies.next().is_none())
    }
}

/// Everything that a slice is made of. All together is under `None`, a cooling unit under its id.
#[derive(Debug)]
pub struct Loaded {
    /// Records with rows.
    pub impact: BTreeMap<Option<CoolingUnitId>, ImpactSums>,
    /// Records with days.
    pub emissions: BTreeMap<Option<CoolingUnitId>, UnitEmissions>,
    /// Cooling units with emissions.
    pub emission_units: BTreeSet<CoolingUnitId>,
    /// What the days of the emissions were computed with.
    days: Basis,
}

impl Loaded {
    /// What rows and days were computed with.
    pub fn basis(&self) -> Basis {
        let mut basis = self.days.clone();
        for sums in self.impact.values() {
            basis.time_zones.extend(sums.basis().time_zones.iter().cloned());
            basis.parameter_sets.extend(sums.basis().parameter_sets.iter().cloned());
        }
        basis
    }
}

/// Adds up the impact and the emissions of `subject` over `days`, both ends included.
pub async fn load(
    snapshot: &mut Snapshot,
    subject: &ImpactSubject,
    days: &RangeInclusive<NaiveDate>,
    records: Records,
) -> Result<Loaded, ApiError> {
    let subject = match subject {
        ImpactSubject::Company(company) => Subject::Company(*company),
        ImpactSubject::CoolingUnits(units) => Subject::CoolingUnits(units),
    };
    let mut impact: BTreeMap<_, ImpactSums> = BTreeMap::new();
    reader::impact_rows(snapshot, subject, days, |row| {
        for record in records.of(row.cooling_unit_id) {
            impact.entry(record).or_default().add(row);
        }
    })
    .await?;
    let mut emission_units = BTreeSet::new();
    let mut emissions: BTreeMap<_, UnitEmissions> = BTreeMap::new();
    let days = reader::emission_days(snapshot, subject, days, |unit, company, day| {
        emission_units.insert(unit);
        for record in records.of(unit) {
            let entry = emissions.entry(record).or_default();
            entry.companies.insert(company);
            entry.sums.add(day);
        }
    })
    .await?;
    Ok(Loaded { impact, emissions, emission_units, days })
}

/// Emissions of `units` over `days`, both ends included: of all together and of each that has a day.
pub async fn emissions(
    snapshot: &mut Snapshot,
    units: &[CoolingUnitId],
    days: &RangeInclusive<NaiveDate>,
) -> Result<BTreeMap<Option<CoolingUnitId>, EmissionSums>, ApiError> {
    let mut emissions: BTreeMap<_, EmissionSums> = BTreeMap::new();
    reader::emission_days(snapshot, Subject::CoolingUnits(units), days, |unit, _, day| {
        for record in Records::Both.of(unit) {
            emissions.entry(record).or_default().add(day);
        }
    })
    .await?;
    Ok(emissions)
}
