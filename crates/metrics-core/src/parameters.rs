//! Values from the literature, embedded in the binary.
//!
//! The files of `parameters/` are the only place where they stand, each with its unit, its source and the day from
//! which it holds; `parameters/README.md` describes the form. [`Parameters::embedded`] reads them all and refuses
//! a file whose units, sources, keys or ranges are not what the code expects. A value that stands for every key
//! without a row of its own is itself a row, `*`, and a look-up says when it was used.

mod catalogue;
mod definitions;
mod table;

use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};

use self::table::{Table, TableWithFallback, missing_row, single};
use crate::units::{KgCo2ePerKg, KgCo2ePerKwh, KgCo2ePerMegajoule, Kilograms, KilojoulesPerKilogramKelvin, Ratio};

pub use self::catalogue::{Catalogue, ParameterFile, ParameterRow, ParameterSource, ParameterValue, catalogue};
pub use self::table::{Found, Origin, ParameterError};

/// All parameters of one set.
#[derive(Debug, Clone)]
pub struct Parameters {
    set: String,
    time_zones: Table<Tz>,
    households: TableWithFallback<Household>,
    grid_factors: TableWithFallback<KgCo2ePerKwh>,
    solar_factor: KgCo2ePerKwh,
    biomass_factor: KgCo2ePerKwh,
    generator_factor: KgCo2ePerKwh,
    refrigerant_gwp: TableWithFallback<KgCo2ePerKg>,
    refrigerant_charge: Kilograms,
    refrigerant_leakage_per_year: Ratio,
    room_power: RoomPower,
    food_loss_ambient: TableWithFallback<Ratio>,
    food_loss_cold: Ratio,
    food_disposal: KgCo2ePerKg,
    production_footprints: TableWithFallback<KgCo2ePerKg>,
    heat_capacities: TableWithFallback<KilojoulesPerKilogramKelvin>,
    workbook: WorkbookParameters,
}

/// People who live from what one farmer stores, and how many of them are female and male.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Household {
    /// Persons.
    #[serde(deserialize_with = "exact_decimal")]
    pub size: Decimal,
    /// Share of female persons, 0 to 1.
    #[serde(deserialize_with = "exact_decimal")]
    pub fem_share: Decimal,
    /// Share of male persons, 0 to 1.
    #[serde(deserialize_with = "exact_decimal")]
    pub ma_share: Decimal,
}

/// Regression of the power that keeps a room cold: linear in the ambient temperature, proportional to the volume.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoomPower {
    /// Power per degree of ambient temperature, of a room of the reference volume, kW/°C.
    pub slope_kw_per_celsius: f64,
    /// Power at 0 °C, of a room of the reference volume, kW.
    pub intercept_kw: f64,
    /// The reference volume, m³.
    pub reference_volume_m3: f64,
    /// Ambient temperature of a room whose own is not known, °C.
    pub ambient_celsius: f64,
}

/// Inputs of the example scenario of the design document, as far as no other parameter holds them.
///
/// The fields are numbers because they are read from one record; their names end in the unit.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "`lca::workbook` has the table of these symbols")]
pub struct WorkbookParameters {
    pub crate_gross_kg: f64,
    pub crate_net_kg: f64,
    pub crates: f64,
    pub heat_capacity_kj_per_kg_kelvin: f64,
    pub initial_celsius: f64,
    pub ambient_celsius: f64,
    pub final_celsius: f64,
    pub electricity_kwh_per_day: f64,
    pub ice_kg_per_day: f64,
    pub water_kj_per_kg_kelvin: f64,
    pub batteries: f64,
    pub battery_kwh: f64,
    pub battery_discharge_ratio: f64,
    pub battery_efficiency_ratio: f64,
    pub room_length_m: f64,
    pub room_width_m: f64,
    pub room_height_m: f64,
    pub storage_d: f64,
    pub cooling_d: f64,
    pub food_loss_cold_ratio: f64,
    pub food_loss_ambient_ratio: f64,
    pub refrigerant_kg_co2e_per_kg: f64,
    pub landfill_ratio: f64,
    pub landfill_d: f64,
    pub landfill_kg_co2e_per_kg: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParameterSet {
    set: String,
}

/// Name of the set that is compiled into this program.
fn embedded_set() -> Result<String, ParameterError> {
    let set: ParameterSet = toml::from_str(definitions::SET)
        .map_err(|error| ParameterError::Form { file: "set.toml", source: Box::new(error) })?;
    Ok(set.set)
}

impl Parameters {
    /// The set that is compiled into this program.
    pub fn embedded() -> Result<Self, ParameterError> {
        use definitions as d;

        let sources: Table<KgCo2ePerKwh> = Table::load(&d::SOURCE_EMISSION_FACTOR)?;
        let source = |name| sources.get(name).ok_or_else(|| missing_row(&d::SOURCE_EMISSION_FACTOR, name));
        let fuel: KgCo2ePerMegajoule = single(&d::GENERATOR_FUEL_FACTOR)?;
        Ok(Self {
            set: embedded_set()?,
            time_zones: Table::load(&d::COUNTRY)?,
            households: TableWithFallback::load(&d::HOUSEHOLD)?,
            grid_factors: TableWithFallback::load(&d::GRID_EMISSION_FACTOR)?,
            solar_factor: source("solar")?,
            biomass_factor: source("biomass")?,
            generator_factor: fuel.per_electricity(single(&d::GENERATOR_EFFICIENCY)?),
            refrigerant_gwp: TableWithFallback::load(&d::REFRIGERANT_GWP)?,
            refrigerant_charge: single(&d::REFRIGERANT_CHARGE)?,
            refrigerant_leakage_per_year: single(&d::REFRIGERANT_LEAKAGE)?,
            room_power: single(&d::ROOM_POWER)?,
            food_loss_ambient: TableWithFallback::load(&d::FOOD_LOSS_AMBIENT)?,
            food_loss_cold: single(&d::FOOD_LOSS_COLD)?,
            food_disposal: single(&d::FOOD_DISPOSAL)?,
            production_footprints: footprints_by_crop(&d::FOOD_GROUP, &d::FOOD_FOOTPRINT)?,
            heat_capacities: TableWithFallback::load(&d::HEAT_CAPACITY)?,
            workbook: single(&d::WORKBOOK)?,
        })
    }

    /// Name of the set, as it is stored with every row: `2026.1`.
    pub fn set(&self) -> &str {
        &self.set
    }

    /// Time zone of a country (ISO 3166-1 alpha-2, capitals); `None` when the country is `None` or not listed.
    pub fn time_zone(&self, country: Option<&str>) -> Option<Tz> {
        self.time_zones.get(country?)
    }

    /// Household of a farmer in a country; another or no country has the values of the row `*`.
    pub fn household(&self, country: Option<&str>) -> Household {
        self.households.get(country).value
    }

    /// Emission factor of grid electricity in a country.
    pub fn grid_factor(&self, country: Option<&str>) -> Found<'_, KgCo2ePerKwh> {
        self.grid_factors.get(country)
    }

    /// Emission factor of electricity from solar panels.
    pub fn solar_factor(&self) -> KgCo2ePerKwh {
        self.solar_factor
    }

    /// Emission factor of electricity from biomass.
    pub fn biomass_factor(&self) -> KgCo2ePerKwh {
        self.biomass_factor
    }

    /// Emission factor of electricity from a small diesel generator: that of the fuel over the efficiency of the set.
    pub fn generator_factor(&self) -> KgCo2ePerKwh {
        self.generator_factor
    }

    /// Global warming potential over 100 years of a refrigerant, compared by letters and digits only, without case.
    pub fn refrigerant_gwp(&self, refrigerant: Option<&str>) -> Found<'_, KgCo2ePerKg> {
        self.refrigerant_gwp.get(refrigerant.map(refrigerant_key).as_deref())
    }

    /// Refrigerant in a room that does not state its charge.
    pub fn refrigerant_charge(&self) -> Kilograms {
        self.refrigerant_charge
    }

    /// Share of the refrigerant that leaks in a year.
    pub fn refrigerant_leakage_per_year(&self) -> Ratio {
        self.refrigerant_leakage_per_year
    }

    /// Regression of the power of a room.
    pub fn room_power(&self) -> &RoomPower {
        &self.room_power
    }

    /// Share of the produce that is lost in a country without a cold room.
    pub fn food_loss_ambient(&self, country: Option<&str>) -> Found<'_, Ratio> {
        self.food_loss_ambient.get(country)
    }

    /// Loss in a cold room without surveys, as a share of the loss without a cold room.
    pub fn food_loss_cold(&self) -> Ratio {
        self.food_loss_cold
    }

    /// Emissions from the disposal of lost food.
    pub fn food_disposal(&self) -> KgCo2ePerKg {
        self.food_disposal
    }

    /// Emissions from growing a crop and bringing it to the room; names compare exactly, and a crop that is not
    /// listed counts as other vegetables.
    pub fn production_footprint(&self, crop: &str) -> KgCo2ePerKg {
        self.production_footprints.get(Some(crop)).value
    }

    /// Heat capacity of a crop. No published figure depends on it: it cancels out of the workbook.
    pub fn heat_capacity(&self, crop: &str) -> Found<'_, KilojoulesPerKilogramKelvin> {
        self.heat_capacities.get(Some(crop))
    }

    /// Inputs of the example scenario of the workbook.
    pub fn workbook(&self) -> &WorkbookParameters {
        &self.workbook
    }
}

/// Joins the group of each crop with the footprint of the group.
fn footprints_by_crop(
    groups: &table::Definition,
    footprints: &table::Definition,
) -> Result<TableWithFallback<KgCo2ePerKg>, ParameterError> {
    let by_group: Table<KgCo2ePerKg> = Table::load(footprints)?;
    let footprint = |crop: &str, group: &table::Entry<String>| {
        by_group.rows.get(&group.value).cloned().ok_or_else(|| ParameterError::UnknownFoodGroup {
            file: groups.file,
            crop: crop.to_owned(),
            group: group.value.clone(),
        })
    };
    let groups: TableWithFallback<String> = TableWithFallback::load(groups)?;
    let fallback = footprint("*", &groups.fallback)?;
    let rows = groups.rows.iter().map(|(crop, group)| Ok((crop.clone(), footprint(crop, group)?)));
    Ok(TableWithFallback { rows: rows.collect::<Result<_, ParameterError>>()?, fallback })
}

/// `R-410A`, `r 410a` and `R410A` are one gas.
fn refrigerant_key(refrigerant: &str) -> String {
    refrigerant.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A decimal that stands as text in the file, so that no binary fraction comes between.
fn exact_decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    let text = String::deserialize(deserializer)?;
    Decimal::from_str_exact(&text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "values must come through unchanged, so they are compared exactly")]
mod tests;
