//! What cold storage changed for a farmer: price, revenue and loss of a crop, beside the farmer's own baseline.
//!
//! A row speaks of one local month, cooling unit, farmer and crop. Its **month** side comes from the market surveys of
//! the month, its **baseline** from the farmer's newest answer, given before the month ended, on how it was without
//! the room. Definitions, with `W` and `L` of [`super::food_loss_history`] over the surveys that are kept:
//!
//! ```text
//! p = Σ price per kg · kg ÷ Σ kg     over surveys with a price, kg of their releases of this farmer from this unit
//! b = baseline price per kg
//! tb, sb, lb = baseline quantities per month: in total, sold, below market price
//! revenue = p · (W − L)              baseline revenue = b · (W − L)
//! ```
//!
//! **Currency.** A survey that states none takes that of the newest candidate line. The row's currency is, among the
//! surveys' currencies that a candidate line has, the one with most surveys (ties: the alphabetically first); surveys
//! in another currency are rejected and enter nothing.
//!
//! What needs an absent value is absent, as is every ratio whose denominator is zero.

mod months;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

pub use months::{ImpactMonths, MonthSurveys};

use crate::ids::{BaselineLineId, FarmerSurveyId, MarketSurveyId, ReleaseId};

/// Part of a market survey that falls on one cooling unit and farmer.
#[derive(Debug, Clone, PartialEq)]
pub struct FarmerSurvey {
    /// The survey.
    pub id: MarketSurveyId,
    /// When it was filled in.
    pub filled_in_at: DateTime<Utc>,
    /// Currency of the price, when stated.
    pub currency: Option<Arc<str>>,
    /// Price that the farmer got, per kg.
    pub price_per_kg: Option<f64>,
    /// Part of its loss, kg.
    pub lost_kg: f64,
    /// Its releases with their weights, kg; ascending by id.
    pub releases: Vec<(ReleaseId, f64)>,
}

impl FarmerSurvey {
    fn released_kg(&self) -> f64 {
        self.releases.iter().map(|(_, kg)| kg).sum()
    }
}

/// A farmer's answer on one crop in a baseline survey. Quantities are per season, kg.
#[derive(Debug, Clone, PartialEq)]
pub struct BaselineLine {
    /// Its id.
    pub id: BaselineLineId,
    /// The survey that it belongs to.
    pub survey: FarmerSurveyId,
    /// When that was filled in; unknown is oldest.
    pub filled_in_at: Option<DateTime<Utc>>,
    /// Currency of the price.
    pub currency: Arc<str>,
    /// Price per kg.
    pub price_per_kg: Option<f64>,
    /// Harvested.
    pub total_kg: Option<f64>,
    /// Sold.
    pub sold_kg: Option<f64>,
    /// Sold below market price or lost.
    pub lost_kg: Option<f64>,
    /// Length of the season, months.
    pub season_months: Option<i32>,
}

impl BaselineLine {
    /// A quantity per month; a season of unknown or no length counts as one month.
    fn per_month(&self, season_kg: Option<f64>) -> Option<f64> {
        let months = self.season_months.filter(|months| *months > 0).unwrap_or(1);
        season_kg.map(|kg| kg / f64::from(months))
    }
}

/// Baseline of a row, per month.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Baseline {
    /// The line that it was taken from.
    pub line: BaselineLineId,
    /// tb: harvested, kg.
    pub total_kg: Option<f64>,
    /// sb: sold, kg.
    pub sold_kg: Option<f64>,
    /// lb: sold below market price or lost, kg.
    pub lost_kg: Option<f64>,
    /// b: price per kg.
    pub price_per_kg: Option<f64>,
}

/// A row: baseline and month, and everything that follows from both.
#[derive(Debug, Clone, PartialEq)]
pub struct Impact {
    /// Currency of all money.
    pub currency: Arc<str>,
    /// The farmer without the room.
    pub baseline: Baseline,
    /// W: weight surveyed, kg.
    pub surveyed_kg: f64,
    /// L: weight lost, kg.
    pub lost_kg: f64,
    /// p: price per kg.
    pub price_per_kg: Option<f64>,
    /// When the latest kept survey was filled in.
    pub latest_survey_at: DateTime<Utc>,
    /// Surveys kept.
    pub surveys: Vec<MarketSurveyId>,
}

impl Impact {
    /// W − L: weight that could be sold, kg.
    fn sellable_kg(&self) -> f64 {
        self.surveyed_kg - self.lost_kg
    }

    /// lb ÷ tb.
    fn baseline_loss_ratio(&self) -> Option<f64> {
        ratio(self.baseline.lost_kg?, self.baseline.total_kg?)
    }

    /// L ÷ W.
    fn loss_ratio(&self) -> Option<f64> {
        ratio(self.lost_kg, self.surveyed_kg)
    }

    /// Share of the baseline harvest that was lost, percent.
    pub fn baseline_loss_perc(&self) -> Option<f64> {
        Some(self.baseline_loss_ratio()? * 100.0)
    }

    /// Revenue that the month's weight would have brought at the baseline price.
    pub fn baseline_revenue(&self) -> Option<f64> {
        finite(self.baseline.price_per_kg? * self.sellable_kg())
    }

    /// Revenue of the month.
    pub fn revenue(&self) -> Option<f64> {
        finite(self.price_per_kg? * self.sellable_kg())
    }

    /// Price less baseline price, per kg.
    pub fn price_change(&self) -> Option<f64> {
        finite(self.price_per_kg? - self.baseline.price_per_kg?)
    }

    /// The same in percent of the baseline price.
    pub fn price_change_perc(&self) -> Option<f64> {
        Some(ratio(self.price_change()?, self.baseline.price_per_kg?)? * 100.0)
    }

    /// Revenue less baseline revenue.
    pub fn revenue_change(&self) -> Option<f64> {
        finite(self.price_change()? * self.sellable_kg())
    }

    /// The same in percent of the baseline revenue.
    pub fn revenue_change_perc(&self) -> Option<f64> {
        Some(ratio(self.revenue_change()?, self.baseline_revenue()?)? * 100.0)
    }

    /// Share of the surveyed weight that was lost, percent.
    pub fn loss_perc(&self) -> Option<f64> {
        Some(self.loss_ratio()? * 100.0)
    }

    /// Loss less baseline loss, percentage points.
    pub fn loss_change_points(&self) -> Option<f64> {
        finite((self.loss_ratio()? - self.baseline_loss_ratio()?) * 100.0)
    }

    /// The same in percent of the baseline loss.
    pub fn loss_change_perc(&self) -> Option<f64> {
        let baseline = self.baseline_loss_ratio()?;
        Some(ratio(self.loss_ratio()? - baseline, baseline)? * 100.0)
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    if denominator == 0.0 { None } else { finite(numerator / denominator) }
}

/// Why surveys give no row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoImpact {
    /// Nothing to compare with.
    #[error("no baseline line with a currency was filled in before the end of the month")]
    NoBaseline,
    /// Nothing to compare with in any of the surveys' currencies.
    #[error("no baseline line in {}", .0.join(", "))]
    NoBaselineIn(Vec<String>),
    /// A weight or loss does not fit a float.
    #[error("a sum of kilograms is out of range")]
    OutOfRange,
}

/// A survey that the row leaves out, and the currencies that differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherCurrency {
    /// The survey.
    pub survey: MarketSurveyId,
    /// Its currency.
    pub currency: Arc<str>,
    /// The row's.
    pub row_currency: Arc<str>,
}

/// The row of one month, cooling unit, farmer and crop, and the surveys that it leaves out.
///
/// `surveys` are ascending by (instant, id); `lines` are all lines of the farmer and crop that have a currency,
/// ascending by (date with unknown first, survey, line). Lines at or after `before`, the end of the month or as-of
/// where that is earlier, are not seen.
///
/// # Errors
///
/// [`NoImpact`] when there is nothing to compare with.
pub fn impact(
    surveys: &[FarmerSurvey],
    lines: &[BaselineLine],
    before: DateTime<Utc>,
) -> Result<(Impact, Vec<OtherCurrency>), NoImpact> {
    let candidates: Vec<&BaselineLine> =
        lines.iter().filter(|line| line.filled_in_at.is_none_or(|at| at < before)).collect();
    let newest = candidates.last().ok_or(NoImpact::NoBaseline)?;
    let currency_of = |survey: &FarmerSurvey| survey.currency.clone().unwrap_or_else(|| Arc::clone(&newest.currency));

    let mut by_currency: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    for survey in surveys {
        *by_currency.entry(currency_of(survey)).or_default() += 1;
    }
    let mut chosen: Option<(&Arc<str>, usize, &BaselineLine)> = None;
    for (currency, &count) in &by_currency {
        // Ascending, so that a tie stays with the first.
        if let Some(line) = candidates.iter().rev().find(|line| line.currency == *currency)
            && chosen.is_none_or(|(_, most, _)| count > most)
        {
            chosen = Some((currency, count, line));
        }
    }
    let Some((currency, _, line)) = chosen else {
        return Err(NoImpact::NoBaselineIn(by_currency.keys().map(ToString::to_string).collect()));
    };

    let (kept, others): (Vec<&FarmerSurvey>, Vec<&FarmerSurvey>) =
        surveys.iter().partition(|survey| currency_of(survey) == *currency);
    let rejected = others
        .iter()
        .map(|survey| OtherCurrency {
            survey: survey.id,
            currency: currency_of(survey),
            row_currency: Arc::clone(currency),
        })
        .collect();
    let row = Impact {
        currency: Arc::clone(currency),
        baseline: Baseline {
            line: line.id,
            total_kg: line.per_month(line.total_kg),
            sold_kg: line.per_month(line.sold_kg),
            lost_kg: line.per_month(line.lost_kg),
            price_per_kg: line.price_per_kg,
        },
        surveyed_kg: distinct_kg(&kept),
        lost_kg: kept.iter().map(|survey| survey.lost_kg).sum(),
        price_per_kg: mean_price(&kept),
        latest_survey_at: kept.iter().map(|survey| survey.filled_in_at).max().ok_or(NoImpact::NoBaseline)?,
        surveys: kept.iter().map(|survey| survey.id).collect(),
    };
    if row.surveyed_kg.is_finite() && row.lost_kg.is_finite() { Ok((row, rejected)) } else { Err(NoImpact::OutOfRange) }
}

/// Weight of the releases, each counted once, kg.
fn distinct_kg(surveys: &[&FarmerSurvey]) -> f64 {
    let mut seen = HashSet::new();
    let releases = surveys.iter().flat_map(|survey| &survey.releases);
    // Folded from 0: the sum of no floats would be -0.
    releases.filter(|(id, _)| seen.insert(*id)).fold(0.0, |sum, (_, kg)| sum + kg)
}

/// Mean of the prices, weighted by the kilograms of their releases.
fn mean_price(surveys: &[&FarmerSurvey]) -> Option<f64> {
    let (mut money, mut weight_kg) = (0.0, 0.0);
    for survey in surveys {
        if let Some(price) = survey.price_per_kg {
            let kg = survey.released_kg();
            money += price * kg;
            weight_kg += kg;
        }
    }
    ratio(money, weight_kg)
}

#[cfg(test)]
mod tests;
