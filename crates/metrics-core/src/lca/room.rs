//! A cooling unit as the assessment sees it, and the factors that follow from it.
//!
//! The factors are computed once per cooling unit and hold for all its days. They are complete: with them and the
//! kilograms of a day, the day can be computed again without looking anything up.

use std::collections::BTreeSet;

use serde::Serialize;

use super::electricity::{DailyElectricity, ElectricityFactors, PowerMix, daily_electricity};
use super::refrigerant::{Refrigerant, leakage_per_day};
use crate::parameters::Parameters;
use crate::quality::QualityFlag;
use crate::units::{CubicMetres, KgCo2e, KgCo2ePerKg, KgCo2ePerKwh, Kilograms, KilowattHours, Ratio};

/// What the source tells about a cooling unit. A number that is not finite counts as not given.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RoomDescription {
    /// Its power supply: the row with the highest id; `None` when it has no row.
    pub power: Option<PowerSupply>,
    /// Length of the room, m.
    pub room_length_m: Option<f64>,
    /// Width of the room, m.
    pub room_width_m: Option<f64>,
    /// Height of the room, m.
    pub room_height_m: Option<f64>,
    /// Country of its company, ISO 3166-1 alpha-2.
    pub country: Option<String>,
}

/// Where the power of a room comes from, how much it draws, and what cools it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PowerSupply {
    /// Electricity that the room draws in a day, all uses, kWh (`daily_room_wattage`).
    pub daily_room_kwh: Option<f64>,
    /// `pvpanels`, `grid`, `generator`, `biomass` or `hybrid`, compared by letters only and without case.
    pub power_source: String,
    /// Share of a diesel generator in a hybrid supply. The four shares count relative to their sum.
    pub diesel_perc: Option<f64>,
    /// Share of the grid in a hybrid supply.
    pub grid_perc: Option<f64>,
    /// Share of solar panels in a hybrid supply.
    pub pv_perc: Option<f64>,
    /// Share of biomass in a hybrid supply.
    pub biomass_perc: Option<f64>,
    /// Kind of refrigerant, compared by letters and digits only and without case.
    pub refrigerant_type: Option<String>,
    /// Refrigerant in the room, kg.
    pub refrigerant_kg: Option<f64>,
}

impl RoomDescription {
    /// Volume of the room, when all three sizes are known and above 0.
    pub fn volume(&self) -> Option<CubicMetres> {
        let [length, width, height] = [self.room_length_m, self.room_width_m, self.room_height_m].map(positive);
        positive(Some(length? * width? * height?)).map(CubicMetres::new)
    }
}

/// A number when it is known, finite and above 0.
pub(super) fn positive(number: Option<f64>) -> Option<f64> {
    number.filter(|value| value.is_finite() && *value > 0.0)
}

/// What a room emits in a complete day whatever is in it, and how food loss is valued where it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoomFactors {
    /// Electricity of a day; `None` when neither it nor the size of the room is known.
    pub electricity_kwh_per_day: Option<KilowattHours>,
    /// Emission factor of that electricity; `None` when its source is not known.
    pub electricity_kg_co2e_per_kwh: Option<KgCo2ePerKwh>,
    /// Refrigerant in the room.
    pub refrigerant_charge_kg: Kilograms,
    /// Global warming potential of the refrigerant over 100 years.
    pub refrigerant_gwp_kg_co2e_per_kg: KgCo2ePerKg,
    /// Emissions from the refrigerant that leaks in a day.
    pub refrigerant_kg_co2e_per_day: KgCo2e,
    /// Share of the produce that is lost without a cold room.
    pub food_loss_ambient_ratio: Ratio,
    /// Share of the produce that is lost after cold storage, where no survey tells.
    pub food_loss_cold_default_ratio: Ratio,
    /// Emissions from the disposal of lost food.
    pub disposal_kg_co2e_per_kg: KgCo2ePerKg,
    /// Reservations that hold for every day of the room.
    pub flags: BTreeSet<QualityFlag>,
}

impl RoomFactors {
    /// The factors of a room.
    pub fn new(room: &RoomDescription, parameters: &Parameters) -> Self {
        let mut flags = BTreeSet::new();
        let country = room.country.as_deref();
        let power = room.power.as_ref();

        let stated = power.and_then(|supply| supply.daily_room_kwh);
        let electricity = match daily_electricity(stated, room.volume(), parameters.room_power()) {
            DailyElectricity::Stated(kwh) => Some(kwh),
            DailyElectricity::Estimated(kwh) => {
                flags.insert(QualityFlag::ElectricityEstimated);
                Some(kwh)
            }
            DailyElectricity::Unknown => {
                flags.insert(QualityFlag::ElectricityMissing);
                None
            }
        };

        let mix = power.and_then(PowerMix::of);
        let factors = ElectricityFactors::new(country, parameters);
        match mix {
            None => {
                flags.insert(QualityFlag::PowerSourceUnknown);
            }
            Some(mix) if factors.is_grid_default && mix.has_grid() => {
                flags.insert(QualityFlag::GridFactorDefault);
            }
            Some(_) => {}
        }

        let refrigerant = Refrigerant::of(power, parameters);
        if refrigerant.is_default {
            flags.insert(QualityFlag::RefrigerantDefault);
        }

        let ambient = parameters.food_loss_ambient(country).value;
        Self {
            electricity_kwh_per_day: electricity,
            electricity_kg_co2e_per_kwh: mix.map(|mix| mix.factor(&factors)),
            refrigerant_charge_kg: refrigerant.charge,
            refrigerant_gwp_kg_co2e_per_kg: refrigerant.gwp,
            refrigerant_kg_co2e_per_day: leakage_per_day(
                refrigerant.charge,
                parameters.refrigerant_leakage_per_year(),
                refrigerant.gwp,
            ),
            food_loss_ambient_ratio: ambient,
            food_loss_cold_default_ratio: parameters.food_loss_cold() * ambient,
            disposal_kg_co2e_per_kg: parameters.food_disposal(),
            flags,
        }
    }

    /// Emissions from the electricity of a day; `None` when its amount or its source is not known.
    pub fn electricity_kg_co2e_per_day(&self) -> Option<KgCo2e> {
        Some(self.electricity_kwh_per_day? * self.electricity_kg_co2e_per_kwh?)
    }
}
