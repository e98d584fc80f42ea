//! The clean slices.

use super::{Api, rows};
use crate::support::TestDb;

const UNITS: &str = "/api/coolingunit-slice?unit_ids=3,1&start_date=2026-11-01&end_date=2026-11-30";

/// Unit 1: revenue 0.10 + 0.20; occupancy (20 + 40) / 2; farmers {7, 8}: 2 × 4.7 = 9.4, × 0.495 and × 0.505;
/// kg 165.5 + 54.25; CO2 of tomatoes 1.5 + 0.75, electricity 1 + 0.5, refrigerant 0.5 + 0.25 + 0.25.
/// Unit 3 has one day without any figure.
#[test]
fn days_of_cooling_units_add_up_and_absent_is_null() {
    let db = TestDb::new();
    rows::two_units(&db);
    let api = Api::start(&db);

    let response = api.get(UNITS);
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.header("content-type"), Some("application/json"));
    let expected = concat!(
        r#"{"meta":{"start_date":"2026-11-01","end_date":"2026-11-30","time_zones":["Africa/Lagos","UTC"],"#,
        r#""parameter_sets":["2026.1","2026.2"],"last_run":{"view":"aggregated-comparison","#,
        r#""as_of":"2026-11-04T03:05:00Z","outcome":"done"},"#,
        r#""data_quality":["capacity_missing","electricity_missing","fx_missing"]},"cooling_units":[{"#,
        r#""cooling_unit_id":1,"unit_name":"Room One","is_unit_deleted":false,"state":"Lagos","#,
        r#""cool_unit_type":"MOVABLE_UNIT","cap_tons":5.70,"cap_num_crates":150,"company_id":9,"comp_name":"Cold","#,
        r#""comp_pricing":"Per Crate per day","currency":"NGN","#,
        r#""room_op":3,"room_op_fem":1,"room_op_ma":1,"room_op_ot":1,"#,
        r#""room_beneficiaries":9.4,"room_beneficiaries_fem":4.653,"room_beneficiaries_ma":4.747,"#,
        r#""room_active_users":3,"room_active_user_ids":[10,11,12],"#,
        r#""room_active_fem":[10],"room_active_ma":[11],"room_active_ot":[12],"#,
        r#""room_crates_in":11,"room_ops_in":3,"room_kg_in":219.75,"#,
        r#""room_crates_out":4,"room_ops_out":1,"room_kg_out":80.0,"#,
        r#""average_room_occupancy":30.0,"room_revenue":0.30,"room_revenue_usd":0.000300,"#,
        r#""check_in_crates_crop":{"Apple":1,"Tomato":10},"check_in_kg_crop":{"Apple":14.0,"Tomato":205.75},"#,
        r#""check_out_crates_crop":{"Okra":4},"check_out_kg_crop":{"Okra":80.0},"#,
        r#""tot_co2":1.75,"co2_crops":{"Apple":-0.5,"Tomato":2.25},"#,
        r#""room_active_farmer_ids":[7,8],"room_stock_kg":130.5,"co2_idle":0.125,"#,
        r#""co2_breakdown":{"electricity":1.5,"refrigerant":1.0},"co2_model":"room-day@2026.1","country":"NG","#,
        r#""household_size":4.7,"household_fem_share":0.495,"household_ma_share":0.505,"#,
        r#""time_zone":"Africa/Lagos","parameter_set":"2026.2","#,
        r#""data_quality":["capacity_missing","electricity_missing","fx_missing"],"days":3,"#,
        r#""missing_days":{"average_room_occupancy":1,"co2_crops":1,"co2_idle":1,"room_revenue":1,"#,
        r#""room_revenue_usd":1,"tot_co2":1}},{"#,
        r#""cooling_unit_id":3,"unit_name":null,"is_unit_deleted":true,"state":null,"cool_unit_type":null,"#,
        r#""cap_tons":null,"cap_num_crates":null,"company_id":null,"comp_name":null,"comp_pricing":"Per KG","#,
        r#""currency":null,"room_op":0,"room_op_fem":0,"room_op_ma":0,"room_op_ot":0,"#,
        r#""room_beneficiaries":0,"room_beneficiaries_fem":0,"room_beneficiaries_ma":0,"#,
        r#""room_active_users":0,"room_active_user_ids":[],"room_active_fem":[],"room_active_ma":[],"#,
        r#""room_active_ot":[],"room_crates_in":0,"room_ops_in":0,"room_kg_in":0.0,"#,
        r#""room_crates_out":0,"room_ops_out":0,"room_kg_out":0.0,"average_room_occupancy":null,"#,
        r#""room_revenue":null,"room_revenue_usd":null,"check_in_crates_crop":{},"check_in_kg_crop":{},"#,
        r#""check_out_crates_crop":{},"check_out_kg_crop":{},"tot_co2":null,"co2_crops":null,"#,
        r#""room_active_farmer_ids":[],"room_stock_kg":0.0,"co2_idle":null,"co2_breakdown":{},"#,
        r#""co2_model":"room-day@2026.1","country":null,"household_size":3,"household_fem_share":0.4975,"#,
        r#""household_ma_share":0.5025,"time_zone":"Africa/Lagos","parameter_set":"2026.1","data_quality":[],"#,
        r#""days":1,"missing_days":{"average_room_occupancy":1,"co2_crops":1,"co2_idle":1,"room_revenue":1,"#,
        r#""room_revenue_usd":1,"tot_co2":1}}]}"#,
    );
    assert_eq!(response.text(), expected);
}

#[test]
fn both_ends_of_the_range_are_included_and_the_latest_day_in_it_describes() {
    let db = TestDb::new();
    rows::two_units(&db);
    let api = Api::start(&db);

    let body = api.get("/api/coolingunit-slice?unit_ids=1&start_date=2026-11-01&end_date=2026-11-02").json();
    let unit = &body["cooling_units"][0];
    assert_eq!((&unit["days"], &unit["unit_name"]), (&2.into(), &"Room 1".into()));
    assert_eq!(unit["co2_breakdown"].to_string(), r#"{"electricity":1.0,"refrigerant":0.75}"#);
    assert_eq!(body["meta"]["parameter_sets"].to_string(), r#"["2026.1"]"#);

    let body = api.get("/api/coolingunit-slice?unit_ids=1&start_date=2026-11-02&end_date=2026-11-02").json();
    assert_eq!(body["cooling_units"][0]["co2_breakdown"].to_string(), r#"{"electricity":null,"refrigerant":0.25}"#);
}

#[test]
fn unknown_cooling_units_and_empty_ranges_give_an_empty_list() {
    let db = TestDb::new();
    rows::two_units(&db);
    let api = Api::start(&db);

    let response = api.get("/api/coolingunit-slice?unit_ids=77&start_date=2026-11-01&end_date=2026-11-30");
    assert_eq!((response.status, &response.json()["cooling_units"]), (200, &serde_json::json!([])));
    let response = api.get("/api/coolingunit-slice?unit_ids=1&start_date=2020-01-01&end_date=2030-01-07");
    assert_eq!((response.status, &response.json()["cooling_units"][0]["days"]), (200, &3.into()));
    let body = api.get("/api/coolingunit-slice?unit_ids=1,77,3,1&start_date=2026-11-02&end_date=2026-11-02").json();
    let ids: Vec<_> = body["cooling_units"].as_array().unwrap().iter().map(|unit| &unit["cooling_unit_id"]).collect();
    assert_eq!(ids, [1, 3]);
}

#[test]
fn a_company_is_its_row() {
    let db = TestDb::new();
    rows::two_companies(&db);
    let api = Api::start(&db);

    let response = api.get("/api/company-slice?company_id=9");
    let expected = concat!(
        r#"{"meta":{"start_date":null,"end_date":null,"time_zones":["Africa/Lagos"],"parameter_sets":["2026.1"],"#,
        r#""last_run":{"view":"company","as_of":"2026-11-04T03:05:00Z","outcome":"done"},"data_quality":[]},"#,
        r#""company":{"report_date":"2026-11-04","company_id":9,"comp_name":"Cold \"K\"","comp_logo":"c9.png","#,
        r#""comp_country":"NG","comp_cap_tons":20,"comp_cap_num_crates":330,"#,
        r#""cooling_unit_types":{"FARM_GATE_STORAGE_ROOM":2,"MOVABLE_UNIT":1},"#,
        r#""comp_op":2,"comp_op_fem":1,"comp_op_ma":1,"comp_op_ot":0,"currency":"NGN","#,
        r#""comp_reg_users":4,"comp_reg_users_ma":1,"comp_reg_users_fem":1,"comp_reg_users_ot":2,"#,
        r#""comp_beneficiaries":122.20,"comp_beneficiaries_fem":60.489,"comp_beneficiaries_ma":61.711,"#,
        r#""comp_cool_users":26,"comp_cool_users_fem":8,"comp_cool_users_ma":11,"comp_cool_users_ot":7,"#,
        r#""comp_farmers":11,"comp_traders":2,"comp_unspec_user_type":13,"#,
        r#""comp_crates_in":2045,"comp_ops_in":455,"comp_kg_in":42776.5,"#,
        r#""comp_crates_out":1759,"comp_ops_out":429,"comp_kg_out":36779.0,"#,
        r#""comp_average_room_occupancy":23.40,"comp_revenue":1302068.20,"comp_revenue_usd":846.34,"#,
        r#""fx_missing_days":0,"time_zone":"Africa/Lagos","parameter_set":"2026.1"}}"#,
    );
    assert_eq!(response.text(), expected);

    let company = api.get("/api/company-slice?company_id=10").json()["company"].clone();
    for column in ["comp_name", "comp_logo", "comp_country", "currency", "comp_cap_tons", "comp_cap_num_crates"] {
        assert!(company[column].is_null(), "{column}");
    }
    for column in ["comp_average_room_occupancy", "comp_revenue", "comp_revenue_usd"] {
        assert!(company[column].is_null(), "{column}");
    }
    assert_eq!(company["cooling_unit_types"], serde_json::json!({}));
    assert_eq!(company["fx_missing_days"], 5);
}

#[test]
fn a_view_that_never_ran_has_version_0_and_no_last_run() {
    let db = TestDb::new();
    rows::two_units(&db);
    db.execute("DELETE FROM metrics.view_version");
    let api = Api::start(&db);
    let response = api.get(UNITS);
    assert_eq!((response.status, &response.json()["meta"]["last_run"]), (200, &serde_json::Value::Null));
}

#[test]
fn many_requests_at_once_get_the_same_answer() {
    let db = TestDb::new();
    rows::two_units(&db);
    let api = Api::start_with(db.url(), &[("METRICS_API__POOL_SIZE", "2")]);
    let expected = api.get(UNITS).body;
    std::thread::scope(|scope| {
        let clients: Vec<_> =
            (0..16).map(|_| scope.spawn(|| (0..10).map(|_| api.get(UNITS)).collect::<Vec<_>>())).collect();
        for response in clients.into_iter().flat_map(|client| client.join().unwrap()) {
            assert_eq!((response.status, &response.body), (200, &expected));
        }
    });
}
