//! Channels of a data-api elsewhere: both of its framings, and everything that goes wrong.

mod recent;
mod search;

use std::thread;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::channels::until;
use super::stub::{Stub, always, binary_json, cbor, channel, decoded, frames, never, text};
use crate::api::Api;
use crate::support::TestDb;
use crate::support::server::Answer;

/// One minute from 14 November 2023, 22:13:20 UTC.
const TIMES: &str = "begin_time=1700000000000&end_time=1700000060000";
const BEGIN_NS: i64 = 1_700_000_000_000_000_000;

struct Running {
    stub: Stub,
    api: Api,
    _db: TestDb,
}

/// A server beside this data-api.
fn running(stub: Stub, settings: &[(&str, &str)]) -> Running {
    running_over(TestDb::new(), stub, settings)
}

/// The same, over this database.
fn running_over(db: TestDb, stub: Stub, settings: &[(&str, &str)]) -> Running {
    let url = stub.url();
    let settings: Vec<_> = [("DAQBUF_DEFAULT_URL", url.as_str())].into_iter().chain(settings.iter().copied()).collect();
    let api = Api::start_with(db.url(), &settings);
    Running { stub, api, _db: db }
}

impl Running {
    fn ask(&self, query: &str) -> (u16, Value) {
        let response = self.api.get(&format!("/databoard/channels/curve?{query}"));
        (response.status, response.json())
    }

    fn curve(&self, query: &str) -> String {
        let response = self.api.get(&format!("/databoard/channels/curve?{query}"));
        assert_eq!(response.status, 200, "{}", response.text());
        assert_eq!(response.header("content-type"), Some("application/json"));
        response.text().to_owned()
    }

    /// Waits until the list of channels was fetched.
    fn listed(self, count: usize) -> Self {
        until(|| self.listed_count() == count);
        self
    }

    fn listed_count(&self) -> usize {
        self.api.get("/databoard/channels/search").json()["channels"].as_array().unwrap().len()
    }
}

fn channels() -> Vec<Value> {
    vec![
        channel("sf-databuffer", "TEMP", "11", "f64"),
        channel("sf-databuffer", "WORDS", "12", "string"),
        channel("other", "WORDS", "13", "f64"),
        channel("other", "ELSEWHERE", "14", "f64"),
    ]
}

/// Three events of numbers as frames of CBOR.
fn three_numbers() -> Vec<Vec<u8>> {
    vec![
        cbor(&json!({"type": "keepalive"})),
        cbor(&json!({"tss": [BEGIN_NS, BEGIN_NS + 1], "pulses": [7, 8], "values": [1.5, 10], "scalar_type": "f64"})),
        cbor(&json!({"type": "keepalive"})),
        cbor(&json!({"tss": [BEGIN_NS + 1_000_000_003], "pulses": [9], "values": [-0.25]})),
        cbor(&json!({"rangeFinal": true})),
    ]
}

const THREE_NUMBERS: &str = concat!(
    r#"{"curve":{"TEMP":{"1700000000000000000":1.5,"1700000000000000001":10.0,"1700000001000000003":-0.25},"#,
    r#""TEMP_meta":{"pointMeta":{"1700000000000000000":{"pulseId":7},"1700000000000000001":{"pulseId":8},"#,
    r#""1700000001000000003":{"pulseId":9}},"#,
    r#""raw":true,"waveform":false,"interval_avg":0,"interval_stddev":0}}}"#
);

fn events_only(answer: impl Fn() -> Answer + Send + Sync + 'static) -> Running {
    running(Stub::start(channels(), always(answer), never()), &[])
}

#[test]
fn events_of_cbor_become_a_curve_and_the_request_is_as_the_data_api_knows_it() {
    let running = events_only(|| frames(&three_numbers())).listed(4);
    assert_eq!(running.curve(&format!("channel_name=TEMP&{TIMES}")), THREE_NUMBERS);

    let requests = running.stub.requests("events");
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    let parameter = |name| request.parameter(name).map(decoded);
    assert_eq!(parameter("channelName").as_deref(), Some("TEMP"));
    assert_eq!(parameter("backend").as_deref(), Some("sf-databuffer"));
    assert_eq!(parameter("begDate").as_deref(), Some("2023-11-14T22:13:20+00:00"));
    assert_eq!(parameter("endDate").as_deref(), Some("2023-11-14T22:14:20+00:00"));
    assert_eq!(parameter("seriesId"), None);
    assert_eq!(request.header("accept"), Some("application/cbor-framed"));
    assert_eq!(request.header("daqbuf-api-version"), Some("1.0"));
    assert!(request.header("user-agent").is_some_and(|agent| agent.starts_with("metrics-")));

    let searches = running.stub.requests("search/channel");
    assert_eq!(searches.len(), 1, "a name that is known is not looked up again");
    assert_eq!(searches[0].parameter("nameRegex").map(decoded).as_deref(), Some(".*"));
    assert_eq!(searches[0].parameter("icase"), Some("true"));
    assert_eq!(searches[0].parameter("backend"), None);
}

#[test]
fn both_framings_of_json_say_the_same() {
    let events = [
        json!({"type": "keepalive"}),
        json!({"tsAnchor": 1_700_000_000, "tsMs": [0, 0], "tsNs": [0, 1], "pulseAnchor": 5, "pulseOff": [2, 3],
            "values": [1.5, 10]}),
        json!({"tsAnchor": 1_700_000_001, "tsMs": [0], "tsNs": [3], "pulseAnchor": 9, "pulseOff": [0],
            "values": [-0.25], "rangeFinal": true}),
    ];
    for framing in [text, binary_json] {
        let bytes: Vec<_> = events.iter().map(framing).collect();
        let running = events_only(move || frames(&bytes)).listed(4);
        assert_eq!(running.curve(&format!("channel_name=TEMP&{TIMES}")), THREE_NUMBERS);
    }
}

#[test]
fn an_id_is_asked_for_without_a_look_up_and_keys_the_answer() {
    let running =
        events_only(|| frames(&[cbor(&json!({"tss": [1], "values": [2]})), cbor(&json!({"rangeFinal": true}))]));
    let curve = running.curve(&format!("channel_name=4711&backend=other&{TIMES}"));
    assert!(curve.starts_with(r#"{"curve":{"4711":{"1":2.0},"4711_meta":"#), "{curve}");
    let requests = running.stub.requests("events");
    assert_eq!((requests[0].parameter("seriesId"), requests[0].parameter("channelName")), (Some("4711"), None));
    assert_eq!(requests[0].parameter("backend"), Some("other"));
}

#[test]
fn a_name_that_is_not_known_yet_is_looked_up_once() {
    let list = || Answer::text(500, "", "");
    let found = || Answer::json(200, &json!({"channels": [channel("sf-databuffer", "NEW.1", "5", "f64")]}));
    let search = Box::new(
        move |_, request: &crate::support::server::Request| {
            if request.parameter("nameRegex") == Some(".*") { list() } else { found() }
        },
    );
    let running = running(Stub::start_with(search, always(|| frames(&three_numbers())), never()), &[]);
    let query = format!("channel_name=NEW.1&backend=sf-databuffer&{TIMES}");
    running.curve(&query);
    running.curve(&query);
    let searches = running.stub.requests("search/channel");
    let searches: Vec<_> = searches.iter().filter(|request| request.parameter("nameRegex") != Some(".*")).collect();
    assert_eq!(searches.len(), 1);
    assert_eq!(searches[0].parameter("nameRegex").map(decoded).as_deref(), Some(r"^NEW\.1$"));
    assert_eq!(searches[0].parameter("backend"), Some("sf-databuffer"));
    assert_eq!(running.listed_count(), 1);
}

#[test]
fn a_name_has_to_match_exactly_in_its_back_end() {
    let running = running(Stub::start(channels(), always(|| frames(&three_numbers())), never()), &[]).listed(4);
    for (name, backend) in [
        ("TEM", "sf-databuffer"),
        ("temp", "sf-databuffer"),
        ("%28", "sf-databuffer"),
        ("TEMP", "other"),
        ("", "other"),
    ] {
        let (status, body) = running.ask(&format!("channel_name={name}&backend={backend}&{TIMES}"));
        assert_eq!((status, &body), (404, &json!({"detail": "Channel not found in backend"})), "{name} {backend}");
    }
    // Without a back end a channel of any is enough, and the default one is asked.
    let (status, _) = running.ask(&format!("channel_name=ELSEWHERE&{TIMES}"));
    assert_eq!(status, 200);
    assert_eq!(running.stub.requests("events")[0].parameter("backend"), Some("sf-databuffer"));
}

#[test]
fn values_of_every_kind_have_their_form() {
    let answers = [
        json!({"tss": [1, 2], "values": [0, 1], "valuestrings": ["off", "on"], "scalar_type": "enum"}),
        json!({"tss": [1, 2], "pulses": [3, 4], "values": ["20.25", ""], "scalar_type": "string"}),
        json!({"tss": [1, 2], "values": [[1, 2.5], [3]]}),
        json!({"tss": [1, 2], "values": [20.25, 3]}),
    ];
    let events = Box::new(move |number: usize, _: &_| {
        frames(&[cbor(&answers[number.min(3)]), cbor(&json!({"rangeFinal": true}))])
    });
    let running = running(Stub::start(channels(), events, never()), &[]).listed(4);
    let scalar = r#""raw":true,"waveform":false,"interval_avg":0,"interval_stddev":0}}}"#;

    let curve = running.curve(&format!("channel_name=TEMP&{TIMES}"));
    assert_eq!(
        curve,
        format!(
            r#"{{"curve":{{"TEMP":{{"1":0,"2":1}},"TEMP_meta":{{"pointMeta":{{"1":{{"pulseId":null,"desc":"off"}},"2":{{"pulseId":null,"desc":"on"}}}},{scalar}"#
        )
    );
    // The channel's type says that these are texts.
    let curve = running.curve(&format!("channel_name=WORDS&backend=sf-databuffer&{TIMES}"));
    assert_eq!(
        curve,
        format!(
            r#"{{"curve":{{"WORDS":{{"1":1,"2":0}},"WORDS_meta":{{"pointMeta":{{"1":{{"pulseId":3,"desc":"20.25"}},"2":{{"pulseId":4,"desc":""}}}},{scalar}"#
        )
    );
    let curve = running.curve(&format!("channel_name=TEMP&{TIMES}"));
    assert_eq!(
        curve,
        concat!(
            r#"{"curve":{"TEMP":{"1_0":1.0,"1_1":2.5,"2_0":3.0},"TEMP_meta":{"pointMeta":{"#,
            r#""1":{"pulseId":null},"2":{"pulseId":null}},"raw":true,"waveform":true}}}"#
        )
    );
    // A twin of that name elsewhere is of numbers.
    let curve = running.curve(&format!("channel_name=WORDS&backend=other&{TIMES}"));
    assert!(curve.contains(r#""WORDS":{"1":20.25,"2":3.0}"#), "{curve}");
    let curve = running.curve(&format!("channel_name=TEMP&isString=true&{TIMES}"));
    assert!(curve.contains(r#""TEMP":{"1":1,"2":1}"#) && curve.contains(r#""desc":"20.25""#), "{curve}");
}

#[test]
fn texts_that_read_as_numbers_are_numbers_where_they_are_not_asked_for_as_texts() {
    let words =
        || frames(&[cbor(&json!({"tss": [1, 2], "values": ["20.25", "a"]})), cbor(&json!({"rangeFinal": true}))]);
    let running = events_only(words).listed(4);
    let curve = running.curve(&format!("channel_name=WORDS&isString=No&{TIMES}"));
    assert!(
        curve.contains(r#""WORDS":{"1":20.25,"2":1}"#)
            && curve.contains(r#"{"1":{"pulseId":null},"2":{"pulseId":null,"desc":"a"}}"#),
        "{curve}"
    );
}

/// Three bins of ten seconds; the second is empty.
fn three_bins(counts: [u64; 3]) -> Value {
    json!({"tsAnchor": 1_700_000_000, "ts1Ms": [0, 10_000, 20_000], "ts1Ns": [0, 0, 0], "ts2Ms": [10_000, 20_000, 30_000],
        "ts2Ns": [0, 0, 0], "counts": counts, "avgs": [1.5, null, 3], "mins": [1, null, 3.0], "maxs": [2, null, 3],
        "rangeFinal": true})
}

#[test]
fn bins_of_both_framings_keep_the_empty_ones_unless_told_otherwise() {
    for framing in [text, binary_json] {
        let bins = always(move || frames(&[framing(&json!({"type": "keepalive"})), framing(&three_bins([2, 0, 1]))]));
        let running = running(Stub::start(channels(), never(), bins), &[]).listed(4);
        assert_eq!(
            running.curve(&format!("channel_name=TEMP&num_bins=3&{TIMES}")),
            concat!(
                r#"{"curve":{"TEMP":{"1700000005000000000":1.5,"1700000015000000000":null,"1700000025000000000":3.0},"#,
                r#""TEMP_min":{"1700000005000000000":1.0,"1700000015000000000":null,"1700000025000000000":3.0},"#,
                r#""TEMP_max":{"1700000005000000000":2.0,"1700000015000000000":null,"1700000025000000000":3.0},"#,
                r#""TEMP_meta":{"pointMeta":{"1700000005000000000":{"count":2},"1700000015000000000":{"count":0},"#,
                r#""1700000025000000000":{"count":1}},"raw":false,"waveform":false,"#,
                r#""interval_avg":10000000000.0,"interval_stddev":0.0}}}"#
            )
        );
        let curve = running.curve(&format!("channel_name=TEMP&num_bins=3&removeEmptyBins=yes&{TIMES}"));
        assert!(curve.contains(r#""TEMP":{"1700000005000000000":1.5,"1700000025000000000":3.0}"#), "{curve}");
        assert!(curve.contains(r#""interval_avg":10000000000.0"#), "{curve}");
        let request = &running.stub.requests("binned")[0];
        assert_eq!(
            (request.parameter("binCount"), request.header("accept")),
            (Some("3"), Some("application/json-framed"))
        );
    }
}

#[test]
fn events_stand_in_for_bins_that_hold_fewer_than_there_should_be() {
    let fallback = |events: Vec<Vec<u8>>, counts| {
        let bins = always(move || frames(&[text(&three_bins(counts))]));
        running(Stub::start(channels(), always(move || frames(&events)), bins), &[]).listed(4)
    };
    let query = format!("channel_name=TEMP&num_bins=4&useEventsIfBinCountTooLarge=1&{TIMES}");

    assert_eq!(fallback(three_numbers(), [2, 0, 1]).curve(&query), THREE_NUMBERS);
    // Enough of them.
    let running = fallback(three_numbers(), [2, 0, 2]);
    assert!(running.curve(&query).contains(r#""raw":false"#));
    assert_eq!(running.stub.requests("events").len(), 0);
    // One list.
    let curve = fallback(vec![cbor(&json!({"tss": [1], "values": [[1, 2]]}))], [1, 0, 0]).curve(&query);
    assert!(
        curve.contains(r#""TEMP":{"1_0":1.0,"1_1":2.0}"#) && curve.contains(r#""raw":true,"waveform":true"#),
        "{curve}"
    );
    // Several.
    let curve = fallback(vec![cbor(&json!({"tss": [1, 2], "values": [[1], [2]]}))], [2, 0, 1]).curve(&query);
    assert!(curve.contains(r#""raw":false"#), "{curve}");
    // None: it says that events were looked for.
    assert_eq!(
        fallback(vec![cbor(&json!({"rangeFinal": true}))], [0, 0, 0]).curve(&query),
        concat!(
            r#"{"curve":{"TEMP":{},"TEMP_meta":{"pointMeta":{},"raw":true,"waveform":false,"#,
            r#""interval_avg":0,"interval_stddev":0}}}"#
        )
    );
}

#[test]
fn nothing_found_is_an_empty_curve() {
    let running = events_only(|| frames(&[cbor(&json!({"rangeFinal": true}))])).listed(4);
    assert_eq!(running.curve(&format!("channel_name=TEMP&{TIMES}")), r#"{"curve":{"TEMP":{}}}"#);
}

#[test]
fn a_range_in_the_future_is_empty_and_nobody_is_asked() {
    let running = running(Stub::start(channels(), never(), never()), &[]).listed(4);
    let future = "begin_time=4102444800000&end_time=4102444900000";
    assert_eq!(running.curve(&format!("channel_name=TEMP&{future}")), r#"{"curve":{"TEMP":{}}}"#);
    assert_eq!(running.curve(&format!("channel_name=12&num_bins=9&{future}")), r#"{"curve":{"12":{}}}"#);
}

/// The data-api is not asked for what cannot be there yet.
#[test]
fn a_range_that_ends_in_the_future_is_asked_for_up_to_now() {
    let running =
        running(Stub::start(channels(), always(|| frames(&three_numbers())), always(|| frames(&[]))), &[]).listed(4);
    let clock = || chrono::DateTime::<chrono::Utc>::from(SystemTime::now());
    let before = clock();
    for (end, bins) in [(4_102_444_800_000_i64, 0), (9_999_999_999_999, 0), (253_402_300_799_999, 5)] {
        let times = format!("begin_time=1700000000000&end_time={end}&num_bins={bins}");
        running.curve(&format!("channel_name=TEMP&{times}"));
    }
    let after = clock();
    let requests = [running.stub.requests("events"), running.stub.requests("binned")].concat();
    assert_eq!(requests.len(), 3);
    for request in requests {
        let end = decoded(request.parameter("endDate").unwrap());
        let end = chrono::DateTime::parse_from_rfc3339(&end).unwrap().to_utc();
        // The server's instants have no more than milliseconds.
        assert!(before - chrono::TimeDelta::milliseconds(1) <= end && end <= after, "{before} {end} {after}");
        assert_eq!(request.parameter("begDate").map(decoded).as_deref(), Some("2023-11-14T22:13:20+00:00"));
    }
}

#[test]
fn texts_that_are_too_long_together_ask_for_bins() {
    let words = || {
        let text = "x".repeat(1 << 20);
        frames(&(0..65).map(|at| cbor(&json!({"tss": [at], "values": [text]}))).collect::<Vec<_>>())
    };
    let bins = always(|| frames(&[text(&three_bins([1, 0, 0]))]));
    let running = running(Stub::start(channels(), always(words), bins), &[]).listed(4);
    let query = format!("channel_name=WORDS&{TIMES}");
    let (status, body) = running.ask(&query);
    let detail = "The curve has texts of more than 64 MiB: ask for bins (num_bins), or for less time.";
    assert_eq!((status, body), (413, json!({"detail": detail})));
    // In place of bins they are not wanted.
    let curve = running.curve(&format!("{query}&num_bins=5&useEventsIfBinCountTooLarge=true"));
    assert!(curve.contains(r#""raw":false"#), "{curve}");
}

#[test]
fn an_answer_without_events_has_no_labels_either() {
    let none = json!({"tss": [], "pulses": [], "values": [], "valuestrings": []});
    let events = [cbor(&json!({"tss": [1], "values": [2.5]})), cbor(&none), cbor(&json!({"rangeFinal": true}))];
    let running = events_only(move || frames(&events)).listed(4);
    let curve = running.curve(&format!("channel_name=TEMP&{TIMES}"));
    assert!(curve.starts_with(r#"{"curve":{"TEMP":{"1":2.5},"#), "{curve}");
}

/// As with the server before this one, whose environments have the setting.
#[test]
fn the_back_end_of_a_request_that_names_none_is_no_setting() {
    let settings = [("DAQBUF_DEFAULT_BACKEND", "other")];
    let running = running(Stub::start(channels(), always(|| frames(&three_numbers())), never()), &settings).listed(4);
    running.curve(&format!("channel_name=WORDS&{TIMES}"));
    assert_eq!(running.stub.requests("events")[0].parameter("backend"), Some("sf-databuffer"));
    let link = running.api.get(&format!("/databoard/channels/raw-link?channel_name=WORDS&{TIMES}")).json();
    assert!(link["link"].as_str().unwrap().contains("backend=sf-databuffer&"), "{link}");
}

#[test]
fn an_answer_that_is_not_whole_is_no_answer() {
    type Cut = Box<dyn Fn() -> Answer + Send + Sync>;
    let first = three_numbers()[1].clone();
    let cut: Vec<u8> = first[..first.len() - 9].to_vec();
    let cases: Vec<(&str, Cut)> = vec![
        (
            "within a frame",
            Box::new({
                let cut = cut.clone();
                move || Answer::text(200, "", cut.clone())
            }),
        ),
        (
            "within the transfer",
            Box::new({
                let first = first.clone();
                move || Answer::cut_off(&first)
            }),
        ),
        ("without a length, within a frame", Box::new(move || Answer::unmeasured(&cut))),
        (
            "an error frame",
            Box::new({
                let first = first.clone();
                move || frames(&[first.clone(), cbor(&json!({"error": "disk"}))])
            }),
        ),
        ("a text in place of a frame", Box::new(|| frames(&[text(&json!("no such thing"))]))),
        ("no frame", Box::new(|| Answer::text(200, "", "<html>busy</html>"))),
        ("a frame too long", Box::new(|| Answer::text(200, "", [[0xff; 4].to_vec(), vec![0; 12]].concat()))),
        ("an error", Box::new(|| Answer::json(500, &json!({"message": "m", "requestid": "r"})))),
        ("a redirect", Box::new(|| Answer::text(302, "Location: /elsewhere", ""))),
    ];
    for (case, answer) in cases {
        let running = events_only(answer).listed(4);
        let (status, body) = running.ask(&format!("channel_name=TEMP&{TIMES}"));
        assert_eq!((status, body), (502, json!({"detail": "Error fetching data from backend"})), "{case}");
    }
}

#[test]
fn bins_that_are_not_whole_are_no_answer_either() {
    let cases: Vec<Vec<u8>> = vec![
        text(&json!("no such thing")),
        text(&json!({"error": "disk"})),
        text(&three_bins([1, 1, 1]))[..50].to_vec(),
        text(&json!({"ts1Ms": [1], "counts": []})),
    ];
    for bytes in cases {
        let bins = always(move || Answer::text(200, "", bytes.clone()));
        let running = running(Stub::start(channels(), never(), bins), &[]).listed(4);
        let (status, body) = running.ask(&format!("channel_name=TEMP&num_bins=5&{TIMES}"));
        assert_eq!((status, body), (502, json!({"detail": "Error fetching data from backend"})));
    }
}

#[test]
fn a_channel_that_the_data_api_does_not_know_is_not_found() {
    let running = events_only(|| Answer::json(404, &json!({"message": "no", "requestid": "r"})));
    let (status, body) = running.ask(&format!("channel_name=99&{TIMES}"));
    assert_eq!((status, body), (404, json!({"detail": "Channel not found in backend"})));
}

#[test]
fn a_data_api_that_is_not_there_is_a_bad_gateway() {
    let db = TestDb::new();
    // Port 1 is nobody's.
    let api = Api::start_with(db.url(), &[("DAQBUF_DEFAULT_URL", "http://127.0.0.1:1/api/4")]);
    for name in ["TEMP", "17"] {
        let response = api.get(&format!("/databoard/channels/curve?channel_name={name}&{TIMES}"));
        assert_eq!((response.status, response.json()), (502, json!({"detail": "Error fetching data from backend"})));
    }
}

#[test]
fn a_data_api_that_hangs_is_a_timeout_also_within_its_answer_and_after_its_bins() {
    let settings = [("METRICS_DATABOARD__UPSTREAM_TIMEOUT_S", "1")];
    let first = three_numbers()[1].clone();
    let hang = always(Answer::hang);
    let half = always(move || Answer::cut_off(&first).then_hang());
    let sparse = || always(|| frames(&[text(&three_bins([1, 0, 0]))]));
    for (events, query) in [
        (hang, format!("channel_name=11&{TIMES}")),
        (half, format!("channel_name=11&{TIMES}")),
        (always(Answer::hang), format!("channel_name=11&num_bins=9&useEventsIfBinCountTooLarge=t&{TIMES}")),
    ] {
        let running = running(Stub::start(channels(), events, sparse()), &settings);
        assert_eq!(running.ask(&query), (504, json!({"detail": "Request timed out"})), "{query}");
    }
    let running = running(Stub::start_with(always(Answer::hang), never(), never()), &settings);
    assert_eq!(running.ask(&format!("channel_name=TEMP&{TIMES}")), (504, json!({"detail": "Request timed out"})));
}

#[test]
fn more_requests_than_may_be_are_told_so_at_once_and_others_are_answered() {
    let settings = [("UPSTREAM_MAX_PARALLEL", "2"), ("METRICS_DATABOARD__UPSTREAM_TIMEOUT_S", "10")];
    let running = running(Stub::start(channels(), always(Answer::hang), never()), &settings).listed(4);
    let query = format!("channel_name=TEMP&{TIMES}");
    thread::scope(|scope| {
        let hanging = [(); 2].map(|()| scope.spawn(|| running.ask(&query)));
        until(|| running.stub.requests("events").len() == 2);
        let (status, body) = running.ask(&query);
        assert_eq!(status, 503);
        assert!(body["detail"].is_string());
        assert_eq!(running.api.get("/databoard/health").status, 200);
        for request in hanging {
            assert_eq!(request.join().unwrap().0, 504);
        }
        // Their places are free again.
        assert_eq!(running.ask(&query).0, 504);
    });
}

#[test]
fn a_list_that_could_not_be_fetched_is_fetched_again_and_a_good_one_stays() {
    let good = json!({"channels": [channel("b", "ONE", "1", "f64"), channel("b", "TWO", "2", "f64")]});
    let search = Box::new(move |number: usize, _: &_| match number {
        1 => Answer::text(200, "", "<html>"),
        2 => Answer::json(200, &good),
        _ => Answer::text(500, "", ""),
    });
    let settings = [("CHANNEL_REFRESH_SECONDS", "1")];
    let running = running(Stub::start_with(search, never(), never()), &settings).listed(2);
    until(|| running.stub.requests("search/channel").len() >= 5);
    assert_eq!(running.listed_count(), 2);
    let ready = running.api.get("/databoard/ready").json();
    assert_eq!(ready["upstream_channels"], 2);
    assert!(ready["upstream_list_age_s"].is_u64(), "{ready}");
}

#[test]
fn more_points_than_may_be_shown_ask_for_bins() {
    let settings = [("DATABOARD_MAX_POINTS", "2")];
    let running = running(Stub::start(channels(), always(|| frames(&three_numbers())), never()), &settings).listed(4);
    let (status, body) = running.ask(&format!("channel_name=TEMP&{TIMES}"));
    assert_eq!(status, 413);
    assert!(body["detail"].as_str().unwrap().contains("num_bins"), "{body}");
    let (status, body) = running.ask(&format!("channel_name=TEMP&num_bins=3&{TIMES}"));
    assert_eq!((status, body["detail"].as_str().unwrap()), (413, "At most 2 bins can be asked for (num_bins)."));
}

#[test]
fn a_raw_link_leads_to_the_data_api() {
    let running = running(Stub::start(channels(), never(), never()), &[]);
    let link = |query: &str| {
        let response = running.api.get(&format!("/databoard/channels/raw-link?{query}"));
        (response.status, response.json())
    };
    let base = running.stub.url();
    // No look-up, and an end in the future stays.
    let (status, body) = link("channel_name=A%3AB%20C&begin_time=1700000000000&end_time=4102444800250&backend=x%2By");
    assert_eq!(status, 200);
    assert_eq!(
        body,
        json!({"link": format!("{base}/events?backend=x%2By&channelName=A%3AB+C\
            &begDate=2023-11-14+22%3A13%3A20.000%2B00%3A00&endDate=2100-01-01+00%3A00%3A00.250%2B00%3A00")})
    );
    let (_, body) = link(&format!("channel_name=17&{TIMES}"));
    let expected = format!("{base}/events?backend=sf-databuffer&seriesId=17&begDate=");
    assert!(body["link"].as_str().unwrap().starts_with(&expected), "{body}");
    let (_, body) = link("channel_name=a&begin_time=1700000000000&end_time=9999999999999");
    assert!(body["link"].as_str().unwrap().ends_with("&endDate=2286-11-20+17%3A46%3A39.999%2B00%3A00"), "{body}");
    for (times, text) in [
        ("begin_time=0&end_time=5", "begin_time or end_time is invalid, must be valid unix time (seconds)"),
        (
            "begin_time=5&end_time=9223372036854775807",
            "begin_time or end_time is invalid, must be valid unix time (seconds)",
        ),
        ("begin_time=5&end_time=4", "begin_time is bigger than end_time, must be smaller or equal"),
    ] {
        assert_eq!(link(&format!("channel_name=a&{times}")), (400, json!({"detail": text})), "{times}");
    }
    assert_eq!(link("channel_name=a&begin_time=1").0, 422);
}
