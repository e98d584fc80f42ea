//! Emissions by crop with and without the cold room, as `co2_crops` stores them day by day.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Emissions of one crop, kg of CO2 equivalent.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
pub struct CropEmissions {
    /// With the cold room.
    pub coldroom: f64,
    /// Had there been none.
    #[serde(rename = "no-coldroom")]
    pub no_coldroom: f64,
}

/// Emissions by crop, summed over days.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EmissionsByCrop(BTreeMap<String, CropEmissions>);

impl EmissionsByCrop {
    /// Adds the crops of one day; days come in order of date, so that the same days give the same bits.
    pub fn add(&mut self, day: BTreeMap<String, CropEmissions>) {
        for (crop, emissions) in day {
            let sum = self.0.entry(crop).or_default();
            sum.coldroom += emissions.coldroom;
            sum.no_coldroom += emissions.no_coldroom;
        }
    }

    /// Crops with their sums, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, CropEmissions)> {
        self.0.iter().map(|(crop, emissions)| (crop.as_str(), *emissions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crops_add_up_over_their_days() {
        let day = |json| serde_json::from_str(json).expect("a dictionary");
        let mut sums = EmissionsByCrop::default();
        sums.add(day(r#"{"Tomato": {"coldroom": 1.5, "difference": 1.0, "no-coldroom": 2.5}}"#));
        sums.add(day(r#"{"Tomato": {"coldroom": 0.5, "difference": -0.5, "no-coldroom": 0.0},
            "Apple": {"coldroom": 1, "difference": 0, "no-coldroom": 1}}"#));
        let both = |coldroom, no_coldroom| CropEmissions { coldroom, no_coldroom };
        let expected = [("Apple", both(1.0, 1.0)), ("Tomato", both(2.0, 2.5))];
        assert_eq!(sums.iter().collect::<Vec<_>>(), expected);
    }
}
