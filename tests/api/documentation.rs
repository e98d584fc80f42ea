//! What the API says about itself.

use super::Api;
use crate::support::TestDb;

#[test]
fn the_description_lists_every_route() {
    let db = TestDb::new();
    let api = Api::start(&db);
    let description = api.get("/api/openapi.json").json();
    assert_eq!(description["openapi"], "3.1.0");
    let mut paths: Vec<_> = description["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    paths.sort_unstable();
    let expected = [
        "/api/companies",
        "/api/companies/{id}/daily",
        "/api/companies/{id}/reports/cooling-users",
        "/api/companies/{id}/reports/revenue-analysis",
        "/api/companies/{id}/reports/usage-analysis",
        "/api/company-slice",
        "/api/cooling-units",
        "/api/cooling-units/{id}/daily",
        "/api/coolingunit-slice",
        "/api/impact-slice",
        "/api/kpi-runs/{id}",
        "/api/kpis",
        "/api/kpis/{id}/history",
        "/api/openapi.json",
        "/company-slice/",
        "/coolingunit-slice/",
        "/get_report",
        "/health/live",
        "/health/ready",
        "/impact-slice/",
        "/stores",
        "/stores/{store_id}/timeline",
        "/stores/{store_id}/uptime",
        "/trigger_report",
    ];
    assert_eq!(paths, expected);
    for path in expected {
        let method = if path.ends_with("-slice/") || path == "/trigger_report" { "post" } else { "get" };
        let status = if path == "/trigger_report" { "202" } else { "200" };
        assert!(description["paths"][path][method]["responses"][status].is_object(), "{method} {path}");
    }
    let schemas = description["components"]["schemas"].as_object().unwrap();
    for schema in
        ["Problem", "FieldError", "FormProblem", "CoolingUnitSlice", "CompanyFigures", "SeriesFigures", "Meta"]
    {
        assert!(schemas.contains_key(schema), "{schema}");
    }
}

/// The columns of the description are those of the body.
#[test]
fn the_description_names_the_columns() {
    let db = TestDb::new();
    super::rows::two_units(&db);
    let api = Api::start(&db);
    let description = api.get("/api/openapi.json").json();
    let body = api.get("/api/coolingunit-slice?unit_ids=1&start_date=2026-11-01&end_date=2026-11-30").json();
    let names = |object: &serde_json::Value| -> Vec<String> {
        let mut names: Vec<_> = object.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names
    };
    let described = &description["components"]["schemas"]["CoolingUnitSlice"]["properties"];
    assert_eq!(names(described), names(&body["cooling_units"][0]));
}

#[test]
fn the_pages_load_nothing_from_elsewhere() {
    let db = TestDb::new();
    let api = Api::start(&db);

    let redirect = api.get("/docs");
    assert_eq!((redirect.status, redirect.header("location")), (308, Some("docs/")));
    let page = api.get("/docs/");
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("http"), "{policy}");
    assert!(!page.text().contains("http"), "{}", page.text());
    let links: Vec<_> = ["src=\"", "href=\""]
        .iter()
        .flat_map(|attribute| page.text().split(attribute).skip(1))
        .map(|rest| rest.split('"').next().unwrap().trim_start_matches("./"))
        .collect();
    assert_eq!(links.len(), 7);
    for link in links {
        assert_eq!(api.get(&format!("/docs/{link}")).status, 200, "{link}");
    }
    let settings = api.get("/docs/swagger-initializer.js");
    assert!(
        settings.text().contains("../api/openapi.json") && !settings.text().contains("http"),
        "{}",
        settings.text()
    );

    let start = api.get("/");
    assert_eq!((start.status, start.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(start.text().contains("docs/") && !start.text().contains("http"));
}
