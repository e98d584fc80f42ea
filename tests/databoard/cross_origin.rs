//! Pages of other origins.

use super::{EMPTY, create, created, start};
use crate::api::client::Request;
use crate::support::TestDb;

const ORIGIN: &str = "https://boards.example";

#[test]
fn any_origin_may_call_without_credentials() {
    let db = TestDb::new();
    let api = start(&db, &[("ROOT_PATH", "/api")]);
    let id = created(&api, EMPTY);
    for (method, target, status) in [
        ("GET", "/databoard/health".to_owned(), 200),
        ("GET", format!("/api/databoard/dashboard/{id}"), 200),
        ("GET", "/databoard/dashboard/x".to_owned(), 404),
        ("PUT", "/databoard/dashboard/x".to_owned(), 405),
        ("POST", "/databoard/dashboard".to_owned(), 422),
        ("GET", "/databoard/nothing".to_owned(), 404),
    ] {
        let response = api.send(&Request::new(method, &target).header("origin", ORIGIN));
        assert_eq!((response.status, response.header("access-control-allow-origin")), (status, Some("*")), "{target}");
        assert_eq!(response.header("access-control-allow-credentials"), None);
    }
    assert_eq!(create(&api, EMPTY).header("access-control-allow-origin"), None);
    for method in ["PATCH", "DELETE", "POST", "GET"] {
        let preflight = Request::new("OPTIONS", &format!("/databoard/dashboard/{id}"))
            .header("origin", ORIGIN)
            .header("access-control-request-method", method)
            .header("access-control-request-headers", "content-type, if-match");
        let response = api.send(&preflight);
        assert_eq!((response.status, response.text()), (200, "OK"));
        assert_eq!(response.header("access-control-allow-origin"), Some("*"));
        assert_eq!(response.header("access-control-max-age"), Some("600"));
        assert_eq!(response.header("access-control-allow-headers"), Some("content-type, if-match"));
        assert!(response.header("access-control-allow-methods").unwrap().contains(method));
    }
    // The rest of the API has its own rules still.
    let preflight = Request::new("OPTIONS", "/api/companies").header("origin", ORIGIN);
    let response = api.send(&preflight.header("access-control-request-method", "DELETE"));
    assert_eq!(response.status, 400);
}

#[test]
fn origins_may_be_listed() {
    let db = TestDb::new();
    let api = start(&db, &[("CORS_ORIGINS", "https://a.example,https://boards.example")]);
    for (origin, allowed) in [(ORIGIN, Some(ORIGIN)), ("https://evil.example", None), ("null", None)] {
        let response = api.send(&Request::new("GET", "/databoard/health").header("origin", origin));
        assert_eq!((response.status, response.header("access-control-allow-origin")), (200, allowed));
        assert!(response.headers("vary").iter().any(|vary| vary.eq_ignore_ascii_case("origin")));
    }
}

#[test]
fn an_error_of_the_server_has_the_headers_and_the_form() {
    let db = TestDb::new();
    let api = start(&db, &[]);
    db.execute("DROP TABLE metrics.databoard_dashboards CASCADE");
    let response = api.send(&Request::new("GET", "/databoard/dashboard/x").header("origin", ORIGIN));
    assert!(response.status >= 500, "{}", response.status);
    assert_eq!(response.header("access-control-allow-origin"), Some("*"));
    assert!(response.json()["detail"].is_string() && !response.text().contains("databoard_dashboards"));
}
