//! Making room for dashboards.

use serde_json::json;

use super::{EMPTY, create, created, get, operate, patch, refused, sized, start, stored};
use crate::api::Api;
use crate::support::TestDb;

/// Room for 1000 bytes: from 900 on dashboards go, until there are 500.
const LIMITS: [(&str, &str); 3] = [
    ("DASHBOARD_MAX_TOTAL_STORAGE_BYTES", "1000"),
    ("DASHBOARD_EVICTION_THRESHOLD", "0.9"),
    ("DASHBOARD_TARGET_UTILIZATION", "0.5"),
];

/// The ids that are there, by whoever does not read them.
fn there(db: &TestDb, ids: &[&String]) -> Vec<bool> {
    let found = db.query("SELECT id FROM metrics.databoard_dashboards");
    ids.iter().map(|id| found.iter().any(|row| row["id"] == id.as_str())).collect()
}

/// Dashboards in the order in which they would go.
fn aged(db: &TestDb, ids: &[&String]) {
    for (age, id) in ids.iter().rev().enumerate() {
        db.execute(&format!(
            "UPDATE metrics.databoard_dashboards SET last_access = last_access - interval '{age} min' WHERE id = '{id}'"
        ));
    }
}

#[test]
fn the_threshold_itself_starts_it_and_one_byte_less_does_not() {
    let db = TestDb::new();
    let api = start(&db, &LIMITS);
    let ids: Vec<String> = (0..4).map(|_| created(&api, &sized(198))).collect();
    let last = created(&api, &sized(107));
    let ids: Vec<&String> = ids.iter().chain([&last]).collect();
    aged(&db, &ids);
    assert_eq!(stored(&db), (5, 899));
    assert_eq!(patch(&api, &last, &sized(108)).status, 200);
    assert_eq!(there(&db, &ids), [false, false, false, true, true]);
    assert_eq!(stored(&db), (2, 306), "900, 702, 504, 306: the first that is not above 500");
}

#[test]
fn the_order_is_that_of_the_last_access_and_a_target_that_is_reached_ends_it() {
    let db = TestDb::new();
    let api = start(&db, &LIMITS);
    let ids: Vec<String> = [200, 200, 200, 180].map(|size| created(&api, &sized(size))).to_vec();
    let ids: Vec<&String> = ids.iter().collect();
    aged(&db, &ids);
    assert_eq!(get(&api, ids[0]).status, 200);
    // Exactly 900: the second and the third go, 500 are left.
    let last = created(&api, &sized(120));
    assert_eq!(there(&db, &[ids[0], ids[1], ids[2], ids[3], &last]), [true, false, false, true, true]);
    assert_eq!(stored(&db), (3, 500));
    assert_eq!(refused(&get(&api, ids[1]), 404), "Dashboard not found");
}

#[test]
fn what_is_whitelisted_stays_and_what_is_only_protected_goes() {
    let db = TestDb::new();
    let api = start(&db, &LIMITS);
    let ids: Vec<String> = (0..4).map(|_| created(&api, &sized(200))).collect();
    let ids: Vec<&String> = ids.iter().collect();
    aged(&db, &ids);
    assert_eq!(operate(&api, "POST", &format!("/dashboard/{}/whitelist", ids[0])).status, 200);
    assert_eq!(operate(&api, "POST", &format!("/dashboard/{}/protect", ids[1])).status, 200);
    assert_eq!(operate(&api, "DELETE", &format!("/dashboard/{}/whitelist", ids[1])).status, 200);
    // A change starts it as well as a new one.
    assert_eq!(patch(&api, ids[3], &sized(300)).status, 200);
    assert_eq!(there(&db, &ids), [true, false, false, true]);
    // What is whitelisted counts, and nothing else is left to go but what is written.
    for id in [ids[0], ids[3]] {
        assert_eq!(operate(&api, "POST", &format!("/dashboard/{id}/whitelist")).status, 200);
    }
    assert_eq!(create(&api, &sized(400)).header("x-dashboard-evicted"), Some("true"));
    assert_eq!(stored(&db), (2, 500));
    // The store grows as far as its dashboards are whitelisted.
    assert_eq!(patch(&api, ids[0], &sized(5_000)).header("x-dashboard-evicted"), None);
    assert_eq!(stored(&db), (2, 5_300));
}

#[test]
fn the_one_just_written_may_go_and_the_answer_says_so() {
    let db = TestDb::new();
    let settings = [("DASHBOARD_MAX_TOTAL_STORAGE_BYTES", "1")];
    let api = start(&db, &settings);
    let response = create(&api, EMPTY);
    assert_eq!((response.status, response.header("x-dashboard-evicted")), (201, Some("true")));
    assert_eq!(refused(&get(&api, response.json()["id"].as_str().unwrap()), 404), "Dashboard not found");
    assert_eq!(stored(&db), (0, 0));

    let roomy = start(&db, &[]);
    let id = created(&roomy, EMPTY);
    let response = patch(&api, &id, &sized(200));
    assert_eq!((response.status, response.header("x-dashboard-evicted")), (200, Some("true")));
    assert_eq!(get(&api, &id).status, 404);

    // Or it is refused, and nothing else goes either.
    let other = created(&roomy, EMPTY);
    let strict = start(&db, &[settings[0], ("DASHBOARD_STRICT_QUOTA", "true")]);
    assert!(refused(&create(&strict, EMPTY), 507).contains("no room"));
    assert!(refused(&patch(&strict, &other, &sized(200)), 507).contains("no room"));
    assert_eq!(get(&roomy, &other).text(), format!(r#"{{"id":"{other}","dashboard":{{"widgets":[]}}}}"#));
    assert_eq!(stored(&db), (1, 35));
}

#[test]
fn ties_go_by_creation_and_then_by_id() {
    let db = TestDb::new();
    let api = start(&db, &LIMITS);
    let mut ids: Vec<String> = (0..4).map(|_| created(&api, &sized(200))).collect();
    db.execute("UPDATE metrics.databoard_dashboards SET last_access = '2026-01-01', created_at = '2026-01-01'");
    ids.sort();
    db.execute(&format!("UPDATE metrics.databoard_dashboards SET created_at = '2025-12-31' WHERE id = '{}'", ids[3]));
    created(&api, &sized(120));
    let ids: Vec<&String> = ids.iter().collect();
    assert_eq!(there(&db, &ids), [false, false, true, false]);
}

#[test]
fn operators_see_what_would_go_before_it_does() {
    let db = TestDb::new();
    let roomy = start(&db, &[]);
    let ids: Vec<String> = (0..5).map(|_| created(&roomy, &sized(200))).collect();
    let ids: Vec<&String> = ids.iter().collect();
    aged(&db, &ids);
    let api = start(&db, &LIMITS);
    let expected = json!(ids[..3]);
    for (query, is_dry) in [("?dry_run=true", true), ("?dry_run=true", true), ("", false)] {
        let answer = operate(&api, "POST", &format!("/evict{query}")).json();
        let evicted: Vec<_> = answer["evicted"].as_array().unwrap().iter().map(|evicted| &evicted["id"]).collect();
        assert_eq!((json!(evicted), &answer["dry_run"]), (expected.clone(), &json!(is_dry)));
    }
    assert_eq!(stored(&db), (2, 400));
    assert_eq!(operate(&api, "POST", "/evict").json()["evicted"], json!([]));
    assert_eq!(operate(&api, "POST", "/evict?dry_run=maybe").status, 400);
    let stats = operate(&api, "GET", "/stats").json();
    assert_eq!(
        (&stats["dashboards"], &stats["dashboards_bytes"], &stats["versions"], &stats["target_bytes"]),
        (&json!(2), &json!(400), &json!(3), &json!(null))
    );
}

#[test]
fn limits_that_cannot_be_meant_are_told_at_the_start() {
    for (name, value) in [
        ("DASHBOARD_TARGET_UTILIZATION", "0.96"),
        ("DASHBOARD_EVICTION_THRESHOLD", "1.5"),
        ("DASHBOARD_TARGET_UTILIZATION", "-1"),
    ] {
        let mut command = std::process::Command::new(crate::support::binary("api"));
        let output = crate::support::run(command.env_clear().env(name, value));
        assert_eq!(output.status, 3, "{}", output.stderr);
        assert!(output.stderr.contains("0 ≤ target ≤ threshold ≤ 1"), "{}", output.stderr);
    }
    let mut command = std::process::Command::new(crate::support::binary("api"));
    let output = crate::support::run(command.env_clear().env("DASHBOARD_MAX_SINGLE_BYTES", "many"));
    assert_eq!(output.status, 3);
    assert!(output.stderr.contains("DASHBOARD_MAX_SINGLE_BYTES"), "{}", output.stderr);
    // Empty counts as not set.
    let db = TestDb::new();
    assert_eq!(Api::start_with(db.url(), &[("DASHBOARD_MAX_SINGLE_BYTES", "")]).get("/databoard/health").status, 200);
}

#[test]
fn thousands_of_small_ones_go_in_their_order() {
    let db = TestDb::new();
    let roomy = start(&db, &[]);
    // Of one instant, as an import may leave them: 4,000 of 100 bytes, of which 2,500 and more go.
    db.execute(
        "INSERT INTO metrics.databoard_bodies
         SELECT 'd' || lpad(n::text, 4, '0'), 1, '{}', now() FROM generate_series(1, 4000) AS n",
    );
    db.execute(
        "INSERT INTO metrics.databoard_dashboards (id, size_bytes, version, last_access, created_at, computed_at)
         SELECT dashboard_id, 100, 1, '2026-01-01', '2026-01-01', now() FROM metrics.databoard_bodies",
    );
    db.execute("UPDATE metrics.databoard_totals SET dashboards_bytes = 400000");
    assert_eq!(get(&roomy, "d0007").status, 200);
    let limits = [("DASHBOARD_MAX_TOTAL_STORAGE_BYTES", "300000"), ("DASHBOARD_TARGET_UTILIZATION", "0.5")];
    let api = start(&db, &[&limits[..], &[("DATABOARD_HISTORY_MAX_BYTES", "1000000")]].concat());
    let would = operate(&api, "POST", "/evict?dry_run=true").json();
    assert_eq!((&would["count"], &would["size"]), (&json!(2500), &json!(250_000)));
    let listed = would["evicted"].as_array().unwrap();
    assert_eq!((listed.len(), &listed[6]["id"], &listed[999]["id"]), (1000, &json!("d0008"), &json!("d1001")));
    let last = created(&api, &sized(200));
    // 400,200 until 150,000: 2,502, all of them older than the one that was read.
    assert_eq!(stored(&db), (1499, 150_000));
    let left = db.value("SELECT jsonb_agg(id ORDER BY id) FROM metrics.databoard_dashboards WHERE id < 'd2505'");
    let mut expected = vec![json!("d0007"), json!("d2504")];
    if last.as_str() < "d2505" {
        expected.push(json!(last));
        expected.sort_by_key(ToString::to_string);
    }
    assert_eq!(left, json!(expected));
}
