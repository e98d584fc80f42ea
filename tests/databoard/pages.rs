//! The web pages of saved dashboards, as HTML.

use serde_json::json;

use super::{EMPTY, TOKEN, created, operate};
use crate::api::Api;
use crate::api::client::{Request, Response};
use crate::support::TestDb;

fn start(settings: &[(&str, &str)]) -> (TestDb, Api) {
    let db = TestDb::new();
    let api = Api::start_with(db.url(), settings);
    (db, api)
}

/// A page of ours that loads nothing from elsewhere and runs nothing of its own.
fn assert_is_page(response: &Response, status: u16, target: &str) {
    assert_eq!(response.status, status, "{target}: {}", response.text());
    assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"), "{target}");
    assert_eq!(response.header("cache-control"), Some("no-store"), "{target}");
    let policy = response.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("connect-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    let text = response.text();
    assert!(text.starts_with("<!DOCTYPE html>\n<html lang="), "{target}");
    assert_eq!(text.matches("<h1").count(), 1, "{target}");
    for forbidden in ["src=\"http", "<style", "style=\"", " onclick", "<script>", "javascript:"] {
        assert!(!text.contains(forbidden), "{target}: {forbidden}");
    }
}

/// Addresses of the files that a page loads, as they stand there.
fn files(text: &str) -> Vec<&str> {
    let attributes = text.split("src=\"").skip(1).chain(text.split("<link rel").skip(1).map(|link| {
        let (_, address) = link.split_once("href=\"").unwrap();
        address
    }));
    attributes.map(|rest| rest.split('"').next().unwrap()).collect()
}

#[test]
fn the_viewer_is_a_page_with_files_below_the_mount() {
    let (_db, api) = start(&[("ROOT_PATH", "/api")]);
    let id = created(&api, EMPTY);
    for (base, name, root) in [
        ("/databoard", format!("view/{id}"), "../"),
        ("/databoard", format!("view/{id}/"), "../../"),
        ("/api/databoard", format!("view/{id}?days=7"), "../"),
    ] {
        let target = format!("{base}/{name}");
        let response = api.get(&target);
        assert_is_page(&response, 200, &target);
        let text = response.text();
        assert!(text.contains(&format!("data-id=\"{id}\" data-root=\"{root}\"")), "{text}");
        let files = files(text);
        assert_eq!(files.len(), 6, "{files:?}");
        for file in files {
            let path = file.strip_prefix(root).unwrap_or_else(|| panic!("{file}"));
            let response = api.get(&format!("{base}/{path}"));
            assert_eq!(response.status, 200, "{path}");
            assert_eq!(response.header("cache-control"), Some("public, max-age=31536000, immutable"));
        }
    }
    let target = format!("/databoard/view/{id}");
    let head = api.send(&Request::new("HEAD", &target));
    assert_eq!((head.status, head.body.len()), (200, 0));
    let refused = api.send(&Request::new("POST", &target));
    assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, HEAD")));
    assert_eq!(api.get("/databoard/assets/view.js").json(), json!({"detail": "Not Found"}));
}

#[test]
fn the_viewer_s_page_is_no_access_to_the_dashboard() {
    let (_db, api) = start(&[("MAINTENANCE_TOKEN", TOKEN)]);
    let id = created(&api, EMPTY);
    let record = || operate(&api, "GET", &format!("/dashboard/{id}")).json();
    let before = record();
    assert_eq!(api.get(&format!("/databoard/view/{id}")).status, 200);
    assert_eq!(record(), before);
}

#[test]
fn the_address_says_which_days_are_shown() {
    let (_db, api) = start(&[]);
    let id = created(&api, EMPTY);
    let page = |query: &str| api.get(&format!("/databoard/view/{id}{query}"));
    let usual = page("");
    assert!(usual.text().contains("data-days=\"90\"") && !usual.text().contains("data-begin"));
    assert!(usual.text().contains("href=\"?days=90\" aria-current=\"true\""));
    let week = page("?days=7&lang=fr");
    assert!(week.text().contains("data-days=\"7\"") && week.text().contains("<html lang=\"fr\">"));
    assert!(week.text().contains("href=\"?days=365&#38;lang=fr\""), "{}", week.text());
    let november = page("?from=2026-11-01&to=2026-11-30&lang=hi");
    // Midnight of 1 November, and of 1 December.
    assert!(november.text().contains("data-begin=\"1793491200000\" data-end=\"1796083200000\""));
    assert!(november.text().contains("name=\"from\" required value=\"2026-11-01\""));
    for wrong in ["?days=8", "?from=2026-11-01", "?from=2026-11-02&to=2026-11-01", "?days=7&to=2026-11-01"] {
        let refused = page(wrong);
        assert_is_page(&refused, 400, wrong);
        assert!(!refused.text().contains("view.") && refused.text().contains("7, 30, 90 or 365"), "{wrong}");
    }
}

#[test]
fn an_unknown_dashboard_is_said_to_be_unknown() {
    let (_db, api) = start(&[]);
    for id in
        ["00000000-0000-4000-8000-000000000000", "x%00y", "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "%2E%2E%2Fhealth"]
    {
        let target = format!("/databoard/view/{id}");
        let response = api.get(&target);
        assert_is_page(&response, 404, &target);
        assert!(response.text().contains("There is no such dashboard"), "{target}");
        assert!(!response.text().contains("alert(1)<"), "{target}");
    }
    assert_eq!(api.get("/databoard/view/").json(), json!({"detail": "Not Found"}));
}

#[test]
fn the_list_of_operators_holds_nothing_and_needs_no_token() {
    let (_db, api) = start(&[("MAINTENANCE_TOKEN", TOKEN), ("PUBLIC_URL", "https://board.example.org/databoard")]);
    let id = created(&api, EMPTY);
    for target in ["/databoard/dashboards", "/databoard/dashboards/", "/databoard/dashboards?lang=hi"] {
        let response = api.ask_maintenance(&Request::new("GET", target));
        assert_is_page(&response, 200, target);
        let text = response.text();
        assert!(!text.contains(&id) && !text.contains(TOKEN), "{text}");
        assert!(text.contains("data-viewer=\"https://board.example.org/databoard/view/\""), "{text}");
        // Without a script the token goes nowhere: the field has no name.
        assert!(text.contains("<input type=\"password\" id=\"token\" required"), "{text}");
        let root = if target.ends_with("s/") { "../" } else { "" };
        for file in files(text) {
            let path = file.strip_prefix(root).unwrap();
            let response = api.ask_maintenance(&Request::new("GET", &format!("/databoard/{path}")));
            assert_eq!(response.status, 200, "{path}");
        }
    }
    // What it fetches does need one.
    let without = api.ask_maintenance(&Request::new("GET", "/databoard/maintenance/dashboards"));
    assert_eq!((without.status, without.header("www-authenticate")), (401, Some("Bearer")));
}

#[test]
fn the_list_is_nowhere_on_the_public_listener() {
    let (_db, api) = start(&[("MAINTENANCE_TOKEN", TOKEN), ("ROOT_PATH", "/api")]);
    for target in [
        "/databoard/dashboards",
        "/databoard/dashboards/",
        "/api/databoard/dashboards",
        "/api/api/databoard/dashboards",
        "/dashboards",
        "//databoard/dashboards",
        "/databoard//dashboards",
        "/databoard/./dashboards",
        "/databoard/%64ashboards",
        "/databoard%2Fdashboards",
        "/databoard/view/../dashboards",
        "/databoard/view/..%2Fdashboards",
        "/databoard/maintenance/../dashboards",
        "/databoard/maintenance/dashboards",
        "/DATABOARD/dashboards",
    ] {
        let token = format!("Bearer {TOKEN}");
        let response = api.send(&Request::new("GET", target).header("authorization", &token));
        assert_eq!(response.status, 404, "{target}");
        assert!(!response.text().contains("token-form"), "{target}");
    }
}

#[test]
fn without_a_token_there_is_no_list() {
    let (_db, api) = start(&[]);
    for target in ["/databoard/dashboards", "/databoard/dashboards/", "/databoard/assets/list.js"] {
        let response = api.ask_maintenance(&Request::new("GET", target));
        assert_eq!((response.status, response.json()), (404, json!({"detail": "Not Found"})), "{target}");
    }
}
