//! Refrigerant that leaks from a room.

use super::room::{PowerSupply, positive};
use crate::parameters::Parameters;
use crate::units::{DAYS_PER_YEAR, KgCo2e, KgCo2ePerKg, Kilograms, Ratio};

/// The refrigerant of a room.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Refrigerant {
    /// How much of it is in the room.
    pub charge: Kilograms,
    /// Its global warming potential over 100 years.
    pub gwp: KgCo2ePerKg,
    /// Whether the charge or the kind is not known and the parameters' own was taken.
    pub is_default: bool,
}

impl Refrigerant {
    /// The refrigerant of a supply; all defaults when there is none.
    pub fn of(power: Option<&PowerSupply>, parameters: &Parameters) -> Self {
        let stated = positive(power.and_then(|supply| supply.refrigerant_kg)).map(Kilograms::new);
        let gwp = parameters.refrigerant_gwp(power.and_then(|supply| supply.refrigerant_type.as_deref()));
        Self {
            charge: stated.unwrap_or_else(|| parameters.refrigerant_charge()),
            gwp: gwp.value,
            is_default: stated.is_none() || gwp.is_fallback,
        }
    }
}

/// Emissions from the refrigerant that leaks in a complete day.
///
/// ```text
/// m = charge · leakage / 365 · GWP100
/// ```
///
/// The charge is taken to be refilled, so that it does not shrink. Leaks at the end of life are left out.
///
/// Source: leakage of the Coldtivate model, `parameters/refrigerant_leakage.toml`.
pub fn leakage_per_day(charge: Kilograms, leakage_per_year: Ratio, gwp: KgCo2ePerKg) -> KgCo2e {
    let leaked = Kilograms::new((charge * leakage_per_year).value() / DAYS_PER_YEAR);
    leaked * gwp
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 3.65 kg × 0.1 per year ÷ 365 = 0.001 kg per day; × 2 000 = 2 kg CO₂e.
    #[test]
    fn a_tenth_of_the_charge_leaks_in_a_year() {
        let leaked = leakage_per_day(Kilograms::new(3.65), Ratio::new(0.1), KgCo2ePerKg::new(2_000.0));
        assert!((leaked.value() - 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_charge_or_a_kind_that_is_not_known_is_a_default() {
        let parameters = Parameters::embedded().unwrap();
        for (kg, kind, charge, gwp, is_default) in [
            (Some(0.8), Some("r290"), 0.8, 0.02, false),
            (Some(0.8), Some("R-134a"), 0.8, 1530.0, false),
            (Some(1.2), Some("R717"), 1.2, 0.0, false),
            (Some(0.8), Some("other"), 0.8, 1530.0, true),
            (Some(0.8), None, 0.8, 1530.0, true),
            (None, Some("R717"), 0.38, 0.0, true),
            (Some(0.0), Some("R717"), 0.38, 0.0, true),
            (Some(-1.0), Some("R717"), 0.38, 0.0, true),
            (Some(f64::NAN), Some("R717"), 0.38, 0.0, true),
            (Some(f64::INFINITY), Some("R717"), 0.38, 0.0, true),
        ] {
            let supply =
                PowerSupply { refrigerant_kg: kg, refrigerant_type: kind.map(str::to_owned), ..PowerSupply::default() };
            let found = Refrigerant::of(Some(&supply), &parameters);
            let expected = Refrigerant { charge: Kilograms::new(charge), gwp: KgCo2ePerKg::new(gwp), is_default };
            assert_eq!(found, expected, "{kg:?} {kind:?}");
        }
        assert!(Refrigerant::of(None, &parameters).is_default);
    }
}
