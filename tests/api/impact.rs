//! Impact slices over fixture B and over rows of several currencies.

use serde_json::{Value, json};

use super::Api;
use super::client::Request;
use crate::coldroom::database;
use crate::support::{TestDb, files, reporter};

const RANGE: &str = "start_date=2026-11-17&end_date=2026-11-21";

pub fn fixture_b() -> TestDb {
    let db = database("coldroom/fixture_b.sql", "coldroom/expected/rates_b.csv");
    let as_of = "2026-11-21T12:00:00Z";
    let output = reporter(&db, &["--view", "all", "--as-of", as_of, "--time-zone", "UTC", "--quiet"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    db
}

fn get(api: &Api, query: &str) -> Value {
    let response = api.get(&format!("/api/impact-slice?{query}"));
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

/// Reference B.4, corrected, and the emissions of units 1 and 2: `co2_from` is the released 10 + 20 + 5 + 10 kg at their
/// loss and production, `co2_to` adds what the rooms use.
#[test]
fn the_clean_form_has_the_figures_of_the_fixture() {
    let db = fixture_b();
    let api = Api::start(&db);
    let company = get(&api, &format!("mode=company&company_id=1&{RANGE}"));
    let impact = &company["impact"][0];
    for (name, value) in [
        ("monthly_kg_checkin", 40.0),
        ("monthly_kg_loss", 4.0),
        ("avg_monthly_kg_selling_price", 612.5),
        ("avg_monthly_farmer_revenue", 22_050.0),
        ("avg_baseline_farmer_revenue_month", 18_000.0),
        ("avg_monthly_perc_revenue_increase_evolution", 22.5),
        ("num_post_harvest_surveys", 2.0),
    ] {
        assert_eq!(impact[name].as_f64(), Some(value), "{name}");
    }
    assert_eq!((&impact["company_id"], &impact["cooling_unit_id"]), (&json!(1), &Value::Null));
    assert_eq!((&impact["currency"], &company["meta"]["currencies"]), (&json!("NGN"), &json!(["NGN"])));
    let stored = db.query(
        "SELECT sum((crop.value ->> 'no-coldroom')::float8) AS co2_from,
                sum((crop.value ->> 'coldroom')::float8) + (
                    SELECT sum(co2_idle) FROM cooling_unit_metrics WHERE company_id = 1) AS co2_to
         FROM cooling_unit_metrics, jsonb_each(co2_crops) AS crop WHERE company_id = 1",
    );
    let co2 = &company["co2"][0];
    for side in ["co2_from", "co2_to"] {
        let difference = co2[side].as_f64().unwrap() - stored[0][side].as_f64().unwrap();
        assert!(difference.abs() < 1e-9, "{side}: {co2}, stored {}", stored[0]);
    }
    assert_eq!((&co2["days"], &co2["missing_days"]), (&json!(10), &json!(0)));
    assert_eq!(company["meta"]["data_quality"], json!(["food_loss_default", "refrigerant_default"]));

    let units = get(&api, &format!("cooling_unit_id=1,2&view=comparison&{RANGE}"));
    assert_eq!(units["impact"].as_array().unwrap().len(), 1, "room 2 has no survey");
    assert_eq!(units["impact"][0]["unit_name"], "Room A");
    let ids: Vec<&Value> = units["co2"].as_array().unwrap().iter().map(|co2| &co2["cooling_unit_id"]).collect();
    assert_eq!(ids, [&json!(1), &json!(2)]);
    let nothing = get(&api, &format!("cooling_unit_id=999&{RANGE}"));
    assert_eq!((&nothing["impact"], &nothing["co2"]), (&json!([]), &json!([])));
}

/// The survey of 20 November counts in a range that ends on that day, and not in one that ends before it.
#[test]
fn both_ends_of_the_range_are_included() {
    let db = fixture_b();
    let api = Api::start(&db);
    let rows = |range: &str| get(&api, &format!("cooling_unit_id=1&{range}"))["impact"].as_array().unwrap().len();
    assert_eq!(rows("start_date=2026-11-20&end_date=2026-11-20"), 1);
    assert_eq!(rows("start_date=2026-11-17&end_date=2026-11-19"), 0);
    assert_eq!(rows("start_date=2026-11-21&end_date=2026-11-21"), 0);
}

#[test]
fn local_dates_decide() {
    let db = fixture_b();
    // 23:30 in UTC is the day after in Lagos.
    db.execute(
        "UPDATE metrics.impact_metrics SET latest_survey_date = '2026-11-20T23:30:00Z', time_zone = 'Africa/Lagos'",
    );
    let api = Api::start(&db);
    let rows = |day: &str| {
        let query = format!("cooling_unit_id=1&start_date={day}&end_date={day}");
        get(&api, &query)["impact"].as_array().unwrap().len()
    };
    assert_eq!((rows("2026-11-20"), rows("2026-11-21")), (0, 1));
}

#[test]
fn money_of_several_currencies_is_absent_and_meta_says_so() {
    let db = fixture_b();
    db.execute(
        "INSERT INTO metrics.impact_metrics SELECT (jsonb_populate_record(stored,
             '{\"cooling_unit_id\": 2, \"unit_name\": \"Room B\", \"currency\": \"KES\"}')).*
         FROM metrics.impact_metrics AS stored",
    );
    let api = Api::start(&db);
    let both = get(&api, &format!("cooling_unit_id=2,1&{RANGE}"));
    assert_eq!(both["meta"]["currencies"], json!(["KES", "NGN"]));
    assert!(both["meta"]["data_quality"].as_array().unwrap().contains(&json!("several_currencies")));
    let impact = &both["impact"][0];
    assert_eq!((&impact["currency"], &impact["avg_monthly_farmer_revenue"]), (&Value::Null, &Value::Null));
    assert_eq!(impact["monthly_kg_checkin"], 80.0);

    // In the predecessor's form units stand in the order in which they were asked for, and absent money is 0.0.
    let form = format!("cooling_unit_id=2,1,2,77&view=comparison&{RANGE}");
    let body = api.send(&Request::form("/impact-slice/", &form)).json();
    assert_eq!(
        body["Impact metrics"]["cooling_unit_id"],
        json!([{"name": "Room B", "value": 2}, {"name": "Room A", "value": 1}])
    );
    let form = format!("cooling_unit_id=2,1&{RANGE}");
    let body = api.send(&Request::form("/impact-slice", &form)).json();
    assert_eq!(body["Impact metrics"]["avg_monthly_farmer_revenue"], json!({"name": "Aggregate", "value": 0.0}));
    assert_eq!(body["Impact metrics"]["monthly_kg_loss"], json!({"name": "Aggregate", "value": 8.0}));
}

/// The example of the predecessor's documentation, with our values.
#[test]
fn the_predecessors_form_of_a_company() {
    let db = fixture_b();
    let api = Api::start(&db);
    let response = api.send(&Request::form("/impact-slice/", &format!("mode=company&company_id=1&{RANGE}")));
    let expected = concat!(
        r#"{"Impact metrics":[{"company_id":1,"unit_name":"Room A","baseline_quantity_total_month":100.0,"#,
        r#""avg_baseline_kg_selling_price_month":500.0,"baseline_kg_loss_month":10.0,"baseline_kg_sold_month":80.0,"#,
        r#""avg_baseline_perc_loss_month":10.0,"avg_baseline_farmer_revenue_month":18000.0,"#,
        r#""avg_monthly_kg_selling_price":612.5,"monthly_kg_checkin":40.0,"monthly_kg_loss":4.0,"#,
        r#""avg_monthly_perc_loss":10.0,"avg_monthly_perc_foodloss_evolution":0.0,"#,
        r#""avg_monthly_farmer_revenue":22050.0,"avg_monthly_perc_revenue_increase_evolution":22.5,"#,
        r#""avg_monthly_perc_revenue_increase_evolution_2":22.5,"avg_monthly_kg_selling_price_evolution":112.5,"#,
        r#""avg_monthly_perc_unit_selling_price_evolution":22.5,"avg_monthly_farmer_revenue_evolution":4050.0,"#,
        r#""latest_survey_date":"2026-11-20T12:00:00+00:00","num_post_harvest_surveys":2,"#,
        r#""possible_post_checkout_survey_room":2,"total_post_checkout_survey_unit":2}],"Co2_metrics":["#,
    );
    assert!(response.text().starts_with(expected), "{}", response.text());
    let unknown = api.send(&Request::form("/impact-slice/", &format!("mode=company&company_id=77&{RANGE}"))).json();
    assert_eq!(
        (&unknown["Impact metrics"]["company_id"], &unknown["Impact metrics"]["unit_name"]),
        (&json!(77), &json!(0))
    );
    assert_eq!(
        unknown["Co2_metrics"],
        json!([{"company_id": "77", "co2_crops": {"co2_from": 0, "co2_to": 0}, "cooling_unit_id": "0"}])
    );
}

#[test]
fn what_cannot_be_asked_is_refused_in_both_forms() {
    let db = TestDb::new();
    let api = Api::start(&db);
    for query in [
        "mode=unit&cooling_unit_id=1&start_date=2026-11-01&end_date=2026-11-02",
        "cooling_unit_id=1&view=all&start_date=2026-11-01&end_date=2026-11-02",
        "cooling_unit_id=1&start_date=2026/11/01&end_date=2026-11-02",
        "cooling_unit_id=1&start_date=2026-11-03&end_date=2026-11-02",
        "cooling_unit_id=1,x&mode=company&company_id=1&start_date=2026-11-01&end_date=2026-11-02",
        "mode=company&company_id=abc&start_date=2026-11-01&end_date=2026-11-02",
        "cooling_unit_id=1",
    ] {
        let clean = api.get(&format!("/api/impact-slice?{query}"));
        assert_eq!((clean.status, clean.header("content-type")), (400, Some("application/problem+json")), "{query}");
        let form = api.send(&Request::form("/impact-slice/", query));
        assert_eq!(form.status, 400, "{query}");
        assert!(form.json()["error"].is_string(), "{query}");
    }
    assert_eq!(api.get("/api/impact-slice?start_date=2026-11-01&end_date=2026-11-02").status, 400, "no units");
    let defaults = api.send(&Request::form("/impact-slice/", "start_date=2026-11-01&end_date=2026-11-02"));
    assert_eq!(defaults.status, 200, "the predecessor's form has units 0 and 1 by default");
}

/// Unit 1 has a survey and days, unit 2 days only.
#[test]
fn files_have_impact_and_emissions_of_a_record_in_one_row() {
    let db = fixture_b();
    let api = Api::start(&db);
    for (query, records) in [
        (format!("mode=company&company_id=1&{RANGE}"), 1),
        (format!("cooling_unit_id=1,2&view=comparison&{RANGE}"), 2),
        (format!("cooling_unit_id=1,2&{RANGE}"), 1),
        (format!("cooling_unit_id=999&{RANGE}"), 0),
    ] {
        let body = get(&api, &query);
        let nothing = serde_json::Map::new();
        let expected: Vec<Value> = (0..records)
            .map(|index| {
                let mut row = body["impact"][index].as_object().unwrap_or(&nothing).clone();
                for (name, value) in body["co2"][index].as_object().unwrap() {
                    let name = if name.ends_with("days") { format!("co2_{name}") } else { name.clone() };
                    if row.get(&name).is_none_or(Value::is_null) {
                        row.insert(name, value.clone());
                    }
                }
                Value::Object(row)
            })
            .collect();
        let file = |form: &str| {
            let response = api.get(&format!("/api/impact-slice?{query}&format={form}"));
            assert_eq!(response.status, 200, "{query} {form}: {}", response.text());
            let disposition = response.header("content-disposition").unwrap().to_owned();
            assert!(disposition.contains("impact-slice_2026-11-17_2026-11-21"), "{disposition}");
            response
        };
        let csv = files::csv(file("csv").text());
        assert_eq!((csv.rows.len(), csv.columns.len()), (records, 32), "{query}");
        let (_, sheet) = files::xlsx(&file("xlsx").body, "data");
        let (_, parquet) = files::parquet(&file("parquet").body);
        for rows in [&csv, &sheet, &parquet] {
            assert_eq!((rows.rows.len(), &rows.columns), (records, &csv.columns), "{query}");
            for (row, expected) in rows.rows.iter().zip(&expected) {
                for (name, cell) in rows.columns.iter().zip(row) {
                    let value = expected.get(name).unwrap_or(&Value::Null);
                    assert!(files::is_same(cell, value), "{query} {name}: {cell} for {value}");
                }
            }
        }
    }
    let units = api.get(&format!("/api/impact-slice?cooling_unit_id=1&{RANGE}&format=csv&header=units"));
    for column in ["avg_monthly_kg_selling_price [currency per kg]", "avg_monthly_perc_loss [%]", "co2_days [days]"] {
        assert!(units.text().lines().next().unwrap().contains(column), "{column}");
    }
}

#[test]
fn the_tag_follows_months_and_days() {
    let db = fixture_b();
    let api = Api::start(&db);
    let path = format!("/api/impact-slice?cooling_unit_id=1&{RANGE}");
    let tag = |response: &super::client::Response| response.header("etag").unwrap().to_owned();
    let first = tag(&api.get(&path));
    let again = api.send(&Request::new("GET", &path).header("if-none-match", &first));
    assert_eq!(again.status, 304);
    for view in ["impact-metrics", "aggregated-comparison"] {
        let before = tag(&api.get(&path));
        db.execute(&format!("UPDATE metrics.view_version SET version = version + 1 WHERE view = '{view}'"));
        assert_ne!(tag(&api.get(&path)), before, "{view}");
    }
}
