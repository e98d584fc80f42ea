//! Requests that get no result, and how they are told.

use serde_json::json;

use super::client::{self, Request};
use super::{Api, rows};
use crate::support::TestDb;

const RANGE: &str = "&start_date=2026-11-01&end_date=2026-11-30";

#[test]
fn wrong_parameters_are_named_in_a_problem() {
    let db = TestDb::new();
    let api = Api::start(&db);

    let response = api.get("/api/coolingunit-slice?unit_ids=1,,2&start_date=2026-11-31&colour=red");
    assert_eq!((response.status, response.header("content-type")), (400, Some("application/problem+json")));
    assert_eq!(
        response.json(),
        json!({
            "type": "about:blank", "title": "Bad Request", "status": 400,
            "detail": "unit_ids: element 2 is empty; start_date: must be a date of the form YYYY-MM-DD; \
                       end_date: is required; colour: is not a parameter of this address",
            "errors": [
                {"field": "unit_ids", "reason": "element 2 is empty"},
                {"field": "start_date", "reason": "must be a date of the form YYYY-MM-DD"},
                {"field": "end_date", "reason": "is required"},
                {"field": "colour", "reason": "is not a parameter of this address"},
            ],
        })
    );

    let units = |value: &str| format!("/api/coolingunit-slice?unit_ids={value}{RANGE}");
    let range = |start: &str, end: &str| format!("/api/coolingunit-slice?unit_ids=1&start_date={start}&end_date={end}");
    let thousand_and_one = (1..=1_001).map(|id| id.to_string()).collect::<Vec<_>>().join(",");
    for (target, field) in [
        (units(""), "unit_ids"),
        (units("%20"), "unit_ids"),
        (units("a"), "unit_ids"),
        (units("0"), "unit_ids"),
        (units("-1"), "unit_ids"),
        (units("1,"), "unit_ids"),
        (units("9223372036854775808"), "unit_ids"),
        (units("1&unit_ids=2"), "unit_ids"),
        (units(&thousand_and_one), "unit_ids"),
        (range("2026-11-02", "2026-11-01"), "end_date"),
        (range("2020-01-01", "2030-01-08"), "end_date"),
        (range("2026/11/01", "2026-11-01"), "start_date"),
        ("/api/company-slice".into(), "company_id"),
        ("/api/company-slice?company_id=".into(), "company_id"),
        ("/api/company-slice?company_id=%FF".into(), "company_id"),
        ("/api/company-slice?company_id=1&Company_id=1".into(), "Company_id"),
        ("/api/companies?limit=0".into(), "limit"),
        ("/api/companies?offset=-1".into(), "offset"),
        ("/api/companies?company_id=1".into(), "company_id"),
        ("/api/cooling-units?limit=1001".into(), "limit"),
        ("/api/cooling-units?company_id=x".into(), "company_id"),
        ("/api/openapi.json?x=1".into(), "x"),
    ] {
        let response = api.get(&target);
        assert_eq!(response.status, 400, "{target}");
        let errors = response.json()["errors"].clone();
        assert_eq!((errors.as_array().unwrap().len(), &errors[0]["field"]), (1, &field.into()), "{target}");
    }
}

#[test]
fn wrong_form_fields_are_named_in_an_error() {
    let db = TestDb::new();
    let api = Api::start(&db);
    for (path, body, error) in [
        ("/company-slice/", "", "company_id: is required"),
        ("/company-slice", "company_id=abc", "company_id: must be a whole number from 1 to 9223372036854775807"),
        ("/company-slice/", "company_id=1&company_id=2", "company_id: is given more than once"),
        (
            "/coolingunit-slice/",
            "unit_ids=1&start_date=2026-11-02&end_date=2026-11-01",
            "end_date: must not be before start_date",
        ),
        ("/coolingunit-slice/", "unit_ids=&start_date=2026-11-02", "unit_ids: is required; end_date: is required"),
    ] {
        let response = api.send(&Request::form(path, body));
        assert_eq!((response.status, response.header("content-type")), (400, Some("application/json")), "{body}");
        assert_eq!(response.json(), json!({ "error": error }), "{body}");
    }
    // Neither body nor Content-Type.
    let response = api.send(&Request::new("POST", "/company-slice/"));
    assert_eq!((response.status, response.json()), (400, json!({"error": "company_id: is required"})));
}

#[test]
fn bodies_that_are_no_forms_are_refused() {
    let db = TestDb::new();
    let api = Api::start_with(db.url(), &[("METRICS_API__MAX_BODY_BYTES", "100")]);
    let post = |content_type: &str, body: &[u8]| {
        api.send(&Request::new("POST", "/company-slice/").header("content-type", content_type).body(body))
    };
    assert_eq!(post("application/json", br#"{"company_id": 1}"#).status, 415);
    assert_eq!(post("text/plain", b"company_id=1").status, 415);
    assert_eq!(post("nonsense", b"company_id=1").status, 415);
    assert_eq!(post("multipart/form-data", b"--x--").status, 400);
    assert_eq!(post("multipart/form-data; boundary=x", b"--x\r\n").status, 400);
    assert_eq!(post("application/x-www-form-urlencoded", b"company_id=\xff").status, 400);
    let too_large = post("application/x-www-form-urlencoded", &[b'a'; 101]);
    assert_eq!((too_large.status, too_large.json()), (413, json!({"error": "the body exceeds 100 bytes"})));

    // A length that is not announced is noticed all the same.
    let chunked = Request::new("POST", "/company-slice/")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("transfer-encoding", "chunked");
    let mut bytes = chunked.bytes();
    let at = bytes.windows(19).position(|window| window == b"content-length: 0\r\n").unwrap();
    bytes.drain(at..at + 19);
    bytes.extend_from_slice(b"65\r\n");
    bytes.extend_from_slice(&[b'a'; 101]);
    bytes.extend_from_slice(b"\r\n0\r\n\r\n");
    assert_eq!(client::send(api.address, &bytes, "POST").status, 413);
}

#[test]
fn what_does_not_exist_is_404() {
    let db = TestDb::new();
    rows::two_companies(&db);
    let api = Api::start(&db);
    for target in
        ["/nothing", "/api", "/api/", "/api/nothing", "/api/company-slice/", "/docs/nothing.js", "/docs/../../etc"]
    {
        let response = api.get(target);
        assert_eq!(
            (response.status, response.header("content-type")),
            (404, Some("application/problem+json")),
            "{target}"
        );
        assert_eq!(response.json()["status"], 404);
    }
    let response = api.get("/api/company-slice?company_id=77");
    assert_eq!((response.status, &response.json()["detail"]), (404, &"there is no company 77".into()));
    let response = api.send(&Request::new("POST", "/nothing"));
    assert_eq!(response.status, 404);
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    let db = TestDb::new();
    let api = Api::start(&db);
    let readable = [
        "/",
        "/docs",
        "/docs/",
        "/api/company-slice",
        "/api/coolingunit-slice",
        "/api/companies",
        "/api/cooling-units",
        "/api/companies/1/daily",
        "/api/cooling-units/1/daily",
        "/api/companies/1/reports/cooling-users",
        "/company/1/cusers",
        "/company/1/usage_analysis",
        "/company/1/revenue_analysis",
        "/api/kpis",
        "/api/kpis/a/history",
        "/api/kpi-runs/1",
        "/stores",
        "/stores/1/uptime",
        "/stores/1/timeline",
        "/api/openapi.json",
        "/health/live",
        "/health/ready",
    ];
    for (paths, allow) in [
        (&readable[..], "GET, HEAD, OPTIONS"),
        (&["/company-slice", "/company-slice/", "/coolingunit-slice", "/coolingunit-slice/"], "POST, OPTIONS"),
    ] {
        for path in paths {
            for method in ["DELETE", "PUT", "PATCH", "TRACE", if allow.contains("GET") { "POST" } else { "GET" }] {
                let response = api.send(&Request::new(method, path));
                assert_eq!((response.status, response.header("allow")), (405, Some(allow)), "{method} {path}");
                assert!(!response.body.is_empty(), "{method} {path}");
            }
            let response = api.send(&Request::new("OPTIONS", path));
            assert_eq!((response.status, response.header("allow")), (204, Some(allow)), "OPTIONS {path}");
        }
    }
}

#[test]
fn long_addresses_are_refused() {
    let db = TestDb::new();
    let api = Api::start(&db);
    // A thousand of the largest ids fit.
    let ids = (0..1_000).map(|id| (i64::MAX - id).to_string()).collect::<Vec<_>>().join(",");
    assert_eq!(api.get(&format!("/api/coolingunit-slice?unit_ids={ids}{RANGE}")).status, 200);
    let response = api.get(&format!("/api/companies?limit={}", "1".repeat(33_000)));
    assert_eq!((response.status, response.header("content-type")), (414, Some("application/problem+json")));
}

#[test]
fn encodings_that_nobody_has_are_refused() {
    let db = TestDb::new();
    let api = Api::start(&db);
    let response = api.send(&Request::new("GET", "/api/companies").header("accept-encoding", "identity;q=0"));
    assert_eq!((response.status, response.header("content-type")), (406, Some("application/problem+json")));
}
