//! Random filters over random documents: what the server selects is what the engine selects by itself.

use std::sync::Arc;

use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use super::facade;
use super::osmem::Osmem;
use super::session::{Session, rows, source};

const MAPPING: &str = r#"{"settings":{"number_of_shards":2},"mappings":{"properties":{
    "kw":{"type":"keyword"}, "short":{"type":"keyword","ignore_above":3}, "wild":{"type":"wildcard"},
    "lower":{"type":"keyword","null_value":"a"},
    "txt":{"type":"text","fields":{"keyword":{"type":"keyword","ignore_above":256}}},
    "n":{"type":"long"}, "i":{"type":"integer"}, "d":{"type":"double"}, "f":{"type":"float"},
    "b":{"type":"boolean"}, "at":{"type":"date"}, "roles":{"type":"keyword"}}}}"#;

const TEXTS: [&str; 12] = ["a", "ab", "b", "abc", "abcd", "a*", "a?c", "a\\b", "", "é", "A", "a_b%"];

/// Fields of texts.
const TEXT_FIELDS: [&str; 5] = ["kw", "short", "wild", "lower", "txt"];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => select(&TEXTS[..]).prop_map(str::to_owned),
        1 => select(&["x", "y"][..]).prop_map(|letter| letter.repeat(300)),
    ]
}

/// Microseconds around a point, so that many fall into one millisecond.
fn instant() -> impl Strategy<Value = String> {
    (0..4_u32, select(&[0, 1, 999, 1_000, 1_001, 999_999][..]))
        .prop_map(|(second, micros): (u32, u32)| format!("2026-11-21T12:00:0{second}.{micros:06}"))
}

fn document() -> impl Strategy<Value = Value> {
    let texts = vec(proptest::option::of(text()), TEXT_FIELDS.len());
    let number = || select(&[-2_i64, -1, 0, 1, 2, 9_007_199_254_740_993][..]);
    let fraction = || select(&[-1.5, 0.0, 0.1, 0.100_000_001, 1.5, 1e300][..]);
    let small = || select(&[-2_i32, 0, 1, 7][..]);
    let truth = select(vec![json!(true), json!(false), json!("true"), json!("")]);
    let list = vec(select(&["a", "b"][..]), 0..3);
    (
        texts,
        proptest::option::of(number()),
        proptest::option::of(small()),
        proptest::option::of(fraction()),
        proptest::option::of(fraction().prop_filter("fits", |number| *number < 1e30)),
        proptest::option::of(truth),
        proptest::option::of(instant()),
        proptest::option::of(list),
    )
        .prop_map(|(texts, n, i, d, f, b, at, roles)| {
            let mut document = Map::new();
            for (field, text) in TEXT_FIELDS.iter().zip(texts) {
                // What is not there may be absent, null or an empty list.
                match text {
                    Some(text) => drop(document.insert((*field).to_owned(), text.into())),
                    None if *field == "kw" => drop(document.insert((*field).to_owned(), json!([]))),
                    None if *field == "txt" => drop(document.insert((*field).to_owned(), Value::Null)),
                    None => {}
                }
            }
            document.extend(n.map(|n| ("n".to_owned(), n.into())));
            document.extend(i.map(|i| ("i".to_owned(), i.into())));
            document.extend(d.map(|d| ("d".to_owned(), d.into())));
            document.extend(f.map(|f| ("f".to_owned(), f.into())));
            document.extend(b.map(|b| ("b".to_owned(), b)));
            document.extend(at.map(|at| ("at".to_owned(), at.into())));
            document.extend(roles.map(|roles| ("roles".to_owned(), json!(roles))));
            Value::Object(document)
        })
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn comparison() -> impl Strategy<Value = String> {
    let operator = || select(&["=", "<>", "<", "<=", ">", ">="][..]);
    let text_field = || select(&TEXT_FIELDS[..]);
    let any_field = select(&["kw", "short", "wild", "lower", "txt", "n", "i", "d", "f", "b", "at", "roles"][..]);
    let pattern = prop_oneof![
        text(),
        select(&["a%", "%b", "a_c", "_", "%", "a*%", "%\\%", "é%", "%x", "a?_"][..]).prop_map(str::to_owned)
    ];
    let number_field = || select(&["n", "i", "d", "f"][..]);
    // Not beside the largest of the documents: the server of the tests compares ranges of longs as doubles.
    let number = || select(&["-1.5", "0", "0.1", "1", "2", "7", "9007199254740000"][..]);
    let at = || instant().prop_map(|at| format!("TIMESTAMP '{at}'"));
    let not = || select(&["", "NOT "][..]);
    prop_oneof![
        3 => (text_field(), operator(), text()).prop_map(|(field, operator, text)| format!("{field} {operator} {}", quoted(&text))),
        2 => (text_field(), not(), vec(text(), 1..4)).prop_map(|(field, not, texts)| {
            let list: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
            format!("{field} {not}IN ({})", list.join(", "))
        }),
        1 => (text_field(), not(), text()).prop_map(|(field, not, text)| format!("{field} {not}IN ({}, NULL)", quoted(&text))),
        2 => (text_field(), not(), pattern).prop_map(|(field, not, pattern)| format!("{field} {not}LIKE {}", quoted(&pattern))),
        2 => (any_field, not()).prop_map(|(field, not)| format!("{field} IS {not}NULL")),
        2 => (number_field(), operator(), number()).prop_map(|(field, operator, number)| format!("{field} {operator} {number}")),
        1 => (number_field(), not(), number(), number()).prop_map(|(field, not, low, high)| format!("{field} {not}BETWEEN {low} AND {high}")),
        1 => (number_field(), not()).prop_map(|(field, not)| format!("{field} {not}IN (0, 1, 7)")),
        2 => (operator(), at()).prop_map(|(operator, at)| format!("at {operator} {at}")),
        1 => (not(), at(), at()).prop_map(|(not, low, high)| format!("at {not}BETWEEN {low} AND {high}")),
        1 => select(&["b", "NOT b", "b = true", "b <> true", "b = false", "b IS NOT TRUE"][..]).prop_map(str::to_owned),
    ]
}

fn filter() -> impl Strategy<Value = String> {
    comparison().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" AND "))),
            vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" OR "))),
            inner.prop_map(|part| format!("NOT ({part})")),
        ]
    })
}

/// The documents of the session's index as a table that no server answers for.
async fn in_memory(session: &Session) -> SessionContext {
    let frame = session.context.sql("SELECT * FROM elastic2.logs.log").await.unwrap();
    let schema = Arc::clone(frame.schema().inner());
    let batches = frame.collect().await.unwrap();
    let context = SessionContext::new();
    context.register_table("log", Arc::new(MemTable::try_new(schema, vec![batches]).unwrap())).unwrap();
    context
}

#[test]
fn a_filter_selects_the_same_documents_at_the_server_as_here() {
    let Some(server) = Osmem::start() else { return };
    let facade = facade::elasticsearch(&server.url);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut runner =
        TestRunner::new(Config { cases: 16, failure_persistence: None, max_shrink_iters: 100, ..Config::default() });
    let number = std::cell::Cell::new(0);
    let cases = (vec(document(), 12..24), vec(filter(), 10));
    let result = runner.run(&cases, |(documents, filters)| {
        number.set(number.get() + 1);
        let index = format!("i{}", number.get());
        server.call("PUT", &format!("/{index}"), MAPPING);
        server.fill(&index, &documents);
        let url = if number.get() % 2 == 0 { &server.url } else { &facade.url };
        let mut source = source(url);
        source.page_size = 7;
        source.schemas.get_mut("logs").unwrap().index = index;
        runtime.block_on(async {
            let session = Session::open(&source).await;
            let reference = in_memory(&session).await;
            for filter in &filters {
                for select in
                    ["_id", "COUNT(*)", "kw, COUNT(*), COUNT(txt), SUM(i), MIN(n), MAX(d)", "COUNT(DISTINCT txt)"]
                {
                    let group = if select.starts_with("kw") { " GROUP BY kw" } else { "" };
                    let there = format!("SELECT {select} FROM elastic2.logs.log WHERE {filter}{group}");
                    let here = format!("SELECT {select} FROM log WHERE {filter}{group}");
                    let expected = rows(&reference, &here).await;
                    let found = session.rows(&there).await;
                    match (expected, found) {
                        (Ok(expected), Ok(found)) => {
                            prop_assert_eq!(found, expected, "{}\n{}", there, session.plan(&there).await);
                        }
                        // A comparison that the engine does not know, of any types.
                        (Err(_), Err(_)) => {}
                        (expected, found) => prop_assert!(false, "{}: {:?} but {:?}", there, expected, found),
                    }
                }
            }
            session.close().await;
            Ok(())
        })
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    assert_eq!(server.open_pits(), 0);
}
