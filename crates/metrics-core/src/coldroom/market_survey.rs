//! What a farmer reports of a sale after check-out.
//!
//! A **surveyed release** of a market survey is a release of the survey's check-out whose crate holds the survey's
//! crop. It gives the cooling unit, the farmer and the weight.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::ids::{CoolingUnitId, CropId, FarmerId, MarketSurveyId, ReleaseId};

/// A release that a survey speaks of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurveyedRelease {
    /// Its id.
    pub id: ReleaseId,
    /// Unit of its crate.
    pub cooling_unit: Option<CoolingUnitId>,
    /// Farmer who owns the crate.
    pub farmer: Option<FarmerId>,
    /// Weight released, kg.
    pub kg: f64,
}

/// A market survey with the releases that it speaks of, all of one crop.
#[derive(Debug, Clone, PartialEq)]
pub struct MarketSurvey {
    /// Its id.
    pub id: MarketSurveyId,
    /// When it was filled in.
    pub filled_in_at: DateTime<Utc>,
    /// Its crop.
    pub crop: CropId,
    /// Currency of the price, when stated.
    pub currency: Option<Arc<str>>,
    /// Price that the farmer got, per kg; see [`price_per_kg`].
    pub price_per_kg: Option<f64>,
    /// Weight lost, kg; unknown counts as none.
    pub loss_kg: f64,
    /// Its surveyed releases, ascending by id.
    pub releases: Vec<SurveyedRelease>,
}

impl MarketSurvey {
    /// Each surveyed release with its part of the loss, kg: shared by weight, or evenly when nothing weighs anything.
    pub fn releases_with_loss(&self) -> impl Iterator<Item = (&SurveyedRelease, f64)> {
        let total_kg: f64 = self.releases.iter().map(|release| release.kg).sum();
        self.releases.iter().map(move |release| {
            let lost_kg = if total_kg > 0.0 {
                self.loss_kg * (release.kg / total_kg)
            } else {
                self.loss_kg / self.releases.len() as f64
            };
            (release, lost_kg)
        })
    }
}

/// Price per kg of a price per selling unit: the price itself when it is per kilogram, else divided by the weight of
/// the selling unit. Absent when that weight is needed and unknown, or zero.
pub fn price_per_kg(price: f64, is_per_kg: bool, kg_in_unit: Option<i32>) -> Option<f64> {
    if is_per_kg { Some(price) } else { kg_in_unit.filter(|kg| *kg > 0).map(|kg| price / f64::from(kg)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_per_crate_is_divided_by_its_weight() {
        assert_eq!(price_per_kg(600.0, true, Some(10)), Some(600.0));
        assert_eq!(price_per_kg(600.0, false, Some(10)), Some(60.0));
        assert_eq!(price_per_kg(600.0, false, Some(0)), None);
        assert_eq!(price_per_kg(600.0, false, None), None);
    }

    fn losses(loss_kg: f64, kg: &[f64]) -> Vec<f64> {
        let releases = kg
            .iter()
            .zip(1..)
            .map(|(&kg, id)| SurveyedRelease { id: ReleaseId(id), cooling_unit: None, farmer: None, kg })
            .collect();
        let survey = MarketSurvey {
            id: MarketSurveyId(1),
            filled_in_at: DateTime::UNIX_EPOCH,
            crop: CropId(1),
            currency: None,
            price_per_kg: None,
            loss_kg,
            releases,
        };
        survey.releases_with_loss().map(|(_, lost_kg)| lost_kg).collect()
    }

    #[test]
    fn a_loss_is_shared_by_weight_or_evenly() {
        assert_eq!(losses(4.0, &[30.0, 10.0]), [3.0, 1.0]);
        assert_eq!(losses(4.0, &[0.0, 0.0]), [2.0, 2.0]);
    }
}
