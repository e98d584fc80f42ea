//! KPIs: their list, their history, their runs, and the pages of these.

use metrics_core::kpi::ErrorKind;
use serde_json::{Value, json};

use super::client::Request;
use super::pages::{between, ok, value};
use super::{Api, rows as stored};
use crate::kpi_store::{count, day, delivered, failed, new_run, rows, started, stored_run};
use crate::support::{TestDb, files};

const STATES: &str = r#"[{"state":"=1+1","users":2},{"state":null,"users":12345678901234567890}]"#;
const DOWN: &str = "search was not reached: connection refused";

/// Three daily runs in production, of which the second lacks most, and one in demo.
fn database() -> (TestDb, [i64; 4]) {
    let db = TestDb::new();
    let all = |users: &'static str| vec![count("A7: Users", users), rows("B1: States", STATES, 2, true)];
    let first = stored_run(&db, "production", day(0), all("12"));
    let broken = vec![
        failed("A7: Users", ErrorKind::SourceUnavailable, DOWN),
        failed("B1: States", ErrorKind::Timeout, "no answer within 60 s"),
        count("C: Sum", "null"),
        failed("D: Never", ErrorKind::Plan, "no table <x>"),
    ];
    let second = stored_run(&db, "production", day(1), broken);
    let demo = stored_run(&db, "demo", day(1), vec![count("A7: Users", "-3.50")]);
    let third = stored_run(&db, "production", day(2), all("1234567890123456789012"));
    delivered(&db, second, "sheet", 5, Some("429 Too Many Requests"), day(1));
    delivered(&db, second, "csv", 1, None, day(1));
    (db, [first, second, third, demo])
}

#[test]
fn before_anything_ran_there_is_nothing_and_the_page_says_what_to_do() {
    let db = TestDb::new();
    stored::two_companies(&db);
    let api = Api::start(&db);
    let list = api.get("/api/kpis").json();
    assert_eq!((&list["kpis"], &list["meta"]["total"]), (&json!([]), &json!(0)));
    assert!(ok(&api, "/kpis").contains("reporter kpi run"));
    assert!(!ok(&api, "/").contains("href=\"kpis\"><strong>"), "no door leads to an empty room");
    for target in ["/api/kpis/users/history", "/api/kpis/%00/history", "/api/kpi-runs/1", "/api/kpi-runs/x"] {
        let response = api.get(target);
        assert_eq!((response.status, response.header("content-type")), (404, Some("application/problem+json")));
    }
    for target in ["/kpis/users", "/kpis/Users", "/kpi-runs/1", "/kpi-runs/0"] {
        let response = api.send(&Request::new("GET", target).header("accept", "text/html"));
        assert_eq!((response.status, response.header("content-type")), (404, Some("text/html; charset=utf-8")));
    }
}

#[test]
fn the_list_has_the_last_value_and_what_became_of_it_since() {
    let (db, [first, second, third, demo]) = database();
    let api = Api::start(&db);
    let list = api.get("/api/kpis").json();
    assert_eq!(list["meta"]["environments"], json!(["demo", "production"]));
    assert_eq!((&list["meta"]["total"], &list["meta"]["limit"]), (&json!(5), &json!(100)));
    let runs: Vec<_> = list["meta"]["last_runs"].as_array().unwrap().iter().map(|run| &run["run_id"]).collect();
    assert_eq!(runs, [&json!(demo), &json!(third)]);
    let names: Vec<_> = list["kpis"].as_array().unwrap().iter().map(|kpi| &kpi["id"]).collect();
    assert_eq!(names, ["a7-users", "a7-users", "b1-states", "c-sum", "d-never"]);
    let [in_demo, users, states, sum, never] = &list["kpis"].as_array().unwrap()[..] else { panic!("five") };
    assert_eq!((&in_demo["environment"], &in_demo["value_num"]), (&json!("demo"), &json!(-3.5)));
    assert_eq!((&users["unit"], &users["description"]), (&json!("things"), &json!("What A7: Users tells.")));
    // All digits, also those that a float does not have.
    assert!(api.get("/api/kpis").text().contains("\"value\":1234567890123456789012,"));
    assert_eq!((&users["value_run_id"], &users["status"]), (&json!(third), &json!("ok")));
    assert_eq!((&states["form"], &states["rows"], &states["is_truncated"]), (&json!("rows"), &json!(2), &json!(true)));
    assert!(api.get("/api/kpis").text().contains(&format!("\"value\":{STATES}")), "keys in their order");
    // A null is a value; one that never was there is none.
    assert_eq!((&sum["value"], &sum["value_run_id"], &sum["status"]), (&Value::Null, &json!(second), &json!("ok")));
    assert_eq!(
        (&never["value"], &never["value_run_id"], &never["run_id"]),
        (&Value::Null, &Value::Null, &json!(second))
    );
    assert_eq!((&never["error_kind"], &never["error"]), (&json!("plan"), &json!("no table <x>")));

    let page = |query: &str| api.get(&format!("/api/kpis?{query}")).json();
    assert_eq!(page("environment=demo")["meta"]["total"], 1);
    assert_eq!(page("environment=other")["kpis"], json!([]));
    assert_eq!(page("environment=production&limit=1&offset=1")["kpis"][0]["id"], "b1-states");

    // A KPI whose last run failed keeps its value, and says when it is from.
    started(&db, &new_run("production", day(3), 1));
    stored_run(&db, "production", day(4), vec![failed("A7: Users", ErrorKind::Memory, "too much")]);
    let users = page("environment=production")["kpis"][0].clone();
    assert_eq!((&users["status"], &users["value_run_id"]), (&json!("failed"), &json!(third)));
    assert_eq!((&users["value_started_at"], &users["started_at"]), (&json!(day(2)), &json!(day(4))));
    assert!(first < second);
}

#[test]
fn a_failed_run_is_a_gap_in_the_history_with_its_reason() {
    let (db, [first, second, third, _]) = database();
    let api = Api::start(&db);
    let target = "/api/kpis/a7-users/history?environment=production";
    let history = api.get(target).json();
    let meta = &history["meta"];
    assert_eq!((&meta["name"], &meta["unit"], &meta["total"]), (&json!("A7: Users"), &json!("things"), &json!(3)));
    let series = history["series"].as_array().unwrap();
    let runs: Vec<_> = series.iter().map(|point| (&point["run_id"], &point["status"])).collect();
    let [ok, gone] = [json!("ok"), json!("failed")];
    assert_eq!(runs, [(&json!(first), &ok), (&json!(second), &gone), (&json!(third), &ok)]);
    let gap = &series[1];
    assert_eq!((&gap["value"], &gap["value_num"]), (&Value::Null, &Value::Null));
    assert_eq!((&gap["error_kind"], &gap["error"]), (&json!("source_unavailable"), &json!(DOWN)));
    assert_eq!((&gap["started_at"], &gap["duration_ms"]), (&json!(day(1)), &json!(340)));
    assert_eq!((&series[0]["value"], &series[0]["value_num"]), (&json!(12), &json!(12.0)));

    let runs = |query: &str| {
        let history = api.get(&format!("{target}&{query}")).json();
        let runs = history["series"].as_array().unwrap().iter().map(|point| point["run_id"].as_i64().unwrap());
        (runs.collect::<Vec<_>>(), history["meta"]["total"].as_i64().unwrap())
    };
    // The newest ones, the oldest of them first; both ends of a range are in it.
    assert_eq!(runs("limit=2"), (vec![second, third], 3));
    assert_eq!(runs("from=2026-11-02&to=2026-11-02"), (vec![second], 1));
    assert_eq!(runs("from=2026-11-02T00:00:00Z"), (vec![second, third], 2));
    assert_eq!(runs("from=2026-11-02T00:00:01Z"), (vec![third], 1));
    assert_eq!(runs("to=2026-11-01T23:59:59Z"), (vec![first], 1));
    assert_eq!(runs("from=2027-01-01"), (vec![], 0));

    // An id of several environments needs one of them.
    let response = api.get("/api/kpis/a7-users/history");
    let error = response.json()["errors"][0].clone();
    assert_eq!((response.status, &error["field"]), (400, &json!("environment")));
    assert!(error["reason"].as_str().unwrap().contains("demo, production"), "{error}");
    assert_eq!(api.get("/api/kpis/b1-states/history").status, 200);
    assert_eq!(api.get("/api/kpis/b1-states/history?environment=demo").status, 404);
    for (query, field) in
        [("limit=10001", "limit"), ("from=x", "from"), ("offset=1", "offset"), ("format=pdf", "format")]
    {
        let response = api.get(&format!("{target}&{query}"));
        assert_eq!((response.status, &response.json()["errors"][0]["field"]), (400, &json!(field)), "{query}");
    }
}

#[test]
fn the_four_forms_of_a_history_hold_the_same_rows() {
    let (db, _) = database();
    let api = Api::start(&db);
    for (target, key) in [
        ("/api/kpis/a7-users/history?environment=production", "series"),
        ("/api/kpis/b1-states/history?environment=production", "series"),
        ("/api/kpis?environment=production", "kpis"),
    ] {
        let body = api.get(target).json();
        let expected = body[key].as_array().unwrap();
        assert!(expected.len() >= 3);
        let get = |form: &str| api.get(&format!("{target}&format={form}"));
        let csv = files::csv(get("csv").text());
        let (sheets, xlsx) = files::xlsx(&get("xlsx").body, "data");
        let (facts, parquet) = files::parquet(&get("parquet").body);
        assert_eq!(sheets, ["data", "About"]);
        assert!(facts.iter().any(|(name, _)| name == "columns"));
        for rows in [csv, xlsx, parquet] {
            assert_eq!(rows.columns.len(), expected[0].as_object().unwrap().len(), "{:?}", rows.columns);
            files::assert_same(&rows, expected);
        }
    }
    let header = api.get("/api/kpis/a7-users/history?environment=demo&format=csv&header=units");
    assert!(
        header.text().starts_with("run_id,started_at [UTC],as_of [UTC],form,status,value [things],value_num [things],")
    );
    assert!(header.text().contains(",ok,-3.50,-3.5,"), "{}", header.text());
    assert_eq!(header.header("content-disposition"), Some("attachment; filename=\"kpi-a7-users.csv\""));
    let negotiated = Request::new("GET", "/api/kpis?environment=demo").header("accept", "text/csv");
    assert_eq!(api.send(&negotiated).header("content-type"), Some("text/csv; charset=utf-8; header=present"));
}

#[test]
fn a_run_has_its_results_and_where_they_went() {
    let (db, [_, second, ..]) = database();
    let api = Api::start(&db);
    let body = api.get(&format!("/api/kpi-runs/{second}")).json();
    let run = &body["run"];
    assert_eq!(
        (&run["status"], &run["kpis"], &run["ok"], &run["failed"]),
        (&json!("partial"), &json!(4), &json!(1), &json!(3))
    );
    assert_eq!((&run["environment"], &run["finished_at"]), (&json!("production"), &json!("2026-11-02T00:00:01Z")));
    let results = body["results"].as_array().unwrap();
    let results: Vec<_> = results.iter().map(|result| (&result["name"], &result["status"])).collect();
    let [ok, gone, late] = [json!("ok"), json!("failed"), json!("timeout")];
    let names = ["A7: Users", "B1: States", "C: Sum", "D: Never"].map(Value::from);
    assert_eq!(results, [(&names[0], &gone), (&names[1], &late), (&names[2], &ok), (&names[3], &gone)]);
    let sinks: Vec<_> = body["deliveries"].as_array().unwrap().iter().map(|one| &one["sink"]).collect();
    assert_eq!(sinks, ["csv", "sheet"]);
    assert_eq!(body["deliveries"][1]["error"], "429 Too Many Requests");
    assert_eq!((&body["deliveries"][1]["delivered_at"], &body["deliveries"][1]["attempts"]), (&Value::Null, &json!(5)));

    let running = started(&db, &new_run("production", day(5), 4));
    let body = api.get(&format!("/api/kpi-runs/{running}")).json();
    assert_eq!((&body["run"]["status"], &body["run"]["finished_at"]), (&json!("running"), &Value::Null));
    assert_eq!(body["results"], json!([]));
    assert!(ok_page(&api, running).contains("the run is under way"));
}

fn ok_page(api: &Api, run: i64) -> String {
    ok(api, &format!("/kpi-runs/{run}"))
}

#[test]
fn a_tag_changes_when_a_run_ends_or_is_delivered() {
    let (db, [_, second, ..]) = database();
    let api = Api::start(&db);
    let run = format!("/api/kpi-runs/{second}");
    let targets = ["/api/kpis", "/api/kpis/b1-states/history", run.as_str(), "/kpis", "/kpis/b1-states", "/kpi-runs/1"];
    let tag = |target: &str| api.get(target).header("etag").unwrap().to_owned();
    for target in targets {
        let known = tag(target);
        let again = api.send(&Request::new("GET", target).header("if-none-match", &known));
        assert_eq!((again.status, again.body.len()), (304, 0), "{target}");
        delivered(&db, second, "csv", 1, None, day(9));
        assert_ne!(tag(target), known, "{target}");
    }
    // What does not exist is in nobody's cache.
    for target in ["/api/kpis/none/history", "/api/kpi-runs/99"] {
        assert_eq!(api.send(&Request::new("GET", target).header("if-none-match", "*")).status, 404);
    }
}

#[test]
fn the_pages_have_the_values_of_the_api_and_a_reason_for_each_that_is_missing() {
    let (db, [_, second, third, _]) = database();
    let api = Api::start(&db);
    assert!(ok(&api, "/").contains("href=\"kpis\"><strong>KPIs</strong>"));

    let page = ok(&api, "/kpis");
    let row = |name: &str| between(&page, &format!("environment=production\">{name}</a>"), "</tr>");
    assert_eq!(value(row("A7: Users")), "1234567890123456789012");
    let users = row("A7: Users");
    assert!(users.contains("1,234,567,890,123,456,789,012</data>&nbsp;<span class=\"unit\">things</span>"), "{users}");
    assert!(
        users.contains("<time datetime=\"2026-11-03T00:00:00Z\" data-age>") && users.contains("class=\"badge ok\">ok")
    );
    // The line is broken at the second run, which has a mark.
    assert_eq!((users.matches("<circle").count(), users.matches("<rect").count()), (2, 1), "{users}");
    assert!(users.contains("1 of the last 3 runs without a value"));
    assert_eq!(value(row("B1: States")), "2");
    assert!(!row("B1: States").contains("<svg"), "rows have no line");
    assert!(row("C: Sum").contains("#why-kpi_null") && page.contains("id=\"why-kpi_null\""));
    let never = row("D: Never");
    assert!(
        never.contains("#why-kpi_never") && never.contains("failed") && never.contains("the query is not understood")
    );
    assert!(ok(&api, "/kpis?environment=demo&lang=hi").contains("value=\"-3.50\">\u{2212}3.5</data>"));
    assert!(ok(&api, "/kpis?limit=2&offset=2").contains("rel=\"prev\""));

    let page = ok(&api, "/kpis/a7-users?environment=production");
    let gap = between(&page, "datetime=\"2026-11-02T00:00:00Z\"", "</tr>");
    assert!(gap.contains("#why-kpi_failed") && gap.contains("<span data-why>a data store was not reached</span>"));
    assert!(gap.contains(DOWN) && page.contains(&format!("href=\"../kpi-runs/{second}\"")));
    assert!(page.contains("data-chart=\"runs\" data-unit=\"things\""));
    for form in ["csv", "xlsx", "parquet", "json"] {
        let address =
            format!("href=\"../api/kpis/a7%2Dusers/history?environment=production&#38;limit=10000&amp;format={form}\"");
        let plain = address.replace("%2D", "-");
        assert!(page.contains(&plain), "{plain}");
    }
    let days = ok(&api, "/kpis/a7-users?environment=production&from=2026-11-03&to=");
    assert_eq!(days.matches("<tr><th scope=\"row\"").count(), 1);
    assert!(days.contains("&#38;from=2026-11-03&#38;limit"), "the files are of the same days");

    // Rows are a table, as they are.
    let page = ok(&api, "/kpis/b1-states");
    let table = between(&page, "<h2 id=\"rows\"", "</section>");
    for part in [
        "<th scope=\"col\">state</th><th scope=\"col\" class=\"n\">users</th>",
        "<td>=1+1</td>",
        ">12345678901234567890</td>",
        "more rows than its definition allows",
    ] {
        assert!(table.contains(part), "{part} in {table}");
    }
    assert!(!page.contains("data-chart"));

    let page = ok_page(&api, second);
    assert!(page.contains("no table &#60;x&#62;") && page.contains("1 of 4 KPIs with a value"));
    let sheet = between(&page, "<th scope=\"row\">sheet</th>", "</tr>");
    assert!(sheet.contains("not delivered") && sheet.contains("429 Too Many Requests"), "{sheet}");
    assert!(ok_page(&api, third).contains("<details open><summary>B1: States</summary>"));
    let wrong = api.send(&Request::new("GET", "/kpis/a7-users").header("accept", "text/html"));
    assert_eq!((wrong.status, wrong.text().contains("one of demo, production")), (400, true));
}
