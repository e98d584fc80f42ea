use std::sync::Arc;

use serde_json::Value;

use super::*;

fn json(curve: Curve) -> String {
    String::from_utf8(curve.pieces().flatten().collect()).expect("UTF-8")
}

fn events(timestamps_ns: &[i64], values: Values) -> Events {
    Events { timestamps_ns: timestamps_ns.to_vec(), pulses: None, values }
}

fn bin(begin_ns: i64, end_ns: i64, values: &[f64]) -> Bin {
    let count = values.len() as u64;
    let average = (count > 0).then(|| values.iter().sum::<f64>() / count as f64);
    let (min, max) = (values.iter().copied().reduce(f64::min), values.iter().copied().reduce(f64::max));
    Bin { begin_ns, end_ns, count, average, min, max }
}

fn name() -> String {
    "N".to_owned()
}

/// The example of a cold room's occupancy on two days.
#[test]
fn numbers_are_keyed_by_the_name_that_was_asked_for() {
    let days = events(&[1_704_067_200_000_000_000, 1_704_153_600_000_000_000], Values::Numbers(vec![61.5, 64.0]));
    assert_eq!(
        json(Curve::of_events("1000017".to_owned(), days, false)),
        concat!(
            r#"{"curve":{"1000017":{"1704067200000000000":61.5,"1704153600000000000":64.0},"#,
            r#""1000017_meta":{"pointMeta":{"1704067200000000000":{"pulseId":null},"#,
            r#""1704153600000000000":{"pulseId":null}},"#,
            r#""raw":true,"waveform":false,"interval_avg":0,"interval_stddev":0}}}"#
        )
    );
}

#[test]
fn nothing_found_is_an_empty_curve_and_nothing_else() {
    let nothing = r#"{"curve":{"N":{}}}"#;
    assert_eq!(json(Curve::empty(name())), nothing);
    assert_eq!(json(Curve::of_events(name(), events(&[], Values::Numbers(vec![])), false)), nothing);
    assert_eq!(json(Curve::of_bins(name(), vec![], false)), nothing);
}

#[test]
fn events_that_were_looked_for_in_place_of_bins_have_their_members_also_without_any() {
    assert_eq!(
        json(Curve::of_events_for_bins(name(), events(&[], Values::Integers(vec![])), false)),
        concat!(
            r#"{"curve":{"N":{},"N_meta":{"pointMeta":{},"#,
            r#""raw":true,"waveform":false,"interval_avg":0,"interval_stddev":0}}}"#
        )
    );
}

#[test]
fn whole_numbers_are_shown_as_floats_and_all_their_digits_are_kept() {
    let values = Values::Integers(vec![10, -3, i64::MAX]);
    let shown = json(Curve::of_events(name(), events(&[1, 2, 3], values), false));
    assert!(shown.starts_with(r#"{"curve":{"N":{"1":10.0,"2":-3.0,"3":9223372036854775807.0},"#), "{shown}");
}

#[test]
fn what_is_no_number_is_null() {
    let values = Values::Numbers(vec![f64::NAN, f64::INFINITY, 0.5]);
    let shown = json(Curve::of_events(name(), events(&[1, 2, 3], values), false));
    assert!(shown.contains(r#"{"1":null,"2":null,"3":0.5}"#), "{shown}");
}

#[test]
fn an_enum_is_its_number_with_its_label_beside_the_pulse() {
    let labels: Vec<Arc<str>> = vec!["inactive".into(), "active".into()];
    let values = Values::Enums { values: vec![0, 1], labels };
    let on_off = Events { pulses: Some(vec![Some(7), None]), ..events(&[5, 6], values) };
    assert_eq!(
        json(Curve::of_events(name(), on_off, false)),
        concat!(
            r#"{"curve":{"N":{"5":0,"6":1},"N_meta":{"pointMeta":{"5":{"pulseId":7,"desc":"inactive"},"#,
            r#""6":{"pulseId":null,"desc":"active"}},"#,
            r#""raw":true,"waveform":false,"interval_avg":0,"interval_stddev":0}}}"#
        )
    );
}

#[test]
fn texts_are_one_or_zero_with_the_text_beside_them() {
    let texts = || events(&[1, 2, 3], Values::Texts(["a \"b\"", "", " 20.25 "].map(str::to_owned).to_vec()));
    let shown = json(Curve::of_events(name(), texts(), true));
    assert!(shown.contains(r#""N":{"1":1,"2":0,"3":1}"#), "{shown}");
    assert!(shown.contains(r#""3":{"pulseId":null,"desc":" 20.25 "}"#), "{shown}");
    assert!(shown.contains(r#""1":{"pulseId":null,"desc":"a \"b\""},"2":{"pulseId":null,"desc":""}"#), "{shown}");

    // Not known to be texts: one that reads as a number is that number.
    let shown = json(Curve::of_events(name(), texts(), false));
    assert!(shown.contains(r#""N":{"1":1,"2":0,"3":20.25}"#), "{shown}");
    assert!(shown.contains(r#""3":{"pulseId":null}"#), "{shown}");
}

#[test]
fn a_text_that_reads_as_no_finite_number_stays_a_text() {
    let shown = json(Curve::of_events(name(), events(&[1], Values::Texts(vec!["nan".to_owned()])), false));
    assert!(shown.contains(r#""N":{"1":1}"#) && shown.contains(r#""desc":"nan""#), "{shown}");
}

#[test]
fn numbers_that_are_asked_for_as_texts_are_texts() {
    let shown = json(Curve::of_events(name(), events(&[1, 2], Values::Numbers(vec![20.25, 3.0])), true));
    assert!(shown.contains(r#""N":{"1":1,"2":1}"#), "{shown}");
    assert!(shown.contains(r#"{"1":{"pulseId":null,"desc":"20.25"},"2":{"pulseId":null,"desc":"3.0"}}"#), "{shown}");
    let shown = json(Curve::of_events(name(), events(&[1], Values::Integers(vec![20])), true));
    assert!(shown.contains(r#""desc":"20""#), "{shown}");
}

#[test]
fn lists_have_a_member_for_each_element_and_no_interval() {
    let values = Values::Waveforms(vec![vec![1.0, 2.5], vec![], vec![3.0]]);
    assert_eq!(
        json(Curve::of_events(name(), events(&[1, 2, 3], values), false)),
        concat!(
            r#"{"curve":{"N":{"1_0":1.0,"1_1":2.5,"3_0":3.0},"N_meta":{"pointMeta":{"#,
            r#""1":{"pulseId":null},"2":{"pulseId":null},"3":{"pulseId":null}},"raw":true,"waveform":true}}}"#
        )
    );
}

/// Middles 50, 150 and 350: differences 100 and 200, mean 150, deviation √((50² + 50²) / 2) = 50; the empty one counts.
#[test]
fn bins_have_averages_extremes_counts_and_the_interval_between_all_of_them() {
    let bins = || vec![bin(0, 100, &[1.0, 3.0]), bin(100, 200, &[]), bin(300, 400, &[5.0])];
    assert_eq!(
        json(Curve::of_bins(name(), bins(), false)),
        concat!(
            r#"{"curve":{"N":{"50":2.0,"150":null,"350":5.0},"N_min":{"50":1.0,"150":null,"350":5.0},"#,
            r#""N_max":{"50":3.0,"150":null,"350":5.0},"#,
            r#""N_meta":{"pointMeta":{"50":{"count":2},"150":{"count":0},"350":{"count":1}},"#,
            r#""raw":false,"waveform":false,"interval_avg":150.0,"interval_stddev":50.0}}}"#
        )
    );
    assert_eq!(
        json(Curve::of_bins(name(), bins(), true)),
        concat!(
            r#"{"curve":{"N":{"50":2.0,"350":5.0},"N_min":{"50":1.0,"350":5.0},"N_max":{"50":3.0,"350":5.0},"#,
            r#""N_meta":{"pointMeta":{"50":{"count":2},"350":{"count":1}},"#,
            r#""raw":false,"waveform":false,"interval_avg":150.0,"interval_stddev":50.0}}}"#
        )
    );
}

#[test]
fn one_bin_has_no_interval_and_a_middle_is_whole() {
    let shown = json(Curve::of_bins(name(), vec![bin(i64::MAX - 4, i64::MAX - 1, &[1.0])], false));
    assert!(shown.contains(&format!("\"N\":{{\"{}\":1.0}}", i64::MAX - 3)), "{shown}");
    assert!(shown.ends_with(r#""interval_avg":0.0,"interval_stddev":0.0}}}"#), "{shown}");
    assert_eq!(bin(-3, 0, &[]).middle_ns(), -1, "towards zero, as integers are cut");
}

#[test]
fn of_points_at_one_instant_the_last_stands_for_all() {
    let shown =
        json(Curve::of_events(name(), events(&[1, 1, 2, 2, 2], Values::Numbers(vec![1.0, 2.0, 3.0, 4.0, 5.0])), false));
    assert!(shown.contains(r#""N":{"1":2.0,"2":5.0}"#), "{shown}");
    assert!(shown.contains(r#""pointMeta":{"1":{"pulseId":null},"2":{"pulseId":null}}"#), "{shown}");
}

#[test]
fn a_name_is_escaped_in_all_its_members() {
    let shown = json(Curve::of_bins("a\"\n".to_owned(), vec![bin(0, 2, &[1.0])], false));
    let parsed: Value = serde_json::from_str(&shown).expect("JSON");
    for member in ["a\"\n", "a\"\n_min", "a\"\n_max", "a\"\n_meta"] {
        assert!(parsed["curve"][member].is_object(), "{member}: {shown}");
    }
}

#[test]
fn a_long_curve_comes_in_pieces_of_one_size() {
    let times: Vec<i64> = (0..20_000).map(|number| 1_700_000_000_000_000_000 + number).collect();
    let values = Values::Numbers(times.iter().map(|at| (at % 7) as f64).collect());
    let pieces: Vec<Vec<u8>> = Curve::of_events(name(), events(&times, values), false).pieces().collect();
    assert!(pieces.len() > 10, "{}", pieces.len());
    let (last, others) = pieces.split_last().expect("pieces");
    assert!(others.iter().all(|piece| (PIECE_BYTES..PIECE_BYTES + 256).contains(&piece.len())));
    assert!(last.len() < PIECE_BYTES + 256);
    let parsed: Value = serde_json::from_slice(&pieces.concat()).expect("JSON");
    assert_eq!(parsed["curve"]["N"].as_object().map(serde_json::Map::len), Some(20_000));
    assert_eq!(parsed["curve"]["N_meta"]["pointMeta"].as_object().map(serde_json::Map::len), Some(20_000));
}

#[test]
fn events_replace_bins_that_hold_fewer_than_there_are_bins() {
    let bins = [bin(0, 1, &[1.0, 2.0]), bin(1, 2, &[]), bin(2, 3, &[1.0])];
    assert!(!are_sparse(&bins, 3));
    assert!(are_sparse(&bins, 4));
    assert!(can_replace_bins(&events(&[1, 2], Values::Numbers(vec![1.0, 2.0]))));
    assert!(can_replace_bins(&events(&[1], Values::Waveforms(vec![vec![1.0, 2.0]]))));
    assert!(!can_replace_bins(&events(&[1, 2], Values::Waveforms(vec![vec![1.0], vec![2.0]]))));
}
