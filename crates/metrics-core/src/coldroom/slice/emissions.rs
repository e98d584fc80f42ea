//! Emissions with and without the cold room, by crop and by cause, as they are stored day by day.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{NumbersByName, SumsByName};

/// Causes that are energy of the room, as they are stored.
const ENERGY: [&str; 2] = ["electricity", "refrigerant"];
/// Causes that are food lost in spite of the room, as they are stored.
const FOOD_LOSS: [&str; 2] = ["disposal_cold", "production_cold"];

/// Emissions of one crop, kg of CO2 equivalent.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
pub struct CropEmissions {
    /// With the cold room.
    pub coldroom: f64,
    /// Had there been none.
    #[serde(rename = "no-coldroom")]
    pub no_coldroom: f64,
}

impl CropEmissions {
    fn add(&mut self, other: Self) {
        self.coldroom += other.coldroom;
        self.no_coldroom += other.no_coldroom;
    }
}

/// Emissions by crop, summed over days.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EmissionsByCrop(BTreeMap<String, CropEmissions>);

impl EmissionsByCrop {
    /// Adds the crops of one day; days come in order of date, so that the same days give the same bits.
    pub fn add(&mut self, day: &BTreeMap<String, CropEmissions>) {
        for (crop, emissions) in day {
            match self.0.get_mut(crop) {
                Some(sum) => sum.add(*emissions),
                None => {
                    self.0.insert(crop.clone(), *emissions);
                }
            }
        }
    }

    /// True without any crop.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Crops with their sums, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, CropEmissions)> {
        self.0.iter().map(|(crop, emissions)| (crop.as_str(), *emissions))
    }
}

/// Emissions of one unit-day, kg of CO2 equivalent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EmissionDay {
    /// By crop; absent when they have no figure.
    pub crops: Option<BTreeMap<String, CropEmissions>>,
    /// Of a room that ended the day empty.
    pub idle: Option<f64>,
    /// By cause.
    pub breakdown: NumbersByName,
}

/// Emissions of several unit-days, over those that have a figure for both sides; kg of CO2 equivalent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EmissionSums {
    /// Days with figures.
    pub days: u32,
    /// Days without.
    pub missing_days: u32,
    /// Σ without the room; absent without days.
    pub co2_from: Option<f64>,
    /// Σ with the room, idle days included; absent without days.
    pub co2_to: Option<f64>,
    /// The part of it that rooms emitted on days that ended empty, and that no crop carries; absent without days.
    pub idle: Option<f64>,
    /// By crop, over the same days.
    pub by_crop: EmissionsByCrop,
    /// By cause, over the same days.
    pub breakdown: SumsByName,
}

impl EmissionSums {
    /// Adds a day; days come in order of date, so that the same days give the same bits.
    pub fn add(&mut self, day: &EmissionDay) {
        let Some((crops, idle)) = day.crops.as_ref().zip(day.idle) else {
            self.missing_days += 1;
            return;
        };
        let mut both = CropEmissions::default();
        for crop in crops.values() {
            both.add(*crop);
        }
        self.days += 1;
        self.co2_from = Some(self.co2_from.unwrap_or(0.0) + both.no_coldroom);
        self.co2_to = Some(self.co2_to.unwrap_or(0.0) + both.coldroom + idle);
        self.idle = Some(self.idle.unwrap_or(0.0) + idle);
        self.by_crop.add(crops);
        self.breakdown.add(&day.breakdown);
    }

    /// Energy of the room: the part of `co2_to` that is electricity and refrigerant; absent when one is not known.
    pub fn energy(&self) -> Option<f64> {
        self.causes(ENERGY)
    }

    /// Food that is lost with the room: the other part.
    pub fn food_loss(&self) -> Option<f64> {
        self.causes(FOOD_LOSS)
    }

    fn causes(&self, names: [&str; 2]) -> Option<f64> {
        let amount = |name| self.breakdown.iter().find(|(cause, _)| *cause == name).and_then(|(_, amount)| amount);
        names.into_iter().map(amount).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crops_add_up_over_their_days() {
        let day = |json| serde_json::from_str(json).expect("a dictionary");
        let mut sums = EmissionsByCrop::default();
        sums.add(&day(r#"{"Tomato": {"coldroom": 1.5, "difference": 1.0, "no-coldroom": 2.5}}"#));
        sums.add(&day(r#"{"Tomato": {"coldroom": 0.5, "difference": -0.5, "no-coldroom": 0.0},
            "Apple": {"coldroom": 1, "difference": 0, "no-coldroom": 1}}"#));
        let both = |coldroom, no_coldroom| CropEmissions { coldroom, no_coldroom };
        let expected = [("Apple", both(1.0, 1.0)), ("Tomato", both(2.0, 2.5))];
        assert_eq!(sums.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_day_without_one_side_is_left_out_of_both() {
        let mut sums = EmissionSums::default();
        let breakdown = |electricity| {
            let causes = [("electricity", electricity), ("refrigerant", 0.5), ("disposal_cold", 1.0)];
            causes.into_iter().chain([("production_cold", 0.25)]).collect()
        };
        let empty = Some(BTreeMap::new());
        sums.add(&EmissionDay { crops: empty, idle: Some(1.5), breakdown: breakdown(1.0) });
        assert!(sums.by_crop.is_empty());
        let tomato = CropEmissions { coldroom: 2.0, no_coldroom: 5.0 };
        let crops = Some(BTreeMap::from([("Tomato".to_owned(), tomato)]));
        sums.add(&EmissionDay { crops, idle: Some(0.0), breakdown: breakdown(2.0) });
        sums.add(&EmissionDay { crops: None, idle: None, breakdown: breakdown(9.0) });
        assert_eq!(sums.by_crop.iter().collect::<Vec<_>>(), [("Tomato", tomato)]);
        assert_eq!((sums.co2_from, sums.co2_to, sums.idle), (Some(5.0), Some(3.5), Some(1.5)));
        assert_eq!((sums.days, sums.missing_days), (2, 1));
        assert_eq!((sums.energy(), sums.food_loss()), (Some(4.0), Some(2.5)));
        assert_eq!(EmissionSums::default().energy(), None);
    }
}
