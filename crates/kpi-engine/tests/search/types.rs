//! What documents hold → what SQL sees.

use metrics_core::kpi::{MultiValue, Timestamps};
use serde_json::json;

use super::osmem::Osmem;
use super::session::{Session, source};

#[tokio::test]
async fn each_kind_of_field_has_its_type() {
    let Some(server) = Osmem::start() else { return };
    let mapping = json!({ "mappings": { "properties": {
        "b": { "type": "boolean" }, "u": { "type": "unsigned_long" }, "s": { "type": "short" },
        "ns": { "type": "date_nanos" }, "day": { "type": "date", "format": "dd.MM.yyyy" },
        "at": { "type": "date" }, "ip": { "type": "ip" }, "f": { "type": "float" }, "place": { "type": "geo_point" },
    }}});
    server.call("PUT", "/logs", &mapping.to_string());
    server.fill(
        "logs",
        &[
            json!({
                "b": "true", "u": 18_446_744_073_709_551_615_u64, "s": "12", "ns": "2026-11-21T00:00:00.123456789Z",
                "day": "21.11.2026", "at": 1_795_262_400_000_i64, "ip": "::1", "f": 0.1,
                "place": { "lat": 1, "lon": 2 }, "o": { "p": 5, "q": "x" }, "roles": ["a", null, "b\"c"], "text": 7,
            }),
            json!({ "b": "", "o.p": 6, "roles": "one", "text": null }),
            json!({ "b": false, "roles": [], "at": "2026-11-21T13:00:00+01:00" }),
        ],
    );
    let mut source = source(&server.url);
    source.schemas.get_mut("logs").unwrap().timestamps = Timestamps::Utc;
    let session = Session::open(&source).await;
    let types = session
        .rows("SELECT _id, arrow_typeof(b), arrow_typeof(u), arrow_typeof(s), arrow_typeof(ns), arrow_typeof(at), arrow_typeof(\"o.p\"), arrow_typeof(o), arrow_typeof(f) FROM elastic2.logs.log WHERE _id = '0'")
        .await;
    if let Ok(types) = types {
        let expected = [
            "0",
            "Boolean",
            "Decimal128(20, 0)",
            "Int32",
            "Timestamp(ns, \"UTC\")",
            "Timestamp(µs, \"UTC\")",
            "Int64",
            "Utf8",
            "Float64",
        ];
        assert_eq!(types, [expected]);
    }
    let rows = session
        .rows("SELECT _id, b, u, s, ns, day, at, ip, f, place, \"o.p\", o, roles, text FROM elastic2.logs.log")
        .await
        .unwrap();
    let day = "2026-11-21T00:00:00Z";
    let noon = "2026-11-21T12:00:00Z";
    let expected = [
        [
            "0",
            "true",
            "18446744073709551615",
            "12",
            "2026-11-21T00:00:00.123456789Z",
            day,
            noon,
            "::1",
            "0.1",
            r#"{"lat":1,"lon":2}"#,
            "5",
            r#"{"p":5,"q":"x"}"#,
            "[a, , b\"c]",
            "7",
        ],
        ["1", "∅", "∅", "∅", "∅", "∅", "∅", "∅", "∅", "∅", "6", r#"{"p":6}"#, "[one]", "∅"],
        ["2", "false", "∅", "∅", "∅", "∅", noon, "∅", "∅", "∅", "∅", "∅", "[]", "∅"],
    ];
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn several_values_are_the_first_or_their_text_where_that_is_wanted() {
    let Some(server) = Osmem::start() else { return };
    server
        .fill("logs", &[json!({ "a": ["x", "y"], "n": [3, 4] }), json!({ "a": "y", "n": 4 }), json!({ "a": [null] })]);
    let with = async |multi_value| {
        let mut source = source(&server.url);
        source.schemas.get_mut("logs").unwrap().multi_value = multi_value;
        Session::open(&source).await
    };
    let first = with(MultiValue::First).await;
    assert_eq!(first.rows("SELECT a, n FROM elastic2.logs.log").await.unwrap(), [["x", "3"], ["y", "4"], ["∅", "∅"]]);
    assert_eq!(first.rows("SELECT _id FROM elastic2.logs.log WHERE a = 'y'").await.unwrap(), [["1"]]);
    assert_eq!(first.rows("SELECT _id FROM elastic2.logs.log WHERE n >= 4").await.unwrap(), [["1"]]);
    assert_eq!(first.value("SELECT COUNT(DISTINCT a) FROM elastic2.logs.log").await.unwrap(), "2");

    let text = with(MultiValue::Json).await;
    assert_eq!(text.rows("SELECT a FROM elastic2.logs.log").await.unwrap(), [[r#"["x","y"]"#], ["y"], ["∅"]]);
    assert_eq!(text.rows("SELECT _id FROM elastic2.logs.log WHERE a = 'y'").await.unwrap(), [["1"]]);
    let error = text.rows("SELECT n FROM elastic2.logs.log").await.expect_err("a number has no such text").to_string();
    assert!(error.contains("field `n` of document `0`"), "{error}");
}

#[tokio::test]
async fn several_indices_are_one_table() {
    let Some(server) = Osmem::start() else { return };
    server.call(
        "PUT",
        "/logs-1",
        r#"{"mappings":{"properties":{"k":{"type":"keyword"},"x":{"type":"long"},"y":{"type":"long"}}}}"#,
    );
    server.call(
        "PUT",
        "/logs-2",
        r#"{"mappings":{"properties":{"k":{"type":"keyword"},"x":{"type":"text"},"y":{"type":"date"}}}}"#,
    );
    server.fill("logs-1", &[json!({ "k": "a", "x": 1, "y": 1 }), json!({ "k": "b" })]);
    server.fill("logs-2", &[json!({ "k": "a", "x": "one", "z": "only here" })]);
    let mut source = source(&server.url);
    source.schemas.get_mut("logs").unwrap().index = "logs-*".to_owned();
    let session = Session::open(&source).await;
    let rows = session.rows("SELECT _index, x, z FROM elastic2.logs.log WHERE k = 'a'").await.unwrap();
    assert_eq!(rows, [["logs-1", "1", "∅"], ["logs-2", "one", "only here"]]);
    assert_eq!(session.value("SELECT COUNT(*) FROM elastic2.logs.log WHERE _index = 'logs-1'").await.unwrap(), "2");
    let error = session.rows("SELECT y FROM elastic2.logs.log").await.expect_err("two types").to_string();
    assert!(error.contains("field `y`: its type is another one"), "{error}");
}
