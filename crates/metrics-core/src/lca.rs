//! Life-cycle assessment of cold storage: what a room emits in a day, and what it saves by losing less food.
//!
//! Two models. [`room_day`] charges the electricity and the leaked refrigerant of a room once a day, shares them by
//! mass, and compares the food lost after cold storage with the food lost without it. [`workbook`] is the design
//! document of the predecessor's model, kept for reconciliation with published figures. All emissions are kg CO₂e
//! over 100 years. Energy and food loss stay apart in the results, so that a saving does not hide what a room emits.

pub mod electricity;
pub mod food_loss;
pub mod refrigerant;
pub mod room;
pub mod room_day;
pub mod workbook;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The models that can be chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LcaModel {
    /// Energy and leakage of the room, loss of the food that leaves it.
    #[default]
    RoomDay,
    /// The intensities of the design document times the stock. It charges a loss of half the stock every day.
    Workbook,
}

impl LcaModel {
    /// The name, as in `lca.model`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RoomDay => "room-day",
            Self::Workbook => "workbook",
        }
    }

    /// The text of the column `co2_model`: the model and the parameter set, `room-day@2026.1`.
    pub fn with_set(self, set: &str) -> String {
        format!("{self}@{set}")
    }
}

impl fmt::Display for LcaModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which emissions of lost food count, as in `lca.food_loss`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FoodLossBoundary {
    /// Its disposal, and its production, because it has to be grown again.
    #[default]
    Production,
    /// Its disposal only.
    Disposal,
}

impl FoodLossBoundary {
    /// The name, as in `lca.food_loss`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Disposal => "disposal",
        }
    }
}

impl fmt::Display for FoodLossBoundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is none of those that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{name}` is not one of {known}")]
pub struct UnknownName {
    name: String,
    known: &'static str,
}

impl FromStr for LcaModel {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        match name {
            "room-day" => Ok(Self::RoomDay),
            "workbook" => Ok(Self::Workbook),
            _ => Err(UnknownName { name: name.to_owned(), known: "room-day, workbook" }),
        }
    }
}

impl FromStr for FoodLossBoundary {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        match name {
            "production" => Ok(Self::Production),
            "disposal" => Ok(Self::Disposal),
            _ => Err(UnknownName { name: name.to_owned(), known: "production, disposal" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_in_text_and_in_json() {
        for model in [LcaModel::RoomDay, LcaModel::Workbook] {
            assert_eq!(model.to_string().parse(), Ok(model));
            assert_eq!(serde_json::to_value(model).unwrap(), model.as_str());
        }
        for boundary in [FoodLossBoundary::Production, FoodLossBoundary::Disposal] {
            assert_eq!(boundary.to_string().parse(), Ok(boundary));
            assert_eq!(serde_json::to_value(boundary).unwrap(), boundary.as_str());
        }
        assert_eq!(LcaModel::RoomDay.with_set("2026.1"), "room-day@2026.1");
    }

    #[test]
    fn an_unknown_name_is_told_with_those_that_exist() {
        let error = "Room-Day".parse::<LcaModel>().unwrap_err();
        assert_eq!(error.to_string(), "`Room-Day` is not one of room-day, workbook");
    }
}
