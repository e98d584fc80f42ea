//! Share of the food lost after cold storage, from the market surveys of the twelve months before.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};

use super::Slow;
use crate::worlds::world::{MarketSurvey, Moment, Release, Unit};

impl Slow<'_> {
    /// ΣL ÷ ΣW of a unit over the months before that of `date`; `None` when nothing was surveyed.
    pub(super) fn food_loss_cold(&self, unit: &Unit, date: NaiveDate) -> Option<f64> {
        let (mut lost, mut surveyed) = (0.0, 0.0);
        for months_back in 1..=12 {
            let month = date.year() * 12 + date.month0().cast_signed() - months_back;
            let (lost_kg, surveyed_kg) = self.surveyed_in(unit, month);
            lost += lost_kg;
            surveyed += surveyed_kg;
        }
        (surveyed > 0.0).then(|| (lost / surveyed).clamp(0.0, 1.0))
    }

    /// L and W of a unit in one month, over all farmers and crops.
    fn surveyed_in(&self, unit: &Unit, month: i32) -> (f64, f64) {
        let zone = self.zone(unit);
        let in_month = |survey: &&MarketSurvey| {
            let filled_in = survey.date_filled_in.and_then(Moment::instant);
            filled_in.filter(|time| *time < self.world.as_of).is_some_and(|time| {
                let day = time.with_timezone(&zone).date_naive();
                day.year() * 12 + day.month0().cast_signed() == month
            })
        };
        let mut lost = 0.0;
        let mut distinct: BTreeSet<i64> = BTreeSet::new();
        for survey in self.world.market_surveys.iter().filter(|survey| survey.price.is_finite()).filter(in_month) {
            let releases = self.surveyed_releases(survey);
            let all: f64 = releases.iter().map(|(_, kg, _)| kg).sum();
            for (release, kg, is_of_unit) in &releases {
                if !is_of_unit(unit.id) {
                    continue;
                }
                let share = if all > 0.0 { kg / all } else { 1.0 / releases.len() as f64 };
                lost += f64::from(survey.loss.unwrap_or(0)) * share;
                distinct.insert(release.id);
            }
        }
        let weight = distinct.iter().map(|id| self.kg_of(*id)).sum();
        (lost, weight)
    }

    /// Releases of the survey's check-out and crop that have happened: row, kg, and whether it counts for a unit,
    /// for which it needs a farmer.
    fn surveyed_releases(&self, survey: &MarketSurvey) -> Vec<(&Release, f64, impl Fn(i64) -> bool + use<>)> {
        let mut releases = Vec::new();
        for produce_crate in self.world.crates.iter().filter(|c| self.exists(c)) {
            let crop = self.world.produce_of(produce_crate).and_then(|produce| produce.crop_id);
            if crop.is_none() || crop != survey.crop_id {
                continue;
            }
            let has_farmer = self.owner(produce_crate).and_then(|user| self.world.farmer_of_user(user)).is_some();
            let unit_id = produce_crate.cooling_unit_id;
            for out in self.outs(produce_crate) {
                if out.operation.id == survey.checkout_id {
                    releases.push((out.row, out.kg, move |unit: i64| has_farmer && unit_id == Some(unit)));
                }
            }
        }
        releases
    }

    fn kg_of(&self, release: i64) -> f64 {
        let row = self.world.releases.iter().find(|row| row.id == release).expect("it was just seen");
        let of_crate = self.world.crates.iter().find(|c| c.id == row.crate_id).expect("every release has a crate");
        row.percentage * of_crate.initial_weight.max(1.0)
    }
}
