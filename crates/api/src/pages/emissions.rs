//! Emissions with and without the cold room, by crop and by cause.

use metrics_core::coldroom::slice::{EmissionSums, SumsByName};
use metrics_core::ids::CoolingUnitId;

use super::Page;
use super::figure::{Figure, Reason};
use super::graphics::{Bar, largest};

/// Emissions of a cooling unit, or of all together.
pub struct Record<'a> {
    /// The cooling unit; none for all together.
    pub unit: Option<CoolingUnitId>,
    /// Its name.
    pub name: String,
    /// Over its days; absent without any.
    pub sums: Option<&'a EmissionSums>,
    /// What was avoided.
    pub saved: Option<f64>,
}

/// Emissions of the chosen cooling units.
pub struct Emissions {
    /// Each record.
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
    /// Its id; `all` for all together.
    pub code: String,
    /// Its name.
    pub name: String,
    /// True for all together.
    pub is_total: bool,
    /// Energy of the room.
    pub energy: Figure,
    /// Food that is lost with the room.
    pub food_loss: Figure,
    /// With the cold room, its empty days included.
    pub with: Figure,
    /// Had there been none.
    pub without: Figure,
    /// The difference.
    pub saved: Figure,
    /// Energy and food loss with the room, to look at.
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
    /// Emissions of `records`, and by crop and cause those of `total`.
    pub fn new(page: &Page, records: &[Record<'_>], total: Option<&EmissionSums>) -> Self {
        let sides = records.iter().filter_map(|record| record.sums).flat_map(|sums| [sums.co2_from, sums.co2_to]);
        let full = largest(sides.flatten());
        Self {
            units: records.iter().map(|record| UnitRow::new(page, record, full)).collect(),
            crops: total.map(|sums| crops(page, sums)).unwrap_or_default(),
            idle: page.maybe_float(total.and_then(|sums| sums.idle), 1, Reason::NoElectricity),
            causes: total.map(|sums| causes(page, &sums.breakdown)).unwrap_or_default(),
        }
    }
}

impl UnitRow {
    fn new(page: &Page, record: &Record<'_>, full: f64) -> Self {
        let sums = record.sums;
        let (missing, days) = sums.map_or((0, 0), |sums| (sums.missing_days, sums.days + sums.missing_days));
        let reason = if days == 0 { Reason::NoDays } else { Reason::NoElectricity };
        let figure = |number: Option<f64>| page.maybe_float(number, 1, reason).partial(page, missing, days);
        let of = |amount: fn(&EmissionSums) -> Option<f64>| sums.and_then(amount);
        let (energy, food_loss) = (of(EmissionSums::energy), of(EmissionSums::food_loss));
        let (with, without) = (of(|sums| sums.co2_to), of(|sums| sums.co2_from));
        Self {
            code: record.unit.map_or_else(|| "all".to_owned(), |unit| unit.to_string()),
            name: record.name.clone(),
            is_total: record.unit.is_none(),
            energy: figure(energy),
            food_loss: figure(food_loss),
            with: figure(with),
            without: figure(without),
            saved: figure(record.saved),
            bar_with: match energy.zip(food_loss) {
                Some((energy, food_loss)) => Bar::new(&[("fill-4", energy), ("fill-1", food_loss)], full),
                None => Bar::new(&[("fill-1", with.unwrap_or(0.0))], full),
            },
            bar_without: Bar::new(&[("fill-2", without.unwrap_or(0.0))], full),
        }
    }
}

fn crops(page: &Page, sums: &EmissionSums) -> Vec<CropRow> {
    let full = largest(sums.by_crop.iter().flat_map(|(_, crop)| [crop.coldroom, crop.no_coldroom]));
    let rows = sums.by_crop.iter().map(|(name, crop)| CropRow {
        name: name.to_owned(),
        with: page.float(crop.coldroom, 1),
        without: page.float(crop.no_coldroom, 1),
        saved: page.float(crop.no_coldroom - crop.coldroom, 1),
        bar_with: Bar::new(&[("fill-1", crop.coldroom)], full),
        bar_without: Bar::new(&[("fill-2", crop.no_coldroom)], full),
    });
    rows.collect()
}

fn causes(page: &Page, breakdown: &SumsByName) -> Vec<CauseRow> {
    let amount = |sums: &SumsByName, code: &str| sums.iter().find(|(name, _)| *name == code).map(|(_, kg)| kg);
    let full = largest(breakdown.iter().filter_map(|(_, kg)| kg));
    let rows = CAUSES.into_iter().filter_map(|(code, is_with, fill)| {
        let kg = amount(breakdown, code)?;
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
