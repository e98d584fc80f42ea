//! Market surveys sorted into local months, cooling units, farmers and crops.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use chrono_tz::Tz;

use super::FarmerSurvey;
use crate::coldroom::market_survey::MarketSurvey;
use crate::ids::{CoolingUnitId, CropId, FarmerId};
use crate::window::{local_date, month_of};

/// Market surveys of one month.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MonthSurveys {
    /// What surveys say of each farmer's crop from each unit, ascending by (instant, id).
    pub by_farmer: BTreeMap<(CoolingUnitId, FarmerId, CropId), Vec<FarmerSurvey>>,
    /// Surveys with a release from each unit, with or without a farmer.
    pub surveys_of_unit: BTreeMap<CoolingUnitId, i32>,
}

/// Sorts surveys into months as they arrive, and gives the months out as they are over.
#[derive(Debug, Default)]
pub struct ImpactMonths {
    months: BTreeMap<NaiveDate, MonthSurveys>,
}

impl ImpactMonths {
    /// Takes one survey in; they come ascending by (instant, id).
    ///
    /// `zone_of` knows the units of the run; parts of the survey that fall on others are left out. A survey with
    /// releases from units in different zones may fall in two months, each part once.
    pub fn add(&mut self, survey: &MarketSurvey, zone_of: impl Fn(CoolingUnitId) -> Option<Tz>) {
        let mut counted: Vec<CoolingUnitId> = Vec::new();
        for (release, lost_kg) in survey.releases_with_loss() {
            let Some(unit) = release.cooling_unit else { continue };
            let Some(zone) = zone_of(unit) else { continue };
            let month = self.months.entry(month_of(local_date(survey.filled_in_at, zone))).or_default();
            if !counted.contains(&unit) {
                counted.push(unit);
                *month.surveys_of_unit.entry(unit).or_default() += 1;
            }
            let Some(farmer) = release.farmer else { continue };
            let parts = month.by_farmer.entry((unit, farmer, survey.crop)).or_default();
            match parts.last_mut() {
                Some(part) if part.id == survey.id => {
                    part.lost_kg += lost_kg;
                    part.releases.push((release.id, release.kg));
                }
                _ => parts.push(FarmerSurvey {
                    id: survey.id,
                    filled_in_at: survey.filled_in_at,
                    currency: survey.currency.clone(),
                    price_per_kg: survey.price_per_kg,
                    lost_kg,
                    releases: vec![(release.id, release.kg)],
                }),
            }
        }
    }

    /// The earliest month, when it is over in every zone at `now`: no later survey can fall into it.
    pub fn take_complete(&mut self, now: DateTime<Utc>) -> Option<(NaiveDate, MonthSurveys)> {
        let month = self.months.first_entry()?;
        let over = month.key().checked_add_months(Months::new(1))?.checked_add_days(Days::new(1))?;
        (now.date_naive() >= over).then(|| month.remove_entry())
    }

    /// The months that are left, ascending.
    pub fn finish(self) -> impl Iterator<Item = (NaiveDate, MonthSurveys)> {
        self.months.into_iter()
    }
}
