//! Counts and groups by the server: the same as without, and not where they would be other ones.

use serde_json::{Value, json};

use super::osmem::Osmem;
use super::session::{Session, source};

const GROUPS: &str =
    "SELECT action, COUNT(*), COUNT(n), SUM(n), MIN(n), MAX(n), AVG(n) FROM elastic2.logs.log GROUP BY action";

async fn session(documents: &[Value]) -> Option<(Osmem, Session)> {
    let server = Osmem::start()?;
    server.fill("logs", documents);
    let session = Session::open(&source(&server.url)).await;
    Some((server, session))
}

#[tokio::test]
async fn groups_are_made_by_the_server_with_those_of_nulls() {
    let documents = [
        json!({ "action": "a", "n": 1 }),
        json!({ "action": "a", "n": 4 }),
        json!({ "action": "b" }),
        json!({ "n": 7 }),
        json!({ "action": "" }),
    ];
    let Some((server, session)) = session(&documents).await else { return };
    let plan = session.plan(GROUPS).await;
    assert!(plan.contains("SearchSummary: logs/_search") && plan.contains("composite"), "{plan}");
    let rows = session.rows(GROUPS).await.unwrap();
    let expected = [
        ["", "1", "0", "∅", "∅", "∅", "∅"],
        ["a", "2", "2", "5", "1", "4", "2.5"],
        ["b", "1", "0", "∅", "∅", "∅", "∅"],
        ["∅", "1", "1", "7", "7", "7", "7.0"],
    ];
    assert_eq!(rows, expected);

    let total = "SELECT COUNT(*), COUNT(action), SUM(n), MAX(n) FROM elastic2.logs.log WHERE action = 'a'";
    assert!(session.plan(total).await.contains("SearchSummary"));
    assert_eq!(session.rows(total).await.unwrap(), [["2", "2", "5", "4"]]);
    let nothing = "SELECT COUNT(*), SUM(n) FROM elastic2.logs.log WHERE action = 'z'";
    assert_eq!(session.rows(nothing).await.unwrap(), [["0", "∅"]]);
    session.close().await;
    assert_eq!(server.open_pits(), 0);
}

#[tokio::test]
async fn distinct_values_are_counted_over_all_groups() {
    // More than one page of groups.
    let documents: Vec<Value> = (0..2_500).map(|n| json!({ "action": format!("{}", n % 2_100) })).collect();
    let Some((_server, session)) = session(&documents).await else { return };
    let sql = "SELECT COUNT(DISTINCT(action)) FROM elastic2.logs.log";
    let plan = session.plan(sql).await;
    assert!(plan.contains("composite") && !plan.contains("cardinality"), "{plan}");
    assert_eq!(session.value(sql).await.unwrap(), "2100");
}

#[tokio::test]
async fn values_that_are_too_long_for_the_index_are_not_lost() {
    let long = "x".repeat(300);
    let documents =
        [json!({ "action": long, "n": 1 }), json!({ "action": format!("{long}y"), "n": 2 }), json!({ "action": "a" })];
    let Some((_server, session)) = session(&documents).await else { return };
    let sql = "SELECT COUNT(DISTINCT(action)) FROM elastic2.logs.log";
    assert!(session.plan(sql).await.contains("SearchSummary"));
    assert_eq!(session.value(sql).await.unwrap(), "3");
}

#[tokio::test]
async fn sums_stay_exact_where_the_server_would_round() {
    let big = 9_007_199_254_740_993_i64;
    let Some((_server, session)) = session(&[json!({ "n": big }), json!({ "n": 2 })]).await else { return };
    let sql = "SELECT SUM(n), MAX(n) FROM elastic2.logs.log";
    assert!(session.plan(sql).await.contains("SearchSummary"));
    assert_eq!(session.rows(sql).await.unwrap(), [[(big + 2).to_string(), big.to_string()]]);
}

#[tokio::test]
async fn several_values_are_an_error_in_groups_and_comparisons_too() {
    let documents = [json!({ "action": "a" }), json!({ "action": ["a", "b"] }), json!({ "action": "b", "n": [1, 2] })];
    let Some((server, session)) = session(&documents).await else { return };
    for sql in [
        "SELECT COUNT(*) FROM elastic2.logs.log WHERE action = 'a'",
        "SELECT action, COUNT(*) FROM elastic2.logs.log GROUP BY action",
        "SELECT COUNT(DISTINCT action) FROM elastic2.logs.log",
        "SELECT _id FROM elastic2.logs.log WHERE action = 'z'",
        "SELECT action FROM elastic2.logs.log",
    ] {
        let error = session.rows(sql).await.expect_err(sql).to_string();
        assert!(error.contains("field `action` of document `1` in `logs` holds several values"), "{sql}: {error}");
    }
    let error = session.value("SELECT SUM(n) FROM elastic2.logs.log").await.expect_err("an error").to_string();
    assert!(error.contains("field `n` of document `2`"), "{error}");
    assert_eq!(session.value("SELECT COUNT(action) FROM elastic2.logs.log").await.unwrap(), "3");
    session.close().await;
    assert_eq!(server.open_pits(), 0);
}
