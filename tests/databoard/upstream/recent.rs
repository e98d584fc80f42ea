//! Channels of a data-api that were read last.

use serde_json::{Value, json};

use super::super::stub::{Said, Stub, always, cbor, channel, frames, never};
use super::{Running, TIMES, running, three_numbers};
use crate::support::server::Answer;

impl Running {
    fn recent(&self) -> Vec<String> {
        let response = self.api.get("/databoard/channels/recent");
        assert_eq!(response.status, 200, "{}", response.text());
        let channels = response.json()["channels"].as_array().unwrap().clone();
        channels
            .iter()
            .map(|one| format!("{}/{}", one["backend"].as_str().unwrap(), one["name"].as_str().unwrap()))
            .collect()
    }
}

/// Twelve channels of the default back end, with ids from 100 on, and one whose name is one of these.
fn list() -> Vec<Value> {
    let numbered = |number: usize| channel("sf-databuffer", &format!("N{number}"), &format!("{}", 100 + number), "f64");
    let mut list: Vec<_> = (0..12).map(numbered).collect();
    list.insert(0, channel("other", "N3", "203", "f64"));
    list.insert(0, channel("other", "ELSEWHERE", "204", "f64"));
    list
}

fn numbered(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(|number| format!("sf-databuffer/N{number}")).collect()
}

#[test]
fn what_is_read_comes_before_the_last_ten_of_the_list() {
    let running = running(Stub::start(list(), always(|| frames(&three_numbers())), never()), &[]).listed(14);
    assert_eq!(running.recent(), numbered(2..12));
    running.curve(&format!("channel_name=N0&{TIMES}"));
    assert_eq!(running.recent(), numbered([0].into_iter().chain(2..11)));
    // By its id, and one of the ten.
    running.curve(&format!("channel_name=105&{TIMES}"));
    assert_eq!(running.recent(), numbered([5, 0, 2, 3, 4, 6, 7, 8, 9, 10]));
    running.curve(&format!("channel_name=N0&backend=sf-databuffer&num_bins=-1&{TIMES}"));
    assert_eq!(running.recent(), numbered([0, 5, 2, 3, 4, 6, 7, 8, 9, 10]));
    let channels = running.api.get("/databoard/channels/recent").json();
    assert_eq!(
        channels["channels"][0],
        json!({"backend": "sf-databuffer", "name": "N0", "seriesId": "100", "source": "", "type": "f64", "shape": [],
            "unit": "", "description": ""})
    );
    // An id that is not in the list is asked for, and is no channel that could be shown.
    running.curve(&format!("channel_name=999&{TIMES}"));
    assert_eq!(running.recent()[0], "sf-databuffer/N0");
    // Nothing in the range is nothing that is refused.
    running.curve("channel_name=N9&begin_time=4102444800000&end_time=4102444900000");
    assert_eq!(running.recent()[..2], numbered([9, 0]));
}

/// Without a back end the default one is asked, whoever has a channel of that name.
#[test]
fn a_twin_of_another_back_end_is_not_what_was_read() {
    let running = running(Stub::start(list(), always(|| frames(&three_numbers())), never()), &[]).listed(14);
    running.curve(&format!("channel_name=ELSEWHERE&{TIMES}"));
    assert_eq!(running.recent(), numbered(2..12));
    running.curve(&format!("channel_name=N3&{TIMES}"));
    assert_eq!(running.recent()[..2], numbered([3, 2]));
    running.curve(&format!("channel_name=N3&backend=other&{TIMES}"));
    assert_eq!(running.recent()[..3], [vec!["other/N3".to_owned()], numbered([3, 2])].concat());
    // Its id belongs to another back end.
    running.curve(&format!("channel_name=204&{TIMES}"));
    assert_eq!(running.recent()[0], "other/N3");
}

#[test]
fn what_was_refused_was_not_read() {
    let events: Said = Box::new(|number, _| match number {
        0 => Answer::text(500, "", ""),
        1 => Answer::json(404, &json!({"message": "no", "requestid": "r"})),
        2 => frames(&[cbor(&json!({"tss": [1, 2, 3], "values": [1, 2, 3]}))]),
        3 => Answer::hang(),
        _ => frames(&[cbor(&json!({"rangeFinal": true}))]),
    });
    let settings = [("DATABOARD_MAX_POINTS", "2"), ("METRICS_DATABOARD__UPSTREAM_TIMEOUT_S", "1")];
    let running = running(Stub::start(list(), events, never()), &settings).listed(14);
    for status in [502, 404, 413, 504] {
        assert_eq!(running.ask(&format!("channel_name=N1&{TIMES}")).0, status);
        assert_eq!(running.recent(), numbered(2..12), "{status}");
    }
    for (query, status) in [
        ("begin_time=0&end_time=5", 400),
        ("begin_time=5&end_time=4", 400),
        ("begin_time=5&end_time=x", 422),
        ("begin_time=5&end_time=6&num_bins=3", 413),
    ] {
        assert_eq!(running.ask(&format!("channel_name=N1&{query}")).0, status);
        assert_eq!(running.recent(), numbered(2..12), "{query}");
    }
    assert_eq!(running.ask(&format!("channel_name=N1&{TIMES}")).0, 200);
    assert_eq!(running.recent(), numbered([1].into_iter().chain(2..11)));
}
