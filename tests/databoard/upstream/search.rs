//! Searches over channels of a data-api: when it is asked, what for, and what becomes of its answers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::channels::rooms;
use super::super::stub::{Said, Stub, channel, decoded, never};
use super::{Running, channels, running, running_over};
use crate::support::TestDb;
use crate::support::server::Answer;

const PUBLIC: (&str, &str) = ("DATABOARD_PUBLIC_BACKENDS", "cooling");
const FAILED: &str = "Error searching channels";

impl Running {
    fn search(&self, query: &str) -> (u16, Value) {
        let response = self.api.get(&format!("/databoard/channels/search?{query}"));
        (response.status, response.json())
    }

    /// Names and back ends of what was found.
    fn found(&self, query: &str) -> Vec<(String, String)> {
        let (status, body) = self.search(query);
        assert_eq!(status, 200, "{query}: {body}");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        body["channels"].as_array().unwrap().iter().map(|one| (text(&one["name"]), text(&one["backend"]))).collect()
    }

    /// Patterns and back ends of the searches that the data-api was asked for, but for its whole list.
    fn asked(&self) -> Vec<(String, Option<String>)> {
        let requests = self.stub.requests("search/channel");
        let asked = requests.iter().map(|request| {
            assert_eq!(request.parameter("icase"), Some("true"));
            (decoded(request.parameter("nameRegex").unwrap()), request.parameter("backend").map(decoded))
        });
        asked.filter(|(pattern, _)| pattern != ".*").collect()
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
}

/// A data-api whose list is one thing, and what a search finds another.
fn list_and_finds(
    list: impl Fn() -> Answer + Send + Sync + 'static,
    finds: impl Fn() -> Answer + Send + Sync + 'static,
) -> Stub {
    let said: Said =
        Box::new(move |_, request| if request.parameter("nameRegex") == Some(".*") { list() } else { finds() });
    Stub::start_with(said, never(), never())
}

fn answer(channels: &[Value]) -> Answer {
    Answer::json(200, &json!({"channels": channels}))
}

#[test]
fn up_to_four_characters_are_looked_for_among_what_is_known() {
    let running = running(Stub::start(channels(), never(), never()), &[]).listed(4);
    let (temp, words) = (("TEMP", "sf-databuffer"), [("WORDS", "sf-databuffer"), ("WORDS", "other")]);
    for (query, expected) in [
        ("search_text=tem", pairs(&[temp])),
        ("search_text=TEMP", pairs(&[temp])),
        ("search_text=%5ET", pairs(&[temp])),
        ("search_text=%20te%20", pairs(&[temp])),
        ("search_text=rds", pairs(&words)),
        ("search_text=rds&backend=other", pairs(&words[1..])),
        // No text is everything that is known, also where more than four blanks came.
        ("search_text=&backend=other", pairs(&[words[1], ("ELSEWHERE", "other")])),
        ("search_text=%20%20%20%20%20%20&backend=other", pairs(&[words[1], ("ELSEWHERE", "other")])),
        ("backend=other&allow_cached_response=false", pairs(&[words[1], ("ELSEWHERE", "other")])),
        ("search_text=tem&backend=", pairs(&[temp])),
    ] {
        assert_eq!(running.found(query), expected, "{query}");
    }
    assert_eq!(running.asked(), []);
}

#[test]
fn more_than_four_characters_are_looked_for_at_the_data_api() {
    let running = running(Stub::start(channels(), never(), never()), &[]).listed(4);
    for (number, (query, pattern, backend, expected)) in [
        ("search_text=words", "words", None, pairs(&[("WORDS", "sf-databuffer"), ("WORDS", "other")])),
        // Counted with the blanks, and sent without them.
        ("search_text=%20rds%20", "rds", None, pairs(&[("WORDS", "sf-databuffer"), ("WORDS", "other")])),
        ("search_text=%20%20tem", "tem", None, pairs(&[("TEMP", "sf-databuffer")])),
        ("search_text=words&backend=other", "words", Some("other"), pairs(&[("WORDS", "other")])),
        ("search_text=nothing", "nothing", None, vec![]),
        // As the front end looks for the id of a channel.
        (
            "search_text=%5ETEMP$&allow_cached_response=false&backend=sf-databuffer",
            "^TEMP$",
            Some("sf-databuffer"),
            pairs(&[("TEMP", "sf-databuffer")]),
        ),
        ("search_text=tem&allow_cached_response=FALSE", "tem", None, pairs(&[("TEMP", "sf-databuffer")])),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(running.found(query), expected, "{query}");
        let asked = running.asked();
        assert_eq!(asked.len(), number + 1, "{query}");
        assert_eq!(asked[number], (pattern.to_owned(), backend.map(str::to_owned)), "{query}");
    }
}

#[test]
fn what_is_not_known_is_looked_for_and_known_from_then_on() {
    let list = || answer(&[channel("b", "ONE", "1", "f64")]);
    let found = || answer(&[channel("b", "TWO", "2", "f64"), channel("c", "TWO", "3", "f64")]);
    let running = running(list_and_finds(list, found), &[]).listed(1);
    assert_eq!(running.found("search_text=two"), pairs(&[("TWO", "b"), ("TWO", "c")]));
    assert_eq!(running.asked().len(), 1);
    assert_eq!(running.listed_count(), 3);
    for _ in 0..2 {
        assert_eq!(running.found("search_text=two"), pairs(&[("TWO", "b"), ("TWO", "c")]));
        assert_eq!(running.found("search_text=&backend=c"), pairs(&[("TWO", "c")]));
    }
    assert_eq!(running.asked().len(), 1);
    // A data-api that finds more than it was asked for.
    assert_eq!(running.found("search_text=something&backend=c"), pairs(&[("TWO", "c")]));
}

#[test]
fn ours_come_first_and_back_ends_of_our_name_are_ours_alone() {
    let db = TestDb::new();
    rooms(&db);
    let theirs = || {
        answer(&[
            channel("a", "COOL-1:OCCUPANCY", "1", "f64"),
            channel("cooling", "COOL-1:OCCUPANCY", "2", "f64"),
            channel("cooling", "COOL-77:OCCUPANCY", "3", "f64"),
            channel("store", "STORE-COOL-1:OCCUPANCY", "4", "f64"),
        ])
    };
    let running = running_over(db, list_and_finds(theirs, theirs), &[PUBLIC]).listed(61);
    let both = pairs(&[("COOL-1:OCCUPANCY", "cooling"), ("COOL-1:OCCUPANCY", "a")]);
    assert_eq!(running.found("search_text=cool-1:occ"), both);
    assert_eq!(running.found("search_text=1:oc&allow_cached_response=false"), both);
    assert_eq!(running.found("search_text=1:oc"), both);
    assert_eq!(running.found("search_text=cool-1:occ&backend=a"), both[1..]);
    assert_eq!(running.asked().len(), 3);
    // What is ours is not looked for elsewhere.
    assert_eq!(running.found("search_text=cool-1:occ&backend=cooling"), both[..1]);
    assert_eq!(running.found("search_text=cool-1:occ&backend=store"), []);
    assert_eq!(running.asked().len(), 3);
    assert_eq!(running.listed_count(), 61);
    let recent = running.api.get("/databoard/channels/recent").json();
    assert!(recent["channels"].as_array().unwrap().iter().all(|one| one["source"] != "" || one["backend"] == "a"));
}

#[test]
fn a_data_api_that_fails_takes_none_of_ours_away() {
    let long = || Answer::text(200, "", format!(r#"{{"channels":[{}]}}"#, " ".repeat(64 << 20)));
    let failures: Vec<Box<dyn Fn() -> Answer + Send + Sync>> = vec![
        Box::new(|| Answer::json(500, &json!({"message": "m", "requestid": "r"}))),
        Box::new(|| Answer::json(404, &json!({"message": "m", "requestid": "r"}))),
        Box::new(|| Answer::text(200, "", "<html>")),
        Box::new(|| Answer::json(200, &json!({"channel": []}))),
        Box::new(|| Answer::cut_off(b"{")),
        // An answer to a search is not as long as the list of everything may be.
        Box::new(long),
    ];
    for failure in failures {
        let db = TestDb::new();
        rooms(&db);
        let list = || answer(&[channel("a", "ONE", "1", "f64")]);
        let running = running_over(db, list_and_finds(list, failure), &[PUBLIC]).listed(61);
        assert_eq!(running.found("search_text=COOL-1:OCC"), pairs(&[("COOL-1:OCCUPANCY", "cooling")]));
        for query in ["search_text=nothing", "search_text=xyz", "search_text=one&allow_cached_response=no"] {
            assert_eq!(running.search(query), (502, json!({"detail": FAILED})), "{query}");
        }
        assert_eq!(running.asked().len(), 4);
        assert_eq!(running.found("search_text=one"), pairs(&[("ONE", "a")]));
    }
}

#[test]
fn patterns_that_are_none_here_are_for_the_data_api_alone() {
    let db = TestDb::new();
    rooms(&db);
    let found = || answer(&[channel("a", "COOL-9", "1", "f64")]);
    let running = running_over(db, list_and_finds(found, found), &[PUBLIC]).listed(61);
    // A look ahead and a reference back; both match our channels elsewhere.
    for (number, (query, pattern)) in
        [("%28%3F=C%29C", "(?=C)C"), ("%28O%29%5C1", r"(O)\1"), ("%28%3F!x%29", "(?!x)")].into_iter().enumerate()
    {
        assert_eq!(running.found(&format!("search_text={query}")), pairs(&[("COOL-9", "a")]));
        assert_eq!(running.asked()[number].0, pattern);
        let (status, body) = running.search(&format!("search_text={query}&backend=cooling"));
        assert_eq!(status, 422, "{body}");
    }
    // What is no pattern anywhere is nobody's.
    for query in ["%28", "%28%28%28%28%28%28", "*", "%5B"] {
        let (status, body) = running.search(&format!("search_text={query}"));
        assert!(status == 422 && body["detail"].is_string(), "{body}");
    }
    assert_eq!(running.asked().len(), 3);
}

/// A saved dashboard may hold these members as they are.
#[test]
fn channels_have_eight_members_and_nothing_that_is_null() {
    let mut odd = channel("b", "ODD", "9", "f64");
    odd["seriesId"] = json!(9_223_372_036_854_775_807_i64);
    odd["shape"] = json!([3]);
    odd["more"] = json!(1);
    let list = move || answer(&[channel("b", "NULLS", "7", "f64"), odd.clone()]);
    let running = running(list_and_finds(list.clone(), list), &[]).listed(2);
    for query in ["search_text=", "search_text=NULLS%7CODD"] {
        let (_, body) = running.search(query);
        let expected = json!([
            {"backend": "b", "name": "NULLS", "seriesId": "7", "source": "", "type": "f64", "shape": [], "unit": "",
                "description": ""},
            {"backend": "b", "name": "ODD", "seriesId": "9223372036854775807", "source": "", "type": "f64", "shape": [3],
                "unit": "", "description": ""},
        ]);
        assert_eq!(body["channels"], expected, "{query}");
    }
    let ids: BTreeSet<_> = running.found("").into_iter().collect();
    assert_eq!(ids.len(), 2);
}
