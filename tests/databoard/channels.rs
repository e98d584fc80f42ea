//! Channels over HTTP: ours, without another server.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::api::client::{Request, Response};
use crate::api::{Api, rows, stores as odd};
use crate::kpi_store::{count, day, stored_run};
use crate::stores::ingested;
use crate::support::{TestDb, open, wait};

/// Cooling units 1 and 2 of company 9, with unit 2 on the first two days, and unit 3 of none.
pub fn rooms(db: &TestDb) {
    rows::two_units(db);
    db.execute(
        r#"INSERT INTO metrics.cooling_unit_metrics
           SELECT (jsonb_populate_record(day, '{"cooling_unit_id": 2, "unit_name": "Room 2", "cap_num_crates": 50,
               "average_room_occupancy": 80, "room_revenue": 0.20, "tot_co2": 1.5}')).*
           FROM metrics.cooling_unit_metrics AS day
           WHERE cooling_unit_id = 1 AND date < '2026-11-03'"#,
    );
}

/// Five stores with odd ids.
pub fn stores(db: &TestDb) {
    ingested(db, &odd::folder());
}

/// A session that has run this, and with its locks keeps others waiting until it is dropped.
pub fn holding(db: &TestDb, sql: &str) -> Client {
    let (url, sql) = (db.url().clone(), sql.to_owned());
    wait(async move {
        let client = open(&url).await;
        client.batch_execute(&sql).await.unwrap();
        client
    })
}

/// Waits until something is so.
pub fn until(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_mins(1), "it never came");
        thread::sleep(Duration::from_millis(5));
    }
}

fn all(db: &TestDb) {
    rooms(db);
    stores(db);
    stored_run(db, "production", day(0), vec![count("Users (30 d)", "12")]);
}

/// An API to which these back ends are public.
fn start(db: &TestDb, public: &str, more: &[(&str, &str)]) -> Api {
    Api::start_with(db.url(), &[&[("DATABOARD_PUBLIC_BACKENDS", public)], more].concat())
}

fn channels(response: &Response) -> Vec<Value> {
    assert_eq!(
        (response.status, response.header("content-type")),
        (200, Some("application/json")),
        "{}",
        response.text()
    );
    let body = response.json();
    assert_eq!(body.as_object().unwrap().len(), 1);
    body["channels"].as_array().unwrap().clone()
}

fn search(api: &Api, query: &str) -> Vec<Value> {
    channels(&api.get(&format!("/databoard/channels/search?{query}")))
}

fn names(channels: &[Value]) -> Vec<&str> {
    channels.iter().map(|channel| channel["name"].as_str().unwrap()).collect()
}

#[test]
fn without_a_text_all_channels_are_listed() {
    let db = TestDb::new();
    all(&db);
    let api = start(&db, "cooling,store,kpi", &[]);
    let listed = search(&api, "");
    // Three units and a company, five stores, a KPI.
    assert_eq!(listed.len(), 4 * 15 + 5 * 7 + 1);
    for query in
        ["search_text=", "search_text=%20%20", "search_text=%20%20%20%20%20%20%20", "allow_cached_response=false"]
    {
        assert_eq!(search(&api, query), listed, "{query}");
    }
    assert_eq!(names(&listed)[..2], ["COOL-1:OCCUPANCY", "COOL-1:CO2_SAVED"]);
    assert_eq!(names(&listed)[45], "COMP-9:OCCUPANCY");
    assert_eq!(*names(&listed).last().unwrap(), "KPI-Users_30_d_");
    let ids: BTreeSet<_> = listed.iter().map(|channel| channel["seriesId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), listed.len(), "ids are unique over all back ends");
    let order: Vec<_> = listed[0].as_object().unwrap().keys().map(String::as_str).collect();
    let members = BTreeSet::from(["backend", "name", "seriesId", "source", "type", "shape", "unit", "description"]);
    assert_eq!(order.into_iter().collect::<BTreeSet<_>>(), members);
    for channel in &listed {
        let is_text = |(member, value): (&String, &Value)| member == "shape" || value.is_string();
        assert!(channel.as_object().unwrap().iter().all(is_text), "{channel}");
        assert_eq!((&channel["shape"], &channel["source"]), (&json!([]), &json!("metrics-backend")));
        let is_fine = |c: char| c.is_ascii_alphanumeric() || "_:-".contains(c);
        assert!(channel["name"].as_str().unwrap().chars().all(is_fine));
    }
    let text = api.get("/databoard/channels/search?search_text=%5ECOOL-1:OCC").text().to_owned();
    let id = listed[0]["seriesId"].as_str().unwrap();
    assert_eq!(
        text,
        format!(
            r#"{{"channels":[{{"backend":"cooling","name":"COOL-1:OCCUPANCY","seriesId":"{id}","source":"metrics-backend","type":"f64","shape":[],"unit":"%","description":"Room One (Cold), average occupancy"}}]}}"#
        )
    );
}

#[test]
fn types_and_units_are_those_of_the_values() {
    let db = TestDb::new();
    all(&db);
    let api = start(&db, "cooling,store,kpi", &[]);
    let of = |name: &str| {
        let found = search(&api, &format!("search_text=%5E{name}$&allow_cached_response=false"));
        assert_eq!(found.len(), 1, "{name}");
        [found[0]["type"].clone(), found[0]["unit"].clone()]
    };
    for (name, kind, unit) in [
        ("COOL-1:OCCUPANCY", "f64", "%"),
        ("COMP-9:CO2_SAVED", "f64", "kg"),
        ("COOL-1:REVENUE", "f64", "NGN"),
        ("COMP-9:REVENUE", "f64", "NGN"),
        ("COOL-3:REVENUE", "f64", ""),
        ("COOL-1:REVENUE_USD", "f64", "USD"),
        ("COOL-1:CRATES_IN", "i64", ""),
        ("COOL-1:ACTIVE_USERS", "i64", ""),
        ("COOL-1:BENEFICIARIES", "f64", ""),
        ("COOL-1:CAPACITY_TONS", "f64", "t"),
        ("STORE-a_b:STATUS", "enum", ""),
        ("STORE-007:UPTIME_HOUR", "f64", "min"),
        ("STORE-007:DOWNTIME_WEEK", "f64", "h"),
        ("KPI-Users_30_d_", "f64", "things"),
    ] {
        assert_eq!(of(name), [kind, unit], "{name}");
    }
}

#[test]
fn a_text_is_a_pattern_anywhere_in_the_name_in_letters_of_any_size() {
    let db = TestDb::new();
    all(&db);
    let api = start(&db, "cooling,store,kpi", &[]);
    for (query, expected) in [
        ("search_text=occupancy", 4),
        ("search_text=%20%20cool-1:occ%20%20", 1),
        ("search_text=occ", 4),
        ("search_text=OCC", 4),
        ("search_text=%5Eoccupancy", 0),
        ("search_text=cool.*_in$", 3 * 3),
        ("search_text=occ&backend=store", 0),
        ("search_text=&backend=store", 35),
        ("search_text=%20%20&backend=kpi", 1),
        ("backend=cooling", 60),
        ("backend=sf-databuffer", 0),
        ("backend=Cooling", 0),
        ("search_text=nothing+has+this+name", 0),
    ] {
        assert_eq!(search(&api, query).len(), expected, "{query}");
    }
    for path in ["/databoard/channels/search/?search_text=kpi", "/databoard/channels/search?search_text=kpi"] {
        assert_eq!(names(&channels(&api.get(path))), ["KPI-Users_30_d_"]);
    }
}

#[test]
fn what_is_no_pattern_is_told_in_words() {
    let db = TestDb::new();
    all(&db);
    let api = start(&db, "cooling", &[]);
    for text in ["(", "%5B", "*", "%28a%7B500%7D%29%7B500%7D", "%28%3F=a%29b", "%28a%29%5C1"] {
        let response = api.get(&format!("/databoard/channels/search?search_text={text}"));
        assert_eq!(response.status, 422, "{text}");
        assert!(response.json()["detail"].is_string(), "{}", response.text());
    }
    let response = api.get("/databoard/channels/search?allow_cached_response=perhaps");
    assert_eq!(response.status, 422);
    assert_eq!(response.json()["detail"][0]["loc"], json!(["query", "allow_cached_response"]));
    for word in ["true", "YES", "on", "t", "y", "1", "False", "no", "OFF", "f", "n", "0"] {
        assert_eq!(search(&api, &format!("search_text=COOL-1:OCC&allow_cached_response={word}")).len(), 1, "{word}");
    }
}

#[test]
fn back_ends_that_are_not_public_do_not_exist() {
    let db = TestDb::new();
    all(&db);
    let api = Api::start(&db);
    assert_eq!(search(&api, ""), [] as [Value; 0]);
    assert_eq!(db.value("SELECT count(*) FROM metrics.databoard_series"), 0);
    let api = start(&db, "store", &[]);
    assert_eq!(search(&api, "").len(), 35);
    assert_eq!(search(&api, "backend=cooling"), [] as [Value; 0]);
    assert_eq!(search(&api, "search_text=occupancy&allow_cached_response=false"), [] as [Value; 0]);
    let recent = channels(&api.get("/databoard/channels/recent"));
    assert!(recent.iter().all(|channel| channel["backend"] == "store"), "{recent:?}");
}

#[test]
fn an_answer_that_is_cut_says_so() {
    let db = TestDb::new();
    all(&db);
    let api = start(&db, "cooling,store,kpi", &[("DATABOARD_MAX_CHANNELS", "15")]);
    let get = |query: &str| api.get(&format!("/databoard/channels/search?{query}"));
    let cut = get("");
    assert_eq!((channels(&cut).len(), cut.header("x-truncated")), (15, Some("true")));
    let whole = get("search_text=COOL-2");
    assert_eq!((channels(&whole).len(), whole.header("x-truncated")), (15, None));
}

#[test]
fn ids_and_names_are_the_same_after_a_restart() {
    let db = TestDb::new();
    all(&db);
    let before = search(&start(&db, "cooling,store,kpi", &[]), "");
    assert_eq!(search(&start(&db, "cooling,store,kpi", &[]), ""), before);
    // Another one of the same stem, which sorts before it.
    db.execute("INSERT INTO metrics.store (ext_id, computed_at) VALUES ('a b', now())");
    let after = search(&start(&db, "store", &[]), "");
    let kept: Vec<_> = before.iter().filter(|channel| channel["backend"] == "store").collect();
    assert!(kept.iter().all(|channel| after.contains(channel)));
    let new: Vec<_> = after.iter().filter(|channel| !before.contains(channel)).cloned().collect();
    assert!(names(&new).iter().all(|name| name.starts_with("STORE-a_b-2:")), "{:?}", names(&new));
    assert_eq!(new.len(), 7);
}

/// Before any is read, the end of the list.
#[test]
fn recent_are_the_last_of_the_list_before_one_is_read() {
    let db = TestDb::new();
    all(&db);
    let api = start(&db, "cooling,store,kpi", &[]);
    let listed = search(&api, "");
    for path in ["/databoard/channels/recent", "/databoard/channels/recent/"] {
        assert_eq!(channels(&api.get(path)), listed[listed.len() - 10..]);
    }
    let head = api.send(&Request::new("HEAD", "/databoard/channels/recent"));
    assert_eq!((head.status, head.text()), (200, ""));
    assert_eq!(api.send(&Request::new("POST", "/databoard/channels/recent")).status, 405);
}

/// Asks for a curve; whether it was answered.
fn read(api: &Api, backend: &str, name: &str, range: &str) -> u16 {
    api.get(&format!("/databoard/channels/curve?backend={backend}&channel_name={name}&{range}")).status
}

const NOVEMBER: &str = "begin_time=1793491200000&end_time=1796083200000";

#[test]
fn what_is_read_is_recent_the_newest_first_and_at_most_ten() {
    let db = TestDb::new();
    all(&db);
    let api = start(&db, "cooling,store,kpi", &[]);
    let recent = |api: &Api| {
        let channels = channels(&api.get("/databoard/channels/recent"));
        names(&channels).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    // The last ten of the list are as if they had been read before: those that are read push them out from behind.
    let listed = search(&api, "");
    let last: Vec<_> = names(&listed[listed.len() - 10..]).into_iter().map(str::to_owned).collect();
    let before = |read: &[&str]| {
        let read = read.iter().map(|name| (*name).to_owned());
        read.chain(last.iter().cloned()).take(10).collect::<Vec<_>>()
    };
    assert_eq!(recent(&api), last);
    assert_eq!(read(&api, "cooling", "COOL-1:KG_IN", NOVEMBER), 200);
    assert_eq!(recent(&api), before(&["COOL-1:KG_IN"]));
    // Also one without any point, and one whose range is empty.
    assert_eq!(read(&api, "cooling", "COOL-3:REVENUE", NOVEMBER), 200);
    assert_eq!(read(&api, "store", "STORE-007:STATUS", "begin_time=5&end_time=5"), 200);
    assert_eq!(recent(&api), before(&["STORE-007:STATUS", "COOL-3:REVENUE", "COOL-1:KG_IN"]));
    // By its id it is the same channel.
    let listed = search(&api, "search_text=%5ECOOL-1:KG_IN$");
    let after = before(&["COOL-1:KG_IN", "STORE-007:STATUS", "COOL-3:REVENUE"]);
    assert_eq!(read(&api, "cooling", listed[0]["seriesId"].as_str().unwrap(), NOVEMBER), 200);
    assert_eq!(recent(&api), after);
    assert_eq!(channels(&api.get("/databoard/channels/recent"))[0], listed[0]);

    // What is refused does not count.
    for (backend, name, range, status) in [
        ("cooling", "COOL-2:KG_IN", "begin_time=0&end_time=1", 400),
        ("cooling", "COOL-2:KG_IN", "begin_time=2&end_time=1", 400),
        ("cooling", "COOL-2:KG_IN", "begin_time=x&end_time=1", 422),
        ("cooling", "COOL-9:KG_IN", NOVEMBER, 404),
        ("store", "COOL-2:KG_IN", NOVEMBER, 404),
        ("sf-databuffer", "COOL-2:KG_IN", NOVEMBER, 404),
    ] {
        assert_eq!(read(&api, backend, name, range), status, "{backend} {name} {range}");
    }
    assert_eq!(search(&api, "search_text=COOL-2").len(), 15);
    assert_eq!(recent(&api), after);
    let narrow = start(&db, "cooling,store,kpi", &[("DATABOARD_MAX_POINTS", "1")]);
    assert_eq!(read(&narrow, "cooling", "COOL-2:KG_IN", NOVEMBER), 413);
    assert_eq!(recent(&narrow), after);
    // One of the last ten comes first, and the others stay.
    let kpi = last[9].as_str();
    assert_eq!(read(&api, "kpi", kpi, NOVEMBER), 200);
    let mut moved = after.clone();
    moved.insert(0, kpi.to_owned());
    assert_eq!(recent(&api), moved[..10]);

    let metrics = ["OCCUPANCY", "CO2_SAVED", "REVENUE", "CRATES_IN", "OPS_IN", "KG_OUT", "OPERATORS", "ACTIVE_USERS"];
    for metric in metrics {
        assert_eq!(read(&api, "cooling", &format!("COMP-9:{metric}"), NOVEMBER), 200);
    }
    let mut expected: Vec<_> = metrics.iter().rev().map(|metric| format!("COMP-9:{metric}")).collect();
    expected.extend([kpi.to_owned(), "COOL-1:KG_IN".to_owned()]);
    assert_eq!(recent(&api), expected);
    assert_eq!(db.value("SELECT count(*) FROM metrics.databoard_recent"), 10);

    // They outlast a restart, and who may see them is asked again.
    drop(api);
    assert_eq!(recent(&start(&db, "cooling,store,kpi", &[])), expected);
    let of_stores = recent(&start(&db, "store", &[]));
    assert!(of_stores.len() == 10 && of_stores.iter().all(|name| name.starts_with("STORE-")), "{of_stores:?}");
    assert_eq!(recent(&start(&db, "kpi", &[])), [kpi]);
}

/// Ids are given one after the other. Whoever gives them takes longer here than the request may.
#[test]
fn channels_get_their_ids_although_the_request_that_listed_them_has_ended() {
    let db = TestDb::new();
    rooms(&db);
    let api = start(&db, "cooling", &[("METRICS_API__QUERY_TIMEOUT_S", "60")]);
    let held = holding(&db, "SELECT pg_advisory_lock(x'6368616e6e656c73'::bigint)");
    let response = api.get("/databoard/channels/recent");
    assert_eq!((response.status, response.json()), (504, json!({"detail": "Request timed out"})));
    let given = || db.value("SELECT count(*) FROM metrics.databoard_series");
    assert_eq!(given(), 0);
    drop(held);
    until(|| given() == 60);
    assert_eq!(search(&api, "").len(), 60);
}

#[test]
fn a_list_that_takes_the_database_too_long_is_a_timeout() {
    let db = TestDb::new();
    stores(&db);
    let api = start(&db, "store", &[("METRICS_API__QUERY_TIMEOUT_S", "1")]);
    let held = holding(&db, "BEGIN; LOCK TABLE metrics.store IN ACCESS EXCLUSIVE MODE");
    let response = api.get("/databoard/channels/search");
    assert_eq!((response.status, response.json()), (504, json!({"detail": "Request timed out"})));
    drop(held);
    assert_eq!(search(&api, "").len(), 35);
}

#[test]
fn channels_that_are_read_at_the_same_time_are_all_recent() {
    let db = TestDb::new();
    all(&db);
    let api = start(&db, "cooling", &[]);
    let listed = search(&api, "search_text=COOL-1");
    thread::scope(|scope| {
        for name in names(&listed).iter().flat_map(|name| [*name; 4]) {
            let api = &api;
            scope.spawn(move || assert_eq!(read(api, "cooling", name, NOVEMBER), 200));
        }
    });
    assert_eq!(read(&api, "cooling", "COMP-9:KG_IN", NOVEMBER), 200);
    let recent = channels(&api.get("/databoard/channels/recent"));
    assert_eq!((recent.len(), &recent[0]["name"]), (10, &json!("COMP-9:KG_IN")));
    assert_eq!(names(&recent).into_iter().collect::<BTreeSet<_>>().len(), 10);
    assert!(!api.log().contains("not noted"), "{}", api.log());
}
