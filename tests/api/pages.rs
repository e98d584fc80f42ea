//! The web pages, as HTML.

use serde_json::Value;

use super::client::{Request, Response};
use super::{Api, rows};
use crate::support::TestDb;

const COMPARE: &str = "/compare?unit_ids=1&unit_ids=3&start_date=2026-11-01&end_date=2026-11-30";
const PAGES: [&str; 6] = ["/", "/companies/9", COMPARE, "/status", "/methodology", "/query"];

fn with_data() -> (TestDb, Api) {
    let db = TestDb::new();
    rows::two_units(&db);
    rows::two_companies(&db);
    let api = Api::start(&db);
    (db, api)
}

fn ok(api: &Api, target: &str) -> String {
    let response = api.get(target);
    assert_eq!(response.status, 200, "{target}: {}", response.text());
    response.text().to_owned()
}

/// What stands between `start` and `end`, the first time.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let rest = text.split_once(start).unwrap_or_else(|| panic!("no {start} in {text}")).1;
    rest.split_once(end).unwrap_or_else(|| panic!("no {end} after {start}")).0
}

/// The cell of an indicator and cooling unit on the comparison page.
fn cell<'a>(page: &'a str, key: &str, unit: &str) -> &'a str {
    let row = between(page, &format!("<tr data-key=\"{key}\""), "</tr>");
    between(row, &format!("data-unit=\"{unit}\">"), "</td>")
}

/// The number behind a figure.
fn value(cell: &str) -> &str {
    between(cell, "<data value=\"", "\"")
}

#[test]
fn every_page_is_html_that_loads_only_its_own_files() {
    let (_db, api) = with_data();
    for target in PAGES {
        let response = api.get(target);
        assert_eq!(
            (response.status, response.header("content-type")),
            (200, Some("text/html; charset=utf-8")),
            "{target}"
        );
        let policy = response.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe") && !policy.contains("http"),
            "{policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        let kept = response.header("cache-control").unwrap();
        assert_eq!(kept == "no-store", response.header("etag").is_none(), "{target}");
        let text = response.text();
        assert!(text.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"), "{target}");
        for forbidden in ["src=\"http", "href=\"http", "<style", "style=\"", " onclick", "<script>", "javascript:"] {
            assert!(!text.contains(forbidden), "{target}: {forbidden}");
        }
        assert_eq!(text.matches("<h1").count(), 1, "{target}");
        assert_eq!(text.matches("<table").count(), text.matches("<caption").count() + bare_tables(text), "{target}");
    }
}

/// Tables of the definitions, which their headings announce.
fn bare_tables(text: &str) -> usize {
    text.split_once("class=\"card prose\"").map_or(0, |(_, prose)| prose.matches("<table").count())
}

#[test]
fn the_files_of_a_page_exist_and_are_kept_for_good() {
    let (_db, api) = with_data();
    for (page, root) in [("/companies/9", "../"), ("/", "")] {
        let text = ok(&api, page);
        let needle = format!("\"{root}assets/");
        let files: Vec<_> = text.split(&needle).skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(files.len() >= 2, "{files:?}");
        for file in files {
            let response = api.get(&format!("/assets/{file}"));
            assert_eq!(response.status, 200, "{file}");
            assert_eq!(response.header("cache-control"), Some("public, max-age=31536000, immutable"));
        }
    }
    assert_eq!(api.get("/assets/app.css").status, 404);
    let start = ok(&api, "/");
    let style = between(&start, "assets/app.", ".css");
    let plain = api.get(&format!("/assets/app.{style}.css"));
    let packed = api.send(&Request::new("GET", &format!("/assets/app.{style}.css")).header("accept-encoding", "gzip"));
    assert_eq!(packed.gunzipped(), plain.text());
}

#[test]
fn the_figures_are_those_of_the_api() {
    let (_db, api) = with_data();
    let page = ok(&api, "/companies/9");
    let company = api.get("/api/company-slice?company_id=9").json()["company"].clone();
    for key in ["comp_kg_in", "comp_cool_users", "comp_revenue", "comp_average_room_occupancy", "comp_ops_in"] {
        let tile = between(&page, &format!("data-key=\"{key}\""), "</div>");
        let shown: f64 = value(tile).parse().unwrap();
        assert_eq!(Some(shown), company[key].as_f64(), "{key}");
    }
    assert!(page.contains("1,302,068.20</data>&nbsp;<span class=\"unit\">NGN</span>"));

    let page = ok(&api, COMPARE);
    let units = api.get("/api/coolingunit-slice?unit_ids=1,3&start_date=2026-11-01&end_date=2026-11-30").json();
    for key in ["room_kg_in", "room_crates_in", "average_room_occupancy", "room_revenue", "room_stock_kg", "tot_co2"] {
        let shown: f64 = value(cell(&page, key, "1")).parse().unwrap();
        assert_eq!(Some(shown), units["cooling_units"][0][key].as_f64(), "{key}");
    }
}

/// Unit 1 has 219.75 kg and unit 3 none. Its occupancy is known on 2 of its 3 days, and of the 4 unit-days.
/// With: tomatoes 1 + 1, apples 1, empty 0.125. Without: 2.5 + 1.75 + 0.5.
#[test]
fn cooling_units_stand_side_by_side_and_together() {
    let (_db, api) = with_data();
    let page = ok(&api, COMPARE);
    assert_eq!([value(cell(&page, "room_kg_in", "all")), value(cell(&page, "room_kg_in", "3"))], ["219.75", "0"]);
    assert!(cell(&page, "average_room_occupancy", "1").contains("2 of 3 d"));
    assert!(cell(&page, "average_room_occupancy", "all").contains("2 of 4 d"));
    assert!(cell(&page, "average_room_occupancy", "3").contains("href=\"#why-no_capacity\""));
    assert!(page.contains("id=\"why-no_capacity\""), "the reason is explained");

    let emissions = between(&page, "id=\"co2\"", "</section>");
    let room = between(emissions, "<th scope=\"row\">Room One</th>", "</tr>");
    let numbers: Vec<_> = room.split("<data value=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(numbers, ["3.125", "4.75", "1.75"]);
    let electricity = between(emissions, "<tr data-key=\"electricity\">", "</tr>");
    assert_eq!(value(electricity), "1.5");

    let crops = between(&page, "id=\"crops\"", "</section>");
    let tomato = between(crops, "<th scope=\"row\">Tomato</th>", "</tr>");
    let numbers: Vec<_> = tomato.split("<data value=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(numbers[..8], ["10", "205.75", "0", "0", "10", "205.75", "0", "0"]);
}

#[test]
fn unknown_is_a_dash_with_its_reason_and_never_0() {
    let (_db, api) = with_data();
    let page = ok(&api, "/companies/10");
    for (key, reason) in [
        ("comp_cap_num_crates", "not_stated"),
        ("comp_average_room_occupancy", "no_capacity"),
        ("comp_revenue", "no_rate"),
    ] {
        let tile = between(&page, &format!("data-key=\"{key}\""), "</div>");
        assert!(tile.contains(&format!("href=\"#why-{reason}\" title=\"")) && tile.contains(">–<"), "{tile}");
        assert!(page.contains(&format!("id=\"why-{reason}\"")), "{reason}");
    }
    assert!(page.contains("<h1>Company 10</h1>"));
    assert!(ok(&api, "/").contains("href=\"companies/10\">Company 10</a>"));
}

#[test]
fn hostile_names_stay_text() {
    let db = TestDb::new();
    rows::two_units(&db);
    rows::two_companies(&db);
    let hostile = r#"<script>alert(1)</script>"><img src=x onerror=alert(1)>{{7*7}}"#;
    db.execute(&format!(
        r#"UPDATE metrics.cooling_unit_metrics SET unit_name = '{hostile}', state = '{hostile}', currency = '<b>',
               cool_unit_type = '{hostile}',
               check_in_kg_crop = jsonb_build_object('{hostile}', 1),
               co2_crops = jsonb_build_object('{hostile}', '{{"coldroom": 1, "no-coldroom": 2, "difference": 1}}'::jsonb);
           UPDATE metrics.company_metrics SET comp_name = '{hostile}', comp_country = '<i>', currency = '<b>';
           UPDATE metrics.report_run SET outcome = 'failed', error = '{hostile}';
           INSERT INTO metrics.report_reject SELECT id, '{hostile}', '{hostile}', now() FROM metrics.report_run"#
    ));
    let api = Api::start(&db);
    for target in PAGES {
        let text = ok(&api, target);
        for raw in ["<script>alert", "<img src=x", "<b>", "<i>"] {
            assert!(!text.contains(raw), "{target}: {raw}");
        }
    }
    assert!(ok(&api, "/companies/9").contains("&#60;script&#62;alert(1)"));
    let refused = api.get("/?%3Cscript%3Ealert(1)%3C/script%3E=1");
    assert!(refused.status == 400 && !refused.text().contains("<script>alert"));
}

fn is_html_error(response: &Response, status: u16) -> bool {
    assert_eq!((response.status, response.header("content-type")), (status, Some("text/html; charset=utf-8")));
    response.text().contains("<h1>") && response.header("content-security-policy").is_some()
}

#[test]
fn what_cannot_be_answered_is_explained_on_a_page() {
    let (_db, api) = with_data();
    for (target, field) in [
        ("/compare?unit_ids=1,x", "unit_ids"),
        ("/compare?unit_ids=1&start_date=2026-02-30", "start_date"),
        ("/compare?unit_ids=1&start_date=2026-02-02&end_date=2026-02-01", "end_date"),
        ("/compare?unit_ids=1&start_date=2000-01-01&end_date=2026-01-01", "end_date"),
        ("/companies/9?start=2026-01-01", "start"),
        ("/?limit=0", "limit"),
        ("/status?lang=de", "lang"),
        ("/methodology?x=1", "x"),
        ("/query?x=1", "x"),
    ] {
        let response = api.get(target);
        assert!(is_html_error(&response, 400), "{target}");
        assert!(response.text().contains(&format!("<code>{field}</code>")), "{target}: {}", response.text());
    }
    for target in ["/companies/77", "/companies/x", "/companies/99999999999999999999"] {
        assert!(is_html_error(&api.get(target), 404), "{target}");
    }
    assert!(is_html_error(&api.send(&Request::new("POST", "/status")), 405));
    let browser = Request::new("GET", "/nothing").header("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
    assert!(is_html_error(&api.send(&browser), 404));
    assert_eq!(api.get("/nothing").header("content-type"), Some("application/problem+json"));
}

#[test]
fn without_its_tables_a_page_says_that_the_database_does_not_answer() {
    let db = TestDb::empty();
    let api = Api::start(&db);
    for target in ["/", "/companies/1", COMPARE, "/status", "/query"] {
        let response = api.get(target);
        assert!(is_html_error(&response, 503), "{target}");
        assert_eq!(response.header("retry-after"), Some("5"), "{target}");
    }
    assert_eq!(api.get("/methodology").status, 200);
}

#[test]
fn without_data_every_page_still_says_something() {
    let db = TestDb::new();
    let api = Api::start(&db);
    assert!(ok(&api, "/").contains("No company has figures yet"));
    assert!(ok(&api, "/compare").contains("Choose a company"));
    assert!(ok(&api, COMPARE).contains("No day in this range is stored"));
    assert!(ok(&api, "/compare?company_id=5").contains("no cooling unit"));
    assert!(ok(&api, "/status").contains("No run is recorded yet"));
    assert_eq!(api.get("/query").status, 200);
}

#[test]
fn the_language_is_that_of_the_address_or_of_the_client() {
    let (_db, api) = with_data();
    let french = ok(&api, "/?lang=fr");
    assert!(french.contains("<html lang=\"fr\">") && french.contains("1\u{202f}302\u{202f}068,20"));
    assert!(french.contains("href=\"companies/9?lang=fr\""), "links keep the language");
    let hindi = api.send(&Request::new("GET", "/").header("accept-language", "hi-IN, en;q=0.5"));
    assert!(hindi.text().contains("<html lang=\"hi\">") && hindi.text().contains("13,02,068.20"));
    assert!(hindi.text().contains("href=\"companies/9\""));
    let vary: Vec<_> =
        hindi.headers.iter().filter(|(name, _)| name == "vary").map(|(_, value)| value.as_str()).collect();
    assert!(vary.join(",").contains("accept-language"), "{vary:?}");
    for target in PAGES {
        for lang in ["fr", "hi"] {
            let joint = if target.contains('?') { '&' } else { '?' };
            let text = ok(&api, &format!("{target}{joint}lang={lang}"));
            assert!(text.contains(&format!("<html lang=\"{lang}\">")), "{target} {lang}");
        }
    }
}

#[test]
fn a_page_that_a_browser_has_is_not_sent_again_until_the_data_change() {
    let (db, api) = with_data();
    for (target, view) in [("/", "company"), ("/companies/9", "company"), (COMPARE, "aggregated-comparison")] {
        let first = api.get(target);
        let tag = first.header("etag").unwrap().to_owned();
        let again = Request::new("GET", target).header("if-none-match", &tag);
        assert_eq!(api.send(&again).status, 304, "{target}");
        assert_eq!(api.send(&again.clone().header("accept-language", "fr")).status, 200, "{target}: another language");
        rows::run(&db, view, 100 + i64::from(tag.as_bytes()[1]));
        assert_eq!(api.send(&again).status, 200, "{target}");
    }
}

#[test]
fn the_status_page_tells_runs_rejects_flags_and_missing_rates() {
    let (db, api) = with_data();
    db.execute(
        "INSERT INTO metrics.report_reject SELECT id, 'crate 17', 'its weight is no number', now() FROM metrics.report_run
             WHERE view = 'company';
         UPDATE metrics.report_run SET rows_rejected = 1, outcome = 'partial' WHERE view = 'company'",
    );
    let page = ok(&api, "/status");
    assert!(page.contains("crate 17") && page.contains("its weight is no number"));
    assert!(page.contains("done in part") && page.contains("4 Nov 2026, 03:05 UTC"));
    let flag = between(&page, "<code>fx_missing</code>", "</tr>");
    assert!(flag.contains("fx import"), "{flag}");
    let rates = between(&page, "id=\"rates\"", "</section>");
    let row = between(rates, "<tbody>", "</tbody>");
    assert!(row.contains("NGN") && row.contains("2 Nov 2026") && value(row) == "1", "{row}");
}

#[test]
fn the_methodology_page_lists_every_parameter_with_unit_validity_and_source() {
    let (_db, api) = with_data();
    let page = ok(&api, "/methodology");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../parameters");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_file = path.extension().is_some_and(|extension| extension == "toml");
        let text = if is_file { std::fs::read_to_string(path).unwrap() } else { String::new() };
        if let Some(parameter) = text.lines().find_map(|line| line.strip_prefix("parameter = ")) {
            let name = parameter.trim_matches('"');
            assert!(page.contains(&format!("<summary><code>{name}</code>")), "{name}");
            files += 1;
        }
    }
    assert_eq!(page.matches("<details class=\"parameter\"").count(), files);
    let grid = between(&page, "<code>grid_emission_factor</code>", "</details>");
    for part in
        ["<data value=\"0.595619099308445\">", "kg CO₂e/kWh", "1 Jan 2015", "coldtivate-model", "4.6", "every other"]
    {
        assert!(grid.contains(part), "{part} in {grid}");
    }
    assert!(page.contains("room_kg_out"), "the definitions are there");
}

#[test]
fn long_lists_have_pages() {
    let (_db, api) = with_data();
    let first = ok(&api, "/?limit=1");
    assert!(first.contains("1 to 1 of 2") && first.contains("href=\"?limit=1&#38;offset=1\""), "{first}");
    let second = ok(&api, "/?limit=1&offset=1");
    assert!(second.contains("2 to 2 of 2") && second.contains("href=\"?limit=1&#38;offset=0\""));
    assert!(!second.contains("rel=\"next\""));
    assert!(ok(&api, "/?limit=1&offset=9223372036854775807").contains("none of 2"));
}

/// Every form of the query page is answered as it is filled in.
#[test]
fn the_forms_of_the_query_page_work_as_they_are() {
    let (_db, api) = with_data();
    let page = ok(&api, "/query");
    let mut posts = 0;
    for form in page.split("<form ").skip(1).map(|rest| rest.split("</form>").next().unwrap()) {
        let (method, action) = (between(form, "method=\"", "\""), between(form, "action=\"", "\""));
        let fields: Vec<String> = form
            .split("<input ")
            .skip(1)
            .map(|input| format!("{}={}", between(input, "name=\"", "\""), between(input, "value=\"", "\"")))
            .collect();
        let response = if method == "post" {
            posts += 1;
            api.send(&Request::form(&format!("/{action}"), &fields.join("&")))
        } else {
            api.get(&format!("/{action}?{}", fields.join("&")))
        };
        assert_eq!(response.status, 200, "{method} {action} {fields:?}: {}", response.text());
        assert!(matches!(response.json(), Value::Object(_)));
    }
    assert_eq!(posts, 3);
}
