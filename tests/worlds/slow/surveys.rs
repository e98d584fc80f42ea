//! What market surveys speak of.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use super::Slow;
use crate::worlds::world::{MarketSurvey, Moment, Unit};

/// A release that a survey speaks of, with its part of the survey's loss.
pub(super) struct Surveyed {
    pub(super) release: i64,
    pub(super) unit: Option<i64>,
    pub(super) farmer: Option<i64>,
    pub(super) kg: f64,
    pub(super) lost_kg: f64,
}

impl<'w> Slow<'w> {
    /// Market surveys that are not rejected and were filled in before the run, by (time, id).
    pub(super) fn market_surveys(&self) -> Vec<(&'w MarketSurvey, DateTime<Utc>)> {
        let mut surveys = Vec::new();
        for survey in self.world.market_surveys.iter().filter(|survey| survey.price.is_finite()) {
            let time = survey.date_filled_in.and_then(Moment::instant);
            surveys.extend(time.filter(|time| *time < self.world.as_of).map(|time| (survey, time)));
        }
        surveys.sort_by_key(|(survey, time)| (*time, survey.id));
        surveys
    }

    /// Releases of the survey's check-out and crop that have happened, by id.
    pub(super) fn surveyed(&self, survey: &MarketSurvey) -> Vec<Surveyed> {
        let mut surveyed = Vec::new();
        for produce_crate in self.world.crates.iter().filter(|c| self.exists(c)) {
            let crop = self.world.produce_of(produce_crate).and_then(|produce| produce.crop_id);
            if crop.is_none() || crop != survey.crop_id {
                continue;
            }
            let farmer = self.owner(produce_crate).and_then(|user| self.world.farmer_of_user(user));
            for out in self.outs(produce_crate).iter().filter(|out| out.operation.id == survey.checkout_id) {
                surveyed.push(Surveyed {
                    release: out.row.id,
                    unit: produce_crate.cooling_unit_id,
                    farmer: farmer.map(|farmer| farmer.id),
                    kg: out.kg,
                    lost_kg: 0.0,
                });
            }
        }
        surveyed.sort_by_key(|release| release.release);
        let all_kg: f64 = surveyed.iter().map(|release| release.kg).sum();
        let evenly = 1.0 / surveyed.len() as f64;
        for release in &mut surveyed {
            let share = if all_kg > 0.0 { release.kg / all_kg } else { evenly };
            release.lost_kg = f64::from(survey.loss.unwrap_or(0)) * share;
        }
        surveyed
    }

    /// First day of the unit's local month of an instant.
    pub(super) fn month(&self, time: DateTime<Utc>, unit: &Unit) -> NaiveDate {
        first_of_month(time.with_timezone(&self.zone(unit)).date_naive())
    }
}

/// First day of the month of a date.
pub fn first_of_month(date: NaiveDate) -> NaiveDate {
    date.with_day(1).expect("every month has a first day")
}
