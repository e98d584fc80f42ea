//! `GET /compare`: chosen cooling units over chosen days, together and side by side.

use std::collections::BTreeMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use metrics_core::coldroom::slice::{CombinedUnits, EmissionSums, UnitSlice};
use metrics_core::db::reader;
use metrics_core::ids::CoolingUnitId;
use metrics_core::view::View;

use super::choice::Choice;
use super::days::{self, DayTable};
use super::emissions::{Emissions, Record};
use super::flags::{self, Flag};
use super::overview::{AsOf, unit_name};
use super::{Page, Section};
use crate::conditional::Representation;
use crate::error::ApiError;
use crate::fields::Fields;
use crate::impact;
use crate::state::Worker;

use crops::CropRow;
use figures::Row;

mod crops;
mod figures;

/// Path of the page.
pub const PATH: &str = "/compare";

/// Days when no range is given.
const USUAL_DAYS: u64 = 30;
/// Cooling units when none is given.
const USUAL_UNITS: usize = 12;
/// Lines of the chart at most.
const MAX_LINES: usize = 12;

#[derive(Template)]
#[template(path = "compare.html")]
struct Compare<'a> {
    page: &'a Page,
    section: Section,
    title: &'a str,
    choice: Choice,
    result: Option<Comparison<'a>>,
    nothing: Option<&'a str>,
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
    /// The impact of the same cooling units and days.
    impact: String,
}

/// The head of a column.
struct UnitHead {
    id: i64,
    name: String,
}

/// The page.
pub async fn get(request: HttpRequest, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    let query = Fields::urlencoded(request.query_string()).choice_page()?;
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
    let mut choice = Choice::load(&page, &mut snapshot, &query).await?;
    if query.units.is_empty() && choice.units.len() > USUAL_UNITS {
        choice.hint = Some(page.t("compare.usual_units").to_owned());
    }
    let units = if query.units.is_empty() {
        choice.units.iter().take(USUAL_UNITS).map(|unit| CoolingUnitId(unit.cooling_unit_id)).collect()
    } else {
        query.units
    };
    choice.tick(&units);
    let last = reader::last_date(&mut snapshot, &units).await?;
    let mut result = None;
    if let Some(last) = last {
        let range = query.days.or_last(last, USUAL_DAYS)?;
        let (start, end) = (range.start().to_string(), range.end().to_string());
        let slice = reader::slice(&mut snapshot, &units, &range).await?;
        let sides = impact::emissions(&mut snapshot, &units, &range).await?;
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
                range: days::in_words(&page, &range),
                time_zones: slice.basis.time_zones.iter().cloned().collect::<Vec<_>>().join(", "),
                parameter_sets: slice.basis.parameter_sets.iter().cloned().collect::<Vec<_>>().join(", "),
                as_of: AsOf::new(&page, &version),
                units: slice.units.iter().map(|unit| UnitHead::new(&page, unit)).collect(),
                without_days: without_days(&page, &units, &slice.units, &choice),
                rows: figures::rows(&page, &all, &slice.units),
                crops: crops::rows(&page, &all, &slice.units),
                emissions: emissions(&page, &all, &slice.units, &sides),
                chart: Some(days::occupancy(&page, &names, &chart)),
                kilograms: Some(days::kilograms(&page, &chart)),
                chart_range: days::in_words(&page, &chart_range),
                lines_left_out: slice.units.len() > MAX_LINES,
                flags: flags::explain(&page, unit_flags(&page, &slice.units)),
                impact: page.link(&format!("impact?unit_ids={}&start_date={start}&end_date={end}", ids.join(","))),
                download: page.raw(&format!(
                    "api/coolingunit-slice?unit_ids={}&start_date={start}&end_date={end}",
                    ids.join(",")
                )),
            });
        }
        (choice.start, choice.end) = (start, end);
    }
    snapshot.close().await?;

    let view = Compare {
        section: Section::Compare,
        title: page.t("compare.title"),
        nothing: match (&result, units.is_empty()) {
            (Some(_), _) => None,
            (None, true) if choice.company.is_none() => Some(page.t("compare.choose")),
            (None, true) => Some(page.t("compare.no_units")),
            (None, false) => Some(page.t("compare.no_days")),
        },
        choice,
        result,
        page: &page,
    };
    representation.html(&view)
}

/// Chosen cooling units that have no day in the range, by name as far as it is known.
fn without_days(page: &Page, chosen: &[CoolingUnitId], found: &[UnitSlice], choice: &Choice) -> Vec<String> {
    let missing = chosen.iter().filter(|unit| !found.iter().any(|slice| slice.cooling_unit_id == **unit));
    missing.map(|unit| choice.unit_name(page, *unit)).collect()
}

/// Emissions of each cooling unit, and of all when there are several.
fn emissions(
    page: &Page,
    all: &CombinedUnits,
    units: &[UnitSlice],
    sums: &BTreeMap<Option<CoolingUnitId>, EmissionSums>,
) -> Emissions {
    let mut records: Vec<_> = units
        .iter()
        .map(|unit| Record {
            unit: Some(unit.cooling_unit_id),
            name: unit_name(page, unit.cooling_unit_id.0, unit.latest.unit_name.as_deref()),
            sums: sums.get(&Some(unit.cooling_unit_id)),
            saved: unit.sums.tot_co2.sum,
        })
        .collect();
    let total = sums.get(&None);
    if units.len() > 1 {
        records.push(Record {
            unit: None,
            name: page.t("compare.all").to_owned(),
            sums: total,
            saved: all.tot_co2.sum,
        });
    }
    Emissions::new(page, &records, total)
}

fn unit_flags<'a>(page: &Page, units: &'a [UnitSlice]) -> impl Iterator<Item = (String, &'a str)> {
    units.iter().flat_map(|unit| {
        let name = unit_name(page, unit.cooling_unit_id.0, unit.latest.unit_name.as_deref());
        unit.sums.data_quality.iter().map(move |flag| (name.clone(), flag.as_str()))
    })
}

impl UnitHead {
    fn new(page: &Page, unit: &UnitSlice) -> Self {
        Self {
            id: unit.cooling_unit_id.0,
            name: unit_name(page, unit.cooling_unit_id.0, unit.latest.unit_name.as_deref()),
        }
    }
}

impl Comparison<'_> {
    /// Groups of columns in the table of crops: all together, and each cooling unit when there are several.
    fn columns(&self) -> std::ops::Range<usize> {
        0..if self.units.len() > 1 { self.units.len() + 1 } else { 1 }
    }
}
