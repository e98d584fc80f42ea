//! What dashboards held before.

use serde_json::json;

use super::{EMPTY, create, created, delete, get, operate, patch, refused, sized, start, stored};
use crate::api::Api;
use crate::api::client::{Request, Response};
use crate::support::TestDb;

fn versions(api: &Api, id: &str) -> Vec<i64> {
    let response = api.get(&format!("/databoard/dashboard/{id}/versions"));
    assert_eq!(response.status, 200, "{}", response.text());
    let json = response.json();
    assert_eq!(json["id"], id);
    json["versions"].as_array().unwrap().iter().map(|version| version["version"].as_i64().unwrap()).collect()
}

fn restore(api: &Api, id: &str, version: &str) -> Response {
    api.send(&Request::new("POST", &format!("/databoard/dashboard/{id}/versions/{version}/restore")))
}

#[test]
fn an_earlier_version_becomes_the_newest() {
    let db = TestDb::new();
    let api = Api::start(&db);
    let id = created(&api, EMPTY);
    assert_eq!(versions(&api, &id), [0; 0]);
    for size in [150, 160] {
        assert_eq!(patch(&api, &id, &sized(size)).status, 200);
    }
    assert_eq!(versions(&api, &id), [2, 1]);
    let listed = api.get(&format!("/databoard/dashboard/{id}/versions/")).json();
    assert_eq!((&listed["versions"][1]["size"], &listed["versions"][1]["ended_by"]), (&json!(35), &json!("replaced")));
    let restored = restore(&api, &id, "1");
    assert_eq!((restored.status, restored.header("etag")), (200, Some("\"v4\"")));
    assert_eq!(restored.text(), get(&api, &id).text());
    assert_eq!(get(&api, &id).text(), format!(r#"{{"id":"{id}","dashboard":{{"widgets":[]}}}}"#));
    assert_eq!(versions(&api, &id), [3, 2, 1]);
    for version in ["4", "0", "-1", "x", "99999999999999999999", "%00"] {
        assert_eq!(refused(&restore(&api, &id, version), 404), "Version not found", "{version}");
    }
    assert_eq!(refused(&restore(&api, "x", "1"), 404), "Dashboard not found");
    assert_eq!(refused(&api.get(&format!("/databoard/dashboard/{id}/versions/1/restore")), 405), "Method Not Allowed");
}

#[test]
fn the_last_twenty_of_thirty_days_are_kept() {
    let db = TestDb::new();
    let api = Api::start(&db);
    let id = created(&api, EMPTY);
    for _ in 0..25 {
        assert_eq!(patch(&api, &id, EMPTY).status, 200);
    }
    assert_eq!(versions(&api, &id), (6..=25).rev().collect::<Vec<_>>());
    db.execute("UPDATE metrics.databoard_versions SET ended_at = ended_at - interval '30 days' WHERE version < 10");
    assert_eq!(patch(&api, &id, EMPTY).status, 200);
    assert_eq!(versions(&api, &id), (10..=26).rev().collect::<Vec<_>>());
    stored(&db);
}

#[test]
fn they_have_a_limit_of_their_own_and_do_not_count() {
    let db = TestDb::new();
    let limits = [("DASHBOARD_MAX_TOTAL_STORAGE_BYTES", "1000"), ("DATABOARD_HISTORY_MAX_BYTES", "450")];
    let api = start(&db, &limits);
    let (first, second) = (created(&api, &sized(200)), created(&api, &sized(200)));
    for _ in 0..3 {
        assert_eq!(patch(&api, &first, &sized(200)).status, 200);
        assert_eq!(patch(&api, &second, &sized(200)).status, 200);
    }
    // Six earlier bodies, of which two have room: the last ones of all.
    assert_eq!((versions(&api, &first), versions(&api, &second)), (vec![3], vec![3]));
    assert_eq!(stored(&db), (2, 400));
    let api = start(&db, &[("DATABOARD_HISTORY_MAX_BYTES", "0")]);
    assert_eq!(patch(&api, &first, EMPTY).status, 200);
    assert_eq!((versions(&api, &first), versions(&api, &second)), (vec![], vec![]));
}

#[test]
fn a_version_is_checked_as_if_it_were_sent_again() {
    let db = TestDb::new();
    let free = start(&db, &[("VALIDATE_DASHBOARD_SCHEMA", "false")]);
    let id = created(&free, r#"{"anything":1}"#);
    assert_eq!(patch(&free, &id, &sized(400)).status, 200);
    assert_eq!(patch(&free, &id, EMPTY).status, 200);
    let api = start(&db, &[("DASHBOARD_MAX_SINGLE_BYTES", "300")]);
    assert_eq!(refused(&restore(&api, &id, "1"), 422), "Dashboard validation failed.");
    assert_eq!(refused(&restore(&api, &id, "2"), 413), "Size 400 exceeds max 300");
    assert_eq!(operate(&api, "POST", &format!("/dashboard/{id}/protect")).status, 200);
    for version in ["1", "2", "77"] {
        assert!(refused(&restore(&api, &id, version), 403).contains("is protected"), "{version}");
    }
    assert_eq!(versions(&api, &id), [2, 1]);
}

#[test]
fn operators_bring_back_what_was_deleted_or_evicted() {
    let db = TestDb::new();
    let api = start(&db, &[]);
    let id = created(&api, EMPTY);
    assert_eq!(patch(&api, &id, &sized(150)).status, 200);
    let before = get(&api, &id);
    assert_eq!(
        refused(&operate(&api, "POST", &format!("/dashboard/{id}/undelete")), 409),
        format!("Dashboard {id} exists.")
    );
    assert_eq!(delete(&api, &id).status, 200);
    // Gone for everybody else, its versions too.
    let plain = [
        get(&api, &id),
        patch(&api, &id, EMPTY),
        delete(&api, &id),
        restore(&api, &id, "1"),
        api.get(&format!("/databoard/dashboard/{id}/versions")),
        operate(&api, "GET", &format!("/dashboard/{id}")),
        operate(&api, "POST", &format!("/dashboard/{id}/whitelist")),
    ];
    for response in plain {
        assert_eq!(refused(&response, 404), "Dashboard not found");
    }
    let back = operate(&api, "POST", &format!("/dashboard/{id}/undelete"));
    assert_eq!(back.json(), json!({"message": format!("Dashboard {id} undeleted")}));
    let after = get(&api, &id);
    assert_eq!((after.text(), after.header("etag")), (before.text(), before.header("etag")));
    assert_eq!(versions(&api, &id), [1]);
    assert_eq!(refused(&operate(&api, "POST", "/dashboard/x/undelete"), 404), "Dashboard not found");
    assert_eq!(stored(&db), (1, 150));

    let tight = start(&db, &[("DASHBOARD_MAX_TOTAL_STORAGE_BYTES", "1"), ("DATABOARD_HISTORY_MAX_BYTES", "10000")]);
    let evicted = create(&tight, EMPTY).json()["id"].as_str().unwrap().to_owned();
    assert_eq!(stored(&db), (0, 0));
    for id in [&evicted, &id] {
        assert_eq!(operate(&tight, "POST", &format!("/dashboard/{id}/undelete")).status, 200);
    }
    // Bringing back makes no room.
    assert_eq!(stored(&db), (2, 185));
}

#[test]
fn an_earlier_version_is_gone_after_thirty_days_also_when_nobody_writes() {
    let db = TestDb::new();
    let api = start(&db, &[]);
    let (id, gone) = (created(&api, EMPTY), created(&api, EMPTY));
    assert_eq!(patch(&api, &id, &sized(200)).status, 200);
    assert_eq!(delete(&api, &gone).status, 200);
    db.execute("UPDATE metrics.databoard_versions SET ended_at = ended_at - interval '30 days'");
    assert_eq!(versions(&api, &id), [0; 0]);
    assert_eq!(refused(&restore(&api, &id, "1"), 404), "Version not found");
    assert_eq!(refused(&operate(&api, "POST", &format!("/dashboard/{gone}/undelete")), 404), "Dashboard not found");
}

#[test]
fn a_dashboard_comes_back_with_its_marks() {
    let db = TestDb::new();
    let roomy = start(&db, &[]);
    let id = created(&roomy, EMPTY);
    assert_eq!(operate(&roomy, "POST", &format!("/dashboard/{id}/protect")).status, 200);
    // Read-only, but it may be evicted.
    assert_eq!(operate(&roomy, "DELETE", &format!("/dashboard/{id}/whitelist")).status, 200);
    let tight = start(&db, &[("DASHBOARD_MAX_TOTAL_STORAGE_BYTES", "1"), ("DATABOARD_HISTORY_MAX_BYTES", "1000")]);
    assert_eq!(create(&tight, EMPTY).status, 201);
    assert_eq!(get(&roomy, &id).status, 404);
    assert_eq!(operate(&roomy, "POST", &format!("/dashboard/{id}/undelete")).status, 200);
    assert!(refused(&patch(&roomy, &id, EMPTY), 403).contains("is protected"));
    let record = operate(&roomy, "GET", &format!("/dashboard/{id}")).json();
    assert_eq!((&record["whitelisted"], &record["protected"]), (&json!(false), &json!(true)));
    let listed = operate(&roomy, "GET", "/dashboards").json();
    assert_eq!((&listed["dashboards"][0]["widgets"], &listed["dashboards"][0]["size"]), (&json!(0), &json!(35)));
}
