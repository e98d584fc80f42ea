//! `GET /impact`: what storage changed for farmers, and the emissions beside it.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use metrics_core::coldroom::impact_slice::ImpactSums;
use metrics_core::db::reader::{self, Snapshot};
use metrics_core::ids::CoolingUnitId;
use metrics_core::view::View;

use super::choice::Choice;
use super::emissions::{self, Emissions};
use super::flags::Flag;
use super::overview::{AsOf, unit_name};
use super::{Page, Section, days};
use crate::conditional::Representation;
use crate::error::ApiError;
use crate::fields::{Fields, ImpactSubject};
use crate::impact::{Loaded, Records, SEVERAL_CURRENCIES, load};
use crate::state::Worker;

use tables::{Record, Table};

mod tables;

/// Path of the page.
pub const PATH: &str = "/impact";

/// Days when no range is given: surveys come by the month.
const USUAL_DAYS: u64 = 90;
/// Cooling units of a company that stand side by side when none is chosen.
const USUAL_UNITS: usize = 12;

#[derive(Template)]
#[template(path = "impact.html")]
struct ImpactPage<'a> {
    page: &'a Page,
    section: Section,
    title: &'a str,
    choice: Choice,
    result: Option<Impact<'a>>,
    nothing: Option<&'a str>,
}

/// What the chosen cooling units have.
struct Impact<'a> {
    range: String,
    time_zones: String,
    parameter_sets: String,
    as_of: Option<AsOf>,
    /// Cooling units without a survey in the range.
    without_surveys: Vec<String>,
    tables: Vec<Table<'a>>,
    emissions: Option<Emissions>,
    flags: Vec<Flag>,
    downloads: Vec<(&'a str, String)>,
    compare: Option<String>,
}

/// The page.
pub async fn get(request: HttpRequest, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    let query = Fields::urlencoded(request.query_string()).choice_page()?;
    let page = Page::new(&request);

    let mut snapshot = worker.snapshot().await?;
    let version = reader::data_version(&mut snapshot, View::ImpactMetrics).await?;
    let of_days = reader::data_version(&mut snapshot, View::AggregatedComparison).await?.version;
    let of_companies = reader::data_version(&mut snapshot, View::Company).await?.version;
    let normalised = format!("{}&{query:?}", page.variant());
    // Versions only grow, so equal sums are equal versions.
    let representation = Representation::new(&request, &normalised, version.version + of_days + of_companies)?;
    if representation.is_known() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    let mut choice = Choice::load(&page, &mut snapshot, &query).await?;
    choice.tick(&query.units);
    choice.action = page.t("impact.do").to_owned();
    choice.hint = Some(page.t("impact.usual_units").to_owned());
    let (subject, last) = match (choice.company, query.units.is_empty()) {
        (_, false) => {
            let last = reader::last_date(&mut snapshot, &query.units).await?;
            (Some(ImpactSubject::CoolingUnits(query.units)), last)
        }
        (Some(company), true) => {
            (Some(ImpactSubject::Company(company)), choice.units.iter().map(|unit| unit.last_date).max())
        }
        (None, true) => (None, None),
    };
    let mut result = None;
    if let Some((subject, last)) = subject.as_ref().zip(last.or(query.days.given())) {
        let range = query.days.or_last(last, USUAL_DAYS)?;
        (choice.start, choice.end) = (range.start().to_string(), range.end().to_string());
        let loaded = load(&mut snapshot, subject, &range, Records::Both).await?;
        let units = shown_units(subject, &loaded);
        let names = names(&page, &mut snapshot, &units).await?;
        if !loaded.impact.is_empty() || !loaded.emissions.is_empty() {
            let found = Found { page: &page, subject, loaded: &loaded, units: &units, names: &names };
            let between = format!("start_date={}&end_date={}", choice.start, choice.end);
            let basis = loaded.basis();
            let joined = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(", ");
            result = Some(Impact {
                range: days::in_words(&page, &range),
                as_of: AsOf::new(&page, &version),
                without_surveys: found.without_surveys(),
                tables: found.tables(),
                emissions: (!loaded.emissions.is_empty()).then(|| found.emissions()),
                flags: found.flags(basis.data_quality),
                downloads: found.downloads(&between),
                compare: found.compare(&between),
                time_zones: joined(basis.time_zones),
                parameter_sets: joined(basis.parameter_sets),
            });
        }
    }
    snapshot.close().await?;

    let view = ImpactPage {
        section: Section::Impact,
        title: page.t("impact.title"),
        nothing: match (&result, &subject) {
            (Some(_), _) => None,
            (None, None) => Some(page.t("impact.choose")),
            (None, Some(_)) => Some(page.t("impact.nothing")),
        },
        choice,
        result,
        page: &page,
    };
    representation.html(&view)
}

/// Cooling units that stand side by side: those that were chosen; else the first of the company that have a survey, or
/// where none has one, emissions.
fn shown_units(subject: &ImpactSubject, loaded: &Loaded) -> Vec<CoolingUnitId> {
    match subject {
        ImpactSubject::CoolingUnits(units) => units.clone(),
        ImpactSubject::Company(_) => {
            let surveyed = loaded.impact.keys().copied().flatten();
            let others = loaded.emission_units.iter().copied().filter(|unit| !loaded.impact.contains_key(&Some(*unit)));
            let mut units: Vec<_> = surveyed.chain(others).take(USUAL_UNITS).collect();
            units.sort_unstable();
            units
        }
    }
}

/// Names of cooling units.
async fn names(
    page: &Page,
    snapshot: &mut Snapshot,
    units: &[CoolingUnitId],
) -> Result<BTreeMap<CoolingUnitId, String>, ApiError> {
    let known = reader::known_units(snapshot, units).await?;
    let known: BTreeMap<_, _> = known.into_iter().map(|unit| (unit.cooling_unit_id, unit.unit_name)).collect();
    let name = |unit: &CoolingUnitId| {
        let name = known.get(&unit.0).and_then(|name| name.as_deref());
        (*unit, unit_name(page, unit.0, name))
    };
    Ok(units.iter().map(name).collect())
}

/// What was found, on its way to the page.
struct Found<'p, 'a> {
    page: &'p Page,
    subject: &'a ImpactSubject,
    loaded: &'a Loaded,
    units: &'a [CoolingUnitId],
    names: &'a BTreeMap<CoolingUnitId, String>,
}

impl<'p> Found<'p, '_> {
    /// Records in the order of the page: all together first, unless that is the only cooling unit.
    fn records(&self) -> impl Iterator<Item = Option<CoolingUnitId>> {
        let is_one = self.units.len() == 1 && matches!(self.subject, ImpactSubject::CoolingUnits(_));
        (!is_one).then_some(None).into_iter().chain(self.units.iter().copied().map(Some))
    }

    fn name(&self, record: Option<CoolingUnitId>) -> String {
        let name =
            record.map(|unit| self.names.get(&unit).cloned().unwrap_or_else(|| unit_name(self.page, unit.0, None)));
        name.unwrap_or_else(|| self.page.t("compare.all").to_owned())
    }

    fn without_surveys(&self) -> Vec<String> {
        let missing = self.units.iter().filter(|unit| !self.loaded.impact.contains_key(&Some(**unit)));
        missing.map(|unit| self.name(Some(*unit))).collect()
    }

    fn tables(&self) -> Vec<Table<'p>> {
        let records: Vec<_> = self
            .records()
            .filter_map(|unit| {
                let slice = self.loaded.impact.get(&unit).and_then(ImpactSums::finish)?;
                Some(Record { unit, name: self.name(unit), slice })
            })
            .collect();
        tables::tables(self.page, &records)
    }

    fn emissions(&self) -> Emissions {
        let records: Vec<_> = self
            .records()
            .filter_map(|unit| {
                let sums = &self.loaded.emissions.get(&unit)?.sums;
                let saved = sums.co2_from.zip(sums.co2_to).map(|(without, with)| without - with);
                Some(emissions::Record { unit, name: self.name(unit), sums: Some(sums), saved })
            })
            .collect();
        Emissions::new(self.page, &records, self.loaded.emissions.get(&None).map(|emissions| &emissions.sums))
    }

    fn flags(&self, mut codes: BTreeSet<String>) -> Vec<Flag> {
        if self.loaded.impact.values().any(|sums| sums.currencies().len() > 1) {
            codes.insert(SEVERAL_CURRENCIES.to_owned());
        }
        codes.into_iter().map(|code| Flag::new(self.page, code, Vec::new())).collect()
    }

    fn ids(&self) -> String {
        self.units.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }

    /// The same from the API: what it is, and its address.
    fn downloads(&self, between: &str) -> Vec<(&'p str, String)> {
        let ids = self.ids();
        let together = match self.subject {
            ImpactSubject::Company(company) => format!("mode=company&company_id={company}"),
            ImpactSubject::CoolingUnits(_) => format!("cooling_unit_id={ids}"),
        };
        let each = (!ids.is_empty()).then(|| format!("cooling_unit_id={ids}&view=comparison"));
        let together = (self.page.t("impact.download_all"), Some(together));
        [together, (self.page.t("impact.download_each"), each)]
            .into_iter()
            .filter_map(|(name, what)| Some((name, self.page.raw(&format!("api/impact-slice?{}&{between}", what?)))))
            .collect()
    }

    /// The same cooling units and days on the comparison page.
    fn compare(&self, between: &str) -> Option<String> {
        let ids = self.ids();
        (!ids.is_empty()).then(|| self.page.link(&format!("compare?unit_ids={ids}&{between}")))
    }
}
