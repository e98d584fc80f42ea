use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};

use super::frames::Frames;
use super::*;
use crate::channel::events::{Bin, Events, Values};
use crate::channel::{Channel, Shape};

const LIMIT: usize = 1000;

fn cbor(value: &impl Serialize) -> Vec<u8> {
    let mut payload = Vec::new();
    ciborium::into_writer(value, &mut payload).expect("memory takes everything");
    binary(&payload)
}

fn binary(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload");
    let mut frame = [&length.to_le_bytes()[..], &[0; 12], payload].concat();
    frame.resize(frame.len().next_multiple_of(8), 0);
    frame
}

fn text(payload: &str) -> Vec<u8> {
    format!("{}\n{payload}\n", payload.len()).into_bytes()
}

fn events(bytes: &[u8]) -> Result<Events, DataError> {
    events_in_pieces(bytes, bytes.len().max(1))
}

fn events_in_pieces(bytes: &[u8], size: usize) -> Result<Events, DataError> {
    let mut reader = EventReader::new(LIMIT);
    for piece in bytes.chunks(size) {
        reader.push(piece)?;
    }
    reader.finish()
}

fn bins(bytes: &[u8]) -> Result<Vec<Bin>, DataError> {
    let mut reader = BinReader::new(LIMIT);
    for piece in bytes.chunks(3) {
        reader.push(piece)?;
    }
    reader.finish()
}

/// Events of all three framings: two numbers, a frame to keep the connection alive, one number, the end.
fn three_framings() -> [Vec<u8>; 3] {
    let cbor = [
        cbor(&json!({"type": "keepalive"})),
        cbor(&json!({"tss": [1_700_000_000_000_000_001_i64, 1_700_000_000_000_000_002_i64], "pulses": [7, 8],
            "values": [1.5, 2.5], "scalar_type": "f64"})),
        binary(b""),
        cbor(&json!({"type": "keepalive"})),
        cbor(&json!({"tss": [1_700_000_001_000_000_003_i64], "pulses": [9], "values": [3.5]})),
        cbor(&json!({"rangeFinal": true})),
    ];
    let json = [
        json!({"type": "keepalive"}),
        json!({"tsAnchor": 1_700_000_000, "tsMs": [0, 0], "tsNs": [1, 2], "pulseAnchor": 5, "pulseOff": [2, 3],
            "values": [1.5, 2.5]}),
        json!({"type": "keepalive"}),
        json!({"tsAnchor": 1_700_000_000, "tsMs": [1000], "tsNs": [3], "pulseAnchor": 0, "pulseOff": [9], "values": [3.5]}),
        json!({"rangeFinal": true}),
    ];
    let json = json.map(|frame| frame.to_string());
    [
        cbor.concat(),
        json.each_ref().map(|frame| text(frame)).concat(),
        json.map(|frame| binary(frame.as_bytes())).concat(),
    ]
}

#[test]
fn all_framings_say_the_same_however_they_arrive() {
    let expected = Events {
        timestamps_ns: vec![1_700_000_000_000_000_001, 1_700_000_000_000_000_002, 1_700_000_001_000_000_003],
        pulses: Some(vec![Some(7), Some(8), Some(9)]),
        values: Values::Numbers(vec![1.5, 2.5, 3.5]),
    };
    for bytes in three_framings() {
        for size in [1, 2, 3, 7, 16, 17, 1000] {
            assert_eq!(events_in_pieces(&bytes, size), Ok(expected.clone()), "pieces of {size}");
        }
    }
}

#[test]
fn an_answer_that_breaks_off_within_a_frame_is_an_error() {
    for bytes in three_framings() {
        // Before the last frame all are data; where the cut lies between two frames, nothing of one is missing.
        let mut whole = 0;
        for length in 0..bytes.len() {
            let mut reader = EventReader::new(LIMIT);
            reader.push(&bytes[..length]).expect("no error yet");
            match reader.finish() {
                Ok(_) => whole += 1,
                Err(error) => assert_eq!(error, DataError::CutOff, "{length} bytes"),
            }
        }
        // Line feeds and padding may be missing.
        assert!(whole < 40, "{whole} of {}", bytes.len());
    }
}

#[test]
fn what_follows_the_end_of_the_range_does_not_matter() {
    let mut bytes = cbor(&json!({"tss": [1], "values": [1], "rangeFinal": true}));
    bytes.extend(cbor(&json!({"error": "too late"})));
    assert_eq!(events(&bytes).map(|events| events.values), Ok(Values::Integers(vec![1])));
    let mut reader = EventReader::new(LIMIT);
    assert_eq!(reader.push(&bytes), Ok(false));
}

#[test]
fn an_error_frame_is_an_error_whatever_came_before() {
    let first = cbor(&json!({"tss": [1], "values": [1]}));
    let error = |bytes: &[u8]| events(bytes).expect_err("an error").to_string();
    assert_eq!(error(&[first.clone(), cbor(&json!({"error": "no disk"}))].concat()), "the data-api reports: no disk");
    assert_eq!(error(&[first, cbor(&json!({"error": {"code": 7}}))].concat()), "the data-api reports: an error");
    assert_eq!(error(&text(r#""no such channel""#)), "the data-api reports: no such channel");
    assert_eq!(error(&binary(br#""no such channel""#)), "the data-api reports: no such channel");
    assert_eq!(bins(&text(r#""no such channel""#)), Err(DataError::Reported("no such channel".to_owned())));
    assert_eq!(bins(&text(r#"{"error":"x"}"#)), Err(DataError::Reported("x".to_owned())));
    assert_eq!(bins(&text(r#"{"timedOut":true,"ts1Ms":[]}"#)), Err(DataError::TimedOut));
    assert_eq!(
        events(&cbor(&json!({"error": null, "tss": [1], "values": [1]}))).map(|events| events.timestamps_ns),
        Ok(vec![1])
    );
}

#[test]
fn an_answer_without_frames_has_no_events() {
    let none = Events { timestamps_ns: vec![], pulses: None, values: Values::Numbers(vec![]) };
    assert_eq!(events(b""), Ok(none.clone()));
    assert_eq!(events(&cbor(&json!({"rangeFinal": true}))), Ok(none));
    assert_eq!(bins(b""), Ok(vec![]));
}

#[test]
fn labels_make_an_enum() {
    let bytes = [
        cbor(&json!({"tss": [1, 2], "values": [0, 1], "valuestrings": ["off", "on"], "scalar_type": "enum"})),
        cbor(&json!({"tss": [3], "values": [1], "valuestrings": ["on"]})),
    ];
    let expected = Values::Enums { values: vec![0, 1, 1], labels: ["off", "on", "on"].map(Into::into).to_vec() };
    assert_eq!(events(&bytes.concat()).map(|events| events.values), Ok(expected));
    // Fewer labels than values: they are something else.
    let bytes = cbor(&json!({"tss": [1, 2], "values": [0, 1], "valuestrings": ["off"]}));
    assert_eq!(events(&bytes).map(|events| events.values), Ok(Values::Integers(vec![0, 1])));
}

#[test]
fn values_are_of_one_kind_and_whole_numbers_give_way_to_floats() {
    let values = |frames: &[Value]| {
        let bytes: Vec<u8> = frames
            .iter()
            .flat_map(|values| {
                let count = values.as_array().map_or(0, Vec::len);
                text(
                    &json!({"tsAnchor": 0, "tsMs": vec![0; count], "tsNs": vec![1; count], "values": values})
                        .to_string(),
                )
            })
            .collect();
        events(&bytes).map(|events| events.values)
    };
    assert_eq!(values(&[json!([1, 2])]), Ok(Values::Integers(vec![1, 2])));
    assert_eq!(values(&[json!([true]), json!([false])]), Ok(Values::Integers(vec![1, 0])));
    assert_eq!(values(&[json!([1, 2.5])]), Ok(Values::Numbers(vec![1.0, 2.5])));
    assert_eq!(values(&[json!([1]), json!([2.5]), json!([3])]), Ok(Values::Numbers(vec![1.0, 2.5, 3.0])));
    assert_eq!(values(&[json!([u64::MAX])]), Ok(Values::Numbers(vec![18_446_744_073_709_551_615.0])));
    assert_eq!(
        values(&[json!(["a"]), json!([null, "b"])]),
        Ok(Values::Texts(["a", "", "b"].map(str::to_owned).to_vec()))
    );
    assert_eq!(values(&[json!([[1, 2.5], []])]), Ok(Values::Waveforms(vec![vec![1.0, 2.5], vec![]])));
    assert_eq!(values(&[json!([null]), json!([[1]])]), Ok(Values::Waveforms(vec![vec![], vec![1.0]])));
    let Ok(Values::Numbers(numbers)) = values(&[json!([null, 1]), json!([2, null])]) else { panic!("not numbers") };
    assert_eq!(numbers.iter().map(|number| number.is_nan()).collect::<Vec<_>>(), [true, false, false, true]);
    assert!(values(&[json!([1, "a"])]).is_err());
    assert!(values(&[json!([1]), json!(["a"])]).is_err());
    assert!(values(&[json!([["a"]])]).is_err());
}

#[test]
fn columns_that_differ_in_length_are_an_error() {
    for frame in [
        json!({"tss": [1], "values": [1, 2]}),
        json!({"values": [1]}),
        json!({"tss": [1, 2], "values": [1, 2], "pulses": [1]}),
        json!({"tsMs": [1], "tsNs": [], "values": [1]}),
        json!({"tss": [u64::MAX], "values": [1]}),
        json!({"tsAnchor": i64::MAX, "tsMs": [1], "tsNs": [1], "values": [1]}),
        json!([1, 2]),
    ] {
        assert!(matches!(events(&cbor(&frame)), Err(DataError::Malformed(_))), "{frame}");
    }
}

#[test]
fn more_points_than_the_limit_are_an_error() {
    let many = json!({"tss": vec![1; LIMIT + 1], "values": vec![1; LIMIT + 1]});
    assert_eq!(events(&cbor(&many)), Err(DataError::TooMany { limit: LIMIT }));
    let list = json!({"tss": [1], "values": [vec![1; LIMIT + 1]]});
    assert_eq!(events(&cbor(&list)), Err(DataError::TooMany { limit: LIMIT }));
}

#[test]
fn a_frame_without_events_says_nothing_of_the_kind_of_the_others() {
    let number = cbor(&json!({"tss": [1], "values": [20.5]}));
    let none = cbor(&json!({"tss": [], "values": [], "valuestrings": []}));
    for bytes in [[number.clone(), none.clone()].concat(), [none.clone(), number].concat()] {
        assert_eq!(events(&bytes).map(|events| events.values), Ok(Values::Numbers(vec![20.5])));
    }
    let bytes = [none, cbor(&json!({"tss": [1], "values": [0], "valuestrings": ["off"]}))].concat();
    let expected = Values::Enums { values: vec![0], labels: vec!["off".into()] };
    assert_eq!(events(&bytes).map(|events| events.values), Ok(expected));
}

#[test]
fn more_text_than_may_be_is_an_error_however_few_the_points_are() {
    let mebibyte = "x".repeat(1 << 20);
    let frame = cbor(&json!({"tss": [1], "values": [mebibyte]}));
    let read = |number: usize, frame: &[u8]| events(&frame.repeat(number)).map(|events| events.timestamps_ns.len());
    assert_eq!(read(64, &frame), Ok(64));
    assert_eq!(read(65, &frame), Err(DataError::TooMuchText { mib: 64 }));
    // A label is kept once.
    let frame = cbor(&json!({"tss": [1], "values": [0], "valuestrings": [mebibyte]}));
    assert_eq!(read(65, &frame), Ok(65));
    let labels: Vec<u8> = (0..65)
        .flat_map(|n| cbor(&json!({"tss": [1], "values": [n], "valuestrings": [format!("{n}{mebibyte}")]})))
        .collect();
    assert_eq!(read(1, &labels), Err(DataError::TooMuchText { mib: 64 }));
}

#[test]
fn a_frame_that_says_it_is_huge_is_refused_before_it_comes() {
    let huge = [&[0xff; 4][..], &[0; 12]].concat();
    assert_eq!(events(&huge), Err(DataError::FrameTooLong { bytes: u64::from(u32::MAX) }));
    assert_eq!(events(b"99999999999\n{}"), Err(DataError::FrameTooLong { bytes: 99_999_999_999 }));
    assert_eq!(events(b"99999999999999999999\n{}"), Err(DataError::FrameTooLong { bytes: u64::MAX }));
}

/// The length of such a frame begins with the byte of a digit.
#[test]
fn a_binary_frame_whose_length_looks_like_a_digit_is_binary() {
    for length in 0x30..0x3a {
        let payload = format!("{:<length$}", r#"{"tsMs":[0],"tsNs":[1],"values":[1]}"#);
        assert_eq!(events_in_pieces(&binary(payload.as_bytes()), 1).map(|events| events.timestamps_ns), Ok(vec![1]));
    }
    assert_eq!(events_in_pieces(b"2\n{}\n", 1).map(|events| events.timestamps_ns), Ok(vec![]));
}

#[test]
fn bins_keep_their_edges_in_integers_and_empty_ones_have_no_average() {
    let frame = json!({"tsAnchor": 1_700_000_000, "ts1Ms": [0, 1], "ts1Ns": [1, 2], "ts2Ms": [1, 2], "ts2Ns": [2, 3],
        "counts": [2, 0], "avgs": [1.5, null], "mins": [1, null], "maxs": [2.0, null], "rangeFinal": true});
    let expected = [
        Bin {
            begin_ns: 1_700_000_000_000_000_001,
            end_ns: 1_700_000_000_001_000_002,
            count: 2,
            average: Some(1.5),
            min: Some(1.0),
            max: Some(2.0),
        },
        Bin {
            begin_ns: 1_700_000_000_001_000_002,
            end_ns: 1_700_000_000_002_000_003,
            count: 0,
            average: None,
            min: None,
            max: None,
        },
    ];
    let frames = [json!({"type": "keepalive"}), frame].map(|frame| frame.to_string());
    assert_eq!(bins(&frames.each_ref().map(|frame| text(frame)).concat()).as_deref(), Ok(&expected[..]));
    assert_eq!(bins(&frames.each_ref().map(|frame| binary(frame.as_bytes())).concat()).as_deref(), Ok(&expected[..]));
    let cut = text(&frames[1]);
    assert_eq!(bins(&cut[..cut.len() - 2]), Err(DataError::CutOff));
    assert!(
        bins(&text(
            r#"{"ts1Ms":[1],"ts1Ns":[1],"ts2Ms":[1],"ts2Ns":[1],"counts":[1],"avgs":[],"mins":[1],"maxs":[1]}"#
        ))
        .is_err()
    );
}

#[test]
fn channels_have_nothing_that_is_null() {
    let body = r#"{"channels":[
        {"backend":"b","name":"n","seriesId":9223372036854775807,"source":null,"type":null,"shape":null,"unit":null,"description":null},
        {"backend":"b","name":"m","seriesId":"12","source":"s","type":"f64","shape":[3],"unit":"V","description":"d","more":1},
        {"backend":"b","name":"o","shape":""},
        {"backend":"b","name":null}]}"#;
    let channel = |name: &str, series_id: &str, rest: [&str; 4], shape| Channel {
        backend: "b".to_owned(),
        name: name.to_owned(),
        series_id: series_id.to_owned(),
        source: rest[0].to_owned(),
        kind: rest[1].to_owned(),
        shape,
        unit: rest[2].to_owned(),
        description: rest[3].to_owned(),
    };
    assert_eq!(
        channels(body.as_bytes()),
        Ok(vec![
            channel("n", "9223372036854775807", [""; 4], Shape::scalar()),
            channel("m", "12", ["s", "f64", "V", "d"], Shape::Dimensions(vec![3])),
            channel("o", "", [""; 4], Shape::Text(String::new())),
        ])
    );
    assert!(channels(b"[]").is_err() && channels(b"<html>").is_err() && channels(b"{}").is_err());
    assert_eq!(channels(br#"{"channels":[]}"#), Ok(vec![]));
}

#[test]
fn an_exact_pattern_has_nothing_that_means_more() {
    assert_eq!(exact_pattern("A-B:C_1"), r"^A\-B:C_1$");
    assert_eq!(exact_pattern("a.(b)*|"), r"^a\.\(b\)\*\|$");
}

proptest! {
    #[test]
    fn hostile_bytes_are_an_error_or_data_and_never_the_end(
        bytes in prop::collection::vec(any::<u8>(), 0..200), size in 1_usize..50,
    ) {
        let _ = events_in_pieces(&bytes, size);
        let _ = events(&binary(&bytes));
        let _ = events(&[text(""), bytes.clone()].concat());
        let _ = bins(&bytes);
        let _ = bins(&binary(&bytes));
        let _ = channels(&bytes);
    }

    /// One byte of a good answer is another.
    #[test]
    fn a_changed_byte_is_an_error_or_data(which in 0_usize..3, at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = three_framings()[which].clone();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = events(&bytes);
    }

    #[test]
    fn frames_do_not_depend_on_the_pieces_in_which_they_come(
        payloads in prop::collection::vec("[{}a-z0-9\n]{0,40}", 0..6), is_binary: bool, size in 1_usize..60,
    ) {
        let bytes: Vec<u8> = payloads
            .iter()
            .flat_map(|payload| if is_binary { binary(payload.as_bytes()) } else { text(payload) })
            .collect();
        let mut frames = Frames::default();
        let mut seen = Vec::new();
        for piece in bytes.chunks(size) {
            frames.push(piece);
            while let Some(payload) = frames.next().expect("frames") {
                seen.push(String::from_utf8_lossy(payload).into_owned());
            }
        }
        while let Some(payload) = frames.next_of_rest().expect("frames") {
            seen.push(String::from_utf8_lossy(payload).into_owned());
        }
        prop_assert_eq!(seen, payloads);
    }
}
