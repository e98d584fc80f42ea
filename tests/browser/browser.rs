//! The web pages in a real browser, over a real server and database.
//!
//! Without Chromium the test is passed over; where `CI` is set it fails.

#![expect(clippy::expect_used, reason = "a test fails where it cannot go on")]

#[path = "../support/absent.rs"]
mod absent;
mod boards;
mod chromium;
mod site;

use absent::passes_over;
use chromium::Chromium;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use site::Site;

const AXE: &str = include_str!("vendor/axe-core/axe.min.js");

/// What a page may weigh with all its files, bytes.
const MAX_WEIGHT: f64 = 500_000.0;

/// Figures of the impact page that are compared with the API's.
const IMPACT_FIGURES: [&str; 9] = [
    "avg_baseline_farmer_revenue_month",
    "avg_monthly_farmer_revenue",
    "avg_monthly_perc_revenue_increase_evolution",
    "avg_baseline_kg_selling_price_month",
    "avg_monthly_kg_selling_price",
    "avg_monthly_perc_foodloss_evolution",
    "monthly_kg_loss",
    "possible_post_checkout_survey_room",
    "rows",
];

const PAGES: [&str; 21] = [
    "/",
    "/companies/1",
    "/companies/5",
    "/compare",
    "/compare?company_id=1&start_date=2026-08-23&end_date=2026-11-20",
    "/status",
    "/methodology",
    "/query",
    "/companies/2?lang=fr",
    "/impact",
    "/impact?company_id=1&start_date=2026-08-01&end_date=2026-11-20",
    "/impact?company_id=2&lang=hi",
    "/fleet",
    "/fleet?policy=count-hours&lang=fr",
    "/fleet/001-979506",
    "/fleet/007-841129?lang=hi&policy=step;max_carry=60&days=8",
    "/kpis",
    "/kpis?environment=production&lang=hi",
    "/kpis/a2-active-users-last-30-days?environment=production",
    "/kpis/b1-processes-by-state?lang=fr&environment=production",
    "/kpi-runs/1",
];

/// One test, because its parts share the server and the browser.
#[test]
fn the_pages_in_a_browser() {
    let Some(program) = chromium::find() else {
        return passes_over("Chromium is not there; apt-get install chromium");
    };
    let site = Site::start();
    let mut browser = Chromium::start(&program);
    every_page_is_sound(&site, &mut browser);
    charts_are_drawn_from_their_tables(&site, &mut browser);
    other_days_and_units_are_other_numbers(&site, &mut browser);
    the_impact_page_follows_its_form(&site, &mut browser);
    stores_have_the_figures_of_the_api(&site, &mut browser);
    a_report_of_stores_is_made_on_the_page(&site, &mut browser);
    kpis_have_their_history_with_its_gaps(&site, &mut browser);
    the_keyboard_reaches_everything(&site, &mut browser);
    forms_of_the_api_answer_on_the_page(&site, &mut browser);
    boards::the_viewer_shows_what_the_channels_say(&site, &mut browser);
    boards::what_cannot_be_drawn_says_why(&site, &mut browser);
    boards::the_keyboard_reads_a_chart(&site, &mut browser);
    boards::operators_look_after_dashboards(&site, &mut browser);
}

/// No errors, nothing that keeps people out, nothing that does not fit, light enough: on a desk and on a phone, in
/// light and dark.
fn every_page_is_sound(site: &Site, browser: &mut Chromium) {
    for (width, scheme) in [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")] {
        browser.screen(width, scheme);
        for page in PAGES {
            let what = format!("{page} at {width} px, {scheme}");
            browser.call("Network.setCacheDisabled", &json!({"cacheDisabled": true}));
            browser.open(&site.url(page));
            is_sound(browser, &what);
        }
    }
}

/// The page that is open.
fn is_sound(browser: &mut Chromium, what: &str) {
    assert_eq!(browser.errors(), [""; 0], "{what}");
    let overflow = browser.evaluate("document.documentElement.scrollWidth - innerWidth");
    assert!(overflow.as_f64() <= Some(0.0), "{what}: {overflow} px too wide");
    let weight = browser.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
            .reduce((sum, file) => sum + file.decodedBodySize, 0)",
    );
    assert!(weight.as_f64() > Some(0.0) && weight.as_f64() < Some(MAX_WEIGHT), "{what}: {weight} bytes");
    browser.evaluate(AXE);
    let found = browser.evaluate(
        "axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations
            .filter((rule) => ['serious', 'critical'].includes(rule.impact))
            .map((rule) => rule.id + ': ' + rule.nodes.slice(0, 3).map((node) => node.html + ' ' +
                node.failureSummary).join(' | ')))",
    );
    assert_eq!(found, json!([]), "{what}: {found:#}");
}

fn charts_are_drawn_from_their_tables(site: &Site, browser: &mut Chromium) {
    browser.screen(1440, "light");
    browser.open(&site.url("/compare?company_id=1&start_date=2026-10-01&end_date=2026-11-20"));
    assert_eq!(browser.evaluate("document.querySelectorAll('[data-chart]').length"), 2);
    assert_eq!(browser.evaluate("document.querySelectorAll('[data-chart] canvas').length"), 2);
    assert_eq!(
        browser.evaluate("document.querySelectorAll('[data-chart]')[0].querySelectorAll('tbody tr').length"),
        51
    );
    assert_eq!(
        browser.evaluate("document.querySelectorAll('[data-chart]')[0].querySelectorAll('.legend button').length"),
        4
    );
    // A line goes away, and its button says so.
    browser.evaluate("document.querySelector('.legend button').click()");
    assert_eq!(browser.evaluate("document.querySelector('.legend button').getAttribute('aria-pressed')"), "false");
    // It fits into a narrower window.
    browser.screen(390, "light");
    browser.wait_until("document.querySelector('canvas').getBoundingClientRect().width <= innerWidth");
    assert_eq!(browser.errors(), [""; 0]);
}

/// Values of the comparison's figures by cooling unit, as the page has them.
fn figures(browser: &mut Chromium, key: &str) -> Value {
    browser.evaluate(&format!(
        "Object.fromEntries([...document.querySelectorAll('tr[data-key={key}] td')].map((cell) =>
            [cell.dataset.unit, cell.querySelector('data') ? Number(cell.querySelector('data').value) : null]))"
    ))
}

fn assert_same_as_api(site: &Site, browser: &mut Chromium, units: &[i64], start: &str, end: &str) {
    let ids: Vec<_> = units.iter().map(ToString::to_string).collect();
    let query = format!("unit_ids={}&start_date={start}&end_date={end}", ids.join(","));
    let slice = site.json(&format!("/api/coolingunit-slice?{query}"));
    let found = slice["cooling_units"].as_array().expect("cooling units");
    assert_eq!(found.len(), units.len(), "{query}");
    for key in [
        "room_crates_in",
        "room_kg_in",
        "room_kg_out",
        "average_room_occupancy",
        "room_revenue",
        "room_revenue_usd",
        "room_active_users",
        "room_beneficiaries",
        "tot_co2",
        "room_stock_kg",
        "days",
    ] {
        let shown = figures(browser, key);
        for unit in found {
            let id = unit["cooling_unit_id"].to_string();
            assert_eq!(shown[&id].as_f64(), unit[key].as_f64(), "{key} of {id}: {query}");
        }
        if matches!(key, "room_crates_in" | "days") && units.len() > 1 {
            let sum: i64 = found.iter().filter_map(|unit| unit[key].as_i64()).sum();
            assert_eq!(shown["all"].as_i64(), Some(sum), "{key}: {query}");
        }
    }
}

fn other_days_and_units_are_other_numbers(site: &Site, browser: &mut Chromium) {
    browser.screen(1440, "light");
    browser.open(&site.url("/compare?company_id=1&start_date=2026-10-22&end_date=2026-11-20"));
    let offered = browser.evaluate("[...document.querySelectorAll('[name=unit_ids]')].map((box) => Number(box.value))");
    let units: Vec<i64> = offered.as_array().expect("boxes").iter().filter_map(Value::as_i64).collect();
    assert!(units.len() > 2, "{units:?}");
    assert_same_as_api(site, browser, &units, "2026-10-22", "2026-11-20");
    let before = figures(browser, "room_kg_in");

    // Other days.
    browser.follow(
        "document.querySelector('[name=start_date]').value = '2026-11-10'; document.querySelector('.primary').click()",
    );
    assert_same_as_api(site, browser, &units, "2026-11-10", "2026-11-20");
    assert_ne!(figures(browser, "room_kg_in"), before);

    // Other cooling units.
    browser
        .follow("document.querySelectorAll('[name=unit_ids]')[0].click(); document.querySelector('.primary').click()");
    assert_same_as_api(site, browser, &units[1..], "2026-11-10", "2026-11-20");
    assert_eq!(figures(browser, "room_kg_in")[units[0].to_string()], Value::Null);
    assert_eq!(browser.errors(), [""; 0]);

    // The company page's own days.
    browser.open(&site.url("/companies/1"));
    let rows = "document.querySelectorAll('[data-chart] tbody tr').length";
    assert_eq!(browser.evaluate(rows), 90);
    browser.follow("document.querySelector('[name=start_date]').value = '2026-11-11';
        document.querySelector('[name=end_date]').value = '2026-11-20'; document.querySelector('.range button').click()");
    assert_eq!(browser.evaluate(rows), 10);
    let company = site.json("/api/company-slice?company_id=1");
    let shown = browser.evaluate("Number(document.querySelector('[data-key=comp_kg_in] data').value)");
    assert_eq!(shown.as_f64(), company["company"]["comp_kg_in"].as_f64());
}

/// What the impact page shows of a record; absent when it has no row.
fn impact(browser: &mut Chromium, record: &str, key: &str) -> Value {
    browser.evaluate(&format!(
        "(() => {{ const data = document.querySelector('tr[data-unit=\"{record}\"] td[data-key=\"{key}\"] data');
            return data ? Number(data.value) : null }})()"
    ))
}

/// Compares all together (`all`, unless there is only one) and each cooling unit with the API.
fn assert_same_impact(site: &Site, browser: &mut Chromium, together: &str, units: &[String], range: &str) {
    let slice = |query: &str| site.json(&format!("/api/impact-slice?{query}&{range}"));
    let (all, each) = (slice(together), slice(&format!("cooling_unit_id={}&view=comparison", units.join(","))));
    assert!(each["impact"].as_array().is_some_and(|found| !found.is_empty()), "{range}");
    let mut records: Vec<(String, Value, Value)> = Vec::new();
    for co2 in each["co2"].as_array().expect("emissions") {
        let id = &co2["cooling_unit_id"];
        let found = each["impact"].as_array().and_then(|all| all.iter().find(|one| one["cooling_unit_id"] == *id));
        records.push((id.to_string(), found.cloned().unwrap_or_default(), co2.clone()));
    }
    if units.len() > 1 {
        records.push(("all".to_owned(), all["impact"][0].clone(), all["co2"][0].clone()));
    }
    for (record, figures, co2) in &records {
        for key in IMPACT_FIGURES {
            assert_eq!(impact(browser, record, key).as_f64(), figures[key].as_f64(), "{key} of {record}: {range}");
        }
        for key in ["co2_from", "co2_to"] {
            assert_eq!(impact(browser, record, key).as_f64(), co2[key].as_f64(), "{key} of {record}: {range}");
        }
    }
}

fn the_impact_page_follows_its_form(site: &Site, browser: &mut Chromium) {
    browser.screen(1440, "light");
    browser.open(&site.url("/impact?company_id=1&start_date=2026-08-01&end_date=2026-11-20"));
    let offered = browser.evaluate("[...document.querySelectorAll('[name=unit_ids]')].map((box) => box.value)");
    let units: Vec<String> =
        offered.as_array().expect("boxes").iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
    let company = "mode=company&company_id=1";
    assert_same_impact(site, browser, company, &units, "start_date=2026-08-01&end_date=2026-11-20");
    let before = impact(browser, "all", "avg_monthly_farmer_revenue");

    // Other days.
    browser.follow(
        "document.querySelector('[name=start_date]').value = '2026-10-01'; document.querySelector('.primary').click()",
    );
    let range = "start_date=2026-10-01&end_date=2026-11-20";
    assert_same_impact(site, browser, company, &units, range);
    assert_ne!(impact(browser, "all", "avg_monthly_farmer_revenue"), before);

    // Some of the cooling units: two, then one.
    let tick = |index: usize| {
        format!(
            "document.querySelectorAll('[name=unit_ids]')[{index}].click(); document.querySelector('.primary').click()"
        )
    };
    browser.evaluate("document.querySelectorAll('[name=unit_ids]')[0].click()");
    browser.follow(&tick(1));
    let two = &units[..2];
    assert_same_impact(site, browser, &format!("cooling_unit_id={}", two.join(",")), two, range);
    browser.follow(&tick(1));
    assert_same_impact(site, browser, &format!("cooling_unit_id={}", units[0]), &units[..1], range);
    assert_eq!(impact(browser, "all", "rows"), Value::Null);
    assert_eq!(browser.errors(), [""; 0]);
}

fn stores_have_the_figures_of_the_api(site: &Site, browser: &mut Chromium) {
    browser.screen(1440, "light");
    browser.open(&site.url("/fleet"));
    let listed = browser.evaluate("[...document.querySelectorAll('th.id a')].map((link) => link.textContent)");
    assert_eq!(listed.as_array().expect("stores").len(), 20);
    browser.follow("document.querySelector('th.id a').click()");
    let store = listed[0].as_str().expect("an id");
    assert_eq!(browser.evaluate("document.querySelector('h1').textContent"), store);
    let uptime = site.json(&format!("/stores/{store}/uptime"));
    let polls = browser.evaluate("Number(document.querySelector('[data-window=week] [data-key=polls] data').value)");
    assert_eq!(polls.as_f64(), uptime["polls_last_week"].as_f64());
    // Each day has its picture, and the pieces and polls of the pictures are listed.
    let pieces = "document.querySelectorAll('details')[0].querySelectorAll('tbody tr').length";
    let timeline = site.json(&format!("/stores/{store}/timeline?to={}", uptime["as_of"].as_str().expect("an instant")));
    assert_eq!(browser.evaluate(pieces).as_u64(), timeline["segments"].as_array().map(|all| all.len() as u64));
    let marks = browser.evaluate("document.querySelectorAll('.strip .poll').length");
    assert_eq!(marks.as_u64(), timeline["polls"].as_array().map(|all| all.len() as u64));
    let days = "document.querySelectorAll('.strips tbody tr').length";
    assert_eq!(browser.evaluate(days), 8);
    browser.follow("document.querySelector('[name=days]').value = '2'; document.querySelector('.primary').click()");
    assert_eq!(browser.evaluate(days), 3);
    assert_eq!(browser.errors(), [""; 0]);
}

fn a_report_of_stores_is_made_on_the_page(site: &Site, browser: &mut Chromium) {
    browser.open(&site.url("/fleet"));
    browser.evaluate("document.querySelector('form[data-report] button').click()");
    browser.wait_until("document.querySelectorAll('[role=status] a').length === 5");
    let lines = browser.evaluate(
        "fetch(document.querySelector('[role=status] a').href).then((file) => file.text())
            .then((text) => text.trim().split('\\n').length)",
    );
    assert_eq!(lines.as_i64(), site.json("/stores?limit=1")["total"].as_i64().map(|stores| stores + 1));
    assert_eq!(browser.evaluate("document.querySelector('[name=report_id]').value.length >= 22"), true);
    browser.evaluate("document.querySelector('[name=as_of]').value = 'yesterday'");
    browser.evaluate("document.querySelector('form[data-report] button').click()");
    browser.wait_until("document.querySelector('[role=status]').textContent.startsWith('as_of: ')");
}

fn kpis_have_their_history_with_its_gaps(site: &Site, browser: &mut Chromium) {
    browser.screen(1440, "light");
    browser.open(&site.url("/kpis?environment=production"));
    let listed = site.json("/api/kpis?environment=production");
    let kpis = listed["kpis"].as_array().expect("KPIs");
    let shown = browser.evaluate(
        "[...document.querySelectorAll('.kpis tbody tr')].map((row) => [row.querySelector('th a').textContent,
            Number(row.querySelector('td data')?.value ?? NaN), row.querySelector('.badge').className])",
    );
    assert_eq!(shown.as_array().map(Vec::len), Some(kpis.len()));
    for (row, kpi) in shown.as_array().expect("rows").iter().zip(kpis) {
        let number = if kpi["form"] == "rows" { &kpi["rows"] } else { &kpi["value_num"] };
        let class = format!("badge {}", kpi["status"].as_str().expect("a status"));
        assert_eq!((&row[0], row[1].as_f64(), &row[2]), (&kpi["name"], number.as_f64(), &json!(class)));
    }
    // Each value says how old it is, by the clock of the browser.
    let with_value = kpis.iter().filter(|kpi| !kpi["value_run_id"].is_null()).count();
    assert_eq!(browser.evaluate("document.querySelectorAll('.when .age').length").as_u64(), Some(with_value as u64));

    browser.follow("document.querySelectorAll('.kpis tbody a')[1].click()");
    let id = kpis[1]["id"].as_str().expect("an id");
    let history = site.json(&format!("/api/kpis/{id}/history?environment=production"));
    let series = history["series"].as_array().expect("a series");
    let shown = browser.evaluate(
        "[...document.querySelectorAll('[data-chart] tbody tr')].reverse().map((row) =>
            [row.querySelector('time').dateTime, Number(row.cells[1].querySelector('data')?.value ?? NaN),
            row.querySelector('.error-text [lang]')?.textContent ?? null])",
    );
    let expected: Vec<_> =
        series.iter().map(|point| json!([point["started_at"], point["value_num"], point["error"]])).collect();
    let shown: Vec<_> =
        shown.as_array().expect("rows").iter().map(|row| json!([row[0], row[1].as_f64(), row[2]])).collect();
    assert_eq!(shown, expected);
    assert!(
        series.iter().any(|point| point["value"].is_null()) && series.iter().any(|point| !point["value"].is_null())
    );
    assert_eq!(browser.evaluate("document.querySelectorAll('[data-chart] canvas').length"), 1);
    // Fewer days, and from there to a run.
    browser.follow(
        "document.querySelector('[name=from]').value = '2026-11-11'; document.querySelector('.range button').click()",
    );
    let later = series.iter().filter(|point| point["started_at"].as_str() >= Some("2026-11-11")).count();
    assert!(later > 0 && later < series.len(), "{later}");
    assert_eq!(
        browser.evaluate("document.querySelectorAll('[data-chart] tbody tr').length").as_u64(),
        Some(later as u64)
    );
    browser.follow("document.querySelector('[data-chart] tbody a').click()");
    let rows = "document.querySelectorAll('.kpis tbody tr').length";
    assert_eq!(browser.evaluate(rows).as_u64(), Some(kpis.len() as u64));
    assert_eq!(browser.errors(), [""; 0]);
}

fn the_keyboard_reaches_everything(site: &Site, browser: &mut Chromium) {
    browser.screen(1440, "light");
    browser.open(&site.url("/companies/5"));
    browser.press("Tab", 9);
    assert_eq!(browser.evaluate("document.activeElement.className"), "skip");
    assert!(browser.evaluate("document.activeElement.getBoundingClientRect().top").as_f64() >= Some(0.0), "it is seen");
    browser.press("Enter", 13);
    browser.wait_until("document.activeElement.id === 'main'");
    // The reason of the first missing figure.
    browser.evaluate("document.querySelector('main a.unknown').focus()");
    let outline = browser.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    assert_eq!(outline, "solid", "the focus is seen");
    browser.press("Enter", 13);
    browser.wait_until("location.hash.startsWith('#why-') && document.querySelector(':target') !== null");
    assert_eq!(browser.evaluate("document.querySelector(':target').textContent.trim().length > 20"), true);
}

fn forms_of_the_api_answer_on_the_page(site: &Site, browser: &mut Chromium) {
    browser.open(&site.url("/query"));
    for index in 0..browser.evaluate("document.querySelectorAll('[data-ask]').length").as_i64().expect("a number") {
        browser.evaluate("document.getElementById('answer-body').textContent = ''");
        browser.evaluate(&format!("document.querySelectorAll('[data-ask] button')[{index}].click()"));
        browser.wait_until("document.getElementById('answer-body').textContent.length > 2");
        let status = browser.evaluate("document.getElementById('answer-status').textContent");
        assert!(status.as_str().is_some_and(|status| status.starts_with("200")), "{status}");
    }
    assert_eq!(browser.errors(), [""; 0]);
}

/// What VENDOR.md says.
#[test]
fn the_vendored_file_is_the_one_that_the_list_names() {
    let hash = Sha256::digest(AXE).iter().fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
    assert!(include_str!("vendor/VENDOR.md").contains(&hash), "{hash}");
}
