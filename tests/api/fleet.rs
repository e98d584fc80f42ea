//! The pages of stores.

use serde_json::Value;

use super::client::Request;
use super::pages::{between, ok, value};
use super::stores::{encoded, folder};
use super::{Api, rows};
use crate::stores::{ingested, view};
use crate::support::TestDb;
use crate::uptime::synthetic;

#[test]
fn before_anything_is_stored_the_pages_say_what_to_do() {
    let db = TestDb::new();
    rows::two_companies(&db);
    let api = Api::start(&db);
    assert!(ok(&api, "/fleet").contains("reporter ingest stores"));
    let html = |target: &str| api.send(&Request::new("GET", target).header("accept", "text/html"));
    for target in ["/fleet/a", "/fleet/a%2Fb", "/fleet/%00"] {
        let response = html(target);
        assert_eq!((response.status, response.header("content-type")), (404, Some("text/html; charset=utf-8")));
        assert!(response.text().contains("there is no store with this id"));
    }
    for target in ["/fleet?policy=guess", "/fleet?days=7", "/fleet/a?days=0", "/fleet/a?days=9", "/fleet/a?days=x"] {
        let response = html(target);
        assert_eq!((response.status, response.header("content-type")), (400, Some("text/html; charset=utf-8")));
    }

    // Stores that are taken in and not computed: days, but no figures.
    ingested(&db, &folder());
    assert!(ok(&api, "/fleet").contains("reporter --view store-uptime"));
    let page = ok(&api, &format!("/fleet/{}", encoded("a/b")));
    let hour = between(&page, "data-window=\"hour\"", "</dl>");
    assert!(hour.contains("#why-no_uptime") && !hour.contains("<data"), "{hour}");
    assert_eq!(page.matches("<svg class=\"strip\"").count(), 8, "seven days end within the eighth");
    let counted = ok(&api, "/fleet/007?policy=count-hours");
    assert!(counted.contains("it does not say when a store was up") && !counted.contains("class=\"strip\""));
    db.execute("DELETE FROM metrics.store_poll");
    assert!(ok(&api, "/fleet/007").contains("There is no poll yet"));
}

/// The number behind the figure of a key.
fn figure(part: &str, key: &str) -> f64 {
    value(between(part, &format!("data-key=\"{key}\""), "</dd>")).parse().unwrap()
}

#[test]
fn a_store_s_page_has_the_figures_of_the_api() {
    let db = TestDb::new();
    ingested(&db, &folder());
    view(&db, &[]);
    let api = Api::start(&db);
    let address = format!("/fleet/{}", encoded("a/b"));
    let response = api.get(&address);
    assert_eq!((response.header("cache-control"), response.header("etag")), (Some("no-store"), None));
    let page = response.text();
    let uptime = api.get("/stores/a%2Fb/uptime").json();
    for (window, unit_us) in [("hour", 6e7), ("day", 3.6e9), ("week", 3.6e9)] {
        let tile = between(page, &format!("data-window=\"{window}\""), "</dl>");
        for key in ["up", "down", "lo", "hi"] {
            let exact = uptime[format!("{key}_last_{window}_us")].as_f64().unwrap() / unit_us;
            assert!((figure(tile, key) - exact).abs() <= 0.005, "{key} {window}: {} {exact}", figure(tile, key));
        }
        let coverage = uptime[format!("coverage_last_{window}_ratio")].as_f64().unwrap();
        assert!((figure(tile, "coverage") / 100.0 - coverage).abs() <= 0.000_05);
        assert_eq!(Some(figure(tile, "polls")), uptime[format!("polls_last_{window}")].as_f64());
    }
    for shown in ["17 Jan 2023, 10:00:00 to 24 Jan 2023, 10:00:00", "· UTC", "the first poll of a later opening"] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(page.contains("href=\"../stores/a%2Fb/timeline?from=2023-01-17T10%3A00"));
    let timeline = between(page, "href=\"../stores/a%2Fb/timeline", "\"").replace("&#38;", "&");
    assert_eq!(api.get(&format!("/stores/a%2Fb/timeline{timeline}")).json()["segments"].as_array().unwrap().len(), 8);
    // A closed day has no share, and says why.
    let wednesday = between(page, "datetime=\"2023-01-18\"", "</tr>");
    assert!(wednesday.contains("#why-no_business") && wednesday.contains("value=\"0.00\""), "{wednesday}");
    assert_eq!(ok(&api, &format!("{address}?days=1")).matches("<svg class=\"strip\"").count(), 2);
    assert!(ok(&api, "/fleet/007").contains("always open"));
    assert!(ok(&api, "/fleet/..%5C.").contains("so Chicago"));
    assert!(ok(&api, &format!("/fleet/{}", encoded("100 % \"sure\"?#&;"))).contains("100 % &#34;sure&#34;?#&#38;;"));
}

#[test]
fn the_page_of_all_stores_adds_up_their_rows() {
    let folder = synthetic::folder(20_261_122);
    let db = TestDb::new();
    ingested(&db, &folder);
    view(&db, &[]);
    view(&db, &["--policy", "capped-60m", "--as-of", "2023-01-24T00:00:00Z"]);
    let api = Api::start(&db);
    let report: Value = serde_json::from_str(&folder.report(&["--format", "json"]).stdout).unwrap();
    let stores = report["stores"].as_array().unwrap();
    let us = |store: &Value, name: &str| store[format!("{name}_last_week_us")].as_i64().unwrap();
    let sum = |name: &str| stores.iter().map(|store| us(store, name)).sum::<i64>() as f64;

    let page = ok(&api, "/fleet");
    let near = |shown: f64, exact: f64| assert!((shown - exact).abs() <= exact.abs() * 1e-9 + 1e-9, "{shown} {exact}");
    near(figure(&page, "stores"), stores.len() as f64);
    near(figure(&page, "share"), sum("up") / sum("business") * 100.0);
    near(figure(&page, "coverage"), sum("observed") / sum("business") * 100.0);
    let unpolled = stores.iter().filter(|store| us(store, "business") > 0 && store["polls_last_week"] == 0).count();
    near(figure(&page, "unpolled"), unpolled as f64);

    // The distribution.
    let table = between(&page, "<table class=\"compact histogram\">", "</table>");
    let counts: Vec<usize> = table.split("<tr>").skip(2).map(|row| value(row).parse().unwrap()).collect();
    let mut expected = vec![0; 21];
    for store in stores.iter().filter(|store| us(store, "business") > 0) {
        let (up, whole) = (us(store, "up"), us(store, "up") + us(store, "down"));
        expected[20 - usize::try_from(up * 20 / whole).unwrap()] += 1;
    }
    assert_eq!(counts, expected);

    // The lowest.
    let mut lowest: Vec<_> =
        stores.iter().filter(|store| us(store, "business") > 0 && store["polls_last_week"] != 0).collect();
    lowest.sort_by(|a, b| {
        let cross = |a: &Value, b: &Value| i128::from(us(a, "up")) * i128::from(us(b, "up") + us(b, "down"));
        cross(a, b)
            .cmp(&cross(b, a))
            .then(us(b, "down").cmp(&us(a, "down")))
            .then(a["store_id"].as_str().cmp(&b["store_id"].as_str()))
    });
    let ids: Vec<&str> = lowest[..20].iter().map(|store| store["store_id"].as_str().unwrap()).collect();
    let listed: Vec<&str> = page.split("href=\"fleet/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(listed, ids);
    let file = between(&page, "href=\"data:text/csv;charset=utf-8,store_id", "\"");
    assert!(file.contains(ids[0]) && file.contains(ids[19]), "{file}");

    // A report of the same is asked for with the fields of the page.
    view(&db, &["--max-carry", "60"]);
    let carried = ok(&api, "/fleet?policy=step;max_carry=60");
    let form = between(&carried, "action=\"trigger_report\"", "</form>");
    let field = |name: &str| between(form, &format!("name=\"{name}\" value=\""), "\"");
    let body = ["policy", "max_carry", "assume", "as_of"].map(|name| format!("{name}={}", field(name))).join("&")
        + "&stores=all";
    assert!(body.starts_with("policy=step&max_carry=60&assume=inactive&as_of=2023-01-25T"), "{body}");
    assert_eq!(api.send(&Request::form("/trigger_report", &body)).status, 202);

    // Another policy at its own instant; a kept page is known by its tag until a run changes a row.
    let capped = ok(&api, "/fleet?policy=capped-60m");
    assert!(capped.contains("24 Jan 2023, 00:00 UTC") && capped.contains("?policy=capped-60m"), "{capped}");
    let response = api.get("/fleet");
    let tag = response.header("etag").unwrap();
    let again = || api.send(&Request::new("GET", "/fleet").header("if-none-match", tag));
    assert_eq!(again().status, 304);
    view(&db, &["--as-of", "2023-01-24T00:00:00Z"]);
    assert_eq!(again().status, 200);
}
