//! Saved dashboards in the browser: the viewer, and the list of operators.

use serde_json::{Value, json};

use crate::chromium::Chromium;
use crate::is_sound;
use crate::site::Site;

const SCREENS: [(u32, &str); 4] = [(1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")];
const LOADED: &str =
    "document.querySelector('#board') !== null && !document.querySelector('#board').hasAttribute('aria-busy')";

/// Values of all tables of the page: by column the address they are from, and its values by nanoseconds.
const SHOWN: &str = "(() => {
    document.querySelectorAll('.widget details').forEach((details) => { details.open = true; });
    return new Promise((resolve) => setTimeout(() => resolve([...document.querySelectorAll('.widget table')].flatMap((table) =>
        [...table.tHead.rows[0].cells].slice(1).map((head, column) => {
            const address = new URL(head.dataset.source, document.baseURI);
            const cells = [...table.tBodies[0].rows].map((row) => [row.dataset.ns, row.cells[column + 1].querySelector('data')]);
            return { address: address.pathname + address.search, name: address.searchParams.get('channel_name'),
                points: cells.filter(([, data]) => data).map(([ns, data]) => [ns, data.value, { ...data.dataset }]) };
        }))), 50));
})()";

fn open(browser: &mut Chromium, address: &str) {
    browser.open(address);
    browser.wait_until(LOADED);
}

fn number(text: &Value) -> f64 {
    text.as_str().and_then(|text| text.parse().ok()).expect("a number as a text")
}

/// Compares what the page shows with what the same addresses answer; the channels, and how many have bins.
fn assert_same_as_curves(site: &Site, browser: &mut Chromium) -> (Vec<String>, usize) {
    let shown = browser.evaluate(SHOWN);
    let mut names = Vec::new();
    let mut binned = 0;
    for column in shown.as_array().expect("columns") {
        let (address, name) =
            (column["address"].as_str().expect("an address"), column["name"].as_str().expect("a name"));
        let answer = site.json(address);
        let points = answer["curve"][name].as_object().expect("points");
        let meta = &answer["curve"][format!("{name}_meta")];
        assert!(!points.is_empty(), "{address}");
        let cells = column["points"].as_array().expect("cells");
        assert_eq!(cells.len(), points.len(), "{address}");
        for cell in cells {
            let ns = cell[0].as_str().expect("a time");
            assert_eq!(Some(number(&cell[1])), points[ns].as_f64(), "{address} at {ns}");
            if meta["raw"] == false {
                for bound in ["min", "max"] {
                    let expected = &answer["curve"][format!("{name}_{bound}")][ns];
                    assert_eq!(Some(number(&cell[2][bound])), expected.as_f64(), "{bound} of {address} at {ns}");
                }
                assert_eq!(
                    Some(number(&cell[2]["count"])),
                    meta["pointMeta"][ns]["count"].as_f64(),
                    "{address} at {ns}"
                );
            }
        }
        binned += usize::from(meta["raw"] == false);
        names.push(name.to_owned());
    }
    (names, binned)
}

pub fn the_viewer_shows_what_the_channels_say(site: &Site, browser: &mut Chromium) {
    for (width, scheme) in SCREENS {
        browser.screen(width, scheme);
        open(browser, &site.viewer);
        is_sound(browser, &format!("the viewer at {width} px, {scheme}"));
        let (names, _) = assert_same_as_curves(site, browser);
        assert_eq!(names[..2], ["COOL-1:OCCUPANCY", "COOL-2:OCCUPANCY"]);
        assert_eq!(names.len(), 8, "{names:?}");
        is_sound(browser, &format!("the viewer with its tables at {width} px, {scheme}"));
    }
    browser.screen(1280, "light");
    open(browser, &site.viewer);
    assert_eq!(browser.evaluate("document.querySelectorAll('.widget').length"), 5);
    assert_eq!(browser.evaluate("document.querySelectorAll('.curve .line').length"), 8);
    assert_eq!(browser.evaluate("document.querySelectorAll('.gap').length"), 0);
    // The first line is where its values are on an axis from 0 to 120: each point of the path in its place.
    let drawn = browser.evaluate(
        "(() => { const path = document.querySelector('.curve .line');
            const plot = path.ownerSVGElement;
            const height = Number(plot.getAttribute('height')) - 8;
            return path.getAttribute('d').match(/[\\d.]+ [\\d.]+/g).map((pair) => 120 - Number(pair.split(' ')[1]) / height * 120) })()",
    );
    let first = &browser.evaluate(SHOWN)[0]["points"];
    let (drawn, first) = (drawn.as_array().expect("points"), first.as_array().expect("cells"));
    assert_eq!(drawn.len(), first.len());
    for (drawn, cell) in drawn.iter().zip(first) {
        let drawn = drawn.as_f64().expect("a number");
        assert!((drawn - number(&cell[1])).abs() < 0.12, "{drawn} {cell}");
    }
    // Names of the two states stand at the axis, and in the table.
    let words = browser.evaluate("[...document.querySelectorAll('.words text')].map((word) => word.textContent)");
    assert!(
        ["active", "inactive"].iter().all(|word| words.as_array().expect("words").contains(&json!(word))),
        "{words}"
    );

    // A window of less width than there are polls has bins.
    browser.screen(150, "light");
    open(browser, &site.viewer);
    let (_, binned) = assert_same_as_curves(site, browser);
    assert_eq!(binned, 1);
    assert_eq!(browser.evaluate("document.querySelectorAll('.curve .band').length"), 1);

    // Other days by the links of the page, which keeps them in its address.
    browser.screen(1280, "light");
    open(browser, &site.viewer);
    browser.follow(
        "document.querySelector('[name=from]').value = '2026-11-11'; document.querySelector('.range button').click()",
    );
    browser.wait_until(LOADED);
    assert_eq!(browser.evaluate("location.search"), "?from=2026-11-11&to=2026-11-21");
    assert_same_as_curves(site, browser);
    assert!(browser.evaluate(SHOWN)[0]["points"].as_array().is_some_and(|points| points.len() == 11));
    browser.follow("document.querySelector('.spans a').click()");
    assert_eq!(browser.evaluate("location.search"), "?days=7");
}

fn channel(backend: &str, name: &str, kind: &str, unit: &str) -> Value {
    json!({"backend": backend, "name": name, "seriesId": "1", "source": "", "type": kind, "shape": [], "unit": unit,
        "description": ""})
}

fn widget(channels: &[Value], place: [f64; 4], settings: Option<Value>) -> Value {
    let [x, y, w, h] = place;
    let mut widget = json!({"channels": channels, "layout": {"i": "a", "x": x, "y": y, "w": w, "h": h}});
    if let Some(settings) = settings {
        widget["plotSettings"] = settings;
    }
    widget
}

fn saved(site: &Site, widgets: &[Value]) -> String {
    let answer = site.post("/databoard/dashboard/", &json!({"dashboard": {"widgets": widgets}}));
    answer["id"].as_str().unwrap_or_else(|| panic!("not saved: {answer}")).to_owned()
}

/// What the widget of this number says of its curves.
fn legend(browser: &mut Chromium, number: usize) -> Value {
    browser.evaluate(&format!(
        "[...document.querySelectorAll('.widget')[{number}].querySelectorAll('.curves li')].map((item) => [item.className, item.textContent])"
    ))
}

pub fn what_cannot_be_drawn_says_why(site: &Site, browser: &mut Chromium) {
    let occupancy = channel("cooling", "COOL-1:OCCUPANCY", "f64", "%");
    let co2 = channel("cooling", "COOL-1:CO2_SAVED", "f64", "kg");
    let gone = channel("cooling", "COOL-999999:OCCUPANCY", "f64", "%");
    let elsewhere = channel("sf-databuffer", "X(", "f64", "");
    let hostile = json!({"plotTitle": "<img src=x onerror=alert(1)>", "curveAttributes": {
        "COOL-1:OCCUPANCY | cooling | f64": {"channel": occupancy, "displayLabel": "<b>O</b>", "axisAssignment": "y2",
            "color": "url(https://example.org/x)", "curveShape": "vhv", "curveMode": "markers"}},
        "manualAxisAssignment": true,
        "yAxisAttributes": [{"label": "y2", "min": null, "max": null, "displayLabel": "of all", "manualDisplayLabel": true,
            "scaling": "log"}]});
    let id = saved(
        site,
        &[
            widget(&[occupancy.clone(), gone, elsewhere], [0.0, 0.0, 6.0, 8.0], None),
            widget(&[], [6.0, 0.5, 6.0, 4.0], None),
            widget(std::slice::from_ref(&occupancy), [-3.0, 1e9, 400.0, 8.0], Some(hostile)),
            widget(&[occupancy, co2], [0.0, 2e9, 0.0, 0.0], None),
        ],
    );
    let view = |range: &str| site.url(&format!("/databoard/view/{id}?{range}"));
    for (width, scheme) in SCREENS {
        browser.screen(width, scheme);
        open(browser, &view("from=2026-10-01&to=2026-11-20"));
        let overflow = browser.evaluate("document.documentElement.scrollWidth - innerWidth");
        assert!(overflow.as_f64() <= Some(0.0), "{width} px: {overflow} px too wide");
        let (names, _) = assert_same_as_curves(site, browser);
        assert_eq!(names.len(), 4, "the channels that are there");
    }
    let reason = "unknown here, or not public (Channel not found in backend)";
    assert_eq!(
        legend(browser, 0),
        json!([
            ["", "COOL-1:OCCUPANCY %"],
            ["gap", format!("COOL-999999:OCCUPANCY {reason}")],
            ["gap", format!("X( {reason}")]
        ])
    );
    let said = |browser: &mut Chromium, number: usize| {
        browser.evaluate(&format!("document.querySelectorAll('.widget')[{number}].textContent"))
    };
    assert_eq!(said(browser, 1), "UntitledThe widget has no channels.");
    // What was saved is text, and a colour is a colour.
    assert_eq!(browser.evaluate("document.querySelectorAll('.widget img, .widget b').length"), 0);
    assert_eq!(
        browser.evaluate("document.querySelectorAll('.widget h2')[2].textContent"),
        "<img src=x onerror=alert(1)>"
    );
    assert_eq!(
        browser.evaluate(
            "document.querySelectorAll('.widget')[2].querySelector('.curve').style.getPropertyValue('--curve')"
        ),
        "var(--series-1)"
    );
    // Points only, at an axis on the right that is called as it was saved; 0 has no place on it.
    assert_eq!(browser.evaluate("document.querySelectorAll('.widget')[2].querySelectorAll('.line').length"), 0);
    assert_eq!(
        browser.evaluate("document.querySelectorAll('.widget')[2].querySelector('.words .axis').textContent"),
        "of all"
    );
    // Two units have an axis each.
    assert_eq!(
        legend(browser, 3),
        json!([["", "COOL-1:OCCUPANCY % · axis y1"], ["", "COOL-1:CO2_SAVED kg · axis y2"]])
    );

    open(browser, &view("from=2020-01-01&to=2020-01-31"));
    assert_eq!(browser.evaluate("document.querySelectorAll('.curve').length"), 0);
    let nothing = said(browser, 2);
    assert!(nothing.as_str().is_some_and(|text| text.contains("No data in the requested time frame")), "{nothing}");
    // Times that the API refuses (the first instant of all) are said in its words.
    open(browser, &view("from=1970-01-01&to=1970-01-02"));
    let refused = legend(browser, 3);
    assert!(refused[0][1].as_str().is_some_and(|text| text.contains("begin_time or end_time is invalid")), "{refused}");

    browser.open(&site.url("/databoard/view/00000000-0000-4000-8000-000000000000"));
    is_sound_but_for_its_status(browser);
}

fn is_sound_but_for_its_status(browser: &mut Chromium) {
    assert_eq!(browser.evaluate("document.querySelector('h1').textContent"), "There is no such dashboard");
    assert_eq!(browser.evaluate("document.querySelectorAll('script').length"), 0);
}

pub fn the_keyboard_reads_a_chart(site: &Site, browser: &mut Chromium) {
    browser.screen(1280, "light");
    open(browser, &site.viewer);
    browser.evaluate("document.querySelector('.graph').focus()");
    browser.press("End", 35);
    let said = "document.querySelector('.graph').getAttribute('aria-valuetext')";
    let last = browser.evaluate(said);
    assert!(last.as_str().is_some_and(|text| text.starts_with("21 Nov 2026: ") && text.contains('%')), "{last}");
    browser.press("ArrowLeft", 37);
    assert!(browser.evaluate(said).as_str().is_some_and(|text| text.starts_with("20 Nov 2026: ")));
    assert_eq!(browser.evaluate("document.querySelector('.graph .tip').hidden"), false);
    assert_eq!(browser.evaluate("document.querySelectorAll('.graph')[0].querySelectorAll('.cursor circle').length"), 2);
    browser.press("Escape", 27);
    assert_eq!(browser.evaluate("document.querySelector('.graph .tip').hidden"), true);
}

fn enter(browser: &mut Chromium, token: &str) {
    browser.evaluate(&format!(
        "document.getElementById('token').value = '{token}'; document.querySelector('#token-form button').click()"
    ));
}

pub fn operators_look_after_dashboards(site: &Site, browser: &mut Chromium) {
    let before = 2;
    let ids: Vec<String> = (before..130).map(|_| saved(site, &[])).collect();
    browser.screen(1280, "light");
    browser.open(&site.list);
    is_sound(browser, "the list before the token");
    enter(browser, "wrong");
    let status = "document.getElementById('list-status').textContent";
    browser.wait_until(&format!("{status} === 'The token is wrong.'"));
    assert_eq!(browser.evaluate("document.getElementById('list').hidden && sessionStorage.length === 0"), true);

    enter(browser, &site.token);
    let rows = "document.querySelectorAll('#rows tr').length";
    browser.wait_until(&format!("{rows} === 100 && !document.getElementById('list').hidden"));
    assert_eq!(browser.evaluate("localStorage.length + document.cookie.length"), 0);
    assert_eq!(browser.evaluate("document.querySelector('[data-stat=dashboards]').textContent"), "130");
    for (width, scheme) in SCREENS {
        browser.screen(width, scheme);
        // The token is remembered as long as the tab is open.
        browser.open(&site.list);
        browser.wait_until(&format!("{rows} === 100"));
        is_sound(browser, &format!("the list at {width} px, {scheme}"));
    }
    browser.screen(1280, "light");
    let first = browser.evaluate("document.querySelector('#rows tr').dataset.id");
    browser.evaluate("document.getElementById('next').click()");
    browser.wait_until(&format!("{rows} === 30"));
    assert_eq!(browser.evaluate("document.getElementById('next').disabled"), true);
    browser.evaluate("document.getElementById('previous').click()");
    browser.wait_until(&format!("{rows} === 100"));
    assert_eq!(browser.evaluate("document.querySelector('#rows tr').dataset.id"), first);

    // Flags of the first one.
    let marks =
        "[...document.querySelectorAll('#rows tr:first-child .marks .badge')].map((mark) => mark.textContent).join()";
    let press = |browser: &mut Chromium, flag: &str, expected: &str| {
        browser.evaluate(&format!("document.querySelector('#rows tr:first-child [data-flag={flag}]').click()"));
        browser.wait_until(&format!("{marks} === '{expected}'"));
    };
    press(browser, "whitelist", "whitelisted");
    browser.wait_until(&format!("{status} === 'Dashboard {} whitelisted'", first.as_str().expect("an id")));
    press(browser, "whitelist", "");
    press(browser, "protect", "whitelisted,protected");
    assert_eq!(browser.evaluate("document.activeElement.dataset.flag"), "protect", "the focus stays");
    press(browser, "protect", "whitelisted");
    press(browser, "whitelist", "");
    assert_eq!(browser.errors(), [""; 0]);

    // One is deleted, and comes back.
    let gone = &ids[0];
    ureq::delete(site.url(&format!("/databoard/dashboard/{gone}"))).call().expect("an answer");
    browser.evaluate(&format!(
        "document.getElementById('undelete-id').value = '{gone}'; document.querySelector('#undelete-form button').click()"
    ));
    browser.wait_until(&format!("{status} === 'Dashboard {gone} undeleted'"));
    assert_eq!(site.json(&format!("/databoard/dashboard/{gone}"))["id"], gone.as_str());
    browser.evaluate("document.getElementById('evict-look').click()");
    browser.wait_until("document.getElementById('evict-text').textContent === 'None would go: there is room.'");
    assert_eq!(browser.evaluate("document.getElementById('evict-do').hidden"), true);

    // The link to the viewer, which is on the other listener.
    let link = browser.evaluate("document.querySelector('#rows a').href");
    assert_eq!(link, site.url(&format!("/databoard/view/{}", first.as_str().expect("an id"))));
    browser.evaluate("document.getElementById('leave').click()");
    assert_eq!(browser.evaluate("sessionStorage.length === 0 && document.getElementById('list').hidden"), true);
}
