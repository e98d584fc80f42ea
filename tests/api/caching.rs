//! Entity tags, encodings, and what browsers and proxies are told.

use super::client::{Request, Response};
use super::{Api, rows};
use crate::support::TestDb;

const UNITS: &str = "/api/coolingunit-slice?unit_ids=1,3&start_date=2026-11-01&end_date=2026-11-30";

fn tag(response: &Response) -> String {
    let tag = response.header("etag").expect("an entity tag");
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() == 34, "a strong tag: {tag}");
    tag.to_owned()
}

#[test]
fn a_known_representation_is_not_sent_again() {
    let db = TestDb::new();
    rows::two_units(&db);
    rows::two_companies(&db);
    let api = Api::start(&db);

    for target in [UNITS, "/api/company-slice?company_id=9", "/api/companies", "/api/cooling-units"] {
        let first = api.get(target);
        assert_eq!(first.header("cache-control"), Some("no-cache"), "{target}");
        assert_eq!(first.header("vary"), Some("accept, accept-encoding"), "{target}");
        let tag = tag(&first);
        for known in [tag.clone(), format!("\"x\", W/{tag}"), "*".into()] {
            let again = api.send(&Request::new("GET", target).header("if-none-match", &known));
            assert_eq!((again.status, again.body.len()), (304, 0), "{target} {known}");
            assert_eq!(again.header("etag"), Some(tag.as_str()));
            assert_eq!(
                (again.header("cache-control"), again.header("vary")),
                (Some("no-cache"), Some("accept, accept-encoding"))
            );
        }
        let other = api.send(&Request::new("GET", target).header("if-none-match", "\"x\""));
        assert_eq!((other.status, other.body == first.body), (200, true));
    }
    // What does not exist is in nobody's cache.
    let none = api.send(&Request::new("GET", "/api/company-slice?company_id=77").header("if-none-match", "*"));
    assert_eq!(none.status, 404);
}

#[test]
fn a_tag_changes_with_the_data_of_its_view_only() {
    let db = TestDb::new();
    rows::two_units(&db);
    rows::two_companies(&db);
    let api = Api::start(&db);
    let company = "/api/company-slice?company_id=9";

    let (units_before, company_before) = (tag(&api.get(UNITS)), tag(&api.get(company)));
    rows::run(&db, "aggregated-comparison", 6);
    let (units_after, company_after) = (tag(&api.get(UNITS)), tag(&api.get(company)));
    assert_ne!(units_before, units_after);
    assert_eq!(company_before, company_after);
    let again = api.send(&Request::new("GET", UNITS).header("if-none-match", &units_before));
    assert_eq!(again.status, 200);
}

#[test]
fn equal_questions_share_a_tag_and_others_do_not() {
    let db = TestDb::new();
    rows::two_units(&db);
    let api = Api::start(&db);
    let range = "start_date=2026-11-01&end_date=2026-11-30";
    let expected = tag(&api.get(UNITS));
    for same in [format!("unit_ids=3,1&{range}"), format!("{range}&unit_ids=%201%20,3,3")] {
        assert_eq!(tag(&api.get(&format!("/api/coolingunit-slice?{same}"))), expected, "{same}");
    }
    for other in [
        "unit_ids=1&start_date=2026-11-01&end_date=2026-11-30",
        "unit_ids=1,3&start_date=2026-11-02&end_date=2026-11-30",
    ] {
        assert_ne!(tag(&api.get(&format!("/api/coolingunit-slice?{other}"))), expected, "{other}");
    }
}

#[test]
fn bodies_are_compressed_for_those_who_can_read_it() {
    let db = TestDb::new();
    rows::two_units(&db);
    let api = Api::start(&db);
    let get = |accept: &str| api.send(&Request::new("GET", UNITS).header("accept-encoding", accept));

    let plain = get("identity");
    assert_eq!(plain.header("content-encoding"), None);
    let gzip = get("gzip");
    assert_eq!(
        (gzip.header("content-encoding"), gzip.headers("vary")),
        (Some("gzip"), vec!["accept", "accept-encoding"])
    );
    assert_eq!(gzip.gunzipped(), plain.text());
    assert!(gzip.body.len() < plain.body.len() / 2);
    let brotli = get("gzip, br");
    assert_eq!(brotli.header("content-encoding"), Some("br"));
    assert_eq!(get("zstd, *;q=0.1").header("content-encoding"), None);

    let tags = [tag(&plain), tag(&gzip), tag(&brotli)];
    assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2]);
    let again = Request::new("GET", UNITS).header("accept-encoding", "gzip").header("if-none-match", &tags[1]);
    assert_eq!(api.send(&again).status, 304);
}

#[test]
fn head_is_get_without_the_body() {
    let db = TestDb::new();
    rows::two_units(&db);
    let api = Api::start(&db);
    for target in [UNITS, "/", "/docs/", "/health/live", "/api/openapi.json"] {
        let (get, head) = (api.get(target), api.send(&Request::new("HEAD", target)));
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{target}");
        assert_eq!(head.header("content-length"), get.header("content-length"), "{target}");
        assert_eq!(head.header("etag"), get.header("etag"), "{target}");
    }
}

#[test]
fn pages_of_any_origin_may_read_without_credentials() {
    let db = TestDb::new();
    let api = Api::start(&db);
    let origin = "https://dashboard.example";

    let simple = api.send(&Request::new("GET", "/api/companies").header("origin", origin));
    assert_eq!(simple.header("access-control-allow-origin"), Some("*"));
    assert_eq!(simple.header("access-control-allow-credentials"), None);
    let refused = api.send(&Request::new("GET", "/api/companies?x=1").header("origin", origin));
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (400, Some("*")));

    let preflight = Request::new("OPTIONS", "/coolingunit-slice/")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    let preflight = api.send(&preflight);
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (200, Some("*")));
    assert!(preflight.header("access-control-allow-methods").unwrap().contains("POST"));
    assert_eq!(preflight.header("access-control-allow-headers"), Some("content-type"));
}

#[test]
fn the_settings_may_name_the_origins() {
    let db = TestDb::new();
    let origin = "https://dashboard.example";
    let api = Api::start_with(db.url(), &[("METRICS_API__CORS_ALLOWED_ORIGINS", origin)]);
    let allowed = api.send(&Request::new("GET", "/api/companies").header("origin", origin));
    assert_eq!(allowed.header("access-control-allow-origin"), Some(origin));
    assert!(allowed.header("vary").unwrap().contains("Origin"));
    let other = api.send(&Request::new("GET", "/api/companies").header("origin", "https://other.example"));
    assert_eq!((other.status, other.header("access-control-allow-origin")), (200, None));
}
