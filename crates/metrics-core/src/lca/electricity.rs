//! Electricity of a room: how much in a day, and what a kilowatt-hour of it emits.

use super::room::{PowerSupply, positive};
use crate::parameters::{Parameters, RoomPower};
use crate::units::{CubicMetres, KgCo2ePerKwh, KilowattHours, Kilowatts};

/// Electricity of a complete day, and how it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DailyElectricity {
    /// As the operator states it.
    Stated(KilowattHours),
    /// From the size of the room.
    Estimated(KilowattHours),
    /// Neither is known.
    Unknown,
}

/// Electricity that a room draws in a complete day, for all uses.
///
/// ```text
/// E = stated                               when above 0
/// E = (a · T + b) · V / V₀ · 24 h          else, when the room's size is known
/// ```
///
/// | symbol | meaning                                        | unit  |
/// |--------|------------------------------------------------|-------|
/// | `E`    | electricity of a day                           | kWh   |
/// | `a`    | power per degree of ambient temperature        | kW/°C |
/// | `T`    | ambient temperature, the same for every room   | °C    |
/// | `b`    | power at 0 °C                                  | kW    |
/// | `V`    | volume of the room                             | m³    |
/// | `V₀`   | volume that the regression was made for        | m³    |
///
/// A stated 0 is the source's default and means that nothing was stated. What is in the room has no influence.
///
/// Source: maintenance power of the Coldtivate model; values in `parameters/room_power.toml`.
pub fn daily_electricity(
    stated_kwh: Option<f64>,
    volume: Option<CubicMetres>,
    regression: &RoomPower,
) -> DailyElectricity {
    if let Some(kwh) = positive(stated_kwh) {
        return DailyElectricity::Stated(KilowattHours::new(kwh));
    }
    match volume {
        Some(volume) => {
            let power = maintenance_power(regression, regression.ambient_celsius, volume);
            DailyElectricity::Estimated(power.for_a_day())
        }
        None => DailyElectricity::Unknown,
    }
}

/// Power that keeps a room of a volume cold at an ambient temperature in °C.
pub(super) fn maintenance_power(regression: &RoomPower, ambient_celsius: f64, volume: CubicMetres) -> Kilowatts {
    let of_reference = regression.slope_kw_per_celsius * ambient_celsius + regression.intercept_kw;
    Kilowatts::new(of_reference * volume.value() / regression.reference_volume_m3)
}

/// Emission factors of the four sources of electricity, in one country.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ElectricityFactors {
    /// Solar panels.
    pub solar: KgCo2ePerKwh,
    /// The public grid.
    pub grid: KgCo2ePerKwh,
    /// A diesel generator.
    pub generator: KgCo2ePerKwh,
    /// Biomass.
    pub biomass: KgCo2ePerKwh,
    /// Whether the country has no grid factor of its own.
    pub is_grid_default: bool,
}

impl ElectricityFactors {
    /// The factors in a country.
    pub fn new(country: Option<&str>, parameters: &Parameters) -> Self {
        let grid = parameters.grid_factor(country);
        Self {
            solar: parameters.solar_factor(),
            grid: grid.value,
            generator: parameters.generator_factor(),
            biomass: parameters.biomass_factor(),
            is_grid_default: grid.is_fallback,
        }
    }
}

/// Shares of the sources in the supply of a room: none below 0, at least one above, in any unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerMix {
    solar: f64,
    grid: f64,
    generator: f64,
    biomass: f64,
}

impl PowerMix {
    const NONE: Self = Self { solar: 0.0, grid: 0.0, generator: 0.0, biomass: 0.0 };

    /// The mix of a supply; `None` when its source is not known, or it is a hybrid without a share above 0.
    pub fn of(supply: &PowerSupply) -> Option<Self> {
        let source: String =
            supply.power_source.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
        match source.as_str() {
            "pvpanels" => Some(Self { solar: 1.0, ..Self::NONE }),
            "grid" => Some(Self { grid: 1.0, ..Self::NONE }),
            "generator" => Some(Self { generator: 1.0, ..Self::NONE }),
            "biomass" => Some(Self { biomass: 1.0, ..Self::NONE }),
            "hybrid" => {
                let share = |percent| positive(percent).unwrap_or(0.0);
                let mix = Self {
                    solar: share(supply.pv_perc),
                    grid: share(supply.grid_perc),
                    generator: share(supply.diesel_perc),
                    biomass: share(supply.biomass_perc),
                };
                positive(Some(mix.total())).map(|_| mix)
            }
            _ => None,
        }
    }

    /// Whether any of the power comes from the grid.
    pub fn has_grid(&self) -> bool {
        self.grid > 0.0
    }

    /// Emission factor of the mix: the mean of the sources' factors, weighted by their shares.
    ///
    /// ```text
    /// κ = Σ shareᵢ · κᵢ / Σ shareᵢ
    /// ```
    ///
    /// Shares of 60 and 40 and shares of 0.6 and 0.4 are the same mix.
    pub fn factor(&self, factors: &ElectricityFactors) -> KgCo2ePerKwh {
        let weighted = self.solar * factors.solar.value()
            + self.grid * factors.grid.value()
            + self.generator * factors.generator.value()
            + self.biomass * factors.biomass.value();
        KgCo2ePerKwh::new(weighted / self.total())
    }

    fn total(&self) -> f64 {
        self.solar + self.grid + self.generator + self.biomass
    }
}

#[cfg(test)]
mod tests;
