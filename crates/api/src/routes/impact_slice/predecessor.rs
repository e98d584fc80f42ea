//! The predecessor's body of the impact slice.
//!
//! Its shapes differ by what was asked and found:
//!
//! | asked for | with rows | without |
//! |---|---|---|
//! | a company | `[{column: value}]` | `{column: 0}` |
//! | cooling units, compared | `{column: [{"name", "value"}]}`, one per known unit | `{column: 0}` when none is known |
//! | cooling units, aggregated | `{column: {"name": "Aggregate", "value"}}` | the same, or `{column: 0}` when none is known |
//!
//! A value that a row lacks is the zero of its column's kind; that of a unit without rows is the whole number 0, and the
//! mean of none is 0.0.

use metrics_core::coldroom::impact_slice::{ImpactSlice, ImpactSums};
use metrics_core::db::reader::KnownUnit;
use metrics_core::ids::CoolingUnitId;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::fields::{ImpactQuery, ImpactSubject};
use crate::frame::Cell;
use crate::impact::{Loaded, UnitEmissions};

/// What the predecessor calls everything as one.
const AGGREGATE: &str = "Aggregate";

/// How cooling units become one, which decides what none of them gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reduction {
    /// A sum: without rows 0.
    Sum,
    /// A mean: without rows 0.0.
    Mean,
    /// The latest: without rows 0.
    Latest,
}

type Column = (&'static str, Reduction, fn(&ImpactSlice) -> Cell<'_>);

/// Columns after the key and `unit_name`, in the predecessor's order.
const COLUMNS: [Column; 21] = [
    ("baseline_quantity_total_month", Reduction::Sum, |s| Cell::Float(s.baseline_quantity_total_month)),
    ("avg_baseline_kg_selling_price_month", Reduction::Mean, |s| Cell::Float(s.avg_baseline_kg_selling_price_month)),
    ("baseline_kg_loss_month", Reduction::Sum, |s| Cell::Float(s.baseline_kg_loss_month)),
    ("baseline_kg_sold_month", Reduction::Sum, |s| Cell::Float(s.baseline_kg_sold_month)),
    ("avg_baseline_perc_loss_month", Reduction::Mean, |s| Cell::Float(s.avg_baseline_perc_loss_month)),
    ("avg_baseline_farmer_revenue_month", Reduction::Sum, |s| Cell::Float(s.avg_baseline_farmer_revenue_month)),
    ("avg_monthly_kg_selling_price", Reduction::Mean, |s| Cell::Float(s.avg_monthly_kg_selling_price)),
    ("monthly_kg_checkin", Reduction::Sum, |s| Cell::Float(Some(s.monthly_kg_checkin))),
    ("monthly_kg_loss", Reduction::Sum, |s| Cell::Float(Some(s.monthly_kg_loss))),
    ("avg_monthly_perc_loss", Reduction::Mean, |s| Cell::Float(s.avg_monthly_perc_loss)),
    ("avg_monthly_perc_foodloss_evolution", Reduction::Mean, |s| Cell::Float(s.avg_monthly_perc_foodloss_evolution)),
    ("avg_monthly_farmer_revenue", Reduction::Sum, |s| Cell::Float(s.avg_monthly_farmer_revenue)),
    ("avg_monthly_perc_revenue_increase_evolution", Reduction::Mean, |s| {
        Cell::Float(s.avg_monthly_perc_revenue_increase_evolution)
    }),
    // The predecessor's second form was the mean of percentages; recomputed from totals both are one.
    ("avg_monthly_perc_revenue_increase_evolution_2", Reduction::Mean, |s| {
        Cell::Float(s.avg_monthly_perc_revenue_increase_evolution)
    }),
    ("avg_monthly_kg_selling_price_evolution", Reduction::Mean, |s| {
        Cell::Float(s.avg_monthly_kg_selling_price_evolution)
    }),
    ("avg_monthly_perc_unit_selling_price_evolution", Reduction::Mean, |s| {
        Cell::Float(s.avg_monthly_perc_unit_selling_price_evolution)
    }),
    ("avg_monthly_farmer_revenue_evolution", Reduction::Sum, |s| Cell::Float(s.avg_monthly_farmer_revenue_evolution)),
    ("latest_survey_date", Reduction::Latest, |s| Cell::Instant(s.latest_survey_date)),
    ("num_post_harvest_surveys", Reduction::Sum, |s| Cell::Int(Some(s.num_post_harvest_surveys))),
    ("possible_post_checkout_survey_room", Reduction::Sum, |s| Cell::Int(Some(s.possible_post_checkout_survey_room))),
    ("total_post_checkout_survey_unit", Reduction::Sum, |s| Cell::Int(Some(s.total_post_checkout_survey_unit))),
];

/// The body.
#[derive(Debug, Serialize)]
pub(super) struct Body {
    #[serde(rename = "Impact metrics")]
    impact: Impact,
    #[serde(rename = "Co2_metrics")]
    co2: Vec<Emissions>,
}

/// One cooling unit of a comparison.
#[derive(Debug)]
struct Unit {
    id: i64,
    name: Option<String>,
    slice: Option<ImpactSlice>,
}

#[derive(Debug)]
enum Impact {
    /// `[{…}]`
    Company(i64, Box<ImpactSlice>),
    /// `{…}` of zeros, but for the key.
    Nothing { key: &'static str, id: i64 },
    /// `{column: [{"name", "value"}, …]}`
    Comparison(Vec<Unit>),
    /// `{column: {"name", "value"}}`: the first unit's id and name, and everything together.
    Aggregate { id: i64, name: Option<String>, slice: Option<Box<ImpactSlice>> },
}

impl Body {
    pub(super) fn new(query: &ImpactQuery, loaded: &Loaded, known: &[KnownUnit]) -> Self {
        let together = || loaded.impact.get(&None).and_then(ImpactSums::finish).map(Box::new);
        match &query.subject {
            ImpactSubject::Company(company) => Self {
                impact: together().map_or(Impact::Nothing { key: "company_id", id: company.0 }, |slice| {
                    Impact::Company(company.0, slice)
                }),
                co2: vec![Emissions::of_company(company.0, loaded)],
            },
            ImpactSubject::CoolingUnits(units) => {
                let known: Vec<&KnownUnit> = units
                    .iter()
                    .filter_map(|unit| known.iter().find(|known| known.cooling_unit_id == unit.0))
                    .collect();
                let Some(first) = known.first() else {
                    return Self { impact: Impact::Nothing { key: "cooling_unit_id", id: 0 }, co2: Vec::new() };
                };
                if query.is_comparison {
                    let impact = Impact::Comparison(known.iter().map(|unit| Unit::new(unit, loaded)).collect());
                    Self { impact, co2: Emissions::by_unit(loaded).collect() }
                } else {
                    let (id, name) = (first.cooling_unit_id, first.unit_name.clone());
                    let co2 = loaded.emissions.get(&None).map(Emissions::aggregate);
                    Self { impact: Impact::Aggregate { id, name, slice: together() }, co2: co2.into_iter().collect() }
                }
            }
        }
    }
}

impl Unit {
    fn new(known: &KnownUnit, loaded: &Loaded) -> Self {
        let id = known.cooling_unit_id;
        let slice = loaded.impact.get(&Some(CoolingUnitId(id))).and_then(ImpactSums::finish);
        let name = slice.as_ref().and_then(|slice| slice.unit_name.clone()).or_else(|| known.unit_name.clone());
        Self { id, name, slice }
    }
}

#[derive(Serialize)]
struct Named<'a, V> {
    name: &'a str,
    value: V,
}

impl Serialize for Impact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Self::Company(id, slice) = self {
            return [Record { id: *id, slice }].serialize(serializer);
        }
        let mut map = serializer.serialize_map(Some(COLUMNS.len() + 2))?;
        match self {
            Self::Company(..) => {}
            Self::Nothing { key, id } => {
                map.serialize_entry(key, id)?;
                map.serialize_entry("unit_name", &0)?;
                for (name, ..) in COLUMNS {
                    map.serialize_entry(name, &0)?;
                }
            }
            Self::Comparison(units) => {
                fn entries<'u, V>(units: &'u [Unit], value: impl Fn(&'u Unit) -> V) -> Vec<Named<'u, V>> {
                    let named =
                        |unit: &'u Unit| Named { name: unit.name.as_deref().unwrap_or("0"), value: value(unit) };
                    units.iter().map(named).collect()
                }
                map.serialize_entry("cooling_unit_id", &entries(units, |unit| unit.id))?;
                map.serialize_entry("unit_name", &entries(units, |unit| Cell::Text(unit.name.as_deref())))?;
                for (name, _, value) in COLUMNS {
                    let of = |unit| Unit::cell(unit, value);
                    map.serialize_entry(name, &entries(units, of))?;
                }
            }
            Self::Aggregate { id, name, slice } => {
                map.serialize_entry("cooling_unit_id", &Named { name: AGGREGATE, value: id })?;
                let unit_name = Cell::Text(name.as_deref());
                map.serialize_entry("unit_name", &Named { name: AGGREGATE, value: unit_name })?;
                for (column, reduction, value) in COLUMNS {
                    let value = match (slice, reduction) {
                        (Some(slice), _) => value(slice),
                        (None, Reduction::Mean) => Cell::Float(None),
                        (None, Reduction::Sum | Reduction::Latest) => Cell::Int(None),
                    };
                    map.serialize_entry(column, &Named { name: AGGREGATE, value })?;
                }
            }
        }
        map.end()
    }
}

impl Unit {
    /// The value of a column; of a unit without rows the whole number 0.
    fn cell(&self, value: fn(&ImpactSlice) -> Cell<'_>) -> Cell<'_> {
        self.slice.as_ref().map_or(Cell::Int(None), value)
    }
}

struct Record<'a> {
    id: i64,
    slice: &'a ImpactSlice,
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(COLUMNS.len() + 2))?;
        map.serialize_entry("company_id", &self.id)?;
        map.serialize_entry("unit_name", &Cell::Text(self.slice.unit_name.as_deref()))?;
        for (name, _, value) in COLUMNS {
            map.serialize_entry(name, &value(self.slice))?;
        }
        map.end()
    }
}

/// A record of `Co2_metrics`; ids are texts.
#[derive(Debug)]
enum Emissions {
    Company { company: String, sides: Sides, unit: String },
    Unit { unit: String, sides: Sides, company: String },
    Aggregate { sides: Sides },
}

/// Without and with the room; `None`, as the whole number 0, when there is nothing to add up.
#[derive(Debug)]
struct Sides {
    from: Option<f64>,
    to: Option<f64>,
}

impl Sides {
    fn of(emissions: Option<&UnitEmissions>) -> Self {
        let Some(sums) = emissions.map(|emissions| &emissions.sums) else { return Self { from: None, to: None } };
        // Days that have no figure leave 0.0. The predecessor adds up crops: of days without any it has nothing to add.
        let is_of_no_crop = sums.days > 0 && sums.by_crop.is_empty();
        let from = if is_of_no_crop { None } else { Some(sums.co2_from.unwrap_or(0.0)) };
        Self { from, to: Some(sums.co2_to.unwrap_or(0.0)) }
    }
}

impl Serialize for Sides {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cell = |value: Option<f64>| value.map_or(Cell::Int(None), |value| Cell::Float(Some(value)));
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("co2_from", &cell(self.from))?;
        map.serialize_entry("co2_to", &cell(self.to))?;
        map.end()
    }
}

impl Emissions {
    fn of_company(company: i64, loaded: &Loaded) -> Self {
        Self::Company {
            company: company.to_string(),
            sides: Sides::of(loaded.emissions.get(&None)),
            unit: loaded.emission_units.last().map_or_else(|| "0".to_owned(), ToString::to_string),
        }
    }

    fn by_unit(loaded: &Loaded) -> impl Iterator<Item = Self> {
        loaded.emissions.iter().filter_map(|(unit, emissions)| {
            Some(Self::Unit {
                unit: unit.as_ref()?.to_string(),
                sides: Sides::of(Some(emissions)),
                company: emissions.company().map_or_else(|| "0".to_owned(), |company| company.to_string()),
            })
        })
    }

    fn aggregate(emissions: &UnitEmissions) -> Self {
        Self::Aggregate { sides: Sides::of(Some(emissions)) }
    }
}

impl Serialize for Emissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        match self {
            Self::Company { company, sides, unit } => {
                map.serialize_entry("company_id", company)?;
                map.serialize_entry("co2_crops", sides)?;
                map.serialize_entry("cooling_unit_id", unit)?;
            }
            Self::Unit { unit, sides, company } => {
                map.serialize_entry("cooling_unit_id", unit)?;
                map.serialize_entry("co2_crops", sides)?;
                map.serialize_entry("company_id", company)?;
            }
            Self::Aggregate { sides } => {
                map.serialize_entry("cooling_unit_id", AGGREGATE)?;
                map.serialize_entry("company_id", AGGREGATE)?;
                map.serialize_entry("co2_crops", sides)?;
            }
        }
        map.end()
    }
}
