//! All queries, views and traps, over PostgreSQL and the logs as a file.
//!
//! Queries and views may not be copied: these tests look for them in `../shared/data/kpi` and pass over when they are
//! absent; in CI they have to be there. `cases.rs` has queries of the same shapes for everybody.

use std::path::{Path, PathBuf};

use kpi_engine::Tier;
use metrics_core::kpi::{Form, Kpi};
use serde_json::Value;

use crate::absent::passes_over;

use super::support::{are_equal, cells, engine, fixture, here, is_same, kpi, sorted, world};

/// A table without its schema.
pub const CANNOT_RUN: [&str; 1] = ["view025_num_USED_INTERL_per_SCHEMA"];

/// The file, or `None` after saying so.
pub fn data(name: &str) -> Option<Value> {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/kpi");
    if !folder.is_dir() {
        passes_over("../shared/data/kpi is absent");
        return None;
    }
    Some(serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap())
}

pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

/// What is wrong with an answer, if something is.
pub fn wrong(expected: &Value, form: Form, answer: &str) -> Option<String> {
    let is_right = match form {
        _ if expected.is_null() => true,
        Form::Count => is_same(&serde_json::from_str(answer).unwrap(), &expected["value"]),
        Form::Rows => is_same(&sorted(&cells(answer)), &sorted(&expected["rows"])),
    };
    (!is_right).then(|| format!("{answer} instead of {expected}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_has_its_expected_value_in_both_tiers() {
    let Some(data) = data("queries.json") else { return };
    let definitions = world().await;
    let queries = data["queries"].as_array().unwrap();
    let kpis: Vec<Kpi> = queries
        .iter()
        .map(|query| {
            let form = if query["extract_count"] == true { Form::Count } else { Form::Rows };
            kpi(text(query, "sql"), form)
        })
        .collect();
    let engine = engine(&definitions, &kpis).await;
    let mut problems = Vec::new();
    let (mut in_database, mut here_too) = (0, 0);
    for (query, kpi) in queries.iter().zip(&kpis) {
        let id = &query["id"];
        let expected = &query["expected"];
        if let Some(name) = expected["error_names"].as_str() {
            for kpi in [kpi, &here(kpi.clone())] {
                let failure = engine.run(kpi).await.result.unwrap_err();
                assert!(failure.message.contains(name), "{id}: {failure}");
            }
            continue;
        }
        let first = match engine.run(kpi).await.result {
            Ok(answer) => answer,
            Err(failure) => {
                problems.push(format!("{id}: {failure}"));
                continue;
            }
        };
        problems.extend(wrong(expected, kpi.form, &first.value).map(|problem| format!("{id}: {problem}")));
        let sources = query["catalogs"].as_array().unwrap();
        let plan = engine.check(kpi).await.unwrap();
        let is_one_database = sources.len() == 1 && sources[0] != "elastic2";
        if is_one_database {
            in_database += 1;
            if plan.tier != Tier::Database(sources[0].as_str().unwrap().to_owned()) {
                problems.push(format!("{id}: does not run in its database"));
            }
            match engine.run(&here(kpi.clone())).await.result {
                Ok(second) => {
                    here_too += 1;
                    if !are_equal(kpi.form, &first.value, &second.value) {
                        problems.push(format!("{id}: {} in the database, {} here", first.value, second.value));
                    }
                }
                Err(failure) => problems.push(format!("{id} here: {failure}")),
            }
        } else if plan.tier != Tier::Engine {
            problems.push(format!("{id}: cannot run in one database"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_eq!((in_database, here_too), (68, 68));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_that_can_run_has_its_expected_rows() {
    let Some(data) = data("views.json") else { return };
    let definitions = world().await;
    let views = data["views"].as_array().unwrap();
    let kpis: Vec<Kpi> = views.iter().map(|view| kpi(text(view, "sql"), Form::Rows)).collect();
    let engine = engine(&definitions, &kpis).await;
    let mut problems = Vec::new();
    let mut ran = 0;
    for (view, kpi) in views.iter().zip(&kpis) {
        let name = text(view, "name");
        let expected = &view["expected"];
        for kpi in [kpi, &here(kpi.clone())] {
            match engine.run(kpi).await.result {
                Ok(answer) => {
                    ran += 1;
                    problems
                        .extend(wrong(expected, kpi.form, &answer.value).map(|problem| format!("{name}: {problem}")));
                }
                Err(_) if CANNOT_RUN.contains(&name) => {}
                Err(failure) => problems.push(format!("{name}: {failure}")),
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_eq!(ran, 2 * (views.len() - CANNOT_RUN.len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn traps_are_avoided_in_both_tiers() {
    let traps: Value = serde_json::from_str(&std::fs::read_to_string(fixture("traps.json")).unwrap()).unwrap();
    let definitions = world().await;
    let traps = traps["queries"].as_array().unwrap();
    let kpis: Vec<Kpi> = traps.iter().map(|trap| kpi(text(trap, "sql"), Form::Rows)).collect();
    let engine = engine(&definitions, &kpis).await;
    for (trap, kpi) in traps.iter().zip(&kpis) {
        for kpi in [kpi, &here(kpi.clone())] {
            let answer = engine.run(kpi).await.result.unwrap_or_else(|failure| panic!("{}: {failure}", trap["id"]));
            assert_eq!(wrong(trap, Form::Rows, &answer.value), None, "{}", trap["id"]);
        }
    }
}
