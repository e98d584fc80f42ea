//! What operators do, on their listener.

use serde_json::json;

use super::{EMPTY, TOKEN, create, created, get, operate, refused, start};
use crate::api::Api;
use crate::api::client::Request;
use crate::support::TestDb;

const ROUTES: [(&str, &str); 9] = [
    ("GET", "/dashboard/x"),
    ("POST", "/dashboard/x/whitelist"),
    ("DELETE", "/dashboard/x/whitelist"),
    ("POST", "/dashboard/x/protect"),
    ("DELETE", "/dashboard/x/protect"),
    ("POST", "/dashboard/x/undelete"),
    ("GET", "/dashboards"),
    ("GET", "/stats"),
    ("POST", "/evict"),
];

#[test]
fn a_token_is_wanted_before_anything_else() {
    let db = TestDb::new();
    let api = start(&db, &[]);
    let others = [("GET", "/nothing"), ("PUT", "/stats"), ("GET", "/dashboard/x/protect"), ("GET", "")];
    for (method, path) in ROUTES.into_iter().chain(others) {
        let request = Request::new(method, &format!("/databoard/maintenance{path}"));
        for header in ["", "Basic YTpi", "Bearer", "Bearer ", TOKEN] {
            let request =
                if header.is_empty() { request.clone() } else { request.clone().header("authorization", header) };
            let response = api.ask_maintenance(&request);
            assert_eq!(refused(&response, 401), "Not authenticated", "{method} {path} {header}");
            assert_eq!(response.header("www-authenticate"), Some("Bearer"));
        }
        for token in ["wrong", &TOKEN[1..], &format!("{TOKEN}x")] {
            let request = request.clone().header("authorization", &format!("Bearer {token}"));
            assert_eq!(refused(&api.ask_maintenance(&request), 403), "Forbidden", "{method} {path} {token}");
        }
    }
    assert_eq!(refused(&operate(&api, "GET", "/nothing"), 404), "Not Found");
    assert_eq!(refused(&operate(&api, "PUT", "/stats"), 405), "Method Not Allowed");
    assert_eq!(operate(&api, "GET", "/stats/").status, 200);
    assert!(!api.log().contains(TOKEN));
}

#[test]
fn without_a_token_in_the_settings_there_are_no_such_routes() {
    let db = TestDb::new();
    let api = Api::start(&db);
    for (method, path) in ROUTES {
        let request = Request::new(method, &format!("/databoard/maintenance{path}"));
        for header in ["Bearer ", "Bearer x"] {
            let response = api.ask_maintenance(&request.clone().header("authorization", header));
            assert_eq!(refused(&response, 404), "Not Found", "{method} {path}");
        }
    }
}

#[test]
fn the_public_listener_never_leads_there() {
    let db = TestDb::new();
    let api = start(&db, &[("ROOT_PATH", "/api")]);
    let id = created(&api, EMPTY);
    let bearer = format!("Bearer {TOKEN}");
    for prefix in [
        "/databoard",
        "/api/databoard",
        "/api/api/databoard",
        "",
        "/api",
        "/databoard/databoard",
        "/databoard/api",
        "//databoard",
        "/databoard/",
        "/databoard/.",
        "/databoard/dashboard/..",
        "/databoard/%2e%2e/databoard",
        "/databoard%2f",
    ] {
        for (method, path) in ROUTES {
            let target = format!("{prefix}/maintenance{}", path.replace('x', &id));
            let response = api.send(&Request::new(method, &target).header("authorization", &bearer));
            assert!(matches!(response.status, 404 | 405), "{method} {target}: {}", response.status);
        }
    }
    // Nor does its listener know the public routes, or a root path.
    for target in ["/databoard/dashboard/x", "/databoard/health", "/api/databoard/maintenance/stats"] {
        let response = api.ask_maintenance(&Request::new("GET", target).header("authorization", &bearer));
        assert_eq!(response.status, 404, "{target}");
    }
    let described = api.ask_maintenance(&Request::new("GET", "/databoard/openapi.json")).json();
    assert_eq!(described["servers"], json!([{"url": "/databoard"}]));
    assert_eq!(described["paths"].as_object().unwrap().len(), 7);
    assert_eq!(described["components"]["securitySchemes"]["token"]["scheme"], "bearer");
}

#[test]
fn marks_are_absent_until_they_are_set() {
    let db = TestDb::new();
    let api = start(&db, &[]);
    let id = created(&api, EMPTY);
    let record = || operate(&api, "GET", &format!("/dashboard/{id}"));
    let marks = || {
        let json = record().json();
        (json.get("whitelisted").cloned(), json.get("protected").cloned())
    };
    let do_ = |method: &'static str, what: &str, told: &str| {
        // Twice: it changes nothing more.
        for _ in 0..2 {
            let response = operate(&api, method, &format!("/dashboard/{id}/{what}"));
            assert_eq!((response.status, response.json()), (200, json!({"message": format!("Dashboard {id} {told}")})));
        }
    };
    let (yes, no) = (Some(json!(true)), Some(json!(false)));
    assert_eq!(marks(), (None, None));
    do_("DELETE", "protect", "unprotected, may still be whitelisted");
    assert_eq!(marks(), (None, no.clone()));
    do_("POST", "protect", "protected and whitelisted");
    assert_eq!(marks(), (yes.clone(), yes.clone()));
    do_("DELETE", "protect", "unprotected, may still be whitelisted");
    assert_eq!(marks(), (yes.clone(), no.clone()));
    do_("DELETE", "whitelist", "unwhitelisted");
    assert_eq!(marks(), (no.clone(), no));
    do_("POST", "whitelist", "whitelisted");
    for (method, path) in &ROUTES[..6] {
        assert_eq!(refused(&operate(&api, method, path), 404), "Dashboard not found", "{method} {path}");
    }
    assert_eq!(refused(&operate(&api, "GET", "/dashboard/%00"), 404), "Dashboard not found");
    // What is whitelisted can be changed by anyone.
    assert_eq!(super::patch(&api, &id, EMPTY).status, 200);
    assert_eq!(super::delete(&api, &id).status, 200);
}

#[test]
fn a_record_says_all_and_reading_it_moves_nothing() {
    let db = TestDb::new();
    let api = start(&db, &[]);
    let id = created(&api, EMPTY);
    for (at, written) in
        [("2026-11-21T17:50:38.998Z", "2026-11-21T17:50:38.998000"), ("2026-11-21T17:50:38Z", "2026-11-21T17:50:38")]
    {
        db.execute(&format!("UPDATE metrics.databoard_dashboards SET last_access = '{at}'"));
        for _ in 0..2 {
            let expected = format!(r#"{{"_id":"{id}","dashboard":{EMPTY},"_size":35,"last_access":"{written}"}}"#);
            assert_eq!(operate(&api, "GET", &format!("/dashboard/{id}")).text(), expected);
        }
        operate(&api, "POST", &format!("/dashboard/{id}/whitelist"));
        operate(&api, "DELETE", &format!("/dashboard/{id}/whitelist"));
        let moved = db.value(&format!("SELECT last_access <> '{at}' FROM metrics.databoard_dashboards"));
        assert_eq!(moved, false);
        db.execute("UPDATE metrics.databoard_dashboards SET whitelisted_at = NULL");
    }
    assert_eq!(get(&api, &id).status, 200);
    let record = operate(&api, "GET", &format!("/dashboard/{id}")).json();
    assert!(record["last_access"].as_str().unwrap() > "2026-11-21T18", "{record}");
}

#[test]
fn dashboards_are_listed_in_parts() {
    let db = TestDb::new();
    let api = start(&db, &[("VALIDATE_DASHBOARD_SCHEMA", "false")]);
    let mut ids: Vec<String> = (0..5).map(|_| created(&api, EMPTY)).collect();
    ids.push(create(&api, r#"{"dashboard":1}"#).json()["id"].as_str().unwrap().to_owned());
    let odd = ids[5].clone();
    ids.sort();
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let part = operate(&api, "GET", &format!("/dashboards?limit=4&after={after}")).json();
        for dashboard in part["dashboards"].as_array().unwrap() {
            let id = dashboard["id"].as_str().unwrap().to_owned();
            assert_eq!(dashboard["widgets"], if id == odd { json!(null) } else { json!(0) });
            assert_eq!((&dashboard["whitelisted"], &dashboard["version"]), (&json!(false), &json!(1)));
            found.push(id);
        }
        match part["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    assert_eq!(found, ids);
    for query in ["limit=0", "limit=1001", "limit=x", "page=2", "after=%00"] {
        assert_eq!(operate(&api, "GET", &format!("/dashboards?{query}")).status, 400, "{query}");
    }
}
