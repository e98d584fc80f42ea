//! Stored rows, and their comparison with the slow implementation.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::Value;

use crate::support::TestDb;
use crate::worlds::compare::{Row, assert_close, assert_occupancy, assert_same_day};
use crate::worlds::pure::parameters;
use crate::worlds::slow::{Co2, CompanyRow, Heads, UnitDay};

/// All rows of `cooling_unit_metrics`.
pub fn assert_days(db: &TestDb, expected: &[UnitDay], when: &str) {
    // Decimals as text, so that they stay exact.
    let rows = db.query(
        "SELECT metrics.*,
                ARRAY[room_beneficiaries, room_beneficiaries_fem, room_beneficiaries_ma]::text[] AS beneficiaries,
                ARRAY[household_size, household_fem_share, household_ma_share]::text[] AS household,
                room_revenue::text AS revenue, room_revenue_usd::text AS revenue_usd
         FROM metrics.cooling_unit_metrics AS metrics
         ORDER BY cooling_unit_id, date",
    );
    let key = |unit: i64, date: &str| format!("unit {unit} on {date}");
    let stored: Vec<String> =
        rows.iter().map(|row| key(integer(&row["cooling_unit_id"]), row["date"].as_str().expect("a date"))).collect();
    let wanted: Vec<String> = expected.iter().map(|day| key(day.cooling_unit_id, &day.date.to_string())).collect();
    assert_eq!(stored, wanted, "{when}: the rows");
    for (row, expected) in rows.iter().zip(expected) {
        assert_same_day(&figures(row), expected);
        assert_description(row, expected);
    }
}

fn figures(row: &Value) -> Row {
    let part = &row["co2_breakdown"];
    let both = |name: &str| [float(&part[format!("{name}_cold")]), float(&part[format!("{name}_ambient")])];
    Row {
        date: row["date"].as_str().expect("a date").parse().expect("a date"),
        cooling_unit_id: integer(&row["cooling_unit_id"]),
        user_ids: ids(&row["room_active_user_ids"]),
        farmer_ids: ids(&row["room_active_farmer_ids"]),
        fem: ids(&row["room_active_fem"]),
        ma: ids(&row["room_active_ma"]),
        ot: ids(&row["room_active_ot"]),
        beneficiaries: decimals(&row["beneficiaries"]),
        crates_in: count(&row["room_crates_in"]),
        ops_in: count(&row["room_ops_in"]),
        kg_in: float(&row["room_kg_in"]),
        crates_out: count(&row["room_crates_out"]),
        ops_out: count(&row["room_ops_out"]),
        kg_out: float(&row["room_kg_out"]),
        stock_kg: float(&row["room_stock_kg"]),
        occupancy: row["average_room_occupancy"].as_f64(),
        revenue: decimal(&row["revenue"]),
        revenue_usd: decimal(&row["revenue_usd"]),
        crates_in_by_crop: by_crop(&row["check_in_crates_crop"]),
        kg_in_by_crop: by_crop(&row["check_in_kg_crop"]),
        crates_out_by_crop: by_crop(&row["check_out_crates_crop"]),
        kg_out_by_crop: by_crop(&row["check_out_kg_crop"]),
        co2: Co2 {
            total: row["tot_co2"].as_f64(),
            idle: row["co2_idle"].as_f64(),
            crops: row["co2_crops"].as_object().map(|crops| {
                let places = |crop: &Value| [float(&crop["coldroom"]), float(&crop["no-coldroom"])];
                crops.iter().map(|(name, crop)| (name.clone(), places(crop))).collect()
            }),
            electricity: part["electricity"].as_f64(),
            refrigerant: float(&part["refrigerant"]),
            disposal: both("disposal"),
            production: both("production"),
        },
        data_quality: row["data_quality"].as_array().expect("flags").iter().map(text).map(Option::unwrap).collect(),
    }
}

/// The columns that are not figures of the day.
fn assert_description(row: &Value, expected: &UnitDay) {
    assert_eq!(row["is_unit_deleted"], Value::Bool(false));
    for (column, expected) in [
        ("unit_name", expected.unit_name.as_deref()),
        ("state", expected.state.as_deref()),
        ("cool_unit_type", expected.cool_unit_type.as_deref()),
        ("comp_name", expected.comp_name.as_deref()),
        ("comp_pricing", Some(&*expected.comp_pricing)),
        ("currency", expected.currency.as_deref()),
        ("country", expected.country.as_deref()),
        ("time_zone", Some(&*expected.time_zone)),
        ("report_date", Some(&*expected.report_date.to_string())),
        ("parameter_set", Some(parameters().set())),
        ("co2_model", Some(&*format!("room-day@{}", parameters().set()))),
    ] {
        assert_eq!(text(&row[column]).as_deref(), expected, "{column} of {row:#}");
    }
    assert_eq!(row["company_id"].as_i64(), expected.company_id, "{row:#}");
    assert_eq!(row["cap_num_crates"].as_i64(), expected.cap_num_crates.map(i64::from), "{row:#}");
    assert_eq!(row["cap_tons"].as_f64(), expected.cap_tons, "{row:#}");
    assert_eq!(heads(row, "room_op"), expected.operators, "{row:#}");
    assert_eq!(count(&row["room_active_users"]), i32::try_from(expected.user_ids.len()).expect("few"), "{row:#}");
    let household = parameters().household(expected.country.as_deref());
    assert_eq!(decimals(&row["household"]), [household.size, household.fem_share, household.ma_share], "{row:#}");
}

/// All rows of a company table.
pub fn assert_companies(db: &TestDb, table: &str, expected: &[CompanyRow]) {
    let rows = db.query(&format!(
        "SELECT metrics.*,
                ARRAY[comp_beneficiaries, comp_beneficiaries_fem, comp_beneficiaries_ma]::text[] AS beneficiaries,
                comp_revenue::text AS revenue, comp_revenue_usd::text AS revenue_usd,
                comp_average_room_occupancy::text AS occupancy
         FROM metrics.{table} AS metrics
         ORDER BY company_id"
    ));
    assert_eq!(rows.len(), expected.len(), "{table}: {rows:#?}");
    for (row, expected) in rows.iter().zip(expected) {
        let result = std::panic::catch_unwind(|| assert_company(row, expected));
        assert!(result.is_ok(), "{table} has {row:#}\nby definition {expected:#?}");
    }
}

fn assert_company(row: &Value, expected: &CompanyRow) {
    let logo = (expected.company_id == 1).then_some("logo.png");
    for (column, expected) in [
        ("report_date", Some(&*expected.report_date.to_string())),
        ("comp_name", expected.comp_name.as_deref()),
        ("comp_logo", logo),
        ("comp_country", expected.comp_country.as_deref()),
        ("currency", expected.currency.as_deref()),
        ("time_zone", Some(&*expected.time_zone)),
        ("parameter_set", Some(parameters().set())),
    ] {
        assert_eq!(text(&row[column]).as_deref(), expected, "{column}");
    }
    for (column, expected) in [
        ("company_id", expected.company_id),
        ("comp_crates_in", expected.crates_in.into()),
        ("comp_ops_in", expected.ops_in.into()),
        ("comp_crates_out", expected.crates_out.into()),
        ("comp_ops_out", expected.ops_out.into()),
        ("comp_farmers", expected.farmers.into()),
        ("comp_traders", expected.traders.into()),
        ("comp_unspec_user_type", expected.unspecified.into()),
        ("fx_missing_days", expected.fx_missing_days.into()),
    ] {
        assert_eq!(integer(&row[column]), expected, "{column}");
    }
    for (column, expected) in [
        ("comp_op", expected.operators),
        ("comp_reg_users", expected.registered),
        ("comp_cool_users", expected.cooling_users),
    ] {
        assert_eq!(heads(row, column), expected, "{column}");
    }
    assert_eq!(row["comp_cap_tons"].as_f64(), expected.cap_tons, "capacity");
    assert_eq!(row["comp_cap_num_crates"].as_i64(), expected.cap_num_crates.map(i64::from), "capacity");
    let types = row["cooling_unit_types"].as_object().expect("a dictionary").iter();
    let types: BTreeMap<String, i32> = types.map(|(name, n)| (name.clone(), count(n))).collect();
    assert_eq!(types, expected.cooling_unit_types);
    assert_eq!(decimals(&row["beneficiaries"]), expected.beneficiaries, "beneficiaries");
    assert_close(float(&row["comp_kg_in"]), expected.kg_in, "kg in");
    assert_close(float(&row["comp_kg_out"]), expected.kg_out, "kg out");
    assert_eq!(decimal(&row["revenue"]), expected.revenue, "revenue");
    assert_eq!(decimal(&row["revenue_usd"]), expected.revenue_usd, "revenue in USD");
    assert_occupancy(decimal(&row["occupancy"]), expected.occupancy);
}

/// A count by gender, checked against its total.
fn heads(row: &Value, column: &str) -> Heads {
    let [female, male, other] = ["fem", "ma", "ot"].map(|group| count(&row[format!("{column}_{group}")]));
    let heads = Heads { female, male, other };
    assert_eq!(count(&row[column]), heads.total(), "{column}");
    heads
}

pub(super) fn integer(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("not an integer: {value}"))
}

pub(super) fn count(value: &Value) -> i32 {
    i32::try_from(integer(value)).expect("a count")
}

fn float(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("not a number: {value}"))
}

pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn ids(value: &Value) -> Vec<i64> {
    value.as_array().expect("a list").iter().map(integer).collect()
}

fn by_crop(value: &Value) -> BTreeMap<String, f64> {
    value.as_object().expect("a dictionary").iter().map(|(crop, value)| (crop.clone(), float(value))).collect()
}

fn decimal(value: &Value) -> Option<Decimal> {
    value.as_str().map(|text| text.parse().expect("a decimal"))
}

fn decimals(value: &Value) -> [Decimal; 3] {
    let values: Vec<Decimal> = value.as_array().expect("a list").iter().filter_map(decimal).collect();
    values.try_into().expect("three decimals")
}
