//! Units of measure: one type each, with only the products and sums that mean something.
//!
//! Conversions between units are the only numbers that the algorithms may hold themselves; everything else comes
//! from [`crate::parameters`].

use std::ops::{Add, AddAssign, Mul, Sub};

use serde::{Deserialize, Serialize};

/// Hours of the day for which a power is converted to energy. Never used to place a local civil day.
pub const HOURS_PER_DAY: f64 = 24.0;

/// Days of the year over which yearly amounts are spread.
pub const DAYS_PER_YEAR: f64 = 365.0;

/// Megajoules in a kilowatt-hour.
pub const MEGAJOULES_PER_KILOWATT_HOUR: f64 = 3.6;

/// Kilojoules in a kilowatt-hour.
pub const KILOJOULES_PER_KILOWATT_HOUR: f64 = 3_600.0;

macro_rules! quantities {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(f64);

        impl $name {
            /// Nothing of it.
            pub const ZERO: Self = Self(0.0);

            /// The quantity with this value, in the unit that the type names.
            pub const fn new(value: f64) -> Self {
                Self(value)
            }

            /// The value, in the unit that the type names.
            pub const fn value(self) -> f64 {
                self.0
            }
        }
    )*};
}

quantities! {
    /// Mass, kg.
    Kilograms;
    /// Volume, m³.
    CubicMetres;
    /// Power, kW.
    Kilowatts;
    /// Electricity, kWh.
    KilowattHours;
    /// Emissions, kg CO₂e.
    KgCo2e;
    /// Emissions per electricity used, kg CO₂e/kWh.
    KgCo2ePerKwh;
    /// Emissions per energy content of a fuel, kg CO₂e/MJ.
    KgCo2ePerMegajoule;
    /// Emissions per mass of a good or a substance, kg CO₂e/kg.
    KgCo2ePerKg;
    /// Heat that warms a kilogram by a kelvin, kJ/(kg·K).
    KilojoulesPerKilogramKelvin;
    /// A share, 0 to 1.
    Ratio;
}

macro_rules! products {
    ($($left:ident * $right:ident = $product:ident;)*) => {$(
        impl Mul<$right> for $left {
            type Output = $product;

            fn mul(self, right: $right) -> $product {
                $product(self.0 * right.0)
            }
        }
    )*};
}

products! {
    KilowattHours * KgCo2ePerKwh = KgCo2e;
    Kilograms * KgCo2ePerKg = KgCo2e;
    Kilograms * Ratio = Kilograms;
    KgCo2e * Ratio = KgCo2e;
    Ratio * Ratio = Ratio;
}

macro_rules! sums {
    ($($name:ident;)*) => {$(
        impl Add for $name {
            type Output = Self;

            fn add(self, right: Self) -> Self {
                Self(self.0 + right.0)
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, right: Self) {
                self.0 += right.0;
            }
        }
    )*};
}

sums! {
    Kilograms;
    KgCo2e;
    KgCo2ePerKg;
}

impl Sub for KgCo2e {
    type Output = Self;

    fn sub(self, right: Self) -> Self {
        Self(self.0 - right.0)
    }
}

impl Kilograms {
    /// The part that this mass is of `whole`, which is not 0 and not less than this.
    pub fn share_of(self, whole: Self) -> Ratio {
        Ratio(self.0 / whole.0)
    }
}

impl Kilowatts {
    /// Electricity that this power draws in a day of 24 hours.
    pub fn for_a_day(self) -> KilowattHours {
        KilowattHours(self.0 * HOURS_PER_DAY)
    }
}

impl KgCo2ePerMegajoule {
    /// Emissions per kWh of electricity from a fuel with these emissions, at `efficiency` (above 0).
    pub fn per_electricity(self, efficiency: Ratio) -> KgCo2ePerKwh {
        KgCo2ePerKwh(self.0 * MEGAJOULES_PER_KILOWATT_HOUR / efficiency.0)
    }
}

impl Ratio {
    /// The whole.
    pub const ONE: Self = Self(1.0);

    /// The nearest share between 0 and 1; `None` when `value` is not a number.
    pub fn clamped(value: f64) -> Option<Self> {
        (!value.is_nan()).then(|| Self(value.clamp(0.0, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 12 kWh × 0.5 kg/kWh = 6 kg; 8 kg × 0.25 × 2 kg/kg = 4 kg.
    #[test]
    fn products_carry_their_unit() {
        assert_eq!(KilowattHours::new(12.0) * KgCo2ePerKwh::new(0.5), KgCo2e::new(6.0));
        assert_eq!(Kilograms::new(8.0) * Ratio::new(0.25) * KgCo2ePerKg::new(2.0), KgCo2e::new(4.0));
    }

    /// 0.1 kg/MJ × 3.6 MJ/kWh ÷ 0.5 = 0.72 kg/kWh.
    #[test]
    fn a_fuel_factor_becomes_a_factor_of_electricity() {
        let factor = KgCo2ePerMegajoule::new(0.1).per_electricity(Ratio::new(0.5));
        assert!((factor.value() - 0.72).abs() < 1e-15);
    }

    #[test]
    fn shares_are_clamped_and_never_nan() {
        assert_eq!(Ratio::clamped(-0.5), Some(Ratio::ZERO));
        assert_eq!(Ratio::clamped(f64::INFINITY), Some(Ratio::ONE));
        assert_eq!(Ratio::clamped(0.25), Some(Ratio::new(0.25)));
        assert_eq!(Ratio::clamped(f64::NAN), None);
    }
}
