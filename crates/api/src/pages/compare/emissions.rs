//! Emissions with and without the cold room, by crop and by cause.

use std::collections::BTreeMap;

use metrics_core::coldroom::slice::{CombinedUnits, CropEmissions, SumsByName, Total, UnitSlice};

use super::ByCrop;
use crate::pages::Page;
use crate::pages::figure::{Figure, Reason};
use crate::pages::graphics::{Bar, largest};
use crate::pages::overview::unit_name;

/// Emissions of the chosen cooling units.
pub struct Emissions {
    /// By cooling unit, and all together last when there are several.
    pub units: Vec<UnitRow>,
    /// By crop, over all of them.
    pub crops: Vec<CropRow>,
    /// What the rooms emitted on days that ended empty, which no crop carries.
    pub idle: Figure,
    /// By cause, over all of them.
    pub causes: Vec<CauseRow>,
}

/// One cooling unit, or all.
pub struct UnitRow {
    /// Its name.
    pub name: String,
    /// True for all together.
    pub is_total: bool,
    /// With the cold room, its empty days included.
    pub with: Figure,
    /// Had there been none.
    pub without: Figure,
    /// The difference.
    pub saved: Figure,
    /// Both, to look at.
    pub bar_with: Bar,
    /// Without, to look at.
    pub bar_without: Bar,
}

/// One crop.
pub struct CropRow {
    /// Its name.
    pub name: String,
    /// With the cold room.
    pub with: Figure,
    /// Had there been none.
    pub without: Figure,
    /// The difference.
    pub saved: Figure,
    /// With, to look at.
    pub bar_with: Bar,
    /// Without, to look at.
    pub bar_without: Bar,
}

/// One cause.
pub struct CauseRow {
    /// As it is stored.
    pub code: String,
    /// In words.
    pub name: String,
    /// With or without the cold room.
    pub side: String,
    /// How much.
    pub amount: Figure,
    /// To look at.
    pub bar: Bar,
}

/// Causes with the cold room and without it: as stored, and the fill of their bars.
const CAUSES: [(&str, bool, &str); 6] = [
    ("electricity", true, "fill-4"),
    ("refrigerant", true, "fill-4"),
    ("disposal_cold", true, "fill-1"),
    ("production_cold", true, "fill-1"),
    ("disposal_ambient", false, "fill-2"),
    ("production_ambient", false, "fill-2"),
];

impl Emissions {
    /// Emissions of `units`, whose crops are in `by_crop`.
    pub fn new(page: &Page, all: &CombinedUnits, units: &[UnitSlice], by_crop: &ByCrop) -> Self {
        let sides = |unit: &UnitSlice| {
            let crops = by_crop.get(&unit.cooling_unit_id)?;
            Some(sides(crops.iter().map(|(_, crop)| crop), unit.sums.co2_idle))
        };
        let each: Vec<_> = units.iter().map(sides).collect();
        let total = each
            .iter()
            .flatten()
            .copied()
            .reduce(|sum, one| Sides { with: sum.with + one.with, without: sum.without + one.without });
        let full = largest(each.iter().flatten().chain(&total).flat_map(|sides| [sides.with, sides.without]));
        let mut rows: Vec<_> = units
            .iter()
            .zip(&each)
            .map(|(unit, sides)| {
                let name = unit_name(page, unit.cooling_unit_id.0, unit.latest.unit_name.as_deref());
                UnitRow::new(page, name, *sides, unit.sums.tot_co2, unit.sums.days, full)
            })
            .collect();
        if units.len() > 1 {
            let name = page.t("compare.all").to_owned();
            let row = UnitRow::new(page, name, total, all.tot_co2, all.unit_days, full);
            rows.push(UnitRow { is_total: true, ..row });
        }
        let idle = page.maybe_float(all.co2_idle.sum, 1, Reason::NoElectricity);
        Self { units: rows, crops: crops(page, by_crop), idle, causes: causes(page, all) }
    }
}

/// Emissions with and without the cold room, kg of CO2 equivalent.
#[derive(Clone, Copy)]
struct Sides {
    with: f64,
    without: f64,
}

/// Crops together, and what the room emitted on days when it stood empty.
fn sides(crops: impl Iterator<Item = CropEmissions>, idle: Total<f64>) -> Sides {
    let start = Sides { with: idle.sum.unwrap_or(0.0), without: 0.0 };
    crops.fold(start, |sum, crop| Sides { with: sum.with + crop.coldroom, without: sum.without + crop.no_coldroom })
}

impl UnitRow {
    fn new(page: &Page, name: String, sides: Option<Sides>, saved: Total<f64>, days: u32, full: f64) -> Self {
        let figure = |number: Option<f64>| {
            page.maybe_float(number, 1, Reason::NoElectricity).partial(page, saved.missing_days, days)
        };
        Self {
            name,
            is_total: false,
            with: figure(sides.map(|sides| sides.with)),
            without: figure(sides.map(|sides| sides.without)),
            saved: figure(saved.sum),
            bar_with: Bar::new(&[("fill-1", sides.map_or(0.0, |sides| sides.with))], full),
            bar_without: Bar::new(&[("fill-2", sides.map_or(0.0, |sides| sides.without))], full),
        }
    }
}

fn crops(page: &Page, by_crop: &ByCrop) -> Vec<CropRow> {
    let mut sums: BTreeMap<&str, CropEmissions> = BTreeMap::new();
    for crops in by_crop.values() {
        for (name, crop) in crops.iter() {
            let sum = sums.entry(name).or_default();
            sum.coldroom += crop.coldroom;
            sum.no_coldroom += crop.no_coldroom;
        }
    }
    let full = largest(sums.values().flat_map(|crop| [crop.coldroom, crop.no_coldroom]));
    let rows = sums.into_iter().map(|(name, crop)| CropRow {
        name: name.to_owned(),
        with: page.float(crop.coldroom, 1),
        without: page.float(crop.no_coldroom, 1),
        saved: page.float(crop.no_coldroom - crop.coldroom, 1),
        bar_with: Bar::new(&[("fill-1", crop.coldroom)], full),
        bar_without: Bar::new(&[("fill-2", crop.no_coldroom)], full),
    });
    rows.collect()
}

fn causes(page: &Page, all: &CombinedUnits) -> Vec<CauseRow> {
    let amount = |sums: &SumsByName, code: &str| sums.iter().find(|(name, _)| *name == code).map(|(_, kg)| kg);
    let full = largest(all.co2_breakdown.iter().filter_map(|(_, kg)| kg));
    let rows = CAUSES.into_iter().filter_map(|(code, is_with, fill)| {
        let kg = amount(&all.co2_breakdown, code)?;
        let (key, side) = (format!("cause.{code}"), if is_with { "compare.with" } else { "compare.without" });
        Some(CauseRow {
            code: code.to_owned(),
            name: page.t(&key).to_owned(),
            side: page.t(side).to_owned(),
            amount: page.maybe_float(kg, 1, Reason::NoElectricity),
            bar: Bar::new(&[(fill, kg.unwrap_or(0.0))], full),
        })
    });
    rows.collect()
}
