//! Curves of our own channels.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::channels::{holding, until};
use crate::api::client::Request;
use crate::api::{Api, rows};
use crate::kpi_store;
use crate::support::TestDb;

const PUBLIC: [(&str, &str); 1] = [("DATABOARD_PUBLIC_BACKENDS", "cooling,store,kpi")];
/// Midnights of November 2026, UTC, in milliseconds: the first, the second, ….
const MIDNIGHT_MS: i64 = 1_793_491_200_000;
const DAY_MS: i64 = 86_400_000;

fn ask(api: &Api, query: &str) -> (u16, Value) {
    let response = api.get(&format!("/databoard/channels/curve?{query}"));
    (response.status, response.json())
}

fn curve(api: &Api, query: &str) -> String {
    let response = api.get(&format!("/databoard/channels/curve?{query}"));
    assert_eq!(response.status, 200, "{}", response.text());
    response.text().to_owned()
}

/// Parameters for so many days from this day of November 2026 on.
fn days(first: i64, count: i64) -> String {
    let begin = MIDNIGHT_MS + (first - 1) * DAY_MS;
    format!("begin_time={begin}&end_time={}", begin + count * DAY_MS)
}

fn cold_rooms() -> (TestDb, Api) {
    let db = TestDb::new();
    rows::two_units(&db);
    let api = Api::start_with(db.url(), &PUBLIC);
    (db, api)
}

#[test]
fn days_of_a_cooling_unit_are_points_at_their_midnights() {
    let (_db, api) = cold_rooms();
    // Of three days the second has no occupancy, and no point.
    assert_eq!(
        curve(&api, &format!("channel_name=COOL-1:OCCUPANCY&backend=cooling&{}", days(1, 3))),
        concat!(
            r#"{"curve":{"COOL-1:OCCUPANCY":{"1793491200000000000":20.0,"1793664000000000000":40.0},"#,
            r#""COOL-1:OCCUPANCY_meta":{"pointMeta":{"1793491200000000000":{"pulseId":null},"#,
            r#""1793664000000000000":{"pulseId":null}},"#,
            r#""raw":true,"waveform":false,"interval_avg":0,"interval_stddev":0}}}"#
        )
    );
    // The end does not belong to the range.
    let end = days(1, 2);
    let shown = curve(&api, &format!("channel_name=COOL-1:CRATES_IN&backend=cooling&{end}"));
    assert!(
        shown.starts_with(r#"{"curve":{"COOL-1:CRATES_IN":{"1793491200000000000":8.0,"1793577600000000000":3.0},"#),
        "{shown}"
    );
}

#[test]
fn an_id_says_the_same_as_its_name_and_keys_the_answer() {
    let (_db, api) = cold_rooms();
    let found = api.get("/databoard/channels/search?search_text=%5ECOOL-1:OCCUPANCY$").json();
    let id = found["channels"][0]["seriesId"].as_str().unwrap().to_owned();
    let by_name = curve(&api, &format!("channel_name=COOL-1:OCCUPANCY&backend=cooling&{}", days(1, 3)));
    let by_id = curve(&api, &format!("channel_name={id}&backend=cooling&{}", days(1, 3)));
    assert_eq!(by_id, by_name.replace("COOL-1:OCCUPANCY", &id));
}

#[test]
fn bins_are_exact_and_events_stand_in_for_too_few() {
    let (_db, api) = cold_rooms();
    let query = |bins: u32, more: &str| {
        curve(&api, &format!("channel_name=COOL-1:OCCUPANCY&backend=cooling&num_bins={bins}{more}&{}", days(1, 3)))
    };
    // 20 and 40 in two bins of a day and a half.
    let two = query(2, "&useEventsIfBinCountTooLarge=true");
    assert_eq!(
        two,
        concat!(
            r#"{"curve":{"COOL-1:OCCUPANCY":{"1793556000000000000":20.0,"1793685600000000000":40.0},"#,
            r#""COOL-1:OCCUPANCY_min":{"1793556000000000000":20.0,"1793685600000000000":40.0},"#,
            r#""COOL-1:OCCUPANCY_max":{"1793556000000000000":20.0,"1793685600000000000":40.0},"#,
            r#""COOL-1:OCCUPANCY_meta":{"pointMeta":{"1793556000000000000":{"count":1},"1793685600000000000":{"count":1}},"#,
            r#""raw":false,"waveform":false,"interval_avg":129600000000000.0,"interval_stddev":0.0}}}"#
        )
    );
    // Three bins of a day, of which the second is empty.
    let three = query(3, "");
    assert!(
        three.contains(r#"{"1793534400000000000":20.0,"1793620800000000000":null,"1793707200000000000":40.0}"#),
        "{three}"
    );
    assert!(three.contains(r#""1793620800000000000":{"count":0}"#), "{three}");
    let kept = query(3, "&removeEmptyBins=true");
    assert!(kept.contains(r#""COOL-1:OCCUPANCY":{"1793534400000000000":20.0,"1793707200000000000":40.0}"#), "{kept}");
    assert!(kept.contains(r#""interval_avg":86400000000000.0,"interval_stddev":0.0"#), "{kept}");
    // Two events are fewer than three bins.
    assert_eq!(query(3, "&useEventsIfBinCountTooLarge=on"), query(0, ""));
    assert_eq!(query(1500, "&useEventsIfBinCountTooLarge=on&removeEmptyBins=true"), query(0, ""));
}

#[test]
fn a_range_without_points_is_an_empty_curve() {
    let (_db, api) = cold_rooms();
    let nothing = r#"{"curve":{"COOL-1:OCCUPANCY":{}}}"#;
    for times in [
        days(2, 1),
        "begin_time=4102444800000&end_time=4102444900000".to_owned(),
        "begin_time=9999999999998&end_time=9999999999999".to_owned(),
        days(1, 0),
        "begin_time=-5&end_time=-1".to_owned(),
    ] {
        for bins in ["", "&num_bins=4", "&num_bins=4&useEventsIfBinCountTooLarge=true", "&num_bins=4&removeEmptyBins=1"]
        {
            assert_eq!(
                curve(&api, &format!("channel_name=COOL-1:OCCUPANCY&backend=cooling{bins}&{times}")),
                nothing,
                "{times}{bins}"
            );
        }
    }
}

#[test]
fn an_end_that_is_far_away_is_now() {
    let (_db, api) = cold_rooms();
    let query =
        |end: i64| format!("channel_name=COOL-1:CRATES_IN&backend=cooling&begin_time={MIDNIGHT_MS}&end_time={end}");
    for bins in ["", "&num_bins=2"] {
        for end in [9_999_999_999_999, 253_402_300_799_999] {
            let (status, body) = ask(&api, &format!("{}{bins}", query(end)));
            assert_eq!(status, 200, "{body}");
            // Bins end now, which is later than the last day by some time or other.
            let values: f64 =
                body["curve"]["COOL-1:CRATES_IN"].as_object().unwrap().values().filter_map(Value::as_f64).sum();
            assert!(values > 0.0 || !bins.is_empty(), "{body}");
        }
    }
    assert_eq!(ask(&api, &query(253_402_300_800_000)).0, 400, "a year that no date has");
}

/// The tables are in use elsewhere for longer than other requests wait for the database.
#[test]
fn a_curve_has_more_time_than_other_requests() {
    let (db, _) = stores();
    rows::two_units(&db);
    let api = Api::start_with(db.url(), &[PUBLIC[0], ("METRICS_API__QUERY_TIMEOUT_S", "1")]);
    assert_eq!(api.get("/databoard/channels/search").status, 200);
    let tables = "metrics.cooling_unit_metrics, metrics.store_poll";
    let held = holding(&db, &format!("BEGIN; LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"));
    let queries = [
        "curve?channel_name=COOL-1:OCCUPANCY&backend=cooling&num_bins=3",
        "curve?channel_name=STORE-s_1:STATUS&backend=store",
    ];
    let times = days(1, 3);
    thread::scope(|scope| {
        let curves = queries.map(|query| {
            let (api, times) = (&api, &times);
            scope.spawn(move || api.get(&format!("/databoard/channels/{query}&{times}")))
        });
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted";
        until(|| db.value(waiting) == 2);
        thread::sleep(Duration::from_millis(1500));
        drop(held);
        for curve in curves {
            let response = curve.join().unwrap();
            assert_eq!(response.status, 200, "{}", response.text());
        }
    });
}

#[test]
fn refusals_come_in_their_order() {
    let (_db, api) = cold_rooms();
    let unknown = (404, json!({"detail": "Channel not found in backend"}));
    let invalid = (400, json!({"detail": "begin_time or end_time is invalid, must be valid unix time (seconds)"}));
    let reversed = (400, json!({"detail": "begin_time is bigger than end_time, must be smaller or equal"}));
    let known = "channel_name=COOL-1:OCCUPANCY&backend=cooling";
    for (query, expected) in [
        ("channel_name=nobody&backend=cooling&begin_time=0&end_time=0".to_owned(), &unknown),
        ("channel_name=COOL-1:OCCUPANCY&backend=store&begin_time=1&end_time=2".to_owned(), &unknown),
        ("channel_name=cool-1:occupancy&backend=cooling&begin_time=1&end_time=2".to_owned(), &unknown),
        ("channel_name=7&backend=cooling&begin_time=1&end_time=2".to_owned(), &unknown),
        // No data-api is set, and that is what is meant without a back end.
        ("channel_name=COOL-1:OCCUPANCY&begin_time=1&end_time=2".to_owned(), &unknown),
        (format!("{known}&begin_time=0&end_time=5"), &invalid),
        (format!("{known}&begin_time=5&end_time=0"), &invalid),
        (format!("{known}&begin_time=5&end_time=99999999999999999999"), &invalid),
        (format!("{known}&begin_time=5&end_time=4"), &reversed),
    ] {
        assert_eq!(&ask(&api, &query), expected, "{query}");
    }
    let (status, body) = ask(&api, "backend=cooling&begin_time=1e3&num_bins=x&removeEmptyBins=ja");
    assert_eq!(status, 422);
    let items = body["detail"].as_array().unwrap();
    let named: Vec<_> =
        items.iter().map(|item| (item["loc"][1].as_str().unwrap(), item["type"].as_str().unwrap())).collect();
    assert_eq!(
        named,
        [
            ("channel_name", "missing"),
            ("begin_time", "int_parsing"),
            ("end_time", "missing"),
            ("num_bins", "int_parsing"),
            ("removeEmptyBins", "bool_parsing"),
        ]
    );
    assert_eq!(
        items[1],
        json!({"type": "int_parsing", "loc": ["query", "begin_time"], "input": "1e3",
            "msg": "Input should be a valid integer, unable to parse string as an integer"})
    );
}

#[test]
fn integers_may_have_signs_blanks_groups_and_a_fraction_of_zeros() {
    let (_db, api) = cold_rooms();
    let plain = curve(&api, &format!("channel_name=COOL-1:OCCUPANCY&backend=cooling&{}", days(1, 3)));
    let begin = MIDNIGHT_MS / 1000;
    let odd = format!("begin_time=%20%2B{begin}_000%20&end_time={}.0&num_bins=-3", MIDNIGHT_MS + 3 * DAY_MS);
    assert_eq!(curve(&api, &format!("channel_name=COOL-1:OCCUPANCY&backend=cooling&{odd}")), plain);
}

#[test]
fn a_back_end_that_is_not_public_is_as_if_it_were_not_there() {
    let db = TestDb::new();
    rows::two_units(&db);
    let api = Api::start_with(db.url(), &[("DATABOARD_PUBLIC_BACKENDS", "store")]);
    let query = format!("channel_name=COOL-1:OCCUPANCY&backend=cooling&{}", days(1, 3));
    assert_eq!(ask(&api, &query), (404, json!({"detail": "Channel not found in backend"})));
}

fn stores() -> (TestDb, Api) {
    let db = TestDb::new();
    db.execute(
        "INSERT INTO metrics.store (ext_id, tz, computed_at) VALUES ('s 1', 'UTC', '2026-11-01'), ('s2', 'UTC', '2026-11-01');
         INSERT INTO metrics.store_poll
         SELECT store.id, '2026-11-01'::timestamptz + number * interval '10 minutes', number % 4 <> 0
         FROM metrics.store, generate_series(0, 11) number WHERE ext_id = 's 1';
         INSERT INTO metrics.store_poll
         SELECT id, '2026-11-01T00:00:00.000001Z', false FROM metrics.store WHERE ext_id = 's2'",
    );
    let api = Api::start_with(db.url(), &PUBLIC);
    (db, api)
}

/// Twelve polls, of which the first, fifth and ninth say inactive.
#[test]
fn polls_are_an_enum_and_the_mean_of_a_bin_is_the_share_of_active_ones() {
    let (_db, api) = stores();
    let two_hours = format!("begin_time={MIDNIGHT_MS}&end_time={}", MIDNIGHT_MS + 2 * 3_600_000);
    let polls = curve(&api, &format!("channel_name=STORE-s_1:STATUS&backend=store&{two_hours}"));
    assert!(
        polls.starts_with(r#"{"curve":{"STORE-s_1:STATUS":{"1793491200000000000":0,"1793491800000000000":1,"#),
        "{polls}"
    );
    assert!(
        polls.contains(
            r#""pointMeta":{"1793491200000000000":{"pulseId":null,"desc":"inactive"},"1793491800000000000":{"pulseId":null,"desc":"active"}"#
        ),
        "{polls}"
    );
    let bins = curve(&api, &format!("channel_name=STORE-s_1:STATUS&backend=store&num_bins=3&{two_hours}"));
    assert!(
        bins.starts_with(
            r#"{"curve":{"STORE-s_1:STATUS":{"1793492400000000000":0.75,"1793494800000000000":0.75,"1793497200000000000":0.75},"#
        ),
        "{bins}"
    );
    // An instant between two milliseconds.
    let shown = curve(&api, &format!("channel_name=STORE-s2:STATUS&backend=store&{two_hours}"));
    assert!(shown.starts_with(r#"{"curve":{"STORE-s2:STATUS":{"1793491200000001000":0},"#), "{shown}");
}

#[test]
fn more_points_than_may_be_shown_ask_for_bins() {
    let (db, _) = stores();
    let api = Api::start_with(db.url(), &[PUBLIC[0], ("DATABOARD_MAX_POINTS", "11")]);
    let two_hours = format!("begin_time={MIDNIGHT_MS}&end_time={}", MIDNIGHT_MS + 2 * 3_600_000);
    let query = format!("channel_name=STORE-s_1:STATUS&backend=store&{two_hours}");
    let (status, body) = ask(&api, &query);
    assert_eq!(status, 413);
    assert!(body["detail"].as_str().unwrap().contains("num_bins"), "{body}");
    assert_eq!(ask(&api, &format!("{query}&num_bins=11")).0, 200);
    assert_eq!(ask(&api, &format!("{query}&num_bins=12")).0, 413);
}

#[test]
fn runs_of_a_kpi_are_points_at_their_instants() {
    let db = TestDb::new();
    for (day, value) in [(0, "5"), (1, "7.5")] {
        kpi_store::stored_run(&db, "e", kpi_store::day(day), vec![kpi_store::count("users", value)]);
    }
    let api = Api::start_with(db.url(), &PUBLIC);
    let found = api.get("/databoard/channels/search?backend=kpi").json();
    let name = found["channels"][0]["name"].as_str().unwrap().to_owned();
    let shown = curve(&api, &format!("channel_name={name}&backend=kpi&{}", days(1, 2)));
    assert!(
        shown.starts_with(&format!(r#"{{"curve":{{"{name}":{{"1793491200000000000":5.0,"1793577600000000000":7.5}},"#)),
        "{shown}"
    );
}

#[test]
fn a_long_curve_is_sent_in_pieces_and_whole() {
    let db = TestDb::new();
    db.execute(
        "INSERT INTO metrics.store (ext_id, tz, computed_at) VALUES ('s', 'UTC', '2026-11-01');
         INSERT INTO metrics.store_poll
         SELECT store.id, '2026-11-01'::timestamptz + number * interval '1 second', true
         FROM metrics.store, generate_series(0, 19999) number",
    );
    let api = Api::start_with(db.url(), &PUBLIC);
    frames_of_events(&api);
    let query = format!("/databoard/channels/curve?channel_name=STORE-s:STATUS&backend=store&{}", days(1, 1));
    let response = api.get(&query);
    assert_eq!(response.header("transfer-encoding"), Some("chunked"));
    let body = response.json();
    assert_eq!(body["curve"]["STORE-s:STATUS"].as_object().unwrap().len(), 20_000);
    assert_eq!(body["curve"]["STORE-s:STATUS_meta"]["pointMeta"].as_object().unwrap().len(), 20_000);
}

/// The events of the 20,000 polls in frames, each with its length as text before it.
fn frames_of_events(api: &Api) {
    let target = "/databoard/data-api/4/events?backend=store&channelName=STORE-s:STATUS\
        &begDate=2026-11-01T00:00:00Z&endDate=2026-11-02T00:00:00Z";
    for accept in ["application/json-framed", "application/json, application/json-framed"] {
        let response = api.send(&Request::new("GET", target).header("accept", accept));
        assert_eq!((response.status, response.header("content-type")), (200, Some("application/json-framed")));
        let mut rest = response.text();
        let mut frames = Vec::new();
        while let Some((length, after)) = rest.split_once('\n') {
            let (json, after) = after.split_at(length.parse().unwrap());
            frames.push(serde_json::from_str::<Value>(json).unwrap());
            rest = after.strip_prefix('\n').unwrap();
        }
        assert_eq!(rest, "");
        let counts: Vec<_> = frames.iter().map(|frame| frame["values"].as_array().unwrap().len()).collect();
        assert_eq!(counts, [4096, 4096, 4096, 4096, 3616]);
        let finals: Vec<_> = frames.iter().map(|frame| frame["rangeFinal"] == true).collect();
        assert_eq!(finals, [false, false, false, false, true]);
        // The 4,097th poll is 4,096 seconds after midnight.
        assert_eq!(frames[1]["tsAnchor"], MIDNIGHT_MS / 1000 + 4096);
        assert_eq!((&frames[1]["tsMs"][1], &frames[1]["valuestrings"][0]), (&json!(1000), &json!("active")));
    }
    let none = target.replace("2026-11-0", "2025-11-0");
    let response = api.send(&Request::new("GET", &none).header("accept", "application/json-framed"));
    let (length, json) = response.text().split_once('\n').unwrap();
    assert_eq!(length.parse::<usize>().unwrap(), json.len() - 1);
    assert!(json.contains(r#""values":[]"#) && json.contains(r#""rangeFinal":true"#), "{json}");
    let whole = api.send(&Request::new("GET", target).header("accept", "application/json"));
    assert_eq!(whole.header("content-type"), Some("application/json"));
    assert_eq!(whole.json()["values"].as_array().unwrap().len(), 20_000);
}

#[test]
fn a_raw_link_of_ours_leads_to_the_events_as_they_are() {
    let (db, api) = cold_rooms();
    let link = |api: &Api, query: &str| {
        let response = api.get(&format!("/databoard/channels/raw-link?{query}"));
        (response.status, response.json())
    };
    let (status, body) = link(&api, &format!("channel_name=COOL-1:OCCUPANCY&backend=cooling&{}", days(1, 3)));
    assert_eq!(
        (status, &body),
        (
            200,
            &json!({"link": "http://test/databoard/data-api/4/events?backend=cooling&channelName=COOL-1%3AOCCUPANCY\
                &begDate=2026-11-01+00%3A00%3A00.000%2B00%3A00&endDate=2026-11-04+00%3A00%3A00.000%2B00%3A00"})
        )
    );
    let target = body["link"].as_str().unwrap().strip_prefix("http://test").unwrap();
    let events = api.get(target);
    assert_eq!((events.status, events.json()["values"].clone()), (200, json!([20.0, 40.0])), "{}", events.text());

    for public in ["https://example.org/board", "https://example.org/board/"] {
        let api = Api::start_with(db.url(), &[PUBLIC[0], ("PUBLIC_URL", public)]);
        let (_, body) = link(&api, &format!("channel_name=1000001&backend=cooling&{}", days(1, 3)));
        let expected =
            "https://example.org/board/data-api/4/events?backend=cooling&seriesId=1000001&begDate=2026-11-01";
        assert!(body["link"].as_str().unwrap().starts_with(expected), "{body}");
    }
    // As far as dates go, and it leads somewhere.
    let far = "begin_time=-62135596800000&end_time=253402300799999";
    let (_, body) = link(&api, &format!("channel_name=COOL-1:OCCUPANCY&backend=cooling&{far}"));
    let target = body["link"].as_str().unwrap().strip_prefix("http://test").unwrap();
    assert!(
        target
            .ends_with("&begDate=0001-01-01+00%3A00%3A00.000%2B00%3A00&endDate=9999-12-31+23%3A59%3A59.999%2B00%3A00")
    );
    assert_eq!(api.get(target).json()["values"], json!([20.0, 40.0]));
    // Without a data-api there is no link to one.
    let elsewhere = link(&api, &format!("channel_name=1&{}", days(1, 3)));
    assert_eq!(elsewhere, (404, json!({"detail": "Channel not found in backend"})));
}
