//! Exit codes, messages, and what never shows.

use serde_json::json;

use super::google::{Google, SPREADSHEET, TOKEN};
use super::world::World;

const KPI: &str = "[[kpi]]\nname = 'orders'\nsql = 'SELECT COUNT(*) FROM shop.public.orders'\n";

#[tokio::test]
async fn a_wrong_file_ends_everything_before_it_begins() {
    let mut world = World::new(&format!("{KPI}tiemout = '1s'\n")).await;
    for arguments in [&["run"][..], &["check"], &["check", "--offline"], &["list"], &["explain", "orders"]] {
        let (code, out, err) = world.run(arguments);
        assert_eq!((code, out.as_str()), (3, ""), "{arguments:?}: {err}");
        assert!(
            err.contains("kpis.toml:5:1: unknown key `tiemout`") && err.contains("did you mean `timeout`?"),
            "{err}"
        );
    }
    assert!(world.rows("SELECT id FROM metrics.kpi_runs").await.is_empty());
    world.define(KPI);
    world.variables.clear();
    let (code, _, err) = world.run(&["run"]);
    assert_eq!(code, 3);
    assert!(err.contains("the variable SHOP_URL is not set"), "{err}");
    std::fs::remove_file(world.path("kpis.toml")).unwrap();
    let (code, _, err) = world.run(&["run"]);
    assert_eq!(code, 3);
    assert!(err.contains("there is no file of definitions"), "{err}");
}

#[tokio::test]
async fn check_tells_what_cannot_run() {
    let world = World::new(KPI).await;
    for arguments in [&["check"][..], &["check", "--offline"]] {
        let (code, out, err) = world.run(arguments);
        assert_eq!((code, out.as_str()), (0, "1 KPIs: 0 cannot run, 0 with warnings; 0 sinks\n"), "{err}");
    }
    let more =
        "[[kpi]]\nname = 'gone'\nsql = 'SELECT x FROM shop.public.gone'\n[[kpi]]\nname = 'not sql'\nsql = 'SELEKT'\n";
    world.define(&format!("{KPI}{more}"));
    let (code, out, _) = world.run(&["check", "--offline"]);
    assert_eq!(code, 4);
    assert!(
        out.contains("not sql: plan: ") && out.ends_with("3 KPIs: 1 cannot run, 0 with warnings; 0 sinks\n"),
        "{out}"
    );
    let (code, out, _) = world.run(&["check"]);
    assert_eq!(code, 4);
    assert!(out.contains("gone: plan: ") && out.contains(": 2 cannot run"), "{out}");
    // A query that cannot run fails by itself.
    let (code, summary) = world.run_json(&[]);
    assert_eq!((code, &summary["ok"], &summary["results"][2]["error_kind"]), (4, &json!(1), &json!("plan")));

    let (code, out, err) = world.run(&["explain", "ord"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("runs in shop, as one statement") && out.to_lowercase().contains("count(*)"), "{out}");
    for arguments in
        [&["run", "--only", "oders"][..], &["run", "--sink", "x"], &["run", "--resend", "9"], &["explain", "x"]]
    {
        let (code, _, err) = world.run(arguments);
        assert_eq!(code, 2, "{arguments:?}: {err}");
    }
}

/// Passwords of a database that is there, of one that refuses, of a search server that is down, and the token and key of
/// a sheet: with the most talkative log, none is said, stored or shown.
#[tokio::test]
async fn secrets_show_nowhere() {
    let google = Google::start(&["test"]);
    let key = std::fs::read_to_string(crate::engine::support::fixture("../fetch/key.pem")).unwrap();
    let mut world = World::new(&format!(
        "{KPI}
[[kpi]]
name = 'refused'
sql = 'SELECT COUNT(*) FROM locked.public.orders'
[[kpi]]
name = 'search'
sql = 'SELECT COUNT(*) FROM logs.actions.log'
[sources.locked]
kind = 'postgres'
url = '${{LOCKED_URL}}'
[sources.logs]
kind = 'elasticsearch'
url = 'http://elastic:barley-%40-corn@127.0.0.1:1'
schemas = {{ actions = {{ table = 'log' }} }}
[sinks.sheet]
kind = 'google-sheets'
spreadsheet = '{SPREADSHEET}'
base_url = '{url}'
token_url = '{url}/token'
[sinks.other]
kind = 'google-sheets'
spreadsheet = 'not-there'
base_url = '{url}'
token_url = '{url}/token'
",
        url = google.server.base_url
    ))
    .await;
    // The same server, with a user that it does not know.
    let mut locked = url::Url::parse(world.source.url.expose()).unwrap();
    locked.set_username("nobody").unwrap();
    locked.set_password(Some("sesame-open")).unwrap();
    world.variables.push(("LOCKED_URL", locked.to_string()));
    world.variables.push(("KPIS_GOOGLE_CLIENT_EMAIL", "robot@project.example".into()));
    world.variables.push(("KPIS_GOOGLE_PRIVATE_KEY", key.replace('\n', "\\n")));
    world.variables.push(("METRICS_LOG__LEVEL", "trace".into()));
    world.variables.push(("RUST_LOG", "trace".into()));
    let secret_lines: Vec<&str> = key.lines().filter(|line| line.len() > 40).collect();
    let mut all = String::new();
    for arguments in
        [&["run", "--json"][..], &["run"], &["check"], &["list"], &["explain", "refused"], &["run", "--resend", "1"]]
    {
        let (_, out, err) = world.run(arguments);
        all.push_str(&out);
        all.push_str(&err);
    }
    for table in ["kpi", "kpi_runs", "kpi_results", "kpi_deliveries"] {
        for row in world.rows(&format!("SELECT * FROM metrics.{table}")).await {
            all.push_str(&row.to_string());
        }
    }
    assert!(all.contains("refused with status 404") && google.grid("test").len() == 4, "the sheet was written");
    for secret in ["sesame-open", "barley", "ya29", TOKEN].iter().chain(&secret_lines) {
        let found = all.find(secret).map(|at| &all[at.saturating_sub(200)..(at + 100).min(all.len())]);
        assert_eq!(found, None, "{secret}");
    }
}
