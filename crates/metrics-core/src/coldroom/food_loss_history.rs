//! Food loss in a cooling unit as its market surveys report it.
//!
//! Per cooling unit and local month:
//!
//! ```text
//! W = Σ kg of the distinct surveyed releases      L = Σ loss of each survey, shared over its releases by kg
//! ```
//!
//! Releases without a farmer or a cooling unit take their part of the loss with them: it is dropped.

use std::collections::{BTreeMap, HashSet};

use chrono::{Months, NaiveDate};
use chrono_tz::Tz;

use super::market_survey::MarketSurvey;
use crate::ids::{CoolingUnitId, ReleaseId};
use crate::window::{local_date, month_of};

/// Months before the month of a day that its food loss in the cold room looks back on.
const MONTHS_BACK: u32 = 12;

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Month {
    surveyed_kg: f64,
    lost_kg: f64,
}

/// Surveyed and lost weight per cooling unit and local month.
#[derive(Debug, Default)]
pub struct FoodLossHistory {
    months: BTreeMap<(CoolingUnitId, NaiveDate), Month>,
    /// Releases that count already, by month; only of months that a survey can still fall into.
    seen: BTreeMap<NaiveDate, HashSet<ReleaseId>>,
}

impl FoodLossHistory {
    /// Takes one survey in; the caller brings them ascending by (instant, id), so that sums repeat to the bit and
    /// months that are over need not be remembered.
    pub fn add(&mut self, survey: &MarketSurvey, zone_of: impl Fn(CoolingUnitId) -> Option<Tz>) {
        // A month is over in every zone a day after it is over in UTC; the one before the current is kept for that.
        let current = month_of(survey.filled_in_at.date_naive());
        if let Some(oldest) = current.checked_sub_months(Months::new(1)) {
            self.seen = self.seen.split_off(&oldest);
        }
        for (release, lost_kg) in survey.releases_with_loss() {
            let (Some(cooling_unit), Some(_)) = (release.cooling_unit, release.farmer) else { continue };
            let Some(zone) = zone_of(cooling_unit) else { continue };
            let month = month_of(local_date(survey.filled_in_at, zone));
            let entry = self.months.entry((cooling_unit, month)).or_default();
            entry.lost_kg += lost_kg;
            if self.seen.entry(month).or_default().insert(release.id) {
                entry.surveyed_kg += release.kg;
            }
        }
    }

    /// Share of the surveyed weight that was lost, over the 12 local months before `month` (its first day).
    ///
    /// Not limited to 0–1: the surveys say what they say. Absent when nothing surveyed weighs anything.
    pub fn lost_ratio(&self, cooling_unit: CoolingUnitId, month: NaiveDate) -> Option<f64> {
        let first = month.checked_sub_months(Months::new(MONTHS_BACK))?;
        let (mut surveyed_kg, mut lost_kg) = (0.0, 0.0);
        for value in self.months.range((cooling_unit, first)..(cooling_unit, month)).map(|(_, value)| value) {
            surveyed_kg += value.surveyed_kg;
            lost_kg += value.lost_kg;
        }
        (surveyed_kg > 0.0).then(|| lost_kg / surveyed_kg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coldroom::market_survey::SurveyedRelease;
    use crate::ids::{CropId, FarmerId, MarketSurveyId};

    const UNIT: CoolingUnitId = CoolingUnitId(1);

    fn survey(id: i64, day: &str, loss_kg: f64, releases: &[(i64, f64, bool)]) -> MarketSurvey {
        MarketSurvey {
            id: MarketSurveyId(id),
            filled_in_at: format!("{day}T12:00:00Z").parse().expect("an instant"),
            crop: CropId(1),
            currency: None,
            price_per_kg: None,
            loss_kg,
            releases: releases
                .iter()
                .map(|&(id, kg, has_farmer)| SurveyedRelease {
                    id: ReleaseId(id),
                    cooling_unit: Some(UNIT),
                    farmer: has_farmer.then_some(FarmerId(1)),
                    kg,
                })
                .collect(),
        }
    }

    fn ratio(surveys: &[MarketSurvey], month: &str) -> Option<f64> {
        let mut history = FoodLossHistory::default();
        for survey in surveys {
            history.add(survey, |_| Some(Tz::UTC));
        }
        history.lost_ratio(UNIT, month.parse().expect("a date"))
    }

    /// 3 kg of 30 and 1 kg of 10: 4 ÷ 40 = 0.1, from the month after on, for twelve months.
    #[test]
    fn the_twelve_months_before_count_and_no_other() {
        let surveys =
            [survey(1, "2026-01-31", 3.0, &[(1, 30.0, true)]), survey(2, "2026-01-01", 1.0, &[(2, 10.0, true)])];
        assert_eq!(ratio(&surveys, "2026-01-01"), None);
        assert_eq!(ratio(&surveys, "2026-02-01"), Some(0.1));
        assert_eq!(ratio(&surveys, "2027-01-01"), Some(0.1));
        assert_eq!(ratio(&surveys, "2027-02-01"), None);
    }

    /// Two surveys of one release in one month: its 20 kg count once, the losses 2 + 3 both: 5 ÷ 20.
    #[test]
    fn a_release_surveyed_twice_in_a_month_weighs_once() {
        let surveys =
            [survey(1, "2026-01-05", 2.0, &[(1, 20.0, true)]), survey(2, "2026-01-06", 3.0, &[(1, 20.0, true)])];
        assert_eq!(ratio(&surveys, "2026-02-01"), Some(0.25));
    }

    /// 6 kg lost over 10 kg with a farmer and 20 kg without: 2 kg stay, 2 ÷ 10.
    #[test]
    fn the_loss_of_releases_without_a_farmer_is_dropped() {
        let surveys = [survey(1, "2026-01-05", 6.0, &[(1, 10.0, true), (2, 20.0, false)])];
        assert_eq!(ratio(&surveys, "2026-02-01"), Some(0.2));
    }

    #[test]
    fn surveys_of_nothing_say_nothing() {
        assert_eq!(ratio(&[survey(1, "2026-01-05", 6.0, &[(1, 0.0, true)])], "2026-02-01"), None);
    }
}
