//! The monthly impact of storage by its definitions.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Months, NaiveDate, Utc};
use metrics_core::parameters::Parameters;

use super::surveys::Surveyed;
use super::{Slow, count, first_instant_of, text};
use crate::worlds::world::{CommodityLine, Company, MarketSurvey, Moment, Unit, World};

/// Month, cooling unit, farmer, crop.
pub type ImpactKey = (NaiveDate, i64, i64, i64);

/// One row of `impact_metrics`.
#[derive(Debug, Clone, PartialEq)]
pub struct ImpactRow {
    pub key: ImpactKey,
    pub report_date: NaiveDate,
    pub unit_name: Option<String>,
    pub company_id: Option<i64>,
    pub first_name: Option<String>,
    pub crop_name: String,
    pub time_zone: String,
    pub currency: String,
    pub latest_survey_date: DateTime<Utc>,
    pub surveys: i32,
    pub baseline_completed_surveys_room: i32,
    pub possible_post_checkout_survey_room: i32,
    pub total_post_checkout_survey_unit: i32,
    /// All other columns.
    pub figures: BTreeMap<&'static str, Option<f64>>,
}

/// What a run over all months makes of a world.
#[derive(Debug, Default)]
pub struct Impacts {
    /// By key.
    pub rows: Vec<ImpactRow>,
    /// Months and what they reject: surveys that rows leave out, and groups of surveys without a row.
    pub rejects: BTreeSet<(NaiveDate, String)>,
}

/// A survey's part in a row: its releases of the unit and farmer.
struct Part<'w> {
    survey: &'w MarketSurvey,
    time: DateTime<Utc>,
    releases: Vec<Surveyed>,
}

impl Part<'_> {
    fn kg(&self) -> f64 {
        self.releases.iter().map(|release| release.kg).sum()
    }

    fn lost_kg(&self) -> f64 {
        self.releases.iter().map(|release| release.lost_kg).sum()
    }

    fn price_per_kg(&self) -> Option<f64> {
        let MarketSurvey { price, selling_unit, kg_in_unit, .. } = self.survey;
        per_kg(Some(*price), selling_unit.as_deref(), *kg_in_unit)
    }
}

/// A line with the age of its survey: date (unknown is oldest), survey, line.
type Aged<'w> = (&'w CommodityLine, (Option<DateTime<Utc>>, i64, i64));

pub fn impacts(world: &World, parameters: &Parameters) -> Impacts {
    let slow = Slow { world, parameters };
    let mut keys: BTreeSet<ImpactKey> = BTreeSet::new();
    for (survey, time) in slow.market_surveys() {
        for release in slow.surveyed(survey) {
            let unit = release.unit.and_then(|unit| world.unit(unit));
            if let (Some(unit), Some(farmer), Some(crop)) = (unit, release.farmer, survey.crop_id) {
                keys.insert((slow.month(time, unit), unit.id, farmer, crop));
            }
        }
    }
    let mut impacts = Impacts::default();
    for key in keys {
        slow.impact(key, &mut impacts);
    }
    impacts
}

impl<'w> Slow<'w> {
    fn impact(&self, key: ImpactKey, impacts: &mut Impacts) {
        let world = self.world;
        let (month, unit_id, farmer_id, crop_id) = key;
        let unit = world.unit(unit_id).expect("the key was made of a unit");
        let parts = self.parts(key, unit);

        let candidates = self.candidates(farmer_id, crop_id, self.month_end(month, unit));
        let newest = newest(&candidates, |_| true);
        let currency_of = |part: &Part<'_>| {
            let stated = part.survey.currency.as_deref().and_then(text);
            stated.or_else(|| newest.and_then(|line| line.currency.clone()))
        };
        let mut votes: BTreeMap<String, i32> = BTreeMap::new();
        for currency in parts.iter().filter_map(currency_of) {
            *votes.entry(currency).or_default() += 1;
        }
        votes.retain(|currency, _| candidates.iter().any(|(line, _)| line.currency.as_ref() == Some(currency)));
        let most = votes.values().max();
        // Keys come in alphabetical order.
        let Some(currency) = votes.iter().find(|(_, n)| Some(*n) == most).map(|(currency, _)| currency) else {
            let group = format!("unit {unit_id} farmer {farmer_id} crop {crop_id}, {}", month.format("%Y-%m"));
            impacts.rejects.insert((month, group));
            return;
        };
        let baseline = newest_in(&candidates, currency);
        let is_kept = |part: &&Part<'_>| currency_of(part).as_ref() == Some(currency);
        let kept: Vec<&Part<'_>> = parts.iter().filter(is_kept).collect();
        for other in parts.iter().filter(|part| !is_kept(part)) {
            impacts.rejects.insert((month, format!("market survey {}", other.survey.id)));
        }

        let company = world.company_of(unit);
        let farmer = world.farmers.iter().find(|farmer| farmer.id == farmer_id).expect("a farmer");
        let crop = world.crops.iter().find(|crop| crop.id == crop_id).expect("a crop");
        impacts.rows.push(ImpactRow {
            key,
            report_date: month + Months::new(1),
            unit_name: text(&unit.name),
            company_id: company.map(|company| company.id),
            first_name: world.user(farmer.user_id).first_name.clone(),
            crop_name: crop.name.clone(),
            time_zone: self.zone(unit).name().to_owned(),
            currency: currency.clone(),
            latest_survey_date: kept.iter().map(|part| part.time).max().expect("a survey voted for the currency"),
            surveys: count(kept.len()),
            baseline_completed_surveys_room: company
                .map_or(0, |company| self.completed_surveys(company, self.month_end(month, unit))),
            possible_post_checkout_survey_room: self.possible_surveys(month, unit),
            total_post_checkout_survey_unit: self.total_surveys(month, unit),
            figures: figures(&kept, baseline),
        });
    }

    /// What the surveys of the month say of the key.
    fn parts(&self, (month, unit_id, farmer_id, crop_id): ImpactKey, unit: &Unit) -> Vec<Part<'w>> {
        let mut parts = Vec::new();
        for (survey, time) in self.market_surveys() {
            let mut releases = self.surveyed(survey);
            releases.retain(|release| release.unit == Some(unit_id) && release.farmer == Some(farmer_id));
            if survey.crop_id == Some(crop_id) && self.month(time, unit) == month && !releases.is_empty() {
                parts.push(Part { survey, time, releases });
            }
        }
        parts
    }

    /// First instant after the unit's local month.
    fn month_end(&self, month: NaiveDate, unit: &Unit) -> DateTime<Utc> {
        first_instant_of(month + Months::new(1), self.zone(unit)).expect("no zone skips the first day of a month")
    }

    /// Lines that exist, of surveys before `end` and before the run.
    fn lines_before(&self, end: DateTime<Utc>) -> impl Iterator<Item = (i64, Aged<'w>)> {
        let as_of = self.world.as_of;
        let lines = self.world.commodity_lines.iter().filter(|line| !is_absurd(line));
        lines.filter_map(move |line| {
            let header = self.world.farmer_surveys.iter().find(|header| header.id == line.farmer_survey_id)?;
            let date = match header.date_filled_in {
                None | Some(Moment::MinusInfinity) => None,
                Some(Moment::Infinity) => return None,
                Some(Moment::At(time)) if time >= end || time >= as_of => return None,
                Some(Moment::At(time)) => Some(time),
            };
            Some((header.farmer_id, (line, (date, header.id, line.id))))
        })
    }

    fn candidates(&self, farmer: i64, crop: i64, end: DateTime<Utc>) -> Vec<Aged<'w>> {
        let of_farmer = self.lines_before(end).filter(|(id, _)| *id == farmer).map(|(_, line)| line);
        let has_currency = |line: &CommodityLine| line.currency.as_deref().and_then(text).is_some();
        of_farmer.filter(|(line, _)| line.crop_id == Some(crop) && has_currency(line)).collect()
    }

    fn completed_surveys(&self, company: &Company, end: DateTime<Utc>) -> i32 {
        let users: BTreeSet<i64> = self.cooling_users(company).iter().map(|farmer| farmer.id).collect();
        count(self.lines_before(end).filter(|(farmer, _)| users.contains(farmer)).count())
    }

    fn possible_surveys(&self, month: NaiveDate, unit: &Unit) -> i32 {
        let mut sold: BTreeSet<(i64, i64)> = BTreeSet::new();
        for produce_crate in self.crates_of(unit) {
            let farmer = self.owner(produce_crate).and_then(|user| self.world.farmer_of_user(user));
            let crop = self.world.produce_of(produce_crate).and_then(|produce| produce.crop_id);
            let (Some(farmer), Some(crop)) = (farmer, crop) else { continue };
            let is_released = self.outs(produce_crate).iter().any(|out| self.month(out.time, unit) == month);
            if is_released && !self.is_placeholder(farmer) {
                sold.insert((farmer.id, crop));
            }
        }
        count(sold.len())
    }

    fn total_surveys(&self, month: NaiveDate, unit: &Unit) -> i32 {
        let in_month = self.market_surveys().into_iter().filter(|(_, time)| self.month(*time, unit) == month);
        let of_unit = |survey| self.surveyed(survey).iter().any(|release| release.unit == Some(unit.id));
        count(in_month.filter(|(survey, _)| of_unit(survey)).count())
    }
}

/// The columns of floats.
fn figures(kept: &[&Part<'_>], baseline: &CommodityLine) -> BTreeMap<&'static str, Option<f64>> {
    // Each release once, in the order of the surveys.
    let mut seen = BTreeSet::new();
    let releases = kept.iter().flat_map(|part| &part.releases);
    let w: f64 = releases.filter(|release| seen.insert(release.release)).map(|release| release.kg).sum();
    let l: f64 = kept.iter().map(|part| part.lost_kg()).sum();
    let priced = || kept.iter().filter_map(|part| Some((part.price_per_kg()?, part.kg())));
    let p = over(Some(priced().map(|(price, kg)| price * kg).sum()), Some(priced().map(|(_, kg)| kg).sum()));

    let price = baseline.average_price.map(f64::from);
    let b = per_kg(price, baseline.unit.as_deref(), baseline.kg_in_unit);
    let season = baseline.average_season_in_months.filter(|months| *months != 0).map_or(1.0, f64::from);
    let tb = baseline.quantity_total.map(|kg| kg / season);
    let sb = baseline.quantity_sold.map(|kg| kg / season);
    let lb = baseline.quantity_below_market_price.map(|kg| kg / season);

    let sellable = Some(w - l);
    let of_month = over(Some(l), Some(w));
    let of_baseline = over(lb, tb);
    BTreeMap::from([
        ("baseline_quantity_total_month", tb),
        ("baseline_kg_sold_month", sb),
        ("baseline_kg_loss_month", lb),
        ("baseline_perc_loss_month", percent(of_baseline)),
        ("baseline_kg_selling_price_month", b),
        ("baseline_farmer_revenue_month", times(b, sellable)),
        ("monthly_kg_checkin", Some(w)),
        ("monthly_kg_loss", Some(l)),
        ("monthly_kg_selling_price", p),
        ("monthly_farmer_revenue", times(p, sellable)),
        ("monthly_kg_selling_price_evolution", less(p, b)),
        ("monthly_perc_unit_selling_price_evolution", percent(over(less(p, b), b))),
        ("monthly_farmer_revenue_evolution", times(less(p, b), sellable)),
        ("monthly_perc_farmer_revenue_evolution", percent(over(times(less(p, b), sellable), times(b, sellable)))),
        ("monthly_perc_loss", percent(of_month)),
        ("monthly_perc_foodloss_diff", percent(less(of_month, of_baseline))),
        ("monthly_perc_foodloss_evolution", percent(over(less(of_month, of_baseline), of_baseline))),
    ])
}

/// Whether a line is rejected.
pub(super) fn is_absurd(line: &CommodityLine) -> bool {
    let quantities =
        [line.quantity_total, line.quantity_self_consumed, line.quantity_sold, line.quantity_below_market_price];
    quantities.iter().flatten().any(|kg| !kg.is_finite())
}

fn newest<'w>(lines: &[Aged<'w>], which: impl Fn(&CommodityLine) -> bool) -> Option<&'w CommodityLine> {
    lines.iter().filter(|(line, _)| which(line)).max_by_key(|(_, age)| *age).map(|(line, _)| *line)
}

fn newest_in<'w>(lines: &[Aged<'w>], currency: &str) -> &'w CommodityLine {
    newest(lines, |line| line.currency.as_deref() == Some(currency)).expect("a candidate has the currency")
}

fn per_kg(price: Option<f64>, unit: Option<&str>, kg_in_unit: Option<i32>) -> Option<f64> {
    if unit == Some("KILOGRAMS") { price } else { over(price, kg_in_unit.map(f64::from)) }
}

fn over(numerator: Option<f64>, denominator: Option<f64>) -> Option<f64> {
    denominator.filter(|value| *value != 0.0).and_then(|denominator| Some(numerator? / denominator))
}

fn times(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    Some(a? * b?)
}

fn less(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    Some(a? - b?)
}

fn percent(ratio: Option<f64>) -> Option<f64> {
    ratio.map(|ratio| ratio * 100.0)
}
