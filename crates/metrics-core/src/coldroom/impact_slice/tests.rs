use super::*;

/// The row of the fixture in docs/indicators.md: W 40, L 4, p 612.5, b 500, tb 100, lb 10.
fn row(unit: i64, month: &str) -> ImpactRecord {
    ImpactRecord {
        month: month.parse().expect("a date"),
        cooling_unit_id: CoolingUnitId(unit),
        company_id: Some(CompanyId(1)),
        unit_name: Some(format!("Room {unit}")),
        currency: "NGN".into(),
        baseline_quantity_total_month: Some(100.0),
        baseline_kg_selling_price_month: Some(500.0),
        baseline_kg_loss_month: Some(10.0),
        baseline_kg_sold_month: Some(80.0),
        baseline_farmer_revenue_month: Some(18_000.0),
        monthly_kg_selling_price: Some(612.5),
        monthly_kg_checkin: 40.0,
        monthly_kg_loss: 4.0,
        monthly_farmer_revenue: Some(22_050.0),
        latest_survey_date: format!("{month}T12:00:00Z").parse().expect("an instant"),
        baseline_completed_surveys_room: 3,
        possible_post_checkout_survey_room: 5,
        total_post_checkout_survey_unit: 2,
        surveys: 2,
        time_zone: "UTC".into(),
        parameter_set: "2026.1".into(),
    }
}

fn slice(rows: &[ImpactRecord]) -> ImpactSlice {
    let mut sums = ImpactSums::default();
    for row in rows {
        sums.add(row);
    }
    sums.finish().expect("rows")
}

#[test]
fn one_row_is_itself() {
    let one = slice(&[row(1, "2026-11-01")]);
    assert_eq!(one.avg_monthly_kg_selling_price, Some(612.5));
    assert_eq!(one.avg_monthly_kg_selling_price_evolution, Some(112.5));
    assert_eq!(one.avg_monthly_perc_unit_selling_price_evolution, Some(22.5));
    assert_eq!(one.avg_monthly_farmer_revenue_evolution, Some(4_050.0));
    assert_eq!(one.avg_monthly_perc_revenue_increase_evolution, Some(22.5));
    assert_eq!((one.avg_baseline_perc_loss_month, one.avg_monthly_perc_loss), (Some(10.0), Some(10.0)));
    assert_eq!(one.avg_monthly_perc_foodloss_evolution, Some(0.0));
    assert_eq!(one.currency.as_deref(), Some("NGN"));
}

/// Prices: 600 on 10 kg and 100 on 30 kg are 225 on average; before, 500 on 100 kg and 300 on 300 kg were 350. Losses:
/// 4 of 40 kg against 40 of 400 before.
#[test]
fn prices_are_weighted_and_percentages_follow_from_totals() {
    let second = ImpactRecord {
        baseline_quantity_total_month: Some(300.0),
        baseline_kg_selling_price_month: Some(300.0),
        baseline_kg_loss_month: Some(30.0),
        monthly_kg_selling_price: Some(100.0),
        monthly_kg_checkin: 30.0,
        monthly_kg_loss: 0.0,
        ..row(2, "2026-11-01")
    };
    let first =
        ImpactRecord { monthly_kg_selling_price: Some(600.0), monthly_kg_checkin: 10.0, ..row(1, "2026-11-01") };
    let both = slice(&[first, second]);
    assert_eq!(both.avg_monthly_kg_selling_price, Some(225.0));
    assert_eq!(both.avg_baseline_kg_selling_price_month, Some(350.0));
    assert_eq!(both.avg_monthly_kg_selling_price_evolution, Some(-125.0));
    assert_eq!(both.avg_monthly_perc_unit_selling_price_evolution, Some(-125.0 / 350.0 * 100.0));
    assert_eq!((both.avg_monthly_perc_loss, both.avg_baseline_perc_loss_month), (Some(10.0), Some(10.0)));
}

#[test]
fn rows_without_a_part_are_left_out_of_what_needs_it() {
    let silent = ImpactRecord {
        baseline_quantity_total_month: None,
        baseline_kg_selling_price_month: None,
        baseline_kg_loss_month: None,
        baseline_kg_sold_month: None,
        baseline_farmer_revenue_month: None,
        monthly_kg_selling_price: None,
        monthly_farmer_revenue: None,
        ..row(2, "2026-11-01")
    };
    let both = slice(&[row(1, "2026-11-01"), silent.clone()]);
    assert_eq!(both.baseline_quantity_total_month, Some(100.0));
    assert_eq!(both.avg_monthly_kg_selling_price, Some(612.5));
    assert_eq!(both.avg_monthly_perc_revenue_increase_evolution, Some(22.5));
    assert_eq!((both.monthly_kg_checkin, both.monthly_kg_loss), (80.0, 8.0));
    let alone = slice(&[silent]);
    assert_eq!((alone.avg_monthly_farmer_revenue, alone.avg_monthly_farmer_revenue_evolution), (None, None));
    assert_eq!((alone.avg_baseline_perc_loss_month, alone.avg_monthly_perc_foodloss_evolution), (None, None));
    assert_eq!(alone.avg_monthly_perc_loss, Some(10.0));
}

#[test]
fn money_of_two_currencies_is_absent_and_weights_stay() {
    let other = ImpactRecord { currency: "KES".into(), ..row(2, "2026-11-01") };
    let both = slice(&[row(1, "2026-11-01"), other]);
    assert_eq!((both.currency, both.avg_monthly_farmer_revenue, both.avg_monthly_kg_selling_price), (None, None, None));
    assert_eq!(both.avg_monthly_perc_revenue_increase_evolution, None);
    assert_eq!((both.monthly_kg_checkin, both.monthly_kg_loss), (80.0, 8.0));
}

/// Two farmers in each of two months of unit 1, and one in unit 2: 3 units and months, so 15 possible and 6 filled in;
/// both units are of one company, whose 4 completed baselines of the latest month count once.
#[test]
fn coverage_counts_each_unit_and_month_once() {
    let late = ImpactRecord { baseline_completed_surveys_room: 4, ..row(1, "2026-12-01") };
    let rows = [row(1, "2026-11-01"), row(1, "2026-11-01"), late.clone(), late, row(2, "2026-11-01")];
    let slice = slice(&rows);
    assert_eq!((slice.possible_post_checkout_survey_room, slice.total_post_checkout_survey_unit), (15, 6));
    assert_eq!((slice.baseline_completed_surveys_room, slice.num_post_harvest_surveys), (4, 10));
    assert_eq!(slice.latest_survey_date.to_rfc3339(), "2026-12-01T12:00:00+00:00");
}
