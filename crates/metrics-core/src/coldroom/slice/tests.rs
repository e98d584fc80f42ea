use super::*;

const ROOM: CoolingUnitId = CoolingUnitId(1);

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

pub(super) fn day(text: &str) -> DayRow {
    DayRow { date: date(text), time_zone: "Africa/Lagos".into(), parameter_set: "2026.1".into(), ..DayRow::default() }
}

fn sums(days: Vec<DayRow>) -> DaySums {
    let mut slice = SliceSums::default();
    for day in days {
        slice.add(ROOM, &day);
    }
    let (mut units, _) = slice.finish();
    assert_eq!(units.len(), 1);
    units.remove(0).1
}

pub(super) fn latest() -> LatestDay {
    LatestDay {
        unit_name: None,
        is_unit_deleted: false,
        state: None,
        cool_unit_type: None,
        cap_tons: None,
        cap_num_crates: None,
        company_id: None,
        comp_name: None,
        comp_pricing: "Per Crate".into(),
        currency: None,
        room_op: 0,
        room_op_fem: 0,
        room_op_ma: 0,
        room_op_ot: 0,
        room_stock_kg: 0.0,
        co2_model: "room-day@2026.1".into(),
        country: None,
        household_size: decimal("4.7"),
        household_fem_share: decimal("0.495"),
        household_ma_share: decimal("0.505"),
        time_zone: "Africa/Lagos".into(),
        parameter_set: "2026.1".into(),
    }
}

/// 3 + 4 = 7 crates; 60.5 + 80.25 = 140.75 kg.
#[test]
fn counts_and_kilograms_add_up() {
    let first = DayRow { room_crates_in: 3, room_kg_in: 60.5, room_ops_out: 1, ..day("2026-11-01") };
    let second = DayRow { room_crates_in: 4, room_kg_in: 80.25, room_ops_out: 2, ..day("2026-11-02") };
    let sums = sums(vec![first, second]);
    assert_eq!((sums.days, sums.last_date), (2, date("2026-11-02")));
    assert_eq!((sums.room_crates_in, sums.room_ops_out), (7, 3));
    assert_eq!(sums.room_kg_in.to_bits(), 140.75_f64.to_bits());
    assert_eq!(sums.missing_days().next().map(|(column, _)| column), Some("average_room_occupancy"));
}

/// (20 + 40) / 2 = 30: the day without a figure is neither 0 nor a divisor.
#[test]
fn occupancy_is_the_mean_of_the_days_that_have_one() {
    let days = vec![
        DayRow { average_room_occupancy: Some(20.0), ..day("2026-11-01") },
        DayRow { average_room_occupancy: None, ..day("2026-11-02") },
        DayRow { average_room_occupancy: Some(40.0), ..day("2026-11-03") },
    ];
    let sums = sums(days);
    assert_eq!(sums.average_room_occupancy(), Some(30.0));
    assert_eq!(sums.missing_days().next(), Some(("average_room_occupancy", 1)));
}

#[test]
fn a_column_without_any_figure_is_absent() {
    let sums = sums(vec![day("2026-11-01"), day("2026-11-02")]);
    assert_eq!(sums.average_room_occupancy(), None);
    assert_eq!(sums.room_revenue, Total { sum: None, missing_days: 2 });
    assert_eq!(sums.co2_crops, None);
    let missing: Vec<_> = sums.missing_days().collect();
    let expected = ["average_room_occupancy", "room_revenue", "room_revenue_usd", "tot_co2", "co2_crops", "co2_idle"];
    assert_eq!(missing, expected.map(|column| (column, 2)));
}

/// 0.10 + 0.20 = 0.30, with the two stored decimals and not 0.30000000000000004.
#[test]
fn money_keeps_its_stored_digits() {
    let days = vec![
        DayRow { room_revenue: Some(decimal("0.10")), ..day("2026-11-01") },
        DayRow { room_revenue: Some(decimal("0.20")), ..day("2026-11-02") },
    ];
    assert_eq!(sums(days).room_revenue.sum.map(|sum| sum.to_string()), Some("0.30".into()));
}

#[test]
fn a_person_of_two_days_counts_once() {
    let days = vec![
        DayRow { room_active_user_ids: vec![3, 9], room_active_fem: vec![9], ..day("2026-11-01") },
        DayRow { room_active_user_ids: vec![2, 3], room_active_fem: vec![], ..day("2026-11-02") },
    ];
    let sums = sums(days);
    assert_eq!(sums.room_active_user_ids.ids(), [2, 3, 9]);
    assert_eq!(sums.room_active_fem.count(), 1);
}

/// Farmers {7, 8} of two days: 2 × 4.7 = 9.4; × 0.495 = 4.653; × 0.505 = 4.747, all exact.
#[test]
fn beneficiaries_are_the_households_of_the_distinct_farmers() {
    let days = vec![
        DayRow { room_active_farmer_ids: vec![7, 8], ..day("2026-11-01") },
        DayRow { room_active_farmer_ids: vec![8], ..day("2026-11-02") },
    ];
    let slice = UnitSlice { cooling_unit_id: ROOM, sums: sums(days), latest: latest() };
    let people = slice.beneficiaries().expect("few digits");
    let text = [people.total, people.women, people.men].map(|number| number.to_string());
    assert_eq!(text, ["9.4", "4.653", "4.747"]);
}

#[test]
fn emissions_per_crop_sum_over_the_days_that_have_them() {
    let crops = |okra: f64| Some([("Okra", okra)].into_iter().collect::<NumbersByName>());
    let days = vec![
        DayRow { co2_crops: crops(1.5), tot_co2: Some(1.5), ..day("2026-11-01") },
        DayRow { co2_crops: None, tot_co2: None, ..day("2026-11-02") },
        DayRow { co2_crops: crops(-0.5), tot_co2: Some(-0.5), ..day("2026-11-03") },
    ];
    let sums = sums(days);
    assert_eq!(sums.tot_co2, Total { sum: Some(1.0), missing_days: 1 });
    assert_eq!(sums.co2_crops.expect("two days have them").sorted(), [("Okra", Some(1.0))]);
    assert_eq!(sums.co2_crops_missing_days, 1);
}

#[test]
fn cooling_units_stay_apart_and_the_basis_is_united() {
    let mut slice = SliceSums::default();
    slice.add(ROOM, &DayRow { data_quality: vec!["fx_missing".into()], ..day("2026-11-01") });
    slice.add(ROOM, &DayRow { time_zone: "UTC".into(), ..day("2026-11-02") });
    let other = DayRow { room_active_user_ids: vec![2, 1, 2], parameter_set: "2026.2".into(), ..day("2026-11-01") };
    slice.add(CoolingUnitId(4), &DayRow { data_quality: vec!["capacity_missing".into()], ..other });

    let (units, basis) = slice.finish();
    let days: Vec<_> = units.iter().map(|(unit, sums)| (unit.0, sums.days)).collect();
    assert_eq!(days, [(1, 2), (4, 1)]);
    assert_eq!(units[1].1.room_active_user_ids.ids(), [1, 2]);
    assert_eq!(units[0].1.data_quality.iter().collect::<Vec<_>>(), ["fx_missing"]);
    assert_eq!(basis.time_zones.iter().collect::<Vec<_>>(), ["Africa/Lagos", "UTC"]);
    assert_eq!(basis.parameter_sets.iter().collect::<Vec<_>>(), ["2026.1", "2026.2"]);
    assert_eq!(basis.data_quality.iter().collect::<Vec<_>>(), ["capacity_missing", "fx_missing"]);
}
