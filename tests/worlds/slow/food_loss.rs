//! Share of the food lost after cold storage, from the market surveys of the twelve months before.

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};

use super::Slow;
use super::surveys::first_of_month;
use crate::worlds::world::Unit;

impl Slow<'_> {
    /// ΣL ÷ ΣW of a unit over the months before that of `date`; `None` when nothing was surveyed.
    pub(super) fn food_loss_cold(&self, unit: &Unit, date: NaiveDate) -> Option<f64> {
        let (mut lost, mut surveyed) = (0.0, 0.0);
        for months_back in 1..=12 {
            let (lost_kg, surveyed_kg) = self.surveyed_in(unit, first_of_month(date) - Months::new(months_back));
            lost += lost_kg;
            surveyed += surveyed_kg;
        }
        (surveyed > 0.0).then(|| (lost / surveyed).clamp(0.0, 1.0))
    }

    /// L and W of a unit in one month, over all farmers and crops.
    fn surveyed_in(&self, unit: &Unit, month: NaiveDate) -> (f64, f64) {
        let mut lost = 0.0;
        let mut distinct: BTreeMap<i64, f64> = BTreeMap::new();
        for (survey, time) in self.market_surveys() {
            if self.month(time, unit) != month {
                continue;
            }
            for release in self.surveyed(survey) {
                if release.unit == Some(unit.id) && release.farmer.is_some() {
                    lost += release.lost_kg;
                    distinct.insert(release.release, release.kg);
                }
            }
        }
        (lost, distinct.values().sum())
    }
}
