//! Emissions of one cooling unit on one local day, and what would have been emitted without it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::FoodLossBoundary;
use super::food_loss::LossFactors;
use crate::units::{KgCo2e, KgCo2ePerKg, Kilograms, Ratio};

pub use super::room::{PowerSupply, RoomDescription, RoomFactors};

/// One crop in one room on one day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CropDay<'a> {
    /// Name of the crop.
    pub name: &'a str,
    /// What remains of it in the room at the end of the day.
    pub stock: Kilograms,
    /// What of it physically left the room in the day.
    pub released: Kilograms,
    /// Its production footprint: [`Parameters::production_footprint`](crate::parameters::Parameters).
    pub production: KgCo2ePerKg,
}

/// What [`room_day_emissions`] needs to know of a day.
#[derive(Debug, Clone, Copy)]
pub struct RoomDayInput<'a> {
    /// Factors of the room.
    pub factors: &'a RoomFactors,
    /// Part of the day that has passed: 1, and less only for the day that contains `as_of`.
    pub elapsed_ratio: f64,
    /// The crops, by name in ascending order, each once: sums are taken in this order.
    pub crops: &'a [CropDay<'a>],
    /// Loss in the cold room from the surveys of the months before, lost over surveyed kilograms; held to 0 to 1.
    /// `None` when there are no surveys.
    pub food_loss_cold_ratio: Option<f64>,
    /// Which emissions of lost food count.
    pub food_loss: FoodLossBoundary,
}

/// Emissions of a room on a day. Saved is positive.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoomDayEmissions {
    /// By crop; `None` when the electricity is not known.
    pub crops: Option<BTreeMap<String, CropEmissions>>,
    /// Energy and leakage of a room with nothing in it at the end of the day, else 0; `None` when the electricity is
    /// not known.
    pub idle_kg_co2e: Option<f64>,
    /// What the crops saved, less what the idle room emitted; `None` when the electricity is not known.
    pub avoided_kg_co2e: Option<f64>,
    /// By cause.
    pub breakdown: Breakdown,
    /// Whether the loss in the cold room is a default, for want of surveys.
    pub food_loss_defaulted: bool,
}

/// Emissions of one crop, kg CO₂e.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CropEmissions {
    /// Its part of the room's emissions, and its loss after cold storage.
    pub coldroom: f64,
    /// Its loss without a cold room.
    pub no_coldroom: f64,
    /// Without the cold room less with it.
    pub difference: f64,
}

impl CropEmissions {
    pub(super) fn new(coldroom: KgCo2e, no_coldroom: KgCo2e) -> Self {
        let difference = no_coldroom - coldroom;
        Self { coldroom: coldroom.value(), no_coldroom: no_coldroom.value(), difference: difference.value() }
    }
}

/// Emissions of a room by cause, kg CO₂e.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Breakdown {
    /// Electricity of the room; `None` when its amount or its source is not known.
    pub electricity: Option<f64>,
    /// Refrigerant that leaked.
    pub refrigerant: f64,
    /// Disposal of what is lost after cold storage.
    pub disposal_cold: f64,
    /// Production of what is lost after cold storage.
    pub production_cold: f64,
    /// Disposal of what would be lost without a cold room.
    pub disposal_ambient: f64,
    /// Production of what would be lost without a cold room.
    pub production_ambient: f64,
}

/// Emissions of a room on a day, and those that it avoids.
///
/// ```text
/// R      = (E · κ + r) · e
/// cold_k = R · S_k / M + ℓ_cold · O_k · (d + φ_k)
/// none_k = ℓ_ambient · O_k · (d + φ_k)
/// total  = Σ (none_k − cold_k) − idle            idle = R when M = 0, else 0
/// ```
///
/// | symbol      | meaning                                            | unit         |
/// |-------------|----------------------------------------------------|--------------|
/// | `E`         | electricity of a complete day                      | kWh          |
/// | `κ`         | its emission factor                                | kg CO₂e/kWh  |
/// | `r`         | refrigerant that leaks in a complete day           | kg CO₂e      |
/// | `e`         | part of the day that has passed                    | 1            |
/// | `S_k`, `M`  | stock of crop k at the end of the day, of all      | kg           |
/// | `O_k`       | crop k that left the room in the day               | kg           |
/// | `ℓ_cold`    | share lost after cold storage                      | 1            |
/// | `ℓ_ambient` | share lost without a cold room                     | 1            |
/// | `d`, `φ_k`  | disposal and production of a kilogram              | kg CO₂e/kg   |
///
/// A crop has figures when some of it is in the room or left it. When `E` or `κ` is not known there are no totals,
/// and the causes that do not depend on them are still given. Building the room and making its panels and batteries
/// are part of `κ` or left out; transport is left out.
///
/// Source: structure and factors of the Coldtivate model, with the energy of a room charged once.
pub fn room_day_emissions(input: &RoomDayInput<'_>) -> RoomDayEmissions {
    let factors = input.factors;
    let elapsed = Ratio::clamped(input.elapsed_ratio).unwrap_or(Ratio::ONE);
    let electricity = factors.electricity_kg_co2e_per_day().map(|per_day| per_day * elapsed);
    let refrigerant = factors.refrigerant_kg_co2e_per_day * elapsed;
    let surveyed = input.food_loss_cold_ratio.and_then(Ratio::clamped);
    let cold_ratio = surveyed.unwrap_or(factors.food_loss_cold_default_ratio);

    let mut stock = Kilograms::ZERO;
    for crop in input.crops {
        stock += crop.stock;
    }
    let room = electricity.map(|electricity| electricity + refrigerant);

    let mut breakdown = Breakdown {
        electricity: electricity.map(KgCo2e::value),
        refrigerant: refrigerant.value(),
        ..Breakdown::default()
    };
    let mut crops = BTreeMap::new();
    for crop in input.crops.iter().filter(|crop| crop.stock > Kilograms::ZERO || crop.released > Kilograms::ZERO) {
        let loss = LossFactors::within(input.food_loss, factors.disposal_kg_co2e_per_kg, crop.production);
        let cold = loss.emissions(crop.released, cold_ratio);
        let ambient = loss.emissions(crop.released, factors.food_loss_ambient_ratio);
        breakdown.disposal_cold += cold.disposal.value();
        breakdown.production_cold += cold.production.value();
        breakdown.disposal_ambient += ambient.disposal.value();
        breakdown.production_ambient += ambient.production.value();
        if let Some(room) = room {
            // A room without stock has no stock to share by, and its emissions are idle.
            let share = if stock > Kilograms::ZERO { crop.stock.share_of(stock) } else { Ratio::ZERO };
            let emissions = CropEmissions::new(room * share + cold.total(), ambient.total());
            crops.insert(crop.name.to_owned(), emissions);
        }
    }

    let idle = room.map(|room| if stock > Kilograms::ZERO { KgCo2e::ZERO } else { room });
    RoomDayEmissions {
        avoided_kg_co2e: idle.map(|idle| avoided(&crops) - idle.value()),
        crops: room.map(|_| crops),
        idle_kg_co2e: idle.map(KgCo2e::value),
        breakdown,
        food_loss_defaulted: surveyed.is_none(),
    }
}

/// Sum of the differences, in the order of the crops' names. From 0, because the sum of nothing is −0 otherwise.
pub(super) fn avoided(crops: &BTreeMap<String, CropEmissions>) -> f64 {
    crops.values().fold(0.0, |sum, crop| sum + crop.difference)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "values must come through unchanged, so they are compared exactly")]
mod tests;
