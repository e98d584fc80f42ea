//! Crates and kilograms in and out, by crop.

use std::collections::BTreeSet;

use metrics_core::coldroom::slice::{CombinedUnits, SumsByName, UnitSlice};

use crate::pages::Page;
use crate::pages::figure::Figure;
use crate::pages::graphics::{Bar, largest};

/// A crop.
pub struct CropRow {
    /// Its name.
    pub name: String,
    /// All cooling units, together.
    pub all: InAndOut,
    /// Kilograms in and out of all.
    pub bar_in: Bar,
    /// Kilograms out of all.
    pub bar_out: Bar,
    /// Each cooling unit.
    pub each: Vec<InAndOut>,
}

/// What came and what left.
pub struct InAndOut {
    /// Crates checked in.
    pub crates_in: Figure,
    /// Their weight.
    pub kg_in: Figure,
    /// Crates emptied.
    pub crates_out: Figure,
    /// Weight released.
    pub kg_out: Figure,
}

/// The dictionaries of one cooling unit, or of all.
struct Sums<'a> {
    crates_in: &'a SumsByName,
    kg_in: &'a SumsByName,
    crates_out: &'a SumsByName,
    kg_out: &'a SumsByName,
}

impl Sums<'_> {
    fn figures(&self, page: &Page, crop: &str) -> InAndOut {
        // A crop that is not in a dictionary was neither brought nor fetched: that is a 0, not unknown.
        InAndOut {
            crates_in: page.float(number(self.crates_in, crop), 0),
            kg_in: page.float(number(self.kg_in, crop), 1),
            crates_out: page.float(number(self.crates_out, crop), 0),
            kg_out: page.float(number(self.kg_out, crop), 1),
        }
    }
}

fn number(sums: &SumsByName, crop: &str) -> f64 {
    sums.iter().find(|(name, _)| *name == crop).and_then(|(_, number)| number).unwrap_or(0.0)
}

/// All crops that came or left, by name.
pub fn rows(page: &Page, all: &CombinedUnits, units: &[UnitSlice]) -> Vec<CropRow> {
    let together = Sums {
        crates_in: &all.check_in_crates_crop,
        kg_in: &all.check_in_kg_crop,
        crates_out: &all.check_out_crates_crop,
        kg_out: &all.check_out_kg_crop,
    };
    let dictionaries = [together.crates_in, together.kg_in, together.crates_out, together.kg_out];
    let names: BTreeSet<_> = dictionaries.iter().flat_map(|sums| sums.iter().map(|(name, _)| name)).collect();
    let full = largest([together.kg_in, together.kg_out].iter().flat_map(|sums| sums.iter().filter_map(|(_, kg)| kg)));
    let rows = names.into_iter().map(|crop| CropRow {
        name: crop.to_owned(),
        all: together.figures(page, crop),
        bar_in: Bar::new(&[("fill-1", number(together.kg_in, crop))], full),
        bar_out: Bar::new(&[("fill-2", number(together.kg_out, crop))], full),
        each: units
            .iter()
            .map(|UnitSlice { sums, .. }| {
                let own = Sums {
                    crates_in: &sums.check_in_crates_crop,
                    kg_in: &sums.check_in_kg_crop,
                    crates_out: &sums.check_out_crates_crop,
                    kg_out: &sums.check_out_kg_crop,
                };
                own.figures(page, crop)
            })
            .collect(),
    });
    rows.collect()
}
