//! What a reader should know about the figures of a row: flags from a closed list.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A reservation about the figures of a cooling unit's day.
///
/// The order is alphabetical by [`QualityFlag::as_str`], which is the order in the column `data_quality`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QualityFlag {
    /// The capacity in crates is not known or 0: there is no occupancy.
    CapacityMissing,
    /// The company has no country, or one without a row in `parameters/country.toml`.
    CountryMissing,
    /// A fee has no currency.
    CurrencyMissing,
    /// The electricity was estimated from the size of the room.
    ElectricityEstimated,
    /// Neither the electricity nor the size of the room is known.
    ElectricityMissing,
    /// No survey tells the loss in the cold room; a default share of the loss without a cold room was taken.
    FoodLossDefault,
    /// A rate of exchange was needed and there was none.
    FxMissing,
    /// Grid electricity of a country without a factor of its own.
    GridFactorDefault,
    /// The source of power is not known.
    PowerSourceUnknown,
    /// The charge or the kind of the refrigerant is not known.
    RefrigerantDefault,
}

impl QualityFlag {
    /// All flags, in order.
    pub const ALL: [Self; 10] = [
        Self::CapacityMissing,
        Self::CountryMissing,
        Self::CurrencyMissing,
        Self::ElectricityEstimated,
        Self::ElectricityMissing,
        Self::FoodLossDefault,
        Self::FxMissing,
        Self::GridFactorDefault,
        Self::PowerSourceUnknown,
        Self::RefrigerantDefault,
    ];

    /// The flag as it stands in the column `data_quality`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CapacityMissing => "capacity_missing",
            Self::CountryMissing => "country_missing",
            Self::CurrencyMissing => "currency_missing",
            Self::ElectricityEstimated => "electricity_estimated",
            Self::ElectricityMissing => "electricity_missing",
            Self::FoodLossDefault => "food_loss_default",
            Self::FxMissing => "fx_missing",
            Self::GridFactorDefault => "grid_factor_default",
            Self::PowerSourceUnknown => "power_source_unknown",
            Self::RefrigerantDefault => "refrigerant_default",
        }
    }
}

impl fmt::Display for QualityFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_flags_is_that_of_their_text() {
        assert!(QualityFlag::ALL.is_sorted());
        assert!(QualityFlag::ALL.is_sorted_by_key(|flag| flag.as_str()));
    }

    #[test]
    fn the_text_in_json_is_the_text_in_the_column() {
        for flag in QualityFlag::ALL {
            assert_eq!(serde_json::to_value(flag).unwrap(), flag.as_str());
        }
    }
}
