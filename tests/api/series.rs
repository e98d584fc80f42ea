//! Time series.

use serde_json::{Value, json};

use super::client::Request;
use super::{Api, rows};
use crate::support::TestDb;

/// Unit 1 and a second one of the company, with a row on 2 November and 3 times the capacity, and a third that is
/// deleted.
fn company(db: &TestDb) {
    rows::two_units(db);
    rows::two_companies(db);
    db.execute(
        r#"INSERT INTO metrics.cooling_unit_metrics
           SELECT (jsonb_populate_record(t, '{"cooling_unit_id": 2, "cap_num_crates": 300, "date": "2026-11-03",
               "average_room_occupancy": 60, "room_stock_kg": 10, "room_active_user_ids": [12, 13],
               "room_active_farmer_ids": [8, 9]}')).*
           FROM metrics.cooling_unit_metrics AS t WHERE cooling_unit_id = 1 AND date = '2026-11-03';
           INSERT INTO metrics.cooling_unit_metrics
           SELECT (jsonb_populate_record(t, '{"cooling_unit_id": 4, "is_unit_deleted": true}')).*
           FROM metrics.cooling_unit_metrics AS t WHERE cooling_unit_id = 1 AND date = '2026-11-03'"#,
    );
}

fn column(body: &Value, name: &str) -> Value {
    body["series"].as_array().unwrap().iter().map(|point| point[name].clone()).collect()
}

#[test]
fn days_of_a_cooling_unit_stand_one_by_one() {
    let db = TestDb::new();
    rows::two_units(&db);
    let api = Api::start(&db);

    let body = api.get("/api/cooling-units/1/daily").json();
    assert_eq!(
        body["meta"],
        json!({"start_date": "2026-11-01", "end_date": "2026-11-03", "time_zones": ["Africa/Lagos", "UTC"],
               "parameter_sets": ["2026.1", "2026.2"],
               "last_run": {"view": "aggregated-comparison", "as_of": "2026-11-04T03:05:00Z", "outcome": "done"},
               "data_quality": ["capacity_missing", "electricity_missing", "fx_missing"],
               "bucket": "day", "previous_start_date": null, "previous_end_date": null})
    );
    assert_eq!(
        body["cooling_unit"],
        json!({"cooling_unit_id": 1, "unit_name": "Room One", "company_id": 9, "time_zone": "Africa/Lagos",
               "is_unit_deleted": false, "first_date": "2026-11-01", "last_date": "2026-11-03"})
    );
    // The second day: nothing that may be absent is there, and nothing is 0 in its place.
    assert_eq!(
        body["series"][1].to_string(),
        concat!(
            r#"{"average_room_occupancy":null,"check_in_crates_crop":{"Apple":1,"Tomato":2},"#,
            r#""check_in_kg_crop":{"Apple":14.0,"Tomato":40.25},"check_out_crates_crop":{},"check_out_kg_crop":{},"#,
            r#""co2_breakdown":{"electricity":null,"refrigerant":0.25},"co2_crops":null,"co2_idle":null,"#,
            r#""cooling_units":1,"currency":"NGN","#,
            r#""data_quality":["capacity_missing","electricity_missing","fx_missing"],"date":"2026-11-02","days":1,"#,
            r#""last_date":"2026-11-02","missing_days":{"average_room_occupancy":1,"co2_crops":1,"co2_idle":1,"#,
            r#""room_revenue":1,"room_revenue_usd":1,"tot_co2":1},"room_active_farmers":0,"room_active_fem":0,"#,
            r#""room_active_ma":0,"room_active_ot":0,"room_active_users":0,"room_beneficiaries":0,"#,
            r#""room_beneficiaries_fem":0,"room_beneficiaries_ma":0,"room_crates_in":3,"room_crates_out":0,"#,
            r#""room_kg_in":54.25,"room_kg_out":0.0,"room_ops_in":1,"room_ops_out":0,"room_revenue":null,"#,
            r#""room_revenue_usd":null,"room_stock_kg":0.0,"tot_co2":null}"#,
        )
    );
    assert_eq!(column(&body, "room_active_users"), json!([2, 0, 2]));
    assert_eq!(column(&body, "room_stock_kg"), json!([0.0, 0.0, 130.5]));
}

/// 1 November 2026 is a Sunday: the first week has one day of the range.
#[test]
fn buckets_add_up_and_those_without_rows_are_null() {
    let db = TestDb::new();
    rows::two_units(&db);
    let api = Api::start(&db);

    let body = api.get("/api/cooling-units/1/daily?from=2026-10-30&to=2026-11-12&bucket=week").json();
    assert_eq!(column(&body, "date"), json!(["2026-10-30", "2026-11-02", "2026-11-09"]));
    assert_eq!(column(&body, "last_date"), json!(["2026-11-01", "2026-11-08", "2026-11-12"]));
    assert_eq!(column(&body, "days"), json!([1, 2, 0]));
    assert_eq!(column(&body, "room_crates_in"), json!([8, 3, null]));
    assert_eq!(column(&body, "average_room_occupancy"), json!([20.0, 40.0, null]));
    assert_eq!(column(&body, "check_in_kg_crop"), json!([{"Tomato": 165.5}, {"Apple": 14.0, "Tomato": 40.25}, null]));

    let body = api.get("/api/cooling-units/1/daily?from=2026-10-01&to=2026-11-30&bucket=month").json();
    assert_eq!(column(&body, "date"), json!(["2026-10-01", "2026-11-01"]));
    assert_eq!((column(&body, "days"), column(&body, "room_beneficiaries")), (json!([0, 3]), json!([null, 9.4])));
    let slice = api.get("/api/coolingunit-slice?unit_ids=1&start_date=2026-11-01&end_date=2026-11-30").json();
    for same in
        ["room_kg_in", "room_revenue", "room_revenue_usd", "tot_co2", "co2_crops", "co2_breakdown", "missing_days"]
    {
        assert_eq!(body["series"][1][same], slice["cooling_units"][0][same], "{same}");
    }
}

#[test]
fn the_previous_period_stands_beside() {
    let db = TestDb::new();
    rows::two_units(&db);
    let api = Api::start(&db);
    let body = api.get("/api/cooling-units/1/daily?from=2026-11-02&to=2026-11-03&compare=previous").json();
    assert_eq!(
        (&body["meta"]["previous_start_date"], &body["meta"]["previous_end_date"]),
        (&json!("2026-10-31"), &json!("2026-11-01"))
    );
    let previous: Vec<_> = body["series"].as_array().unwrap().iter().map(|point| &point["previous"]).collect();
    assert_eq!((&previous[0]["date"], &previous[0]["room_crates_in"]), (&json!("2026-10-31"), &Value::Null));
    assert_eq!((&previous[1]["date"], &previous[1]["room_crates_in"]), (&json!("2026-11-01"), &json!(8)));
    // Rows that only the previous period uses are part of what the response rests on.
    assert_eq!(body["meta"]["start_date"], "2026-11-02");
    assert_eq!(body["meta"]["parameter_sets"], json!(["2026.1", "2026.2"]));
}

/// On 3 November: (40·150 + 60·300) ÷ 450 = 53.3…; users 11, 12, 13; farmers 8, 9; stock 130.5 + 10.
#[test]
fn a_company_is_its_cooling_units_in_use_together() {
    let db = TestDb::new();
    company(&db);
    let api = Api::start(&db);
    let body = api.get("/api/companies/9/daily").json();
    assert_eq!(
        body["company"],
        json!({"company_id": 9, "comp_name": "Cold \"K\"", "comp_country": "NG", "currency": "NGN"})
    );
    let last = &body["series"][2];
    assert_eq!((&last["days"], &last["cooling_units"]), (&json!(2), &json!(2)));
    let occupancy = last["average_room_occupancy"].as_f64().unwrap();
    assert!((occupancy - 160.0 / 3.0).abs() < 1e-12, "{occupancy}");
    assert_eq!((&last["room_active_users"], &last["room_active_farmers"]), (&json!(3), &json!(2)));
    assert_eq!((&last["room_stock_kg"], &last["room_revenue"]), (&json!(140.5), &json!(0.40)));
    let total = api.get("/api/companies/9/daily?bucket=month").json();
    assert_eq!((&total["series"][0]["days"], &total["series"][0]["room_active_users"]), (&json!(4), &json!(4)));
}

#[test]
fn what_has_no_rows_is_unknown_or_empty() {
    let db = TestDb::new();
    rows::two_units(&db);
    rows::two_companies(&db);
    let api = Api::start(&db);
    for unknown in
        ["/api/cooling-units/77/daily", "/api/companies/77/daily", "/api/companies/0/daily", "/api/companies/x/daily"]
    {
        let response = api.get(unknown);
        assert_eq!(
            (response.status, response.header("content-type")),
            (404, Some("application/problem+json")),
            "{unknown}"
        );
    }
    // A company without cooling units.
    let body = api.get("/api/companies/10/daily").json();
    assert_eq!((&body["series"], &body["meta"]["start_date"]), (&json!([]), &Value::Null));
    let body = api.get("/api/companies/10/daily?from=2026-11-01&to=2026-11-02").json();
    assert_eq!((column(&body, "days"), column(&body, "room_kg_in")), (json!([0, 0]), json!([null, null])));
    // A company of which only days are stored.
    db.execute("DELETE FROM metrics.company_metrics");
    assert_eq!(api.get("/api/companies/9/daily").json()["company"]["comp_name"], "Cold");
}

#[test]
fn wrong_parameters_are_refused_and_known_series_not_sent_again() {
    let db = TestDb::new();
    rows::two_units(&db);
    let api = Api::start(&db);
    for (query, field) in [
        ("from=2026-11-31", "from"),
        ("from=2026-11-02&to=2026-11-01", "to"),
        ("from=2016-01-01&to=2026-11-01", "to"),
        ("bucket=year", "bucket"),
        ("compare=next", "compare"),
        ("unit_ids=1", "unit_ids"),
    ] {
        let response = api.get(&format!("/api/cooling-units/1/daily?{query}"));
        assert_eq!((response.status, &response.json()["errors"][0]["field"]), (400, &json!(field)), "{query}");
    }
    let first = api.get("/api/cooling-units/1/daily");
    let tag = first.header("etag").unwrap();
    let again = api.send(&Request::new("GET", "/api/cooling-units/1/daily?bucket=day").header("if-none-match", tag));
    assert_eq!(again.status, 304);
    let other = api.send(&Request::new("GET", "/api/cooling-units/1/daily?bucket=week").header("if-none-match", tag));
    assert_eq!(other.status, 200);
}
