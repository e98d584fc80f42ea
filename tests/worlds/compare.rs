//! Comparison of computed and stored rows with the slow implementation.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::slow::{Co2, ImpactRow, UnitDay};

/// The computed figures of a day.
#[derive(Debug, Clone)]
pub struct Row {
    pub date: NaiveDate,
    pub cooling_unit_id: i64,
    pub user_ids: Vec<i64>,
    pub farmer_ids: Vec<i64>,
    pub fem: Vec<i64>,
    pub ma: Vec<i64>,
    pub ot: Vec<i64>,
    pub beneficiaries: [Decimal; 3],
    pub crates_in: i32,
    pub ops_in: i32,
    pub kg_in: f64,
    pub crates_out: i32,
    pub ops_out: i32,
    pub kg_out: f64,
    pub stock_kg: f64,
    pub occupancy: Option<f64>,
    pub revenue: Option<Decimal>,
    pub revenue_usd: Option<Decimal>,
    pub crates_in_by_crop: BTreeMap<String, f64>,
    pub kg_in_by_crop: BTreeMap<String, f64>,
    pub crates_out_by_crop: BTreeMap<String, f64>,
    pub kg_out_by_crop: BTreeMap<String, f64>,
    pub co2: Co2,
    pub data_quality: BTreeSet<String>,
}

/// Floats may differ in the order of additions and in nothing else.
pub fn assert_close(actual: f64, expected: f64, what: &str) {
    let tolerance = 1e-9 * expected.abs().max(1.0);
    assert!((actual - expected).abs() <= tolerance, "{what}: {actual}, expected {expected}");
}

fn assert_close_if_any(actual: Option<f64>, expected: Option<f64>, what: &str) {
    assert_eq!(actual.is_some(), expected.is_some(), "{what}: {actual:?}, expected {expected:?}");
    assert_close(actual.unwrap_or(0.0), expected.unwrap_or(0.0), what);
}

fn assert_close_by_crop(actual: &BTreeMap<String, f64>, expected: &BTreeMap<String, f64>, what: &str) {
    assert_eq!(actual.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{what}");
    for (crop, value) in expected {
        assert_close(actual[crop], *value, what);
    }
}

/// The floats of a row of `impact_metrics`; fails with the row when one differs.
pub fn assert_same_figures(actual: &BTreeMap<&str, Option<f64>>, expected: &ImpactRow) {
    assert_eq!(actual.keys().collect::<Vec<_>>(), expected.figures.keys().collect::<Vec<_>>());
    for (column, value) in &expected.figures {
        assert_close_if_any(actual[column], *value, &format!("{column} of {expected:#?}"));
    }
}

/// Two decimals of `expected`; where it lies between two, either.
pub fn assert_occupancy(actual: Option<Decimal>, expected: Option<f64>) {
    assert_eq!(actual.is_some(), expected.is_some(), "occupancy: {actual:?}, expected {expected:?}");
    if let (Some(actual), Some(expected)) = (actual, expected) {
        assert!(actual.scale() <= 2, "{actual} has more than two decimals");
        let value: f64 = actual.to_string().parse().expect("a number");
        assert!((value - expected).abs() < 0.005 + 1e-9, "occupancy: {actual}, expected {expected}");
    }
}

/// Fails with both rows when a figure differs.
pub fn assert_same_day(actual: &Row, expected: &UnitDay) {
    let result = std::panic::catch_unwind(|| compare(actual, expected));
    assert!(result.is_ok(), "computed {actual:#?}\nby definition {expected:#?}");
}

fn compare(actual: &Row, expected: &UnitDay) {
    assert_eq!((actual.cooling_unit_id, actual.date), (expected.cooling_unit_id, expected.date));
    assert_eq!(actual.user_ids, expected.user_ids, "users");
    assert_eq!(actual.farmer_ids, expected.farmer_ids, "farmers");
    assert_eq!([&actual.fem, &actual.ma, &actual.ot], [&expected.fem, &expected.ma, &expected.ot], "users by gender");
    assert_eq!(actual.beneficiaries, expected.beneficiaries, "beneficiaries");
    assert_eq!(
        [actual.crates_in, actual.ops_in, actual.crates_out, actual.ops_out],
        [expected.crates_in, expected.ops_in, expected.crates_out, expected.ops_out],
        "counts"
    );
    assert_close(actual.kg_in, expected.kg_in, "kg in");
    assert_close(actual.kg_out, expected.kg_out, "kg out");
    assert_close(actual.stock_kg, expected.stock_kg, "stock");
    assert_close_if_any(actual.occupancy, expected.occupancy, "occupancy");
    assert_eq!(actual.revenue, expected.revenue, "revenue");
    assert_eq!(actual.revenue_usd, expected.revenue_usd, "revenue in USD");
    assert_eq!(actual.crates_in_by_crop, expected.crates_in_by_crop, "crates in by crop");
    assert_close_by_crop(&actual.kg_in_by_crop, &expected.kg_in_by_crop, "kg in by crop");
    assert_eq!(actual.crates_out_by_crop, expected.crates_out_by_crop, "crates out by crop");
    assert_close_by_crop(&actual.kg_out_by_crop, &expected.kg_out_by_crop, "kg out by crop");
    assert_eq!(actual.data_quality, expected.data_quality, "flags");

    let (co2, by_definition) = (&actual.co2, &expected.co2);
    assert_close_if_any(co2.total, by_definition.total, "CO2");
    assert_close_if_any(co2.idle, by_definition.idle, "idle CO2");
    assert_close_if_any(co2.electricity, by_definition.electricity, "CO2 of electricity");
    assert_close(co2.refrigerant, by_definition.refrigerant, "CO2 of refrigerant");
    for place in [0, 1] {
        assert_close(co2.disposal[place], by_definition.disposal[place], "CO2 of disposal");
        assert_close(co2.production[place], by_definition.production[place], "CO2 of production");
        let of_place = |crops: &Option<BTreeMap<String, [f64; 2]>>| -> BTreeMap<String, f64> {
            crops.iter().flatten().map(|(crop, kg)| (crop.clone(), kg[place])).collect()
        };
        assert_close_by_crop(&of_place(&co2.crops), &of_place(&by_definition.crops), "CO2 by crop");
    }
    assert_eq!(co2.crops.is_some(), by_definition.crops.is_some(), "CO2 by crop");
}
