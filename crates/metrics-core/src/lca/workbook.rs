//! The design document of the predecessor's model: emissions of a kilogram of produce stored for a day.
//!
//! Kept for reconciliation with published figures, not for new ones. The document charges the electricity of the
//! room twice (once for the produce, once for the ice: temperatures and heat capacities cancel), takes the energy of
//! a battery times 24 hours for its heat, divides the refrigerant by the mass twice, and counts a loss of half the
//! stock for every day without a cold room. [`super::room_day`] does none of this.

use std::collections::BTreeMap;

use serde::Serialize;

use super::electricity::maintenance_power;
use super::room_day::{Breakdown, CropDay, CropEmissions, RoomDayEmissions, avoided};
use crate::parameters::{Parameters, RoomPower};
use crate::units::{
    CubicMetres, DAYS_PER_YEAR, HOURS_PER_DAY, KILOJOULES_PER_KILOWATT_HOUR, KgCo2ePerKg, KgCo2ePerKwh, Kilograms,
};

/// Inputs of the workbook. Masses, electricity and ice are above 0, the two temperatures of the produce differ.
///
/// The symbols are those of the table at [`workbook`]; fields that are not units of their own end in the unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WorkbookInput {
    /// `M_g`: produce with its crates.
    pub gross_mass: Kilograms,
    /// `M`: produce alone.
    pub net_mass: Kilograms,
    /// `c`: heat capacity of the produce.
    pub heat_capacity_kj_per_kg_kelvin: f64,
    /// `T_i`: temperature of the produce as it comes in.
    pub initial_celsius: f64,
    /// `T_a`: ambient temperature.
    pub ambient_celsius: f64,
    /// `T_f`: temperature to which the produce is cooled.
    pub final_celsius: f64,
    /// `D`: electricity of the room.
    pub electricity_kwh_per_day: f64,
    /// `κ`: emission factor of the electricity.
    pub electricity_factor: KgCo2ePerKwh,
    /// `I`: ice that is made.
    pub ice_kg_per_day: f64,
    /// `c_w`: heat capacity of water.
    pub water_kj_per_kg_kelvin: f64,
    /// `N`: number of batteries.
    pub batteries: f64,
    /// `B`: peak storage of a battery.
    pub battery_kwh: f64,
    /// `u`: share of the battery's storage that is used.
    pub battery_discharge_ratio: f64,
    /// `η`: efficiency of the battery.
    pub battery_efficiency_ratio: f64,
    /// `V`: volume of the room.
    pub room_volume: CubicMetres,
    /// `a`, `b`, `V₀`: regression of the power that keeps the room cold.
    pub room_power: RoomPower,
    /// `t`: time in storage.
    pub storage_d: f64,
    /// `t_c`: seven-eighths cooling time.
    pub cooling_d: f64,
    /// `ℓ_cold`: share lost with the cold room.
    pub food_loss_cold_ratio: f64,
    /// `ℓ_ambient`: share lost without it.
    pub food_loss_ambient_ratio: f64,
    /// `d`: emissions of lost food.
    pub food_disposal: KgCo2ePerKg,
    /// `R`: refrigerant in the room.
    pub refrigerant_charge: Kilograms,
    /// `k`: share of the refrigerant that leaks in a year.
    pub refrigerant_leakage_per_year: f64,
    /// `g`: emissions of leaked refrigerant.
    pub refrigerant_factor: KgCo2ePerKg,
    /// `s`: share of the produce that goes to landfill in the landfill period.
    pub landfill_ratio: f64,
    /// `p`: the landfill period.
    pub landfill_d: f64,
    /// `f`: emissions of produce in a landfill.
    pub landfill_factor: KgCo2ePerKg,
}

impl WorkbookInput {
    /// The example scenario of the design document: 37.5 crates in a room on solar power.
    pub fn example(parameters: &Parameters) -> Self {
        let values = parameters.workbook();
        Self {
            gross_mass: Kilograms::new(values.crate_gross_kg * values.crates),
            net_mass: Kilograms::new(values.crate_net_kg * values.crates),
            heat_capacity_kj_per_kg_kelvin: values.heat_capacity_kj_per_kg_kelvin,
            initial_celsius: values.initial_celsius,
            ambient_celsius: values.ambient_celsius,
            final_celsius: values.final_celsius,
            electricity_kwh_per_day: values.electricity_kwh_per_day,
            electricity_factor: parameters.solar_factor(),
            ice_kg_per_day: values.ice_kg_per_day,
            water_kj_per_kg_kelvin: values.water_kj_per_kg_kelvin,
            batteries: values.batteries,
            battery_kwh: values.battery_kwh,
            battery_discharge_ratio: values.battery_discharge_ratio,
            battery_efficiency_ratio: values.battery_efficiency_ratio,
            room_volume: CubicMetres::new(values.room_length_m * values.room_width_m * values.room_height_m),
            room_power: *parameters.room_power(),
            storage_d: values.storage_d,
            cooling_d: values.cooling_d,
            food_loss_cold_ratio: values.food_loss_cold_ratio,
            food_loss_ambient_ratio: values.food_loss_ambient_ratio,
            food_disposal: parameters.food_disposal(),
            refrigerant_charge: parameters.refrigerant_charge(),
            refrigerant_leakage_per_year: parameters.refrigerant_leakage_per_year().value(),
            refrigerant_factor: KgCo2ePerKg::new(values.refrigerant_kg_co2e_per_kg),
            landfill_ratio: values.landfill_ratio,
            landfill_d: values.landfill_d,
            landfill_factor: KgCo2ePerKg::new(values.landfill_kg_co2e_per_kg),
        }
    }
}

/// Amounts behind the emissions, for a kilogram stored for a day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WorkbookInventory {
    /// `EC_f`: heat of the produce per electricity of the room, kJ/kJ.
    pub fruit_heat_per_electricity_ratio: f64,
    /// `EC_i`: heat of the ice per electricity of the room, kJ/kJ.
    pub ice_heat_per_electricity_ratio: f64,
    /// `q_f`: heat of the produce.
    pub fruit_heat_kj_per_kg: f64,
    /// `q_b`: heat of the batteries.
    pub battery_heat_kj_per_kg: f64,
    /// `q_i`: heat of the ice.
    pub ice_heat_kj_per_kg: f64,
    /// `e_f`: electricity that cools the produce.
    pub fruit_kwh_per_kg: f64,
    /// `e_b`: electricity through the batteries.
    pub battery_kwh_per_kg: f64,
    /// `e_i`: electricity that makes ice.
    pub ice_kwh_per_kg: f64,
    /// `P`: power that keeps the room cold.
    pub maintenance_kw: f64,
    /// `e_m`: electricity that keeps the room cold.
    pub maintenance_kwh_per_kg: f64,
    /// `A`: refrigerant in the room.
    pub refrigerant_charge_kg_per_kg: f64,
    /// `r`: refrigerant that leaks.
    pub refrigerant_leaked_kg_per_kg: f64,
    /// `w`: produce that goes to landfill.
    pub landfill_kg_per_kg: f64,
}

/// Emissions of a kilogram stored for a day, by cause.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WorkbookIntensity {
    /// Electricity that cools the produce.
    pub fruit: KgCo2ePerKg,
    /// Electricity through the batteries.
    pub battery: KgCo2ePerKg,
    /// Electricity that makes ice.
    pub ice: KgCo2ePerKg,
    /// Electricity that keeps the room cold.
    pub maintenance: KgCo2ePerKg,
    /// Refrigerant that leaks.
    pub refrigerant: KgCo2ePerKg,
    /// Food that is lost with the cold room.
    pub food_loss: KgCo2ePerKg,
    /// Food that goes to landfill.
    pub landfill: KgCo2ePerKg,
    /// Food that is lost without the cold room.
    pub no_coldroom: KgCo2ePerKg,
}

impl WorkbookIntensity {
    /// The four uses of electricity together.
    pub fn electricity(&self) -> KgCo2ePerKg {
        self.fruit + self.battery + self.ice + self.maintenance
    }

    /// Everything with the cold room.
    pub fn coldroom(&self) -> KgCo2ePerKg {
        self.electricity() + self.refrigerant + self.food_loss + self.landfill
    }

    /// What the cold room saves; negative when it emits more than it saves.
    pub fn difference(&self) -> KgCo2ePerKg {
        KgCo2ePerKg::new(self.no_coldroom.value() - self.coldroom().value())
    }
}

/// Amounts and emissions of a kilogram stored for a day, as the workbook computes them.
///
/// ```text
/// ΔT = T_i − T_f
/// EC_f = M_g · c · ΔT / (D · 3600)         EC_i = I · c_w · T_i / (D · 3600)
/// q_f = c · ΔT          q_b = N · B · 3600 · 24 · u / M          q_i = I · c_w · T_i / M
/// e_f = q_f / (EC_f · 3600)     e_b = q_b / (η · 3600)     e_i = q_i / (EC_i · 3600)
/// P = (a · T_a + b) · V / V₀    e_m = P · (t − t_c) · 24 / M
/// A = R / M_g                   r = A · k · t / (365 · M)
/// w = s · (M − ℓ_cold) / (p · 24 · M)
/// coldroom    = (e_f + e_b + e_i + e_m) · κ + r · g + ℓ_cold · d + w · f
/// no-coldroom = ℓ_ambient · d
/// ```
///
/// The symbols are explained, with their units, at [`WorkbookInput`] and [`WorkbookInventory`]; energies are in kJ,
/// 3600 kJ to the kWh. The predecessor's program differs from its design document: there `M_g` is `M`. The formulas
/// are kept as they are, the dimensions that do not match included.
///
/// Source: parameter workbook of the Coldtivate model; inputs in `parameters/workbook.toml`.
pub fn workbook(input: &WorkbookInput) -> (WorkbookInventory, WorkbookIntensity) {
    let gross = input.gross_mass.value();
    let net = input.net_mass.value();
    let cooled_by = input.initial_celsius - input.final_celsius;
    let room_kj = input.electricity_kwh_per_day * KILOJOULES_PER_KILOWATT_HOUR;
    let ice_kj = input.ice_kg_per_day * input.water_kj_per_kg_kelvin * input.initial_celsius;
    let fruit_ratio = gross * input.heat_capacity_kj_per_kg_kelvin * cooled_by / room_kj;
    let ice_ratio = ice_kj / room_kj;

    let fruit_heat = net * input.heat_capacity_kj_per_kg_kelvin * cooled_by / net;
    let battery_kj = input.batteries * input.battery_kwh * KILOJOULES_PER_KILOWATT_HOUR * HOURS_PER_DAY;
    let battery_heat = battery_kj * input.battery_discharge_ratio / net;
    let ice_heat = ice_kj / net;

    let power = maintenance_power(&input.room_power, input.ambient_celsius, input.room_volume);
    let charge = input.refrigerant_charge.value() / gross;
    let landfilled = input.landfill_ratio * (net - input.food_loss_cold_ratio);
    let inventory = WorkbookInventory {
        fruit_heat_per_electricity_ratio: fruit_ratio,
        ice_heat_per_electricity_ratio: ice_ratio,
        fruit_heat_kj_per_kg: fruit_heat,
        battery_heat_kj_per_kg: battery_heat,
        ice_heat_kj_per_kg: ice_heat,
        fruit_kwh_per_kg: fruit_heat / (fruit_ratio * KILOJOULES_PER_KILOWATT_HOUR),
        battery_kwh_per_kg: battery_heat / (input.battery_efficiency_ratio * KILOJOULES_PER_KILOWATT_HOUR),
        ice_kwh_per_kg: ice_heat / (ice_ratio * KILOJOULES_PER_KILOWATT_HOUR),
        maintenance_kw: power.value(),
        maintenance_kwh_per_kg: power.for_a_day().value() * (input.storage_d - input.cooling_d) / net,
        refrigerant_charge_kg_per_kg: charge,
        refrigerant_leaked_kg_per_kg: charge * input.refrigerant_leakage_per_year * input.storage_d
            / (DAYS_PER_YEAR * net),
        landfill_kg_per_kg: landfilled / (input.landfill_d * HOURS_PER_DAY * net),
    };

    let electricity = |kwh_per_kg: f64| KgCo2ePerKg::new(kwh_per_kg * input.electricity_factor.value());
    let substance = |kg_per_kg: f64, factor: KgCo2ePerKg| KgCo2ePerKg::new(kg_per_kg * factor.value());
    let intensity = WorkbookIntensity {
        fruit: electricity(inventory.fruit_kwh_per_kg),
        battery: electricity(inventory.battery_kwh_per_kg),
        ice: electricity(inventory.ice_kwh_per_kg),
        maintenance: electricity(inventory.maintenance_kwh_per_kg),
        refrigerant: substance(inventory.refrigerant_leaked_kg_per_kg, input.refrigerant_factor),
        food_loss: substance(input.food_loss_cold_ratio, input.food_disposal),
        landfill: substance(inventory.landfill_kg_per_kg, input.landfill_factor),
        no_coldroom: substance(input.food_loss_ambient_ratio, input.food_disposal),
    };
    (inventory, intensity)
}

/// Emissions of a room on a day by the workbook: its intensities times the stock of each crop.
///
/// What leaves the room, how much of the day has passed and what is known about the room have no influence. A crop
/// has figures when some of it is in the room.
pub fn workbook_day(intensity: &WorkbookIntensity, crops: &[CropDay<'_>]) -> RoomDayEmissions {
    let mut by_crop = BTreeMap::new();
    let mut stock = Kilograms::ZERO;
    for crop in crops.iter().filter(|crop| crop.stock > Kilograms::ZERO) {
        stock += crop.stock;
        let emissions = CropEmissions::new(crop.stock * intensity.coldroom(), crop.stock * intensity.no_coldroom);
        by_crop.insert(crop.name.to_owned(), emissions);
    }
    RoomDayEmissions {
        idle_kg_co2e: Some(0.0),
        avoided_kg_co2e: Some(avoided(&by_crop)),
        crops: Some(by_crop),
        breakdown: Breakdown {
            electricity: Some((stock * intensity.electricity()).value()),
            refrigerant: (stock * intensity.refrigerant).value(),
            disposal_cold: (stock * (intensity.food_loss + intensity.landfill)).value(),
            disposal_ambient: (stock * intensity.no_coldroom).value(),
            production_cold: 0.0,
            production_ambient: 0.0,
        },
        food_loss_defaulted: false,
    }
}

#[cfg(test)]
mod tests;
