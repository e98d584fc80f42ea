//! The reports over the operational database.

use serde_json::{Value, json};

use super::client::Request;
use super::{Api, rows};
use crate::coldroom::{SMALL_AS_OF, database, small};
use crate::support::{TestDb, files, reporter};

const PERIOD: &str = "start_date=2026-11-17&end_date=2026-11-19";

fn fixture_b() -> TestDb {
    database("coldroom/fixture_b.sql", "coldroom/expected/rates_b.csv")
}

fn report_rows(api: &Api, target: &str) -> Vec<Value> {
    let response = api.get(target);
    assert_eq!(response.status, 200, "{target}: {}", response.text());
    response.json()["rows"].as_array().unwrap().clone()
}

fn column(rows: &[Value], title: &str) -> Value {
    rows.iter().map(|row| row[title].clone()).collect()
}

/// Amina brought crates 1, 2, 3 and 8 on the 17th, 7 on the 18th, and 6 on the 18th at 23:59:59.5 UTC, which is the 19th
/// in Lagos. Bola brought crate 4.
#[test]
fn cooling_users_are_listed_with_what_they_brought() {
    let db = fixture_b();
    db.execute(
        "UPDATE user_user SET is_active = false, first_name = '=Bola', phone = '+2348000000011' WHERE id = 11;
         UPDATE user_user SET date_joined = '2024-12-31 23:30Z' WHERE id = 11",
    );
    let api = Api::start(&db);
    let rows = report_rows(&api, "/api/companies/1/reports/cooling-users?only_active=false&format=json");
    assert_eq!(
        rows,
        [
            json!({"First Name": "=Bola", "Last Name": "B", "Phone Number": "+2348000000011", "Gender": null,
                   "Parent Name": "", "Date Joined": "2025-01-01T00:30:00", "Total Number of Checked-in Crates": 1,
                   "Latest Check In Date": "2026-11-18T10:00:00"}),
            json!({"First Name": "Amina", "Last Name": "A", "Phone Number": null, "Gender": "fe",
                   "Parent Name": "", "Date Joined": "2025-01-01T01:00:00", "Total Number of Checked-in Crates": 6,
                   "Latest Check In Date": "2026-11-19T00:59:59.500"}),
        ]
    );
    let active = report_rows(&api, "/api/companies/1/reports/cooling-users?format=json");
    assert_eq!(column(&active, "First Name"), json!(["Amina"]));
    // Texts that look like formulas, a phone number among them, are escaped.
    let csv = api.get("/api/companies/1/reports/cooling-users?only_active=false&format=csv&header=units");
    assert!(csv.text().contains("\n'=Bola,B,'+2348000000011,,"), "{}", csv.text());
    assert!(csv.text().contains("Date Joined [Africa/Lagos]"), "{}", csv.text());
    // A placeholder is nobody, and a farmer of another company is not ours.
    db.execute("UPDATE user_user SET first_name = 'User without a phone' WHERE id = 10");
    assert_eq!(report_rows(&api, "/api/companies/1/reports/cooling-users?format=json"), [] as [Value; 0]);
    assert_eq!(report_rows(&api, "/api/companies/3/reports/cooling-users?format=json"), [] as [Value; 0]);
}

/// Crate 1 brought in 150 + 150, crate 2 300, crate 7 40; the others nothing yet.
#[test]
fn usage_lists_crates_with_their_weight_at_check_in() {
    let db = fixture_b();
    let api = Api::start(&db);
    let target = format!("/api/companies/1/reports/usage-analysis?{PERIOD}&format=json");
    let rows = report_rows(&api, &target);
    assert_eq!(column(&rows, "Crate Id"), json!([1, 2, 3, 8, 4, 7, 6]));
    assert_eq!(column(&rows, "Weight"), json!([20.0, 20.0, 20.0, 22.5, 25.0, 10.0, 12.0]));
    assert_eq!(column(&rows, "Price per Crate"), json!([300, 300, null, null, null, 40, null]));
    assert_eq!(
        rows[6],
        json!({"Crate Id": 6, "Check-in Code": "M4", "Check-in Date": "2026-11-19T00:59:59.500",
               "Crop Name": "Bathua (Chenopodium)", "Weight": 12.0, "Price per Crate": null, "Currency": "NGN",
               "First Name": "Amina", "Last Name": "A", "Phone Number": null, "Gender": "fe",
               "Cooling Unit Name": "Room B", "Location Name": "L1"})
    );
    // Days are those of Lagos: crate 6 came in on the 19th.
    let ids = |query: &str| {
        column(&report_rows(&api, &format!("/api/companies/1/reports/usage-analysis?format=json&{query}")), "Crate Id")
    };
    assert_eq!(ids("start_date=2026-11-18&end_date=2026-11-18"), json!([4, 7]));
    assert_eq!(ids("start_date=2026-11-19&end_date=2026-11-19"), json!([6]));
    assert_eq!(ids(&format!("{PERIOD}&cooling_unit_ids=2")), json!([6]));
    // A cooling unit of another company has no row here.
    assert_eq!(ids(&format!("{PERIOD}&cooling_unit_ids=3")), json!([]));
    assert_eq!(api.get(&target).json()["meta"]["time_zones"], json!(["Africa/Lagos"]));
}

/// A tenth off check-out 1: 150, 300 and 40 become 135, 270 and 36. A marketplace order sells a quarter of crate 3.
#[test]
fn revenue_lists_releases_with_their_share_of_the_discount() {
    let db = fixture_b();
    db.execute(
        "UPDATE operation_checkout SET discount_amount = 49, payment_method = 'CASH' WHERE id = 1;
         INSERT INTO operation_movement (id, date, code, operator_id, used_for_checkin, initiated_for)
         VALUES (9, '2026-11-19 18:00Z', 'MO9', NULL, false, 'mo');
         INSERT INTO operation_checkout (id, movement_id, cmp_total_cooling_fees_amount, cmp_total_amount,
             discount_amount, paid, currency) VALUES (4, 9, 80, 80, 0, true, 'NGN');
         INSERT INTO storage_cratepartialcheckout (id, crate_id, checkout_id, percentage, weight_in_kg, cooling_fees)
         VALUES (6, 3, 4, 0.25, 5, 80);
         INSERT INTO operation_checkin (id, movement_id, owned_by_user_id) VALUES (6, 9, 11);
         INSERT INTO storage_produce (id, checkin_id, crop_id, cmp_checkout_completed) VALUES (6, 6, 1, false);
         INSERT INTO storage_crate (id, produce_id, cooling_unit_id, initial_weight, weight, currency,
             cmp_fully_checked_out, cmp_total_paid_in_cooling_fees, cmp_total_in_cooling_fees,
             cmp_total_due_in_cooling_fees, price_per_crate_per_pricing_type, quality_dt, temperature_dt)
         VALUES (9, 6, 1, 5, 5, 'NGN', false, 0, 0, 0, 0, -1, 290.4)",
    );
    let api = Api::start(&db);
    let rows = report_rows(&api, &format!("/api/companies/1/reports/revenue-analysis?{PERIOD}&format=json"));
    assert_eq!(column(&rows, "Crate Id"), json!([1, 2, 7, 1, 3]));
    assert_eq!(column(&rows, "Weight"), json!([20.0, 20.0, 10.0, 20.0, 20.0]));
    assert_eq!(column(&rows, "Check-out Price per Crate"), json!([135, 270, 36, 150, 80]));
    assert_eq!(column(&rows, "Check-out Price per Crate before Discount"), json!([150, 300, 40, 150, 80]));
    assert_eq!(column(&rows, "Price Discount per Crate"), json!([15, 30, 4, 0, 0]));
    assert_eq!(column(&rows, "Days in Storage"), json!([1, 1, 0, 2, 2]));
    assert_eq!(
        rows[0],
        json!({"Crate Id": 1, "Check-out Code": "M6", "Check-out Date": "2026-11-18T16:00:00", "Crop Name": "Tomato",
               "Weight": 20.0, "Check-out Price per Crate": 135, "Currency": "NGN",
               "Check-out Price per Crate before Discount": 150, "Price Discount per Crate": 15, "Days in Storage": 1,
               "Payment Type": "CASH", "First Name": "Amina", "Last Name": "A", "Phone Number": null, "Gender": "fe",
               "Cooling Unit Name": "Room A", "Location Name": "L1"})
    );
    // The order moved nothing into the room, and its fee counts for the crate that was sold.
    let usage = report_rows(&api, &format!("/api/companies/1/reports/usage-analysis?{PERIOD}&format=json"));
    assert_eq!(column(&usage, "Crate Id"), json!([1, 2, 3, 8, 4, 7, 6]));
    assert_eq!(column(&usage, "Price per Crate"), json!([285, 270, 80, null, null, 36, null]));
}

/// The same rules as the daily figures: crates of the usage report are `room_crates_in`, prices of the revenue report
/// `room_revenue`.
#[test]
fn reports_agree_with_the_daily_figures() {
    let db = small();
    let output = reporter(&db, &["--view", "aggregated-comparison", "--as-of", SMALL_AS_OF, "--quiet"]);
    assert!([0, 4].contains(&output.status), "{}", output.stderr);
    let api = Api::start(&db);
    let companies = db.query(
        "SELECT company_id, string_agg(DISTINCT cooling_unit_id::text, ',') AS units, min(date) AS first, max(date) AS last,
                sum(room_crates_in) AS crates
         FROM metrics.cooling_unit_metrics WHERE company_id IS NOT NULL GROUP BY company_id",
    );
    let mut compared = 0;
    for company in &companies {
        let text = |key: &str| company[key].as_str().unwrap().to_owned();
        let query = format!(
            "cooling_unit_ids={}&start_date={}&end_date={}&format=json",
            text("units"),
            text("first"),
            text("last")
        );
        let path = format!("/api/companies/{}/reports", company["company_id"]);
        let usage = report_rows(&api, &format!("{path}/usage-analysis?{query}"));
        assert_eq!(json!(usage.len()), company["crates"], "{company}");

        let revenue = report_rows(&api, &format!("{path}/revenue-analysis?{query}"));
        let stored = db.query(&format!(
            "SELECT currency, sum(room_revenue)::float8 AS revenue, count(*) AS days, bool_and(room_revenue IS NOT NULL) AS is_complete
             FROM metrics.cooling_unit_metrics WHERE company_id = {} GROUP BY currency",
            company["company_id"]
        ));
        let is_one_currency = revenue.iter().all(|row| row["Currency"] == stored[0]["currency"]);
        if is_one_currency && stored[0]["is_complete"] == true {
            let sum: f64 = revenue.iter().map(|row| row["Check-out Price per Crate"].as_f64().unwrap()).sum();
            let expected = stored[0]["revenue"].as_f64().unwrap();
            // A day's sum is rounded to 2 places.
            let rounding = 0.005 * stored[0]["days"].as_f64().unwrap();
            assert!((sum - expected).abs() <= rounding, "{sum} for {expected}");
            compared += 1;
        }
    }
    assert!(compared > 0, "no company with revenue in one currency");
}

#[test]
fn every_form_has_the_same_rows_and_the_workbook_the_known_name_and_sheet() {
    let db = fixture_b();
    let api = Api::start(&db);
    for (path, name) in [
        ("cooling-users?only_active=true", "cooling_users"),
        (&*format!("usage-analysis?{PERIOD}"), "usage_analysis"),
        (&*format!("revenue-analysis?{PERIOD}"), "revenue_analysis"),
    ] {
        let target = format!("/api/companies/1/reports/{path}");
        let expected = report_rows(&api, &format!("{target}&format=json"));
        assert!(!expected.is_empty());
        let csv = files::csv(api.get(&format!("{target}&format=csv")).text());
        files::assert_same(&csv, &expected);

        let xlsx = api.get(&target);
        let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        assert_eq!(
            (xlsx.header("content-type"), xlsx.header("cache-control")),
            (Some(kind), Some("private, no-store"))
        );
        let file = xlsx.header("content-disposition").unwrap();
        let day = file.strip_prefix(&format!("attachment; filename=\"{name}_comp_id_1_date_"));
        let day = day.and_then(|rest| rest.strip_suffix(".xlsx\"")).unwrap_or_else(|| panic!("{file}"));
        assert!(chrono::NaiveDate::parse_from_str(day, "%y-%m-%d").is_ok() && day.len() == 8, "{file}");
        let (sheets, sheet) = files::xlsx(&xlsx.body, "Sheet1");
        assert_eq!((sheets, &sheet.columns), (vec!["Sheet1".to_owned(), "About".to_owned()], &csv.columns));
        assert_eq!(sheet.rows.len(), expected.len());
        let (_, about) = files::xlsx(&xlsx.body, "About");
        assert!(format!("{about:?}").contains("Africa/Lagos"));
        let (facts, parquet) = files::parquet(&api.get(&format!("{target}&format=parquet")).body);
        assert!(facts.contains(&("time_zones".to_owned(), "Africa/Lagos".to_owned())), "{facts:?}");
        assert_eq!((parquet.rows.len(), &parquet.columns), (expected.len(), &csv.columns));
    }
}

#[test]
fn the_predecessors_addresses_give_the_same_reports() {
    let db = fixture_b();
    let api = Api::start(&db);
    for (old, new) in [
        ("/company/1/cusers?only_active=yes&", "/api/companies/1/reports/cooling-users?only_active=false&"),
        ("/company/1/usage_analysis?cooling_unit_ids=1,2&", "/api/companies/1/reports/usage-analysis?"),
        ("/company/1/revenue_analysis?cooling_unit_ids=1,2&", "/api/companies/1/reports/revenue-analysis?"),
    ] {
        let period = if new.contains("only_active") { "" } else { "start_date=2026-11-17&end_date=2026-11-19&" };
        let rows = |address: &str| report_rows(&api, &format!("{address}{period}format=json"));
        assert_eq!(rows(old), rows(new), "{old}");
        assert!(!rows(old).is_empty());
    }
}

#[test]
fn what_cannot_be_answered_is_told() {
    let db = fixture_b();
    let api = Api::start(&db);
    let users = "/api/companies/1/reports/cooling-users";
    for (target, status) in [
        ("/api/companies/77/reports/cooling-users".to_owned(), 404),
        ("/api/companies/x/reports/cooling-users".to_owned(), 404),
        (format!("{users}?only_active=maybe"), 400),
        (format!("{users}?x=1"), 400),
        (format!("{users}?format=pdf"), 400),
        ("/api/companies/1/reports/usage-analysis".to_owned(), 400),
        ("/api/companies/1/reports/usage-analysis?start_date=2026-11-02&end_date=2026-11-01".to_owned(), 400),
        (format!("/api/companies/1/reports/revenue-analysis?{PERIOD}&cooling_unit_ids=1'--"), 400),
        (format!("/api/companies/1/reports/revenue-analysis?{PERIOD}&cooling_unit_ids=99"), 200),
    ] {
        let response = api.get(&target);
        assert_eq!(response.status, status, "{target}");
        if status != 200 {
            assert_eq!(response.header("content-type"), Some("application/problem+json"), "{target}");
        }
    }
    let refused = api.send(&Request::new("GET", users).header("accept", "text/html"));
    assert_eq!(refused.status, 406);

    // A source without a column, without its tables, and without an address that answers.
    db.execute("ALTER TABLE user_farmer DROP COLUMN parent_name");
    let response = api.get(users);
    assert_eq!((response.status, response.header("content-type")), (503, Some("application/problem+json")));
    assert!(response.header("retry-after").is_some());
    assert!(!response.text().contains("parent_name"), "the log says what");
    assert!(api.log().contains("user_farmer.parent_name is missing"), "{}", api.log());
    let metrics = TestDb::new();
    rows::two_companies(&metrics);
    let api = Api::start(&metrics);
    assert_eq!(api.get("/api/companies/9/reports/cooling-users").status, 503);
    let elsewhere = [("METRICS_SOURCE__URL", "postgres://nobody@127.0.0.1:1/none")];
    let api = Api::start_with(metrics.url(), &elsewhere);
    assert_eq!(api.get("/api/companies/9/reports/cooling-users").status, 503);
    assert_eq!(api.get("/api/companies").status, 200, "everything else goes on");
}
