//! `GET /companies/{id}`: one company.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use metrics_core::db::reader::{self, Company, CompanyUnit};
use metrics_core::ids::{CompanyId, CoolingUnitId};
use metrics_core::view::View;
use rust_decimal::Decimal;

use super::days::{self, DayTable};
use super::figure::{Figure, Reason};
use super::flags::{self, Flag};
use super::graphics::{Bar, largest};
use super::overview::{AsOf, company_name, unit_name};
use super::{Page, Section};
use crate::conditional::Representation;
use crate::error::ApiError;
use crate::fields::Fields;
use crate::state::Worker;

/// What the paths of these pages start with.
pub const PREFIX: &str = "/companies/";
/// Pattern of their paths.
pub const PATTERN: &str = "/companies/{id}";

/// Days of the chart when no range is given.
const USUAL_DAYS: u64 = 90;
/// Cooling units in the list at most.
const MAX_UNITS: u32 = 200;
/// Lines of the chart at most.
const MAX_LINES: usize = 8;

#[derive(Template)]
#[template(path = "company.html")]
struct CompanyPage<'a> {
    page: &'a Page,
    section: Section,
    title: &'a str,
    id: i64,
    country: Figure,
    currency: Figure,
    time_zone: &'a str,
    report_date: String,
    parameter_set: &'a str,
    as_of: Option<AsOf>,
    tiles: Vec<Tile<'a>>,
    types: Vec<TypeRow>,
    people: Vec<PeopleRow>,
    user_types: Vec<(String, Figure)>,
    start: String,
    end: String,
    range: String,
    chart: Option<DayTable>,
    lines_left_out: Option<String>,
    units: Vec<UnitRow>,
    units_left_out: Option<String>,
    compare: String,
    impact: String,
    flags: Vec<Flag>,
}

/// An indicator.
struct Tile<'a> {
    key: &'static str,
    label: &'a str,
    figure: Figure,
    more: Option<(String, Figure)>,
}

/// Capacity of the cooling units of one type.
struct TypeRow {
    name: String,
    units: Figure,
    crates: Figure,
    tons: Figure,
    bar: Bar,
}

/// A group of people by gender.
struct PeopleRow {
    name: String,
    women: Figure,
    men: Figure,
    other: Figure,
    all: Figure,
    bar: Bar,
}

/// A cooling unit.
struct UnitRow {
    id: i64,
    href: String,
    name: String,
    is_deleted: bool,
    kind: Figure,
    state: Figure,
    crates: Figure,
    occupancy: Figure,
    bar: Bar,
    stock: Figure,
    first: String,
    last: String,
    flags: Figure,
}

/// The page.
pub async fn get(request: HttpRequest, id: Path<String>, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    let unknown = || ApiError::NotFound("there is no company with this number, or it has no figures yet".to_owned());
    let asked = Fields::urlencoded(request.query_string()).days_page()?;
    let company_id = CompanyId(crate::fields::path_id(&id).ok_or_else(unknown)?);
    let page = Page::new(&request);

    let mut snapshot = worker.snapshot().await?;
    let version = reader::data_version(&mut snapshot, View::Company).await?;
    let daily = reader::data_version(&mut snapshot, View::AggregatedComparison).await?;
    let query = format!("{}&{asked:?}", page.variant());
    // Versions only grow, so equal sums are equal versions.
    let representation = Representation::new(&request, &query, version.version + daily.version)?;
    if representation.is_known_by_tag() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    let Some(company) = reader::company(&mut snapshot, company_id).await? else {
        snapshot.close().await?;
        return Err(unknown());
    };
    let units_in_use = reader::units_in_use(&mut snapshot, &[company.company_id]).await?;
    // Before any day is stored, nothing is known of cooling units.
    let units_in_use = (daily.version > 0).then(|| units_in_use.get(&company.company_id).copied().unwrap_or(0));
    let units = reader::company_units(&mut snapshot, company_id, MAX_UNITS).await?;
    let last = units.iter().map(|unit| unit.last_date).max().unwrap_or(company.report_date);
    let range = asked.or_last(last, USUAL_DAYS)?;
    let lines: Vec<_> = units.iter().filter(|unit| unit.last_date >= *range.start()).take(MAX_LINES).collect();
    let ids: Vec<_> = lines.iter().map(|unit| CoolingUnitId(unit.cooling_unit_id)).collect();
    let chart_range = days::charted(&range);
    let rows = reader::chart_days(&mut snapshot, &ids, &chart_range).await?;
    snapshot.close().await?;

    let names: Vec<_> = lines
        .iter()
        .map(|unit| (unit.cooling_unit_id, unit_name(&page, unit.cooling_unit_id, unit.unit_name.as_deref())))
        .collect();
    let total = units.first().map_or(0, |unit| unit.total);
    let shown = i64::try_from(units.len()).unwrap_or(i64::MAX);
    let name = company_name(&page, company.company_id, company.comp_name.as_deref());
    let (start, end) = (range.start().to_string(), range.end().to_string());
    let flags = units.iter().flat_map(|unit| {
        let name = unit_name(&page, unit.cooling_unit_id, unit.unit_name.as_deref());
        unit.data_quality.iter().map(move |flag| (name.clone(), flag.as_str()))
    });
    let view = CompanyPage {
        section: Section::Overview,
        title: &name,
        id: company.company_id,
        country: page.maybe_text(company.comp_country.as_deref()),
        currency: page.maybe_text(company.currency.as_deref()),
        time_zone: &company.time_zone,
        report_date: page.lang.date(company.report_date),
        parameter_set: &company.parameter_set,
        as_of: AsOf::new(&page, &version),
        tiles: tiles(&page, &company, units_in_use),
        types: types(&page, &units),
        people: people(&page, &company),
        user_types: vec![
            (page.t("people.farmers").to_owned(), page.count(company.comp_farmers)),
            (page.t("people.traders").to_owned(), page.count(company.comp_traders)),
            (page.t("people.unspecified").to_owned(), page.count(company.comp_unspec_user_type)),
        ],
        range: days::in_words(&page, &chart_range),
        chart: (!rows.is_empty()).then(|| days::occupancy(&page, &names, &rows)),
        lines_left_out: (units.len() > lines.len() && lines.len() == MAX_LINES)
            .then(|| page.say("company.lines_left_out", "n", &MAX_LINES.to_string())),
        units_left_out: (shown < total).then(|| {
            page.lang.say("company.units_left_out", &[("shown", &shown.to_string()), ("total", &total.to_string())])
        }),
        compare: page.link(&format!("compare?company_id={company_id}&start_date={start}&end_date={end}")),
        impact: page.link(&format!("impact?company_id={company_id}&start_date={start}&end_date={end}")),
        units: units.iter().map(|unit| UnitRow::new(&page, unit)).collect(),
        flags: flags::explain(&page, flags),
        start,
        end,
        page: &page,
    };
    representation.html(&view)
}

fn tiles<'a>(page: &'a Page, company: &Company, units_in_use: Option<i64>) -> Vec<Tile<'a>> {
    let tile = |key, label, figure| Tile { key, label, figure, more: None };
    let with = |key, label, figure, more: (&str, Figure)| Tile {
        key,
        label,
        figure,
        more: Some((page.t(more.0).to_owned(), more.1)),
    };
    let units = page.maybe_count(units_in_use, Reason::NoDays);
    let usd = page.maybe_decimal(company.comp_revenue_usd, 2, Reason::NoRate).unit("USD");
    vec![
        tile("cooling_units", page.t("tile.units"), units),
        with(
            "comp_cap_num_crates",
            page.t("tile.capacity"),
            page.maybe_count(company.comp_cap_num_crates, Reason::NotStated).unit(page.t("unit.crates")),
            ("tile.capacity_tons", page.maybe_decimal(company.comp_cap_tons, 1, Reason::NotStated).unit("t")),
        ),
        tile(
            "comp_average_room_occupancy",
            page.t("tile.occupancy"),
            page.maybe_decimal(company.comp_average_room_occupancy, 1, Reason::NoCapacity).unit("%"),
        ),
        tile("comp_cool_users", page.t("tile.users"), page.count(company.comp_cool_users)),
        with(
            "comp_beneficiaries",
            page.t("tile.beneficiaries"),
            page.decimal(company.comp_beneficiaries, 0),
            ("tile.beneficiaries_fem", page.decimal(company.comp_beneficiaries_fem, 0)),
        ),
        with(
            "comp_kg_in",
            page.t("tile.kg_in"),
            page.float(company.comp_kg_in, 0).unit("kg"),
            ("tile.crates", page.count(company.comp_crates_in)),
        ),
        with(
            "comp_kg_out",
            page.t("tile.kg_out"),
            page.float(company.comp_kg_out, 0).unit("kg"),
            ("tile.crates", page.count(company.comp_crates_out)),
        ),
        with(
            "comp_ops_in",
            page.t("tile.ops_in"),
            page.count(company.comp_ops_in),
            ("tile.ops_out", page.count(company.comp_ops_out)),
        ),
        with(
            "comp_revenue",
            page.t("tile.revenue"),
            page.maybe_decimal(company.comp_revenue, 2, Reason::NoRate)
                .unit(company.currency.as_deref().unwrap_or_default()),
            ("tile.revenue_usd", usd),
        ),
        tile("fx_missing_days", page.t("tile.fx_missing"), page.count(company.fx_missing_days)),
    ]
}

/// Capacity of the cooling units in use by type, as their last days have it.
fn types(page: &Page, units: &[CompanyUnit]) -> Vec<TypeRow> {
    #[derive(Default)]
    struct Sums {
        units: i64,
        crates: Option<i64>,
        tons: Option<Decimal>,
    }
    let mut by_type: BTreeMap<Option<&str>, Sums> = BTreeMap::new();
    for unit in units.iter().filter(|unit| !unit.is_unit_deleted) {
        let sums = by_type.entry(unit.cool_unit_type.as_deref()).or_default();
        sums.units += 1;
        if let Some(crates) = unit.cap_num_crates {
            sums.crates = Some(sums.crates.unwrap_or(0) + i64::from(crates));
        }
        if let Some(tons) = unit.cap_tons {
            sums.tons = Some(sums.tons.unwrap_or_default().saturating_add(tons));
        }
    }
    let full = largest(by_type.values().map(|sums| sums.crates.unwrap_or(0) as f64));
    let rows = by_type.into_iter().map(|(kind, sums)| TypeRow {
        name: unit_type(page, kind).unwrap_or_else(|| page.t("type.none").to_owned()),
        units: page.count(sums.units),
        crates: page.maybe_count(sums.crates, Reason::NotStated),
        tons: page.maybe_decimal(sums.tons, 1, Reason::NotStated),
        bar: Bar::new(&[("fill-1", sums.crates.unwrap_or(0) as f64)], full),
    });
    rows.collect()
}

/// A type of cooling unit in words; one that is not known stays as it is.
pub fn unit_type(page: &Page, kind: Option<&str>) -> Option<String> {
    let kind = kind?;
    let key = format!("type.{kind}");
    Some(if crate::locale::Lang::knows(&key) { page.t(&key).to_owned() } else { kind.to_owned() })
}

fn people(page: &Page, company: &Company) -> Vec<PeopleRow> {
    let groups = [
        (
            page.t("people.cooling_users"),
            [company.comp_cool_users_fem, company.comp_cool_users_ma, company.comp_cool_users_ot],
            company.comp_cool_users,
        ),
        (page.t("people.operators"), [company.comp_op_fem, company.comp_op_ma, company.comp_op_ot], company.comp_op),
        (
            page.t("people.employees"),
            [company.comp_reg_users_fem, company.comp_reg_users_ma, company.comp_reg_users_ot],
            company.comp_reg_users,
        ),
    ];
    let rows = groups.into_iter().map(|(name, [women, men, other], all)| PeopleRow {
        name: name.to_owned(),
        women: page.count(women),
        men: page.count(men),
        other: page.count(other),
        all: page.count(all),
        bar: Bar::new(&[("fill-1", women.into()), ("fill-2", men.into()), ("fill-3", other.into())], all.into()),
    });
    rows.collect()
}

impl UnitRow {
    fn new(page: &Page, unit: &CompanyUnit) -> Self {
        let id = unit.cooling_unit_id;
        Self {
            id,
            href: page.link(&format!("compare?unit_ids={id}")),
            name: unit_name(page, id, unit.unit_name.as_deref()),
            is_deleted: unit.is_unit_deleted,
            kind: page.maybe_text(unit_type(page, unit.cool_unit_type.as_deref()).as_deref()),
            state: page.maybe_text(unit.state.as_deref()),
            crates: page.maybe_count(unit.cap_num_crates, Reason::NotStated),
            occupancy: page.maybe_float(unit.average_room_occupancy, 1, Reason::NoCapacity).unit("%"),
            bar: Bar::new(&[("fill-1", unit.average_room_occupancy.unwrap_or(0.0))], 100.0),
            stock: page.float(unit.room_stock_kg, 1),
            first: page.lang.date(unit.first_date),
            last: page.lang.date(unit.last_date),
            flags: page.count(unit.data_quality.len()),
        }
    }
}
