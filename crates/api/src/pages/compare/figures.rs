//! The indicators, one row each.

use metrics_core::coldroom::slice::{CombinedUnits, Total, UnitSlice};
use rust_decimal::Decimal;

use crate::pages::Page;
use crate::pages::figure::{Figure, Reason};

/// An indicator over all cooling units and over each.
pub struct Row<'a> {
    /// Its column in the API.
    pub key: &'static str,
    /// What it is called.
    pub label: String,
    /// Its unit; empty for counts whose name says it.
    pub unit: &'a str,
    /// Over all cooling units, together.
    pub all: Figure,
    /// Over each, by cooling unit.
    pub each: Vec<(i64, Figure)>,
}

/// All indicators.
pub fn rows<'a>(page: &'a Page, all: &CombinedUnits, units: &[UnitSlice]) -> Vec<Row<'a>> {
    let row = |key, label: &str, unit: &'a str, all, figure: &dyn Fn(&UnitSlice) -> Figure| Row {
        key,
        label: label.to_owned(),
        unit,
        all,
        each: units.iter().map(|unit| (unit.cooling_unit_id.0, figure(unit))).collect(),
    };
    let float = |total: Total<f64>, days, places, reason| {
        page.maybe_float(total.sum, places, reason).partial(page, total.missing_days, days)
    };
    let money = |total: Total<Decimal>, days, currency: &str, reason| {
        page.maybe_decimal(total.sum, 2, reason).unit(currency).partial(page, total.missing_days, days)
    };
    let no_revenue = if all.currencies.len() > 1 { Reason::SeveralCurrencies } else { Reason::NoRate };
    let currency = all.currencies.first().map_or("", String::as_str);
    vec![
        row("days", page.t("figure.days"), "", page.count(all.unit_days), &|unit| page.count(unit.sums.days)),
        row(
            "cap_num_crates",
            page.t("figure.capacity"),
            page.crates(),
            page.maybe_count(all.cap_num_crates, Reason::NotStated),
            &|unit| page.maybe_count(unit.latest.cap_num_crates, Reason::NotStated),
        ),
        row(
            "average_room_occupancy",
            page.t("figure.occupancy"),
            "%",
            page.maybe_float(all.average_room_occupancy(), 1, Reason::NoCapacity).partial(
                page,
                all.occupancy.missing_days,
                all.unit_days,
            ),
            &|unit| {
                let sums = &unit.sums;
                page.maybe_float(sums.average_room_occupancy(), 1, Reason::NoCapacity).partial(
                    page,
                    sums.occupancy.missing_days,
                    sums.days,
                )
            },
        ),
        row(
            "room_active_users",
            page.t("figure.active_users"),
            "",
            page.count(all.room_active_user_ids.count()),
            &|unit| page.count(unit.sums.room_active_user_ids.count()),
        ),
        row(
            "room_beneficiaries",
            page.t("figure.beneficiaries"),
            "",
            page.maybe_decimal(all.beneficiaries.map(|people| people.total), 0, Reason::SeveralHouseholds),
            &|unit| page.maybe_decimal(unit.beneficiaries().map(|people| people.total), 0, Reason::TooLarge),
        ),
        row("room_ops_in", page.t("figure.ops_in"), "", page.count(all.room_ops_in), &|unit| {
            page.count(unit.sums.room_ops_in)
        }),
        row("room_crates_in", page.t("figure.crates_in"), "", page.count(all.room_crates_in), &|unit| {
            page.count(unit.sums.room_crates_in)
        }),
        row("room_kg_in", page.t("figure.kg_in"), "kg", page.float(all.room_kg_in, 1), &|unit| {
            page.float(unit.sums.room_kg_in, 1)
        }),
        row("room_ops_out", page.t("figure.ops_out"), "", page.count(all.room_ops_out), &|unit| {
            page.count(unit.sums.room_ops_out)
        }),
        row("room_crates_out", page.t("figure.crates_out"), "", page.count(all.room_crates_out), &|unit| {
            page.count(unit.sums.room_crates_out)
        }),
        row("room_kg_out", page.t("figure.kg_out"), "kg", page.float(all.room_kg_out, 1), &|unit| {
            page.float(unit.sums.room_kg_out, 1)
        }),
        row("room_stock_kg", page.t("figure.stock"), "kg", page.float(all.room_stock_kg, 1), &|unit| {
            page.float(unit.latest.room_stock_kg, 1)
        }),
        row(
            "room_revenue",
            page.t("figure.revenue"),
            "",
            money(all.room_revenue, all.unit_days, currency, no_revenue),
            &|unit| {
                let currency = unit.latest.currency.as_deref().unwrap_or_default();
                money(unit.sums.room_revenue, unit.sums.days, currency, Reason::NoRate)
            },
        ),
        row(
            "room_revenue_usd",
            page.t("figure.revenue_usd"),
            "",
            money(all.room_revenue_usd, all.unit_days, "", Reason::NoRate),
            &|unit| money(unit.sums.room_revenue_usd, unit.sums.days, "", Reason::NoRate),
        ),
        row(
            "tot_co2",
            page.t("figure.co2"),
            "kg CO₂e",
            float(all.tot_co2, all.unit_days, 1, Reason::NoElectricity),
            &|unit| float(unit.sums.tot_co2, unit.sums.days, 1, Reason::NoElectricity),
        ),
    ]
}
