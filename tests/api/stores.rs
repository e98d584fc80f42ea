//! Stores: the list, their stored uptime, their timelines.

use std::fmt::Write as _;

use metrics_core::instant::{format_us, parse_us};
use metrics_core::uptime::Window;
use serde_json::{Value, json};

use super::Api;
use super::client::{Request, Response};
use crate::stores::{ingested, view};
use crate::support::TestDb;
use crate::uptime::{Folder, printed, synthetic};

/// Ids that have to be written otherwise in an address.
const ODD: [&str; 5] = ["a/b", "100 % \"sure\"?#&;", "Zürich, 店", "..\\.", "007"];

const HOURS: &str = "store_id,day,start_time_local,end_time_local\na/b,0,09:00,17:00\na/b,1,09:00,17:00\n";
const ZONES: &str = "store_id,timezone_str\na/b,UTC\n007,Asia/Kolkata\n";

/// Stores with odd ids; 2023-01-23 was a Monday.
pub fn folder() -> Folder {
    let mut status = "store_id,status,timestamp_utc\n".to_owned();
    for id in ODD {
        let id = id.replace('"', "\"\"");
        writeln!(status, "\"{id}\",active,2023-01-23 10:00:00 UTC").unwrap();
    }
    status += "a/b,inactive,2023-01-23 16:00:00 UTC\na/b,active,2023-01-23 18:00:00 UTC\na/b,active,2023-01-24 10:00:00.25 UTC\n";
    Folder::of(&status, HOURS, ZONES)
}

/// The text as a segment of a path.
pub fn encoded(id: &str) -> String {
    id.bytes().fold(String::new(), |mut text, byte| {
        write!(text, "%{byte:02X}").unwrap();
        text
    })
}

fn detail(response: &Response, status: u16) -> String {
    assert_eq!((response.status, response.header("content-type")), (status, Some("application/problem+json")));
    response.json()["detail"].as_str().unwrap().to_owned()
}

#[test]
fn stores_come_in_pages_by_the_bytes_of_their_ids() {
    let db = TestDb::new();
    let api = Api::start(&db);
    assert_eq!(api.get("/stores").json(), json!({"stores": [], "next": null, "total": 0}));
    ingested(&db, &folder());

    let response = api.get("/stores");
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let all = response.json();
    let mut ids = ODD;
    ids.sort_unstable();
    let listed: Vec<_> = all["stores"].as_array().unwrap().iter().map(|store| &store["store_id"]).collect();
    assert_eq!(listed, ids.map(Value::from).iter().collect::<Vec<_>>());
    assert_eq!((&all["total"], &all["next"]), (&json!(5), &Value::Null));
    assert_eq!(
        all["stores"][1],
        json!({"store_id": "007", "time_zone": "Asia/Kolkata", "first_poll": "2023-01-23T10:00:00.000000Z"})
    );
    assert_eq!(all["stores"][0]["time_zone"], Value::Null);

    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let page = api.get(&format!("/stores?limit=2&after={}", encoded(&after))).json();
        seen.extend(
            page["stores"].as_array().unwrap().iter().map(|store| store["store_id"].as_str().unwrap().to_owned()),
        );
        assert_eq!(page["total"], 5);
        let Some(next) = page["next"].as_str() else { break };
        assert_eq!(Some(next), seen.last().map(String::as_str));
        after = next.to_owned();
    }
    assert_eq!(seen, ids);
    for after in ["007%00x", "0070"] {
        assert_eq!(
            api.get(&format!("/stores?limit=1&after={after}")).json()["stores"][0]["store_id"],
            "100 % \"sure\"?#&;"
        );
    }
    for bad in ["limit=0", "limit=1001", "offset=1", "after=a&after=b"] {
        detail(&api.get(&format!("/stores?{bad}")), 400);
    }
    let wildcard = api.send(&Request::new("GET", "/stores").header("origin", "https://elsewhere.example"));
    assert_eq!(wildcard.header("access-control-allow-origin"), Some("*"));
}

#[test]
fn the_newest_uptime_is_served_as_it_was_computed() {
    let folder = synthetic::folder(20_261_122);
    let db = TestDb::new();
    ingested(&db, &folder);
    let api = Api::start(&db);
    for arguments in [
        &["--as-of", "2023-01-23T00:00:00Z"][..],
        &[],
        &["--max-carry", "90", "--assume", "active"],
        &["--policy", "count-hours", "--as-of", "2023-01-21T12:00:00Z"],
    ] {
        let report: Value =
            serde_json::from_str(&printed(folder.report(&[&["--format", "json"], arguments].concat()))).unwrap();
        view(&db, arguments);
        let policy = report["policy"].as_str().unwrap();
        for store in report["stores"].as_array().unwrap().iter().step_by(17) {
            let id = store["store_id"].as_str().unwrap();
            let served = api.get(&format!("/stores/{}/uptime?policy={policy}", encoded(id))).json();
            assert_eq!((&served["as_of"], &served["policy"]), (&report["as_of"], &report["policy"]));
            let number = |name: &str| store[name].as_i64().unwrap() as f64;
            for window in ["hour", "day", "week"] {
                let business = number(&format!("business_last_{window}_us"));
                let observed = number(&format!("observed_last_{window}_us"));
                let coverage = served[format!("coverage_last_{window}_ratio")].as_f64();
                assert_eq!(coverage.is_some(), business > 0.0, "{id} {window}");
                assert!(coverage.is_none_or(|coverage| (coverage - observed / business).abs() <= 0.000_05), "{served}");
            }
            for (name, value) in store.as_object().unwrap() {
                assert_eq!(&served[name], value, "{name} of {id} by {policy}");
            }
            assert_eq!(served.as_object().unwrap().len(), store.as_object().unwrap().len() + 6);
        }
    }
}

#[test]
fn uptime_is_known_by_its_tag_until_a_run_changes_it() {
    let db = TestDb::new();
    ingested(&db, &folder());
    let api = Api::start(&db);
    let address = format!("/stores/{}/uptime", encoded("a/b"));
    assert_eq!(
        detail(&api.get(&address), 404),
        "no uptime of this store by step is stored yet; reporter --view store-uptime --policy step stores it"
    );
    assert!(detail(&api.get("/stores/b/uptime"), 404).starts_with("there is no store with this id"));
    assert!(detail(&api.get("/stores/a%00b/uptime"), 404).starts_with("there is no store with this id"));
    assert!(detail(&api.get("/stores/a%2Fb/uptime?policy=guess"), 400).starts_with("policy: `guess` is no policy"));
    detail(&api.get("/stores/a%2Fb/uptime?x=1"), 400);
    detail(&api.get("/stores//uptime"), 404);
    detail(&api.get("/stores/a/b/uptime"), 404);

    view(&db, &[]);
    let response = api.get(&address);
    assert_eq!((response.status, &response.json()["store_id"]), (200, &json!("a/b")));
    assert_eq!((&response.json()["polls_last_hour"], &response.json()["polls_last_week"]), (&json!(1), &json!(3)));
    let tag = response.header("etag").unwrap();
    let again = || api.send(&Request::new("GET", &address).header("if-none-match", tag));
    assert_eq!((again().status, again().body.len()), (304, 0));
    view(&db, &[]);
    assert_eq!(again().status, 304, "a run that changed nothing");
    view(&db, &["--as-of", "2023-01-24T12:00:00Z"]);
    assert_eq!((again().status, &again().json()["as_of"]), (200, &json!("2023-01-24T12:00:00.000000Z")));
    view(&db, &["--policy", "step", "--max-carry", "60", "--assume", "active"]);
    let other = api.get(&format!("{address}?policy=step;%20assume%3Dactive;max_carry=60")).json();
    assert_eq!(other["policy"], "step;max_carry=60;assume=active");

    // A store that newer reports leave out has its last one.
    view(&db, &["--as-of", "2023-01-24T13:00:00Z"]);
    db.execute(
        "DELETE FROM metrics.store_uptime WHERE as_of = '2023-01-24T13:00:00Z' AND store =
        (SELECT id FROM metrics.store WHERE ext_id = '007')",
    );
    assert_eq!(api.get("/stores/007/uptime").json()["as_of"], "2023-01-24T12:00:00.000000Z");
}

#[test]
fn a_timeline_is_what_happened_piece_by_piece() {
    let db = TestDb::new();
    ingested(&db, &folder());
    let api = Api::start(&db);
    let response = api.get("/stores/a%2Fb/timeline");
    assert_eq!((response.status, response.header("cache-control")), (200, Some("no-store")));
    let instant = |text: &str| format_us(parse_us(format!("2023-01-{text}").as_bytes()).unwrap());
    let segments: Vec<_> = [
        ("17 10:00:00.25", "17 17:00:00", "up", "from-later", false, None),
        ("23 09:00:00", "23 10:00:00", "up", "extended-back", true, Some("up")),
        ("23 10:00:00", "23 11:00:00", "up", "poll", true, None),
        ("23 11:00:00", "23 15:00:00", "up", "carried-forward", false, None),
        ("23 15:00:00", "23 16:00:00", "up", "carried-forward", true, None),
        ("23 16:00:00", "23 17:00:00", "down", "poll", true, Some("down")),
        ("24 09:00:00", "24 09:00:00.25", "up", "extended-back", false, None),
        ("24 09:00:00.25", "24 10:00:00.25", "up", "extended-back", true, Some("up")),
    ]
    .into_iter()
    .map(|(start, end, status, evidence, observed, proven)| {
        json!({"start": instant(start), "end": instant(end), "status": status, "evidence": evidence,
            "observed": observed, "proven": proven})
    })
    .collect();
    let poll =
        |ts: &str, active: bool, eligible: bool| json!({"ts": instant(ts), "active": active, "eligible": eligible});
    assert_eq!(
        response.json(),
        json!({
            "store_id": "a/b", "policy": "step", "time_zone": "UTC", "is_always_open": false,
            "from": instant("17 10:00:00.25"), "to": instant("24 10:00:00.25"),
            "business_us": 57_600_000_000_i64, "up_us": 54_000_000_000_i64, "down_us": 3_600_000_000_i64,
            "observed_us": 18_000_000_000_i64, "lo_us": 7_200_000_000_i64, "hi_us": 54_000_000_000_i64,
            "coverage_ratio": 0.3125,
            "segments": segments,
            "polls": [
                poll("23 10:00:00", true, true), poll("23 16:00:00", false, true), poll("23 18:00:00", true, false),
                poll("24 10:00:00.25", true, true),
            ],
        })
    );

    let of = |query: &str| api.get(&format!("/stores/a%2Fb/timeline?{query}"));
    let closed = of("from=2023-01-19T00:00:00Z&to=2023-01-20T00:00:00Z&policy=step;max_carry=60").json();
    assert_eq!((&closed["segments"], &closed["polls"]), (&json!([]), &json!([])));
    assert_eq!((&closed["business_us"], &closed["coverage_ratio"]), (&json!(0), &Value::Null));
    assert_eq!(closed["policy"], "step;max_carry=60");
    let open = api.get("/stores/Z%C3%BCrich%2C%20%E5%BA%97/timeline?to=2023-01-23T00:00:00Z").json();
    assert_eq!((&open["is_always_open"], &open["time_zone"]), (&json!(true), &Value::Null));
    assert_eq!(open["segments"].as_array().unwrap().len(), 1, "no poll was taken yet: {open}");
    assert_eq!(open["segments"][0]["evidence"], "assumed");

    for (query, field) in [
        ("from=2023-01-15T00:00:00Z", "from"),
        ("from=2023-01-24T11:00:00Z", "from"),
        ("from=2023-01-15", "from"),
        ("to=tomorrow", "to"),
        ("policy=capped-60m", "policy"),
        ("policy=step;carry=1", "policy"),
        ("as_of=2023-01-15T00:00:00Z", "as_of"),
    ] {
        let response = of(query);
        assert!(detail(&response, 400).starts_with(field), "{query}: {}", response.text());
        assert_eq!(response.json()["errors"][0]["field"], field);
    }
    assert!(of("policy=count-hours").text().contains("count-hours has no timeline"));
    assert_eq!(of("from=2023-01-16T10:00:00.25Z").status, 200, "eight days");
    for id in ["b", "a%00b"] {
        assert!(detail(&api.get(&format!("/stores/{id}/timeline")), 404).starts_with("there is no store with this id"));
    }
}

/// Sums over the windows of the range, from the segments as they are served.
fn sums(timeline: &Value, start_us: i64) -> Value {
    let us = |value: &Value| parse_us(value.as_str().unwrap().as_bytes()).unwrap();
    let mut sums = json!({});
    let mut add = |name: &str, more: i64| sums[name] = json!(sums[name].as_i64().unwrap_or(0) + more);
    for name in ["business", "up", "down", "observed", "lo", "hi"] {
        add(name, 0);
    }
    for segment in timeline["segments"].as_array().unwrap() {
        let length_us = us(&segment["end"]) - us(&segment["start"]).max(start_us);
        if length_us <= 0 {
            continue;
        }
        add("business", length_us);
        add(segment["status"].as_str().unwrap(), length_us);
        add("observed", if segment["observed"] == true { length_us } else { 0 });
        add("lo", if segment["proven"] == "up" { length_us } else { 0 });
        add("hi", if segment["proven"] == "down" { 0 } else { length_us });
    }
    sums
}

#[test]
fn the_segments_of_a_fleet_add_up_to_its_report() {
    let folder = synthetic::folder(20_261_122);
    let db = TestDb::new();
    ingested(&db, &folder);
    let api = Api::start(&db);
    for (arguments, query) in [
        (&[][..], ""),
        (&["--as-of", "2023-01-22T07:00:00Z"], "to=2023-01-22T07:00:00Z"),
        (&["--max-carry", "90", "--assume", "active"], "policy=step;max_carry=90;assume=active"),
    ] {
        let report = printed(folder.report(&[&["--format", "json"], arguments].concat()));
        let report: Value = serde_json::from_str(&report).unwrap();
        let as_of_us = parse_us(report["as_of"].as_str().unwrap().as_bytes()).unwrap();
        for store in report["stores"].as_array().unwrap().iter().step_by(19) {
            let id = store["store_id"].as_str().unwrap();
            let timeline = api.get(&format!("/stores/{id}/timeline?{query}")).json();
            assert_eq!(timeline["to"], report["as_of"]);
            for window in Window::ALL {
                let sums = sums(&timeline, as_of_us - window.length_us());
                for (name, sum) in sums.as_object().unwrap() {
                    let column = format!("{name}_last_{}_us", window.as_str());
                    assert_eq!(sum, &store[&column], "{column} of {id} {query}");
                }
            }
        }
    }
}
