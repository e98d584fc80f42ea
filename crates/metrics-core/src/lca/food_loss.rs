//! Emissions of food that is lost after it left the room, or would have been lost without one.

use super::FoodLossBoundary;
use crate::units::{KgCo2e, KgCo2ePerKg, Kilograms, Ratio};

/// Emissions of lost food, by what causes them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FoodLoss {
    /// Disposal of what was lost.
    pub disposal: KgCo2e,
    /// Production of what has to be grown again; 0 when it is outside the boundary.
    pub production: KgCo2e,
}

impl FoodLoss {
    /// Both together.
    pub fn total(self) -> KgCo2e {
        self.disposal + self.production
    }
}

/// What a kilogram of a lost crop costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossFactors {
    disposal: KgCo2ePerKg,
    production: KgCo2ePerKg,
}

impl LossFactors {
    /// The factors that count within a boundary.
    pub fn within(boundary: FoodLossBoundary, disposal: KgCo2ePerKg, production: KgCo2ePerKg) -> Self {
        match boundary {
            FoodLossBoundary::Production => Self { disposal, production },
            FoodLossBoundary::Disposal => Self { disposal, production: KgCo2ePerKg::ZERO },
        }
    }

    /// Emissions when `share` of the `released` produce is lost.
    ///
    /// ```text
    /// m = ℓ · O · (d + φ)
    /// ```
    ///
    /// | symbol | meaning                              | unit       |
    /// |--------|--------------------------------------|------------|
    /// | `ℓ`    | share that is lost                   | 1          |
    /// | `O`    | produce that left the room           | kg         |
    /// | `d`    | disposal                             | kg CO₂e/kg |
    /// | `φ`    | production, farm to market           | kg CO₂e/kg |
    ///
    /// Source of `φ`: Poore and Nemecek (2018), `parameters/food_footprint.toml`.
    pub fn emissions(self, released: Kilograms, share: Ratio) -> FoodLoss {
        let lost = released * share;
        FoodLoss { disposal: lost * self.disposal, production: lost * self.production }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 200 kg × 0.1 = 20 kg lost; × 0.25 = 5 kg from disposal, × 2 = 40 kg from production.
    #[test]
    fn each_lost_kilogram_is_disposed_of_and_grown_again() {
        let (disposal, production) = (KgCo2ePerKg::new(0.25), KgCo2ePerKg::new(2.0));
        let both = LossFactors::within(FoodLossBoundary::Production, disposal, production);
        let loss = both.emissions(Kilograms::new(200.0), Ratio::new(0.1));
        assert_eq!((loss.disposal.value(), loss.production.value(), loss.total().value()), (5.0, 40.0, 45.0));

        let disposal_only = LossFactors::within(FoodLossBoundary::Disposal, disposal, production);
        let loss = disposal_only.emissions(Kilograms::new(200.0), Ratio::new(0.1));
        assert_eq!((loss.disposal.value(), loss.production.value()), (5.0, 0.0));
    }
}
