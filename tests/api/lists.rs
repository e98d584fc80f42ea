//! The lists.

use serde_json::json;

use super::{Api, rows};
use crate::support::TestDb;

#[test]
fn companies_come_in_pages() {
    let db = TestDb::new();
    rows::two_companies(&db);
    let api = Api::start(&db);

    let all = api.get("/api/companies").json();
    assert_eq!(
        all["companies"],
        json!([
            {"company_id": 9, "comp_name": "Cold \"K\"", "comp_country": "NG", "currency": "NGN"},
            {"company_id": 10, "comp_name": null, "comp_country": null, "currency": null},
        ])
    );
    assert_eq!(
        (&all["meta"]["total"], &all["meta"]["limit"], &all["meta"]["offset"]),
        (&2.into(), &100.into(), &0.into())
    );
    assert_eq!(all["meta"]["last_run"]["view"], "company");

    let second = api.get("/api/companies?limit=1&offset=1").json();
    assert_eq!(second["companies"][0]["company_id"], 10);
    assert_eq!(second["companies"].as_array().unwrap().len(), 1);
    let beyond = api.get("/api/companies?offset=9223372036854775807").json();
    assert_eq!((&beyond["companies"], &beyond["meta"]["total"]), (&json!([]), &2.into()));
}

#[test]
fn cooling_units_come_in_pages_and_by_company() {
    let db = TestDb::new();
    rows::two_units(&db);
    let api = Api::start(&db);

    let all = api.get("/api/cooling-units").json();
    assert_eq!(
        all["cooling_units"],
        json!([
            {"cooling_unit_id": 1, "unit_name": "Room One", "company_id": 9, "time_zone": "Africa/Lagos",
             "is_unit_deleted": false, "first_date": "2026-11-01", "last_date": "2026-11-03"},
            {"cooling_unit_id": 3, "unit_name": null, "company_id": null, "time_zone": "Africa/Lagos",
             "is_unit_deleted": true, "first_date": "2026-11-02", "last_date": "2026-11-02"},
        ])
    );
    assert_eq!(all["meta"]["total"], 2);

    let ids = |query: &str| {
        let body = api.get(&format!("/api/cooling-units?{query}")).json();
        let ids: Vec<_> =
            body["cooling_units"].as_array().unwrap().iter().map(|unit| unit["cooling_unit_id"].clone()).collect();
        (json!(ids), body["meta"]["total"].clone())
    };
    assert_eq!(ids("company_id=9"), (json!([1]), json!(1)));
    assert_eq!(ids("company_id=77"), (json!([]), json!(0)));
    assert_eq!(ids("limit=1&offset=1"), (json!([3]), json!(2)));
    assert_eq!(ids("offset=5"), (json!([]), json!(2)));
}

#[test]
fn lists_of_nothing_are_empty() {
    let db = TestDb::new();
    let api = Api::start(&db);
    assert_eq!(api.get("/api/cooling-units").json()["cooling_units"], json!([]));
    assert_eq!(api.get("/api/companies").json()["companies"], json!([]));
}
