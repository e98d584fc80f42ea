//! Before and after: revenue, price and loss, and the surveys behind them.

use metrics_core::coldroom::impact_slice::ImpactSlice;
use metrics_core::ids::CoolingUnitId;

use crate::pages::Page;
use crate::pages::figure::{Figure, Reason};
use crate::pages::graphics::{Bar, largest};

/// Figures of a cooling unit, or of all together.
pub struct Record {
    /// The cooling unit; none for all together.
    pub unit: Option<CoolingUnitId>,
    /// Its name.
    pub name: String,
    /// The figures.
    pub slice: ImpactSlice,
}

/// A subject, with a row for each record.
pub struct Table<'a> {
    /// Name in addresses within the page.
    pub id: &'static str,
    /// What it is about.
    pub title: &'a str,
    /// How it is to be read.
    pub note: &'a str,
    /// True when bars of before and after stand beside the figures.
    pub is_before_and_after: bool,
    /// Its columns.
    pub columns: Vec<Column<'a>>,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// A column.
pub struct Column<'a> {
    /// Its name in the API.
    pub key: &'static str,
    /// What it is called.
    pub label: &'a str,
    /// Unit of its figures, when all have the same.
    pub unit: &'static str,
}

/// Figures of a record.
pub struct Row {
    /// Id of the cooling unit; `all` for all together.
    pub code: String,
    /// Its name.
    pub name: String,
    /// True for all together.
    pub is_total: bool,
    /// One for each column.
    pub cells: Vec<Figure>,
    /// To look at.
    pub bars: Vec<Bar>,
}

/// The tables of `records`; none without records.
pub fn tables<'a>(page: &'a Page, records: &[Record]) -> Vec<Table<'a>> {
    if records.is_empty() {
        return Vec::new();
    }
    vec![revenue(page, records), price(page, records), loss(page, records), surveys(page, records)]
}

const fn column<'a>(key: &'static str, label: &'a str, unit: &'static str) -> Column<'a> {
    Column { key, label, unit }
}

fn rows(
    records: &[Record],
    cells: impl Fn(&ImpactSlice) -> Vec<Figure>,
    bars: impl Fn(&ImpactSlice) -> Vec<Bar>,
) -> Vec<Row> {
    let rows = records.iter().map(|Record { unit, name, slice }| Row {
        code: unit.map_or_else(|| "all".to_owned(), |unit| unit.to_string()),
        name: name.clone(),
        is_total: unit.is_none(),
        cells: cells(slice),
        bars: bars(slice),
    });
    rows.collect()
}

/// Bars of two amounts, as wide as they are of the largest in the table.
fn before_and_after(
    records: &[Record],
    amounts: fn(&ImpactSlice) -> [Option<f64>; 2],
) -> impl Fn(&ImpactSlice) -> Vec<Bar> {
    let full = largest(records.iter().flat_map(|record| amounts(&record.slice)).flatten());
    move |slice| {
        let [before, after] = amounts(slice).map(|amount| amount.unwrap_or(0.0));
        vec![Bar::new(&[("fill-2", before)], full), Bar::new(&[("fill-1", after)], full)]
    }
}

/// Why money is missing.
fn no_money(slice: &ImpactSlice) -> Reason {
    if slice.currency.is_none() { Reason::MixedCurrencies } else { Reason::NotSurveyed }
}

fn currency(slice: &ImpactSlice) -> &str {
    slice.currency.as_deref().unwrap_or_default()
}

fn revenue<'a>(page: &'a Page, records: &[Record]) -> Table<'a> {
    let money = |slice: &ImpactSlice, amount| page.maybe_float(amount, 2, no_money(slice)).unit(currency(slice));
    let cells = |slice: &ImpactSlice| {
        let reason = no_money(slice);
        vec![
            money(slice, slice.avg_baseline_farmer_revenue_month),
            money(slice, slice.avg_monthly_farmer_revenue),
            page.maybe_change(slice.avg_monthly_farmer_revenue_evolution, 2, reason).unit(currency(slice)),
            page.maybe_change(slice.avg_monthly_perc_revenue_increase_evolution, 1, reason).unit("%"),
        ]
    };
    let amounts = |slice: &ImpactSlice| [slice.avg_baseline_farmer_revenue_month, slice.avg_monthly_farmer_revenue];
    Table {
        id: "revenue",
        title: page.t("impact.revenue"),
        note: page.t("impact.revenue_note"),
        is_before_and_after: true,
        columns: vec![
            column("avg_baseline_farmer_revenue_month", page.t("impact.before"), ""),
            column("avg_monthly_farmer_revenue", page.t("impact.after"), ""),
            column("avg_monthly_farmer_revenue_evolution", page.t("impact.change"), ""),
            column("avg_monthly_perc_revenue_increase_evolution", page.t("impact.change"), "%"),
        ],
        rows: rows(records, cells, before_and_after(records, amounts)),
    }
}

fn price<'a>(page: &'a Page, records: &[Record]) -> Table<'a> {
    let cells = |slice: &ImpactSlice| {
        let (reason, unit) = (no_money(slice), format!("{}/kg", currency(slice)));
        vec![
            page.maybe_float(slice.avg_baseline_kg_selling_price_month, 2, reason).unit(&unit),
            page.maybe_float(slice.avg_monthly_kg_selling_price, 2, reason).unit(&unit),
            page.maybe_change(slice.avg_monthly_kg_selling_price_evolution, 2, reason).unit(&unit),
            page.maybe_change(slice.avg_monthly_perc_unit_selling_price_evolution, 1, reason).unit("%"),
        ]
    };
    let amounts = |slice: &ImpactSlice| [slice.avg_baseline_kg_selling_price_month, slice.avg_monthly_kg_selling_price];
    Table {
        id: "price",
        title: page.t("impact.price"),
        note: page.t("impact.price_note"),
        is_before_and_after: true,
        columns: vec![
            column("avg_baseline_kg_selling_price_month", page.t("impact.before"), ""),
            column("avg_monthly_kg_selling_price", page.t("impact.after"), ""),
            column("avg_monthly_kg_selling_price_evolution", page.t("impact.change"), ""),
            column("avg_monthly_perc_unit_selling_price_evolution", page.t("impact.change"), "%"),
        ],
        rows: rows(records, cells, before_and_after(records, amounts)),
    }
}

fn loss<'a>(page: &'a Page, records: &[Record]) -> Table<'a> {
    let cells = |slice: &ImpactSlice| {
        let float = |amount| page.maybe_float(amount, 1, Reason::NotSurveyed);
        vec![
            float(slice.baseline_kg_loss_month).unit("kg"),
            float(slice.avg_baseline_perc_loss_month).unit("%"),
            page.float(slice.monthly_kg_loss, 1).unit("kg"),
            float(slice.avg_monthly_perc_loss).unit("%"),
            page.maybe_change(slice.avg_monthly_perc_foodloss_evolution, 1, Reason::NotSurveyed).unit("%"),
        ]
    };
    let amounts = |slice: &ImpactSlice| [slice.avg_baseline_perc_loss_month, slice.avg_monthly_perc_loss];
    Table {
        id: "loss",
        title: page.t("impact.loss"),
        note: page.t("impact.loss_note"),
        is_before_and_after: true,
        columns: vec![
            column("baseline_kg_loss_month", page.t("impact.before"), "kg"),
            column("avg_baseline_perc_loss_month", page.t("impact.before"), "%"),
            column("monthly_kg_loss", page.t("impact.after"), "kg"),
            column("avg_monthly_perc_loss", page.t("impact.after"), "%"),
            column("avg_monthly_perc_foodloss_evolution", page.t("impact.change"), "%"),
        ],
        rows: rows(records, cells, before_and_after(records, amounts)),
    }
}

fn surveys<'a>(page: &'a Page, records: &[Record]) -> Table<'a> {
    let cells = |slice: &ImpactSlice| {
        vec![
            page.count(slice.total_post_checkout_survey_unit),
            page.count(slice.possible_post_checkout_survey_room),
            page.count(slice.num_post_harvest_surveys),
            page.count(slice.baseline_completed_surveys_room),
            page.count(slice.rows),
            page.float(slice.monthly_kg_checkin, 1),
            page.maybe_float(slice.baseline_quantity_total_month, 1, Reason::NotSurveyed),
            page.maybe_float(slice.baseline_kg_sold_month, 1, Reason::NotSurveyed),
            page.maybe_text(Some(&page.lang.instant(slice.latest_survey_date))),
        ]
    };
    let bars = |slice: &ImpactSlice| {
        let [filled_in, possible] =
            [slice.total_post_checkout_survey_unit, slice.possible_post_checkout_survey_room].map(|count| count as f64);
        vec![Bar::new(&[("fill-1", filled_in)], possible)]
    };
    Table {
        id: "surveys",
        title: page.t("impact.surveys"),
        note: page.t("impact.surveys_note"),
        is_before_and_after: false,
        columns: vec![
            column("total_post_checkout_survey_unit", page.t("impact.filled_in"), ""),
            column("possible_post_checkout_survey_room", page.t("impact.possible"), ""),
            column("num_post_harvest_surveys", page.t("impact.behind"), ""),
            column("baseline_completed_surveys_room", page.t("impact.baselines"), ""),
            column("rows", page.t("impact.rows"), ""),
            column("monthly_kg_checkin", page.t("impact.surveyed_kg"), "kg"),
            column("baseline_quantity_total_month", page.t("impact.harvest"), "kg"),
            column("baseline_kg_sold_month", page.t("impact.sold"), "kg"),
            column("latest_survey_date", page.t("impact.latest"), ""),
        ],
        rows: rows(records, cells, bars),
    }
}
