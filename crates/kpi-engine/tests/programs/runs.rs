//! Runs: what is stored, what is written, what is left after whatever goes wrong.

use std::process::{Child, Stdio};

use serde_json::json;

use super::world::{World, said};

const KPIS: &str = "
[[kpi]]
name = 'orders'
sql = 'SELECT COUNT(*) FROM shop.public.orders'
unit = 'orders'
[[kpi]]
name = 'amount'
sql = 'SELECT SUM(amount) FROM shop.public.orders'
[[kpi]]
name = 'by name'
sql = 'SELECT name, amount FROM shop.public.orders ORDER BY id'
form = 'rows'
[[kpi]]
name = 'broken'
sql = 'SELECT COUNT(*) FROM shop.public.ordres'
";
const SINKS: &str = "
[sinks.csv]
kind = 'csv'
path = 'out/kpi-{environment}.csv'
[sinks.book]
kind = 'xlsx'
path = 'out/kpi.xlsx'
";
const SLOW: &str = "
[[kpi]]
name = 'slow'
sql = 'SELECT COUNT(x) FROM shop.public.slow'
";

fn terminate(child: &Child) {
    let process = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
}

#[tokio::test]
async fn a_run_stores_all_that_came_of_it_and_adds_a_row_to_each_sink() {
    let world = World::new(&format!("{KPIS}{SINKS}")).await;
    let (code, summary) = world.run_json(&["--trigger", "test"]);
    assert_eq!(
        (code, &summary["status"], &summary["ok"], &summary["failed"]),
        (4, &json!("partial"), &json!(3), &json!(1))
    );
    assert_eq!(summary["results"][1]["value"].to_string(), "3.75");
    let rows =
        json!([{"name": "pear", "amount": 1.50}, {"name": "=1+1", "amount": 2.25}, {"name": null, "amount": null}]);
    assert_eq!(summary["results"][2]["value"], rows);
    assert!(summary["deliveries"].as_array().unwrap().iter().all(|sent| sent["error"].is_null()), "{summary}");

    let sql = "SELECT name, status, value_num, rows, error_kind, error IS NULL AS fine FROM metrics.kpi_results ORDER BY position";
    let expected = [
        json!({"name": "orders", "status": "ok", "value_num": 3, "rows": null, "error_kind": null, "fine": true}),
        json!({"name": "amount", "status": "ok", "value_num": 3.75, "rows": null, "error_kind": null, "fine": true}),
        json!({"name": "by name", "status": "ok", "value_num": null, "rows": 3, "error_kind": null, "fine": true}),
        json!({"name": "broken", "status": "failed", "value_num": null, "rows": null, "error_kind": "plan", "fine": false}),
    ];
    assert_eq!(world.rows(sql).await, expected);
    let runs = world.rows("SELECT environment, trigger, kpis, ok, failed, status FROM metrics.kpi_runs").await;
    let run = json!({"environment": "test", "trigger": "test", "kpis": 4, "ok": 3, "failed": 1, "status": "partial"});
    assert_eq!(runs, [run]);

    // Another KPI, one less, one mended: the header grows at its end.
    world.define(&format!(
        "{}\n[[kpi]]\nname = 'named'\nsql = 'SELECT COUNT(name) FROM shop.public.orders'\n{SINKS}",
        KPIS.replace("ordres", "orders").replace("name = 'amount'", "name = 'sum'")
    ));
    assert_eq!(world.run_json(&[]).0, 0);
    let csv = std::fs::read_to_string(world.path("out/kpi-test.csv")).unwrap();
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(lines[0], "Date time,orders,amount,by name,broken,sum,named");
    assert!(lines[1].starts_with("Last value,\"=IFERROR("), "{}", lines[1]);
    assert!(lines[2].contains(",3,3.75,\"[{\"\"name\"\":\"\"pear\"\"") && lines[2].ends_with(",,,"), "{}", lines[2]);
    assert!(lines[3].contains(",3,,\"[{") && lines[3].ends_with(",3,3.75,2"), "{}", lines[3]);
    assert_eq!(lines.len(), 4);

    // Sent again, nothing changes.
    let (code, out, err) = world.run(&["run", "--resend", "1", "--sink", "csv"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("sink csv: delivered"), "{out}");
    assert_eq!(std::fs::read_to_string(world.path("out/kpi-test.csv")).unwrap(), csv);
    let sent = world.rows("SELECT run_id, sink, status, attempts FROM metrics.kpi_deliveries ORDER BY 1, 2").await;
    assert_eq!(sent[1], json!({"run_id": 1, "sink": "csv", "status": "ok", "attempts": 2}));

    let (code, out, _) = world.run(&["list"]);
    assert_eq!(code, 0);
    assert!(out.lines().next().unwrap().starts_with("orders   orders   count  shop  ok"), "{out}");
    let (code, out, _) = world.run(&["history", "broken", "--csv"]);
    assert_eq!(code, 0);
    assert_eq!(
        (out.lines().count(), out.contains(",failed,count,,,false,"), out.contains(",ok,count,3,")),
        (3, true, true),
        "{out}"
    );
    let (code, out, _) = world.run(&["prune", "--keep", "400d"]);
    assert_eq!((code, out.as_str()), (0, "deleted 0 runs, and 0 KPIs without any result left\n"));
    let (code, out, _) = world.run(&["prune", "--keep", "0s"]);
    assert_eq!((code, out.as_str()), (0, "deleted 2 runs, and 6 KPIs without any result left\n"));
}

#[tokio::test]
async fn a_dry_run_stores_and_writes_nothing() {
    let world = World::new(&format!("{KPIS}{SINKS}")).await;
    let (code, out, _) = world.run(&["run", "--dry-run", "--only", "o*"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("nothing stored") && out.contains("orders: 3"), "{out}");
    assert!(world.rows("SELECT id FROM metrics.kpi_runs").await.is_empty());
    assert!(!world.path("out").exists());
}

#[tokio::test]
async fn a_source_that_is_down_fails_only_its_kpis() {
    let world = World::new(&format!(
        "{KPIS}\n[[kpi]]\nname = 'down'\nsql = 'SELECT COUNT(*) FROM away.public.t'\n{SINKS}\n\
         [sources.away]\nkind = 'postgres'\nurl = 'postgres://kpi:open-sesame@127.0.0.1:1/away'"
    ))
    .await;
    let (code, summary) = world.run_json(&[]);
    assert_eq!((code, &summary["ok"]), (4, &json!(3)));
    let down = &summary["results"][4];
    assert_eq!((&down["error_kind"], &down["status"]), (&json!("source_unavailable"), &json!("failed")));
    let csv = std::fs::read_to_string(world.path("out/kpi-test.csv")).unwrap();
    assert!(csv.lines().nth(2).unwrap().contains(",3,3.75,"), "{csv}");
}

#[tokio::test]
async fn a_deadline_ends_the_query_at_its_source() {
    let world = World::new(&format!("{KPIS}{SLOW}timeout = '300ms'\n")).await;
    let (code, summary) = world.run_json(&["--only", "slow", "--only", "orders"]);
    assert_eq!(code, 4);
    assert_eq!(summary["results"][0]["value"], json!(3));
    assert_eq!(
        (&summary["results"][1]["status"], &summary["results"][1]["error_kind"]),
        (&json!("timeout"), &json!("timeout"))
    );
    world.wait_at_work(0).await;
}

#[tokio::test]
async fn two_runs_of_an_environment_do_not_overlap() {
    let world = World::new(SLOW).await;
    let mut first = world.command(&["run"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    world.wait_at_work(1).await;
    let (code, _, err) = world.run(&["run"]);
    assert_eq!(code, 75, "{err}");
    assert!(err.contains("another run of the KPIs of `test` is under way: run 1, reporter kpi run from"), "{err}");
    // Another environment has a lock of its own, and no such run.
    let (code, _, err) = world.run(&["run", "--env", "other", "--resend", "1"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("run 1 is of the environment `test`, not `other`"), "{err}");
    terminate(&first);
    assert_eq!(first.wait().unwrap().code(), Some(1));
}

#[tokio::test]
async fn a_signal_ends_queries_and_keeps_what_is_there() {
    let world = World::new(&format!("{KPIS}{SLOW}{SLOW}{SINKS}").replacen("name = 'slow'", "name = 'slower'", 1)).await;
    let run = world.command(&["run", "--quiet"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    world.wait_at_work(2).await;
    terminate(&run);
    let (code, _, err) = said(&run.wait_with_output().unwrap());
    assert_eq!(code, 1, "{err}");
    world.wait_at_work(0).await;
    let runs = world.rows("SELECT status, ok, failed, finished_at IS NOT NULL AS ended FROM metrics.kpi_runs").await;
    assert_eq!((&runs[0]["status"], &runs[0]["ended"]), (&json!("interrupted"), &json!(true)));
    let slow = world.rows("SELECT status, error_kind FROM metrics.kpi_results WHERE name LIKE 'slow%'").await;
    assert_eq!(
        slow,
        [
            json!({"status": "skipped", "error_kind": "interrupted"}),
            json!({"status": "skipped", "error_kind": "interrupted"})
        ]
    );
    assert!(world.rows("SELECT sink FROM metrics.kpi_deliveries").await.is_empty());
    assert!(!world.path("out").exists());
}

#[tokio::test]
async fn a_run_that_was_killed_is_marked_by_the_next() {
    let world = World::new(&format!("{KPIS}{SLOW}")).await;
    let mut run = world.command(&["run"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    world.wait_at_work(1).await;
    run.kill().unwrap();
    run.wait().unwrap();
    // The lock ends with the session, which the server notices by itself.
    let mut code = 75;
    while code == 75 {
        code = world.run(&["run", "--only", "orders"]).0;
    }
    assert_eq!(code, 0);
    let runs = world.rows("SELECT status FROM metrics.kpi_runs ORDER BY id").await;
    assert_eq!(runs, [json!({"status": "interrupted"}), json!({"status": "ok"})]);
}

/// As with a server that is restarted, or a firewall that forgets a connection.
#[tokio::test]
async fn results_are_stored_though_the_session_was_lost_meanwhile() {
    let world = World::new(&format!("{KPIS}{SLOW}{SINKS}")).await;
    let run = world.command(&["run", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    world.wait_at_work(1).await;
    let lost = "SELECT pg_terminate_backend(pid, 60000) AS lost FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'reporter kpi run'";
    assert_eq!(world.rows(lost).await, [json!({"lost": true})]);
    let end = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active'";
    world.source.client().await.execute(end, &[]).await.unwrap();
    let (code, out, err) = said(&run.wait_with_output().unwrap());
    assert_eq!(code, 4, "{err}");
    assert!(err.contains("the session of the metrics was lost, and is opened again"), "{err}");
    let summary: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(summary["deliveries"].as_array().unwrap().iter().all(|sent| sent["error"].is_null()), "{summary}");
    let stored =
        world.rows("SELECT status, (SELECT count(*) FROM metrics.kpi_results) AS results FROM metrics.kpi_runs");
    assert_eq!(stored.await, [json!({"status": "partial", "results": 5})]);
}

#[tokio::test]
async fn a_sink_that_fails_does_not_stop_the_others() {
    let world = World::new(&format!("{KPIS}[sinks.a]\nkind = 'csv'\npath = 'kpis.toml/x.csv'\n{SINKS}")).await;
    let (code, summary) = world.run_json(&["--only", "orders"]);
    assert_eq!((code, &summary["status"]), (4, &json!("ok")));
    let sent: Vec<_> = summary["deliveries"].as_array().unwrap().iter().map(|sent| sent["error"].is_null()).collect();
    assert_eq!(sent, [false, true, true], "{summary}");
    assert!(world.path("out/kpi-test.csv").exists());
}

#[tokio::test]
async fn a_run_that_speaks_of_the_past_is_refused() {
    let world = World::new(&format!("{KPIS}{SINKS}")).await;
    let run = |as_of: &str, more: &[&str]| {
        let arguments = ["run", "--quiet", "--only", "orders", "--as-of", as_of];
        world.run(&[&arguments[..], more].concat())
    };
    let (earlier, later) = ("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z");
    assert_eq!(run(later, &[]).0, 0);
    assert_eq!(run(later, &[]).0, 0, "the same instant is not an earlier one");
    for more in [&[][..], &["--dry-run"]] {
        let (code, _, err) = run(earlier, more);
        assert_eq!(code, 3, "{err}");
        assert!(err.contains("2026-11-21T00:00:00+00:00") && err.contains("--allow-past"), "{err}");
    }
    let count = json!({ "count": 2 });
    assert_eq!(world.rows("SELECT count(*) FROM metrics.kpi_runs").await, [count], "nothing was done");
    assert_eq!(run(earlier, &["--env", "other"]).0, 0, "another environment has a history of its own");
    assert_eq!(run(earlier, &["--allow-past"]).0, 0);
}

/// What tells the rows of sheets apart, also where other runs have the seconds to come, as in an hour that comes twice.
#[tokio::test]
async fn every_run_starts_in_a_second_of_its_own() {
    let world = World::new(&format!("{KPIS}{SINKS}")).await;
    assert_eq!(world.run(&["run", "--quiet", "--only", "orders"]).0, 0);
    let sql = "INSERT INTO metrics.kpi_runs (environment, as_of, started_at, trigger, host, definition_hash, kpis, status, computed_at)
               SELECT 'test', '2026-01-01', date_trunc('second', now()) + n * INTERVAL '1 second', 'test', '', '', 0, 'ok', now()
               FROM generate_series(1, 4) n";
    world.metrics.execute(sql).await;
    assert_eq!(world.run(&["run", "--quiet", "--only", "orders"]).0, 0);
    let sql = "SELECT count(*) AS runs, count(DISTINCT started_at) AS seconds FROM metrics.kpi_runs";
    assert_eq!(world.rows(sql).await, [json!({ "runs": 6, "seconds": 6 })]);
}

#[tokio::test]
async fn an_explanation_that_takes_too_long_is_cancelled_at_its_source() {
    let world = World::new(&format!("{SLOW}timeout = '1s'\n")).await;
    let (code, out, _) = world.run(&["explain", "slow", "--analyze"]);
    assert_eq!(code, 4, "{out}");
    assert!(out.contains("timeout: "), "{out}");
    let start = std::time::Instant::now();
    while world.at_work().await > 0 {
        assert!(start.elapsed() < std::time::Duration::from_secs(20), "the statement goes on");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
