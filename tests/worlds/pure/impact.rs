//! The monthly impact computed by the pure functions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use metrics_core::coldroom::impact::{BaselineLine, Impact, ImpactMonths, MonthSurveys, impact};
use metrics_core::coldroom::market_survey::{MarketSurvey, SurveyedRelease, price_per_kg};
use metrics_core::ids::{BaselineLineId, CoolingUnitId, CropId, FarmerId, FarmerSurveyId, MarketSurveyId, ReleaseId};
use metrics_core::window::{next_month, start_of_day};

use super::*;
use crate::worlds::compare::assert_same_figures;
use crate::worlds::slow::{ImpactKey, ImpactRow};
use crate::worlds::world::CommodityLine;

/// A computed row, and the number of surveys of its unit and month.
struct Computed {
    impact: Impact,
    surveys_of_unit: i32,
}

impl Loader<'_> {
    /// Market surveys that a run sees, ascending by (instant, id).
    pub(super) fn market_surveys(&self) -> Vec<MarketSurvey> {
        let world = self.world;
        let mut surveys: Vec<MarketSurvey> = Vec::new();
        for survey in world.market_surveys.iter().filter(|survey| survey.price.is_finite()) {
            let at = survey.date_filled_in.and_then(Moment::instant).filter(|at| *at < world.as_of);
            let releases = self.surveyed_releases(survey.checkout_id, survey.crop_id);
            let (Some(filled_in_at), Some(crop), false) = (at, survey.crop_id, releases.is_empty()) else { continue };
            let is_per_kg = survey.selling_unit.as_deref() == Some("KILOGRAMS");
            surveys.push(MarketSurvey {
                id: MarketSurveyId(survey.id),
                filled_in_at,
                crop: CropId(crop),
                currency: currency(survey.currency.as_deref()),
                price_per_kg: price_per_kg(survey.price, is_per_kg, survey.kg_in_unit),
                loss_kg: f64::from(survey.loss.unwrap_or(0)),
                releases,
            });
        }
        surveys.sort_by_key(|survey| (survey.filled_in_at, survey.id));
        surveys
    }

    fn surveyed_releases(&self, check_out: i64, crop: Option<i64>) -> Vec<SurveyedRelease> {
        let world = self.world;
        let at = self.movement(world.check_out(check_out).movement_id).map(|(at, _)| at);
        let mut releases = Vec::new();
        for release in world.releases.iter().filter(|release| release.checkout_id == check_out) {
            let row = world.crates.iter().find(|row| row.id == release.crate_id).expect("its crate");
            let crop_of_crate = world.produce_of(row).and_then(|produce| produce.crop_id);
            let is_seen = at.is_some_and(|at| at < world.as_of) && !self.is_unusable(row);
            if is_seen && crop.is_some() && crop_of_crate == crop {
                let user = world.check_in_of(row).and_then(|check_in| check_in.owned_by_user_id);
                releases.push(SurveyedRelease {
                    id: ReleaseId(release.id),
                    cooling_unit: row.cooling_unit_id.map(CoolingUnitId),
                    farmer: user.and_then(|user| world.farmer_of_user(user)).map(|farmer| FarmerId(farmer.id)),
                    kg: released_kg(release.percentage, row.initial_weight),
                });
            }
        }
        releases.sort_by_key(|release| release.id);
        releases
    }

    /// Lines with a currency that a run sees, oldest first.
    fn baselines(&self, farmer: FarmerId, crop: CropId) -> Vec<BaselineLine> {
        let world = self.world;
        let mut lines = Vec::new();
        for line in world.commodity_lines.iter().filter(|line| line.crop_id == Some(crop.0) && is_usable(line)) {
            let header = world.farmer_surveys.iter().find(|header| header.id == line.farmer_survey_id);
            let Some(header) = header.filter(|header| header.farmer_id == farmer.0) else { continue };
            let filled_in_at = match header.date_filled_in {
                Some(Moment::At(at)) if at < world.as_of => Some(at),
                None => None,
                Some(_) => continue,
            };
            let Some(currency) = currency(line.currency.as_deref()) else { continue };
            let is_per_kg = line.unit.as_deref() == Some("KILOGRAMS");
            lines.push(BaselineLine {
                id: BaselineLineId(line.id),
                survey: FarmerSurveyId(header.id),
                filled_in_at,
                currency,
                price_per_kg: line
                    .average_price
                    .and_then(|price| price_per_kg(f64::from(price), is_per_kg, line.kg_in_unit)),
                total_kg: line.quantity_total,
                sold_kg: line.quantity_sold,
                lost_kg: line.quantity_below_market_price,
                season_months: line.average_season_in_months,
            });
        }
        lines.sort_by_key(|line| (line.filled_in_at, line.survey, line.id));
        lines
    }

    /// Surveys by month, as a run collects them: months that are over are given out before later surveys come.
    fn months(&self) -> Vec<(NaiveDate, MonthSurveys)> {
        let mut collected = ImpactMonths::default();
        let mut months = Vec::new();
        for survey in self.market_surveys() {
            while let Some(month) = collected.take_complete(survey.filled_in_at) {
                months.push(month);
            }
            collected.add(&survey, |id| self.world.unit(id.0).map(|unit| self.zone(unit)));
        }
        months.extend(collected.finish());
        months
    }

    fn impacts(&self) -> (BTreeMap<ImpactKey, Computed>, BTreeSet<(NaiveDate, String)>) {
        let (mut rows, mut rejects) = (BTreeMap::new(), BTreeSet::new());
        for (month, surveys) in self.months() {
            for (&(unit, farmer, crop), by_farmer) in &surveys.by_farmer {
                let zone = self.zone(self.world.unit(unit.0).expect("every crate has a known unit"));
                let end = start_of_day(next_month(month), zone).min(self.world.as_of);
                match impact(by_farmer, &self.baselines(farmer, crop), end) {
                    Err(_) => {
                        let group = format!("unit {unit} farmer {farmer} crop {crop}, {}", month.format("%Y-%m"));
                        rejects.insert((month, group));
                    }
                    Ok((impact, others)) => {
                        rejects.extend(others.iter().map(|other| (month, format!("market survey {}", other.survey))));
                        let computed = Computed { impact, surveys_of_unit: surveys.surveys_of_unit[&unit] };
                        let earlier = rows.insert((month, unit.0, farmer.0, crop.0), computed);
                        assert!(earlier.is_none(), "{month} is given out twice");
                    }
                }
            }
        }
        (rows, rejects)
    }
}

fn currency(text: Option<&str>) -> Option<Arc<str>> {
    text.filter(|text| !text.is_empty()).map(Arc::from)
}

fn is_usable(line: &CommodityLine) -> bool {
    [line.quantity_total, line.quantity_self_consumed, line.quantity_sold, line.quantity_below_market_price]
        .iter()
        .all(|kg| kg.is_none_or(f64::is_finite))
}

fn figures(row: &Impact) -> BTreeMap<&'static str, Option<f64>> {
    BTreeMap::from([
        ("baseline_quantity_total_month", row.baseline.total_kg),
        ("baseline_kg_sold_month", row.baseline.sold_kg),
        ("baseline_kg_loss_month", row.baseline.lost_kg),
        ("baseline_perc_loss_month", row.baseline_loss_perc()),
        ("baseline_kg_selling_price_month", row.baseline.price_per_kg),
        ("baseline_farmer_revenue_month", row.baseline_revenue()),
        ("monthly_kg_checkin", Some(row.surveyed_kg)),
        ("monthly_kg_loss", Some(row.lost_kg)),
        ("monthly_kg_selling_price", row.price_per_kg),
        ("monthly_farmer_revenue", row.revenue()),
        ("monthly_kg_selling_price_evolution", row.price_change()),
        ("monthly_perc_unit_selling_price_evolution", row.price_change_perc()),
        ("monthly_farmer_revenue_evolution", row.revenue_change()),
        ("monthly_perc_farmer_revenue_evolution", row.revenue_change_perc()),
        ("monthly_perc_loss", row.loss_perc()),
        ("monthly_perc_foodloss_diff", row.loss_change_points()),
        ("monthly_perc_foodloss_evolution", row.loss_change_perc()),
    ])
}

pub(super) fn assert_impacts_follow_the_definitions(world: &World, parameters: &Parameters) {
    let expected = slow::impacts(world, parameters);
    let (rows, rejects) = Loader { world, parameters }.impacts();
    assert_eq!(rejects, expected.rejects, "rejects");
    let keys: Vec<ImpactKey> = expected.rows.iter().map(|row| row.key).collect();
    assert_eq!(rows.keys().copied().collect::<Vec<_>>(), keys, "the rows");
    for (computed, expected) in rows.values().zip(&expected.rows) {
        assert_same(computed, expected);
    }
}

fn assert_same(Computed { impact, surveys_of_unit }: &Computed, expected: &ImpactRow) {
    assert_eq!(*impact.currency, *expected.currency, "{impact:#?}\nby definition {expected:#?}");
    assert_eq!(impact.latest_survey_at, expected.latest_survey_date, "{expected:#?}");
    assert_eq!(i32::try_from(impact.surveys.len()), Ok(expected.surveys), "{expected:#?}");
    assert_eq!(*surveys_of_unit, expected.total_post_checkout_survey_unit, "{expected:#?}");
    assert_same_figures(&figures(impact), expected);
}
