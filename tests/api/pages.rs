//! The web pages, as HTML.

use serde_json::Value;

use super::client::{Request, Response};
use super::{Api, impact, rows, stores};
use crate::stores::{ingested, view};
use crate::support::TestDb;

const COMPARE: &str = "/compare?unit_ids=1&unit_ids=3&start_date=2026-11-01&end_date=2026-11-30";
const IMPACT: &str = "/impact?unit_ids=1&unit_ids=2&start_date=2026-11-17&end_date=2026-11-21";
const PAGES: [&str; 9] =
    ["/", "/companies/9", COMPARE, IMPACT, "/fleet", "/fleet/a%2Fb", "/status", "/methodology", "/query"];

fn with_data() -> (TestDb, Api) {
    let db = TestDb::new();
    rows::two_units(&db);
    rows::two_companies(&db);
    ingested(&db, &stores::folder());
    view(&db, &[]);
    let api = Api::start(&db);
    (db, api)
}

pub fn ok(api: &Api, target: &str) -> String {
    let response = api.get(target);
    assert_eq!(response.status, 200, "{target}: {}", response.text());
    response.text().to_owned()
}

/// What stands between `start` and `end`, the first time.
pub fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let rest = text.split_once(start).unwrap_or_else(|| panic!("no {start} in {text}")).1;
    rest.split_once(end).unwrap_or_else(|| panic!("no {end} after {start}")).0
}

/// The cell of an indicator and cooling unit on the comparison page.
fn cell<'a>(page: &'a str, key: &str, unit: &str) -> &'a str {
    let row = between(page, &format!("<tr data-key=\"{key}\""), "</tr>");
    between(row, &format!("data-unit=\"{unit}\">"), "</td>")
}

/// The number behind a figure.
pub fn value(cell: &str) -> &str {
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
    // Counted from the days: a unit whose type is not stated is one too.
    assert_eq!(value(between(&page, "data-key=\"cooling_units\"", "</div>")), "1");
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
    assert_eq!(numbers, ["2.25", "3.125", "4.75", "1.75"]);
    assert!(between(room, "data-key=\"food_loss\">", "</td>").contains("class=\"unknown\""));
    let electricity = between(emissions, "<tr data-key=\"electricity\">", "</tr>");
    assert_eq!(value(electricity), "1.5");

    let crops = between(&page, "id=\"crops\"", "</section>");
    let tomato = between(crops, "<th scope=\"row\">Tomato</th>", "</tr>");
    let numbers: Vec<_> = tomato.split("<data value=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(numbers[..8], ["10", "205.75", "0", "0", "10", "205.75", "0", "0"]);
}

/// The figure of a record in one of the tables of the impact page.
fn impact_cell<'a>(page: &'a str, table: &str, unit: &str, key: &str) -> &'a str {
    let table = between(page, &format!("<h2 id=\"{table}\""), "</section>");
    let row = between(table, &format!("<tr data-unit=\"{unit}\""), "</tr>");
    between(row, &format!("data-key=\"{key}\">"), "</td>")
}

const IMPACT_KEYS: [(&str, &[&str]); 4] = [
    (
        "revenue",
        &[
            "avg_baseline_farmer_revenue_month",
            "avg_monthly_farmer_revenue",
            "avg_monthly_farmer_revenue_evolution",
            "avg_monthly_perc_revenue_increase_evolution",
        ],
    ),
    (
        "price",
        &[
            "avg_baseline_kg_selling_price_month",
            "avg_monthly_kg_selling_price",
            "avg_monthly_kg_selling_price_evolution",
            "avg_monthly_perc_unit_selling_price_evolution",
        ],
    ),
    (
        "loss",
        &[
            "baseline_kg_loss_month",
            "avg_baseline_perc_loss_month",
            "monthly_kg_loss",
            "avg_monthly_perc_loss",
            "avg_monthly_perc_foodloss_evolution",
        ],
    ),
    (
        "surveys",
        &[
            "total_post_checkout_survey_unit",
            "possible_post_checkout_survey_room",
            "num_post_harvest_surveys",
            "baseline_completed_surveys_room",
            "rows",
            "monthly_kg_checkin",
            "baseline_quantity_total_month",
            "baseline_kg_sold_month",
        ],
    ),
];

/// The page of `query` shows what the API says about all together and about each cooling unit.
fn assert_same_impact(page: &str, code: &str, impact: &Value) {
    for (table, keys) in IMPACT_KEYS {
        for key in keys {
            let cell = impact_cell(page, table, code, key);
            if impact[key].is_null() {
                assert!(cell.contains("class=\"unknown\""), "{key} of {code}: {cell}");
            } else {
                assert_eq!(value(cell).parse().ok(), impact[key].as_f64(), "{key} of {code}");
            }
        }
    }
}

#[test]
fn the_impact_page_has_the_figures_of_the_impact_slice() {
    let db = impact::fixture_b();
    // A second farmer in the other room, with a loss and a price of their own, and without a baseline price.
    db.execute(
        "INSERT INTO metrics.impact_metrics SELECT (jsonb_populate_record(stored,
             '{\"cooling_unit_id\": 2, \"unit_name\": \"Room B\", \"monthly_kg_loss\": 1.25, \"monthly_kg_selling_price\": 700,
               \"baseline_kg_selling_price_month\": null, \"baseline_farmer_revenue_month\": null}')).*
         FROM metrics.impact_metrics AS stored",
    );
    let api = Api::start(&db);
    let range = "start_date=2026-11-17&end_date=2026-11-21";
    let slice = |query: &str| api.get(&format!("/api/impact-slice?{query}&{range}")).json();
    let together = slice("mode=company&company_id=1");
    let each = slice("cooling_unit_id=1,2&view=comparison");
    for target in [format!("/impact?company_id=1&{range}"), format!("/impact?unit_ids=1,2&{range}")] {
        let page = ok(&api, &target);
        assert_same_impact(&page, "all", &together["impact"][0]);
        for unit in each["impact"].as_array().unwrap() {
            assert_same_impact(&page, &unit["cooling_unit_id"].to_string(), unit);
        }
        assert!(impact_cell(&page, "revenue", "1", "avg_monthly_farmer_revenue_evolution").contains("+4,050.00"));
        assert!(impact_cell(&page, "revenue", "2", "avg_baseline_farmer_revenue_month").contains("#why-not_surveyed"));
        assert!(impact_cell(&page, "surveys", "all", "latest_survey_date").contains("20 Nov 2026, 12:00 UTC"));
        for (code, co2) in [("all", &together["co2"][0]), ("1", &each["co2"][0]), ("2", &each["co2"][1])] {
            for key in ["co2_from", "co2_to"] {
                let cell = impact_cell(&page, "co2", code, key);
                assert_eq!(value(cell).parse().ok(), co2[key].as_f64(), "{key} of {code}");
            }
            let amount = |cause: &str| co2["co2_breakdown"][cause].as_f64().unwrap();
            let parts = [
                ("energy", amount("electricity") + amount("refrigerant")),
                ("food_loss", amount("disposal_cold") + amount("production_cold")),
            ];
            for (key, sum) in parts {
                let shown: f64 = value(impact_cell(&page, "co2", code, key)).parse().unwrap();
                assert!((shown - sum).abs() < 1e-9, "{key} of {code}");
            }
            let sum: f64 = parts.iter().map(|(_, part)| part).sum();
            assert!((sum - co2["co2_to"].as_f64().unwrap()).abs() < 1e-9, "energy and food loss are all there is");
        }
        // Who the farmers are is nobody's business here.
        let names = db.query("SELECT DISTINCT first_name || ' ' || last_name AS name FROM user_user");
        for name in names.iter().filter_map(|row| row["name"].as_str()).filter(|name| name.trim().len() > 3) {
            assert!(!page.contains(name), "{name}");
        }
    }
    // One cooling unit is not repeated as all.
    let one = ok(&api, &format!("/impact?unit_ids=1&{range}"));
    assert!(!one.contains("data-unit=\"all\""));
    assert_same_impact(&one, "1", &each["impact"][0]);
    // Without a range: the last stored 90 days.
    assert!(ok(&api, "/impact?company_id=1").contains("data-key=\"avg_monthly_farmer_revenue\""));
}

#[test]
fn money_of_several_currencies_is_absent_from_the_impact_page_with_the_reason() {
    let db = impact::fixture_b();
    db.execute(
        "INSERT INTO metrics.impact_metrics SELECT (jsonb_populate_record(stored,
             '{\"cooling_unit_id\": 2, \"unit_name\": \"Room B\", \"currency\": \"KES\"}')).*
         FROM metrics.impact_metrics AS stored",
    );
    let page = ok(&Api::start(&db), IMPACT);
    let cell = |unit: &str, key: &str| impact_cell(&page, "revenue", unit, key).to_owned();
    for key in IMPACT_KEYS[0].1 {
        assert!(cell("all", key).contains("href=\"#why-mixed_currencies\""), "{key}");
    }
    assert!(cell("1", "avg_monthly_farmer_revenue").contains("NGN"));
    assert!(cell("2", "avg_monthly_farmer_revenue").contains("KES"));
    assert!(page.contains("id=\"why-mixed_currencies\"") && page.contains("<code>several_currencies</code>"));
    assert_eq!(value(impact_cell(&page, "surveys", "all", "monthly_kg_checkin")), "80");
}

#[test]
fn the_pages_lead_to_the_impact_of_the_same_units_and_days() {
    let (_db, api) = with_data();
    let company = ok(&api, "/companies/9?start_date=2026-11-01&end_date=2026-11-03");
    assert!(company.contains("href=\"../impact?company_id=9&#38;start_date=2026-11-01&#38;end_date=2026-11-03\""));
    let compare = ok(&api, COMPARE);
    assert!(compare.contains("href=\"impact?unit_ids=1,3&#38;start_date=2026-11-01&#38;end_date=2026-11-30\""));
    // There are days, and no survey.
    let impact = ok(&api, "/impact?unit_ids=1,3&start_date=2026-11-01&end_date=2026-11-30");
    assert!(
        impact.contains("No market survey with a baseline")
            && impact.contains("Without a survey in this range: Room One")
    );
    assert!(impact.contains("<h2 id=\"co2\">") && impact.contains("href=\"compare?unit_ids=1,3&#38;"));
}

/// Every link that says so is a file with at least one row.
#[test]
fn downloads_lead_to_files() {
    let db = impact::fixture_b();
    let api = Api::start(&db);
    let range = "start_date=2026-11-17&end_date=2026-11-20";
    let mut files = 0;
    for (page, root) in [
        (format!("/companies/1?{range}"), "/"),
        (format!("/compare?unit_ids=1,2&{range}"), "/"),
        (format!("/impact?unit_ids=1,2&{range}"), "/"),
        (format!("/impact?company_id=1&{range}"), "/"),
    ] {
        let text = ok(&api, &page);
        let links = text.split("<a href=\"").skip(1).filter_map(|rest| {
            let (address, rest) = rest.split_once('"')?;
            rest.starts_with(" download").then(|| address.replace("&amp;", "&").replace("&#38;", "&"))
        });
        for link in links {
            let address = format!("{root}{}", link.trim_start_matches("../"));
            let response = api.get(&address);
            assert_eq!(response.status, 200, "{page}: {address}: {}", String::from_utf8_lossy(&response.body));
            let form = between(&format!("{address}&"), "format=", "&").to_owned();
            let kind = match form.as_str() {
                "csv" => "text/csv",
                "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "parquet" => "application/vnd.apache.parquet",
                _ => "application/json",
            };
            assert!(response.header("content-type").unwrap().starts_with(kind), "{address}");
            assert!(form != "csv" || response.text().lines().count() > 1, "{address}");
            files += 1;
        }
    }
    assert!(files >= 20, "{files}");
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
    ingested(&db, &stores::folder());
    view(&db, &[]);
    let hostile = r#"<script>alert(1)</script>"><img src=x onerror=alert(1)>{{7*7}}"#;
    db.execute(&format!(
        r#"UPDATE metrics.cooling_unit_metrics SET unit_name = '{hostile}', state = '{hostile}', currency = '<b>',
               cool_unit_type = '{hostile}',
               check_in_kg_crop = jsonb_build_object('{hostile}', 1),
               co2_crops = jsonb_build_object('{hostile}', '{{"coldroom": 1, "no-coldroom": 2, "difference": 1}}'::jsonb);
           UPDATE metrics.company_metrics SET comp_name = '{hostile}', comp_country = '<i>', currency = '<b>';
           UPDATE metrics.store SET ext_id = '{hostile}' WHERE ext_id = '007';
           UPDATE metrics.store SET tz = '{hostile}' WHERE ext_id = 'a/b';
           UPDATE metrics.report_run SET outcome = 'failed', error = '{hostile}';
           INSERT INTO metrics.report_reject SELECT id, '{hostile}', '{hostile}', now() FROM metrics.report_run"#
    ));
    let api = Api::start(&db);
    let store = format!("/fleet/{}", stores::encoded(hostile));
    for target in PAGES.into_iter().chain([store.as_str()]) {
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
        ("/impact?unit_ids=1,x", "unit_ids"),
        ("/impact?company_id=1&start_date=2026-02-02&end_date=2026-02-01", "end_date"),
        ("/impact?mode=company", "mode"),
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
    for target in ["/", "/companies/1", COMPARE, IMPACT, "/status", "/query"] {
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
    assert!(ok(&api, "/impact").contains("Choose a company"));
    assert!(ok(&api, IMPACT).contains("no survey and no stored day"));
    assert!(ok(&api, "/impact?company_id=5").contains("no survey and no stored day"));
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
    for (target, view) in [
        ("/", "company"),
        ("/companies/9", "company"),
        (COMPARE, "aggregated-comparison"),
        (IMPACT, "impact-metrics"),
        (IMPACT, "aggregated-comparison"),
    ] {
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
         UPDATE metrics.report_run SET rows_rejected = 1, outcome = 'partial' WHERE view = 'company';
         UPDATE metrics.cooling_unit_metrics SET data_quality = '{electricity_estimated}' WHERE date = '2026-11-03'",
    );
    let page = ok(&api, "/status");
    assert!(page.contains("crate 17") && page.contains("its weight is no number"));
    assert!(page.contains("done in part") && page.contains("4 Nov 2026, 03:05 UTC"));
    let flags = between(&page, "id=\"flags\"", "</section>");
    let flag = between(flags, "<code>electricity_estimated</code>", "</li>");
    assert!(flag.contains("kWh") && flag.contains("3 Nov 2026") && value(flag) == "1", "{flag}");
    assert!(!flags.contains("<code>capacity_missing</code>"), "it was so the day before: {flags}");
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
