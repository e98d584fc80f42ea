//! `GET /compare`: chosen cooling units over chosen days, together and side by side.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use metrics_core::coldroom::slice::{CombinedUnits, EmissionsByCrop, UnitSlice};
use metrics_core::db::reader::{self, CompanyUnit, ListedCompany, Page as ListPage};
use metrics_core::ids::{CompanyId, CoolingUnitId};
use metrics_core::view::View;

use super::days::{self, DayTable};
use super::flags::{self, Flag};
use super::overview::{AsOf, company_name, unit_name};
use super::{Page, Section};
use crate::conditional::Representation;
use crate::error::ApiError;
use crate::fields::{Fields, MAX_LIMIT};
use crate::state::Worker;

use crops::CropRow;
use emissions::Emissions;
use figures::Row;

mod crops;
mod emissions;
mod figures;

/// Path of the page.
pub const PATH: &str = "/compare";

/// Days when no range is given.
const USUAL_DAYS: u64 = 30;
/// Cooling units when none is given.
const USUAL_UNITS: usize = 12;
/// Cooling units that the form offers at most.
const MAX_OFFERED: u32 = 200;
/// Lines of the chart at most.
const MAX_LINES: usize = 12;

#[derive(Template)]
#[template(path = "compare.html")]
struct Compare<'a> {
    page: &'a Page,
    section: Section,
    title: &'a str,
    companies: Vec<CompanyChoice>,
    company: Option<i64>,
    offered: Vec<UnitChoice>,
    offered_left_out: bool,
    usual_units_only: bool,
    start: String,
    end: String,
    result: Option<Comparison<'a>>,
    nothing: Option<&'a str>,
}

/// A company that can be chosen.
struct CompanyChoice {
    id: i64,
    name: String,
    is_chosen: bool,
}

/// A cooling unit that can be chosen.
struct UnitChoice {
    id: i64,
    name: String,
    detail: String,
    is_chosen: bool,
}

/// What the chosen cooling units have.
struct Comparison<'a> {
    range: String,
    time_zones: String,
    parameter_sets: String,
    as_of: Option<AsOf>,
    units: Vec<UnitHead>,
    /// Numbers of chosen cooling units without a day in the range.
    without_days: Vec<String>,
    rows: Vec<Row<'a>>,
    crops: Vec<CropRow>,
    emissions: Emissions,
    chart: Option<DayTable>,
    kilograms: Option<DayTable>,
    chart_range: String,
    lines_left_out: bool,
    flags: Vec<Flag>,
    download: String,
}

/// The head of a column.
struct UnitHead {
    id: i64,
    name: String,
}

/// The page.
pub async fn get(request: HttpRequest, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    let query = Fields::urlencoded(request.query_string()).compare_page()?;
    let page = Page::new(&request);

    let mut snapshot = worker.snapshot().await?;
    let version = reader::data_version(&mut snapshot, View::AggregatedComparison).await?;
    let companies_version = reader::data_version(&mut snapshot, View::Company).await?;
    let normalised = format!("{}&{query:?}", page.variant());
    // Versions only grow, so equal sums are equal versions.
    let representation = Representation::new(&request, &normalised, version.version + companies_version.version)?;
    if representation.is_known() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    let companies = reader::companies(&mut snapshot, ListPage { limit: MAX_LIMIT, offset: 0 }).await?.companies;
    let company = chosen_company(&mut snapshot, &query, &companies).await?;
    let offered = match company {
        Some(company) => reader::company_units(&mut snapshot, company, MAX_OFFERED).await?,
        None => Vec::new(),
    };
    let usual_units_only = query.units.is_empty() && offered.len() > USUAL_UNITS;
    let units = if query.units.is_empty() {
        offered.iter().take(USUAL_UNITS).map(|unit| CoolingUnitId(unit.cooling_unit_id)).collect()
    } else {
        query.units
    };
    let last = reader::last_date(&mut snapshot, &units).await?;
    let (mut start, mut end) = (String::new(), String::new());
    let mut result = None;
    if let Some(last) = last {
        let range = query.days.or_last(last, USUAL_DAYS)?;
        (start, end) = (range.start().to_string(), range.end().to_string());
        let slice = reader::slice(&mut snapshot, &units, &range).await?;
        let by_crop = reader::emissions_by_crop(&mut snapshot, &units, &range).await?;
        let chart_range = days::charted(&range);
        let lines: Vec<_> = slice.units.iter().take(MAX_LINES).map(|unit| unit.cooling_unit_id).collect();
        let chart = reader::chart_days(&mut snapshot, &lines, &chart_range).await?;
        if !slice.units.is_empty() {
            let all = CombinedUnits::of(&slice.units);
            let names: Vec<_> = lines
                .iter()
                .zip(&slice.units)
                .map(|(id, unit)| (id.0, unit_name(&page, id.0, unit.latest.unit_name.as_deref())))
                .collect();
            let ids: Vec<_> = units.iter().map(ToString::to_string).collect();
            result = Some(Comparison {
                range: days_in_words(&page, &range),
                time_zones: slice.basis.time_zones.iter().cloned().collect::<Vec<_>>().join(", "),
                parameter_sets: slice.basis.parameter_sets.iter().cloned().collect::<Vec<_>>().join(", "),
                as_of: AsOf::new(&page, &version),
                units: slice.units.iter().map(|unit| UnitHead::new(&page, unit)).collect(),
                without_days: without_days(&page, &units, &slice.units, &offered),
                rows: figures::rows(&page, &all, &slice.units),
                crops: crops::rows(&page, &all, &slice.units),
                emissions: Emissions::new(&page, &all, &slice.units, &by_crop),
                chart: Some(days::occupancy(&page, &names, &chart)),
                kilograms: Some(days::kilograms(&page, &chart)),
                chart_range: days_in_words(&page, &chart_range),
                lines_left_out: slice.units.len() > MAX_LINES,
                flags: flags::explain(&page, unit_flags(&page, &slice.units)),
                download: page.raw(&format!(
                    "api/coolingunit-slice?unit_ids={}&start_date={start}&end_date={end}",
                    ids.join(",")
                )),
            });
        }
    }
    snapshot.close().await?;

    let chosen: BTreeSet<_> = units.iter().map(|unit| unit.0).collect();
    let view = Compare {
        section: Section::Compare,
        title: page.t("compare.title"),
        companies: companies.iter().map(|listed| CompanyChoice::new(&page, listed, company)).collect(),
        company: company.map(|company| company.0),
        offered_left_out: offered.first().is_some_and(|unit| unit.total > i64::from(MAX_OFFERED)),
        offered: offered.iter().map(|unit| UnitChoice::new(&page, unit, &chosen)).collect(),
        usual_units_only,
        nothing: match (&result, units.is_empty()) {
            (Some(_), _) => None,
            (None, true) if company.is_none() => Some(page.t("compare.choose")),
            (None, true) => Some(page.t("compare.no_units")),
            (None, false) => Some(page.t("compare.no_days")),
        },
        start,
        end,
        result,
        page: &page,
    };
    representation.html(&view)
}

/// The company of the address; else that of its first cooling unit; else the only one that there is.
async fn chosen_company(
    snapshot: &mut reader::Snapshot,
    query: &crate::fields::CompareQuery,
    companies: &[ListedCompany],
) -> Result<Option<CompanyId>, ApiError> {
    if query.company.is_some() {
        return Ok(query.company);
    }
    if let Some(unit) = query.units.first() {
        return Ok(reader::unit_company(snapshot, *unit).await?);
    }
    Ok(if let [only] = companies { Some(CompanyId(only.company_id)) } else { None })
}

/// Days in words.
pub(super) fn days_in_words(page: &Page, days: &std::ops::RangeInclusive<chrono::NaiveDate>) -> String {
    let [start, end] = [days.start(), days.end()].map(|day| page.lang.date(*day));
    page.lang.say("range.days", &[("start", &start), ("end", &end)])
}

/// Chosen cooling units that have no day in the range, by name as far as it is known.
fn without_days(page: &Page, chosen: &[CoolingUnitId], found: &[UnitSlice], offered: &[CompanyUnit]) -> Vec<String> {
    let missing = chosen.iter().filter(|unit| !found.iter().any(|slice| slice.cooling_unit_id == **unit));
    let names = missing.map(|unit| {
        let known = offered.iter().find(|offered| offered.cooling_unit_id == unit.0);
        unit_name(page, unit.0, known.and_then(|unit| unit.unit_name.as_deref()))
    });
    names.collect()
}

fn unit_flags<'a>(page: &Page, units: &'a [UnitSlice]) -> impl Iterator<Item = (String, &'a str)> {
    units.iter().flat_map(|unit| {
        let name = unit_name(page, unit.cooling_unit_id.0, unit.latest.unit_name.as_deref());
        unit.sums.data_quality.iter().map(move |flag| (name.clone(), flag.as_str()))
    })
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
    fn new(page: &Page, unit: &CompanyUnit, chosen: &BTreeSet<i64>) -> Self {
        let last = page.lang.date(unit.last_date);
        Self {
            id: unit.cooling_unit_id,
            name: unit_name(page, unit.cooling_unit_id, unit.unit_name.as_deref()),
            detail: if unit.is_unit_deleted { page.say("compare.closed", "date", &last) } else { String::new() },
            is_chosen: chosen.contains(&unit.cooling_unit_id),
        }
    }
}

impl UnitHead {
    fn new(page: &Page, unit: &UnitSlice) -> Self {
        Self {
            id: unit.cooling_unit_id.0,
            name: unit_name(page, unit.cooling_unit_id.0, unit.latest.unit_name.as_deref()),
        }
    }
}

/// Emissions by crop of each cooling unit.
type ByCrop = BTreeMap<CoolingUnitId, EmissionsByCrop>;

impl Comparison<'_> {
    /// Groups of columns in the table of crops: all together, and each cooling unit when there are several.
    fn columns(&self) -> std::ops::Range<usize> {
        0..if self.units.len() > 1 { self.units.len() + 1 } else { 1 }
    }
}
