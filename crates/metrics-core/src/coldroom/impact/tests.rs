use super::*;
use crate::coldroom::market_survey::{MarketSurvey, SurveyedRelease};
use crate::ids::{CoolingUnitId, CropId, FarmerId};
use chrono_tz::Tz;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn survey(id: i64, currency: Option<&str>, price: Option<f64>, lost_kg: f64, kg: f64) -> FarmerSurvey {
    FarmerSurvey {
        id: MarketSurveyId(id),
        filled_in_at: at("2026-11-19T12:00:00Z") + chrono::Duration::hours(id),
        currency: currency.map(Arc::from),
        price_per_kg: price,
        lost_kg,
        releases: vec![(ReleaseId(id), kg)],
    }
}

fn line(id: i64, filled_in_at: Option<&str>, currency: &str) -> BaselineLine {
    BaselineLine {
        id: BaselineLineId(id),
        survey: FarmerSurveyId(id),
        filled_in_at: filled_in_at.map(at),
        currency: currency.into(),
        price_per_kg: Some(500.0),
        total_kg: Some(100.0),
        sold_kg: Some(80.0),
        lost_kg: Some(10.0),
        season_months: None,
    }
}

fn end() -> DateTime<Utc> {
    at("2026-12-01T00:00:00Z")
}

/// Two sales, 30 kg at 600 and 10 kg at 650: p = (18 000 + 6 500) ÷ 40 = 612.5; L = 3 + 1, so 36 kg bring 22 050,
/// 4 050 more than at the baseline's 500.
#[test]
fn a_month_beside_its_baseline() {
    let surveys = [survey(1, Some("NGN"), Some(600.0), 3.0, 30.0), survey(2, Some("NGN"), Some(650.0), 1.0, 10.0)];
    let (row, rejected) = impact(&surveys, &[line(1, Some("2026-10-01T09:00:00Z"), "NGN")], end()).expect("a row");
    assert!(rejected.is_empty());
    assert_eq!((row.surveyed_kg, row.lost_kg, row.price_per_kg), (40.0, 4.0, Some(612.5)));
    assert_eq!((row.revenue(), row.baseline_revenue()), (Some(22_050.0), Some(18_000.0)));
    assert_eq!((row.price_change(), row.price_change_perc()), (Some(112.5), Some(22.5)));
    assert_eq!((row.revenue_change(), row.revenue_change_perc()), (Some(4_050.0), Some(22.5)));
    assert_eq!((row.loss_perc(), row.baseline_loss_perc()), (Some(10.0), Some(10.0)));
    assert_eq!((row.loss_change_points(), row.loss_change_perc()), (Some(0.0), Some(0.0)));
    assert_eq!(row.latest_survey_at, at("2026-11-19T14:00:00Z"));
}

#[test]
fn ratios_without_a_denominator_are_absent_and_the_rest_stays() {
    let lines = [BaselineLine { lost_kg: Some(0.0), price_per_kg: Some(0.0), ..line(1, None, "NGN") }];
    // All that was sold was lost: W = L.
    let (row, _) = impact(&[survey(1, None, Some(600.0), 30.0, 30.0)], &lines, end()).expect("a row");
    assert_eq!(row.revenue_change_perc(), None, "b (W − L) is 0");
    assert_eq!(row.price_change_perc(), None, "b is 0");
    assert_eq!(row.loss_change_perc(), None, "lb is 0");
    assert_eq!((row.price_change(), row.revenue()), (Some(600.0), Some(0.0)));
    assert_eq!((row.loss_perc(), row.baseline_loss_perc()), (Some(100.0), Some(0.0)));

    let lines = [BaselineLine { total_kg: Some(0.0), ..line(1, None, "NGN") }];
    let (row, _) = impact(&[survey(1, None, None, 0.0, 0.0)], &lines, end()).expect("a row");
    assert_eq!((row.loss_perc(), row.baseline_loss_perc(), row.loss_change_points()), (None, None, None));
    assert_eq!((row.price_per_kg, row.revenue(), row.price_change()), (None, None, None));
    assert_eq!(row.baseline_revenue(), Some(0.0));
}

#[test]
fn the_newest_line_before_the_end_counts_and_unknown_dates_are_oldest() {
    let lines = [
        line(9, None, "NGN"),
        line(1, Some("2026-10-01T09:00:00Z"), "NGN"),
        line(2, Some("2026-11-30T23:59:59Z"), "NGN"),
        line(3, Some("2026-12-01T00:00:00Z"), "NGN"),
    ];
    let surveys = [survey(1, None, Some(600.0), 0.0, 30.0)];
    let chosen = |before| impact(&surveys, &lines, before).map(|(row, _)| row.baseline.line.0);
    assert_eq!(chosen(end()), Ok(2));
    assert_eq!(chosen(at("2026-10-01T09:00:00Z")), Ok(9));
    assert_eq!(impact(&surveys, &lines[1..], at("2026-10-01T09:00:00Z")), Err(NoImpact::NoBaseline));
}

#[test]
fn quantities_are_those_of_a_month_of_the_season() {
    let lines = [BaselineLine { season_months: Some(4), ..line(1, None, "NGN") }];
    let (row, _) = impact(&[survey(1, None, Some(600.0), 0.0, 30.0)], &lines, end()).expect("a row");
    let baseline = row.baseline;
    assert_eq!((baseline.total_kg, baseline.sold_kg, baseline.lost_kg), (Some(25.0), Some(20.0), Some(2.5)));
}

#[test]
fn the_currency_of_most_surveys_with_a_baseline_is_kept() {
    let lines = [line(1, None, "USD"), line(2, Some("2026-10-01T09:00:00Z"), "NGN")];
    // EUR has most, and no baseline; the one without currency takes NGN of the newest line.
    let surveys = [
        survey(1, Some("EUR"), Some(1.0), 0.0, 5.0),
        survey(2, Some("EUR"), Some(1.0), 0.0, 5.0),
        survey(3, Some("EUR"), Some(1.0), 0.0, 5.0),
        survey(4, Some("USD"), Some(2.0), 1.0, 5.0),
        survey(5, Some("NGN"), Some(600.0), 0.0, 10.0),
        survey(6, None, Some(900.0), 0.0, 5.0),
    ];
    let (row, rejected) = impact(&surveys, &lines, end()).expect("a row");
    assert_eq!(&*row.currency, "NGN");
    assert_eq!((row.surveyed_kg, row.lost_kg, row.price_per_kg), (15.0, 0.0, Some(700.0)));
    assert_eq!(row.surveys, [MarketSurveyId(5), MarketSurveyId(6)]);
    assert_eq!(rejected.iter().map(|other| other.survey.0).collect::<Vec<_>>(), [1, 2, 3, 4]);

    let (row, _) = impact(&surveys[3..5], &lines, end()).expect("a row");
    assert_eq!((&*row.currency, row.baseline.line.0), ("NGN", 2), "a tie stays with the first by the alphabet");
    assert_eq!(impact(&surveys[..3], &lines, end()), Err(NoImpact::NoBaselineIn(vec!["EUR".into()])));
}

#[test]
fn a_release_surveyed_twice_weighs_once_and_both_losses_count() {
    let mut second = survey(2, None, Some(700.0), 3.0, 20.0);
    second.releases = vec![(ReleaseId(1), 20.0)];
    let surveys = [survey(1, None, Some(500.0), 2.0, 20.0), second];
    let (row, _) = impact(&surveys, &[line(1, None, "NGN")], end()).expect("a row");
    assert_eq!((row.surveyed_kg, row.lost_kg, row.price_per_kg), (20.0, 5.0, Some(600.0)));
}

/// One survey, filled in on the last evening of November in UTC, with releases from a unit in Lagos (UTC+1), one in
/// Manila (UTC+8) and one without farmer: the month differs by unit, and 6 kg of loss fall by weight.
#[test]
fn a_survey_falls_in_the_local_month_of_each_unit() {
    let release = |id, unit, farmer: Option<i64>, kg| SurveyedRelease {
        id: ReleaseId(id),
        cooling_unit: Some(CoolingUnitId(unit)),
        farmer: farmer.map(FarmerId),
        kg,
    };
    let survey = MarketSurvey {
        id: MarketSurveyId(1),
        filled_in_at: at("2026-11-30T20:00:00Z"),
        crop: CropId(4),
        currency: None,
        price_per_kg: None,
        loss_kg: 6.0,
        releases: vec![release(1, 1, Some(7), 10.0), release(2, 2, Some(7), 20.0), release(3, 1, None, 30.0)],
    };
    let zone_of = |unit: CoolingUnitId| match unit.0 {
        1 => Some(Tz::Africa__Lagos),
        2 => Some(Tz::Asia__Manila),
        _ => None,
    };
    let mut months = ImpactMonths::default();
    months.add(&survey, zone_of);
    assert_eq!(months.take_complete(at("2026-12-01T23:00:00Z")), None);
    let (month, surveys) = months.take_complete(at("2026-12-02T00:00:00Z")).expect("November is over everywhere");
    assert_eq!(month.to_string(), "2026-11-01");
    let part = &surveys.by_farmer[&(CoolingUnitId(1), FarmerId(7), CropId(4))];
    assert_eq!((part.len(), part[0].lost_kg, part[0].releases.len()), (1, 1.0, 1));
    let rest: Vec<_> = months.finish().collect();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].0.to_string(), "2026-12-01");
    assert_eq!(rest[0].1.surveys_of_unit[&CoolingUnitId(2)], 1);
}
