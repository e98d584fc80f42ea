//! Results as files.

use serde_json::{Value, json};

use super::client::Request;
use super::{Api, rows};
use crate::support::{TestDb, files};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PARQUET: &str = "application/vnd.apache.parquet";

/// Addresses without `format`, and where the rows are in their bodies.
const RESULTS: [(&str, &str); 7] = [
    ("/api/company-slice?company_id=9", "company"),
    ("/api/coolingunit-slice?unit_ids=1,3&start_date=2026-11-01&end_date=2026-11-30", "cooling_units"),
    ("/api/cooling-units/1/daily?x", "series"),
    ("/api/cooling-units/1/daily?bucket=week&compare=previous", "series"),
    ("/api/companies/9/daily?from=2026-10-30&to=2026-11-05&compare=previous", "series"),
    ("/api/companies?x", "companies"),
    ("/api/cooling-units?x", "cooling_units"),
];

fn address(result: &str, more: &str) -> String {
    match result.strip_suffix("?x") {
        Some(path) => format!("{path}?{more}"),
        None => format!("{result}&{more}"),
    }
}

fn database() -> TestDb {
    let db = TestDb::new();
    rows::two_units(&db);
    rows::two_companies(&db);
    db
}

fn objects(body: &Value) -> Vec<Value> {
    body.as_array().map_or_else(|| vec![body.clone()], Vec::clone)
}

#[test]
fn every_result_has_the_same_rows_in_every_form() {
    let db = database();
    let api = Api::start(&db);
    for (result, key) in RESULTS {
        let body = api.get(&address(result, "format=json")).json();
        let expected = objects(&body[key]);
        assert!(!expected.is_empty(), "{result}");

        let csv = api.get(&address(result, "format=csv"));
        assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8; header=present"), "{result}");
        let csv = files::csv(csv.text());
        files::assert_same(&csv, &expected);
        // All members of the body have a column.
        let members: usize =
            expected[0].as_object().unwrap().len() - usize::from(expected[0].get("previous").is_some());
        let columns = csv.columns.iter().filter(|name| !name.starts_with("previous_")).count();
        assert_eq!(columns, members, "{result}: {:?}", csv.columns);

        let xlsx = api.get(&address(result, "format=xlsx"));
        assert_eq!(xlsx.header("content-type"), Some(XLSX), "{result}");
        let (sheets, rows) = files::xlsx(&xlsx.body, "data");
        assert_eq!((sheets.join(","), &rows.columns), ("data,About".to_owned(), &csv.columns), "{result}");
        files::assert_same(&rows, &expected);

        let parquet = api.get(&address(result, "format=parquet"));
        assert_eq!(parquet.header("content-type"), Some(PARQUET), "{result}");
        let (facts, rows) = files::parquet(&parquet.body);
        let (_, described) = facts.iter().find(|(key, _)| key == "columns").unwrap();
        for column in serde_json::from_str::<Vec<Value>>(described).unwrap() {
            assert_ne!(column["description"], "", "{result}: {column}");
        }
        assert_eq!(rows.columns, csv.columns, "{result}");
        files::assert_same(&rows, &expected);
    }
}

#[test]
fn units_and_zones_are_said() {
    let db = database();
    let api = Api::start(&db);
    let header = |target: &str| api.get(target).text().lines().next().unwrap().to_owned();
    let daily = header("/api/cooling-units/1/daily?from=2026-11-01&to=2026-11-01&format=csv&header=units");
    assert!(daily.starts_with("\"date [local day, Africa/Lagos]\","), "{daily}");
    for part in [
        "room_kg_in [kg]",
        "room_revenue [currency]",
        "room_revenue_usd [USD]",
        "tot_co2 [kg CO2e]",
        "average_room_occupancy [%]",
    ] {
        assert!(daily.contains(part), "{part} in {daily}");
    }
    let plain = header("/api/cooling-units/1/daily?format=csv&header=names");
    assert_eq!(plain, header("/api/cooling-units/1/daily?format=csv"));
    assert!(!plain.contains('['));

    let body = api.get("/api/cooling-units/1/daily?format=xlsx").body;
    let (_, about) = files::xlsx(&body, "About");
    let text = format!("{about:?}");
    for part in
        ["Africa/Lagos, UTC", "2026-11-03", "2026.1, 2026.2", "Weight checked in, kg.", "kg CO2e", "last_run.as_of"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    let (facts, _) = files::parquet(&api.get("/api/cooling-units/1/daily?format=parquet").body);
    let fact = |name: &str| facts.iter().find(|(key, _)| key == name).map(|(_, text)| text.clone()).unwrap();
    assert_eq!((fact("start_date"), fact("time_zones")), ("2026-11-01".into(), "Africa/Lagos, UTC".into()));
    let columns: Value = serde_json::from_str(&fact("columns")).unwrap();
    let kg = columns.as_array().unwrap().iter().find(|column| column["name"] == "room_kg_in").unwrap();
    assert_eq!(*kg, json!({"name": "room_kg_in", "unit": "kg", "description": "Weight checked in, kg."}));
}

#[test]
fn text_that_looks_like_a_formula_is_escaped_and_negative_numbers_are_intact() {
    let db = database();
    db.execute(
        "UPDATE metrics.cooling_unit_metrics SET unit_name = '=HYPERLINK(\"http://x\")', state = '-1', tot_co2 = -2.5",
    );
    let api = Api::start(&db);
    let target = "/api/coolingunit-slice?unit_ids=1&start_date=2026-11-01&end_date=2026-11-01";
    let csv = files::csv(api.get(&format!("{target}&format=csv")).text());
    assert_eq!(csv.column("unit_name"), ["'=HYPERLINK(\"http://x\")"]);
    assert_eq!((csv.column("state"), csv.column("tot_co2")), (vec![json!("'-1")], vec![json!("-2.5")]));
    let (_, sheet) = files::xlsx(&api.get(&format!("{target}&format=xlsx")).body, "data");
    assert_eq!(sheet.column("unit_name"), ["'=HYPERLINK(\"http://x\")"]);
    assert_eq!((sheet.column("state"), sheet.column("tot_co2")), (vec![json!("'-1")], vec![json!(-2.5)]));
    let (_, rows) = files::parquet(&api.get(&format!("{target}&format=parquet")).body);
    assert_eq!(rows.column("unit_name"), ["=HYPERLINK(\"http://x\")"]);
}

#[test]
fn the_form_is_chosen_by_parameter_or_by_accept() {
    let db = database();
    let api = Api::start(&db);
    let target = "/api/companies";
    let get = |target: &str, accept: &str| api.send(&Request::new("GET", target).header("accept", accept));

    let csv = get(target, "text/csv");
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"companies.csv\""));
    assert_eq!(csv.header("vary"), Some("accept, accept-encoding"));
    assert_eq!(get("/api/companies?format=csv", "application/json").body, csv.body);
    assert_eq!(get(target, "text/html,*/*;q=0.8").header("content-type"), Some("application/json"));
    assert_eq!(api.get(target).header("content-disposition"), None);

    let refused = get(target, "text/html");
    assert_eq!((refused.status, refused.header("content-type")), (406, Some("application/problem+json")));
    assert!(refused.json()["detail"].as_str().unwrap().contains("text/csv"), "{}", refused.text());
    for (query, field) in [
        ("format=pdf", "format"),
        ("format=csv&format=csv", "format"),
        ("header=units", "header"),
        ("format=xlsx&header=units", "header"),
        ("format=csv&header=all", "header"),
    ] {
        let response = api.get(&format!("{target}?{query}"));
        assert_eq!((response.status, &response.json()["errors"][0]["field"]), (400, &json!(field)), "{query}");
    }
}

#[test]
fn each_form_has_a_tag_of_its_own() {
    let db = database();
    let api = Api::start(&db);
    let mut tags = Vec::new();
    for (result, _) in RESULTS {
        for form in ["format=json", "format=csv", "format=csv&header=units", "format=xlsx", "format=parquet"] {
            let target = address(result, form);
            let first = api.get(&target);
            let tag = first.header("etag").unwrap().to_owned();
            let again = api.send(&Request::new("GET", &target).header("if-none-match", &tag));
            assert_eq!((again.status, again.body.len()), (304, 0), "{target}");
            // A strong tag stands for the same bytes.
            assert_eq!(api.get(&target).body, first.body, "{target}");
            let head = api.send(&Request::new("HEAD", &target));
            assert_eq!(head.header("content-length"), first.header("content-length"), "{target}");
            tags.push(tag);
        }
    }
    let count = tags.len();
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), count);
}
