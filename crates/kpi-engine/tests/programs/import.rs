//! Definitions of a predecessor: imported, and run as they are.

use std::path::Path;

use super::world::World;
use crate::absent::passes_over;
use crate::engine::support::{fixture, fixtures};

const JSON: &str = r#"{"queries": [
    {"name": "n", "sql": "SELECT COUNT(*)\nFROM shop.public.orders", "extract_count": true, "environments": ["demo", "x"]},
    {"name": "n", "sql": "SELECT id FROM shop.public.orders ORDER BY 1", "environments": ["x"], "catalogs": ["shop"]}
]}"#;

#[tokio::test]
async fn what_is_imported_runs() {
    let world = World::new("").await;
    std::fs::write(world.path("queries.json"), JSON).unwrap();
    let (code, toml, err) = world.run(&["import", "queries.json"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("several queries called `n`") && toml.contains("The queries read: shop."), "{toml}{err}");
    world.define(&toml.replace("environment = ", "# environment = "));
    let (code, summary) = world.run_json(&[]);
    assert_eq!(code, 0, "{summary}");
    let results = summary["results"].as_array().unwrap();
    let values: Vec<_> = results.iter().map(|result| format!("{} {}", result["name"], result["value"])).collect();
    assert_eq!(values, ["\"n\" 3", "\"n (2)\" [{\"id\":1},{\"id\":2},{\"id\":3}]"]);

    let (code, toml, err) = world.run(&["import", "queries.json", "--environment", "demo"]);
    assert_eq!((code, toml.matches("[[kpi]]").count(), err.as_str()), (0, 1, ""));
    let (code, _, err) = world.run(&["import", "queries.json", "--environment", "dmeo"]);
    assert_eq!(code, 2);
    assert!(err.contains("did you mean `demo`?"), "{err}");
    let (code, _, err) = world.run(&["import", "kpis.toml"]);
    assert_eq!(code, 3);
    assert!(err.contains("it is no list of"), "{err}");
}

/// The queries may not be copied: this test passes over when they are absent; in CI they have to be there.
#[tokio::test]
async fn all_queries_of_the_predecessor_run_in_one_go() {
    let queries = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/kpi/queries.json");
    if !queries.is_file() {
        return passes_over("../shared/data/kpi is absent");
    }
    let [catalogue, coproduction] = fixtures().await;
    let mut world = World::new("").await;
    world.variables.push(("CATALOGUE", catalogue.expose().to_owned()));
    world.variables.push(("COPRODUCTION", coproduction.expose().to_owned()));
    let (code, toml, err) = world.run(&["import", queries.to_str().unwrap()]);
    assert_eq!(code, 0, "{err}");
    world.define(&format!(
        "{}
[sources.catalogue]
kind = 'postgres'
url = '${{CATALOGUE}}'
[sources.coproduction]
kind = 'postgres'
url = '${{COPRODUCTION}}'
[sources.elastic2]
kind = 'files'
[sources.elastic2.schemas.logs.tables]
log = {{ path = '{}', arrays = ['roles'] }}
",
        toml.replace("environment = ", "# environment = "),
        fixture("logs.ndjson").display()
    ));
    let (code, summary) = world.run_json(&["--as-of", "2026-11-21T00:00:00Z"]);
    let failed: Vec<_> =
        summary["results"].as_array().unwrap().iter().filter(|result| result["status"] != "ok").collect();
    assert_eq!((code, &summary["kpis"], failed.len()), (4, &serde_json::json!(99), 2), "{failed:?}");
    for result in failed {
        assert!(result["error"].as_str().unwrap().contains("permission"), "{result}");
    }
}
