//! Rows of runs in a Google spreadsheet: what stands there after each, and after whatever goes wrong.

use std::path::PathBuf;

use kpi_engine::definitions::{Credentials, SheetsSink};
use kpi_engine::sinks::{Delivered, RunRow, RunValue, SinkError, deliver_sheets};
use metrics_core::kpi::{Form, Formulas};
use metrics_core::secret::Secret;

use super::google::{Cell, Fault, Google, SPREADSHEET};

fn sink(google: &Google, tab: &str) -> SheetsSink {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let key = std::fs::read_to_string(root.join("tests/fixtures/fetch/key.pem")).unwrap();
    SheetsSink {
        spreadsheet: SPREADSHEET.into(),
        tab: tab.into(),
        creates_tab: false,
        credentials: Credentials::Variables {
            email: "robot@project.example".into(),
            private_key: Secret::from(key),
            key_id: None,
        },
        base_url: google.server.base_url.clone(),
        token_url: Some(format!("{}/token", google.server.base_url)),
    }
}

fn row(date_time: &str, values: &[(&str, Option<&str>)]) -> RunRow {
    let values = values.iter().map(|(name, value)| RunValue {
        name: (*name).to_owned(),
        form: if value.is_some_and(|value| value.starts_with('[')) { Form::Rows } else { Form::Count },
        value: value.map(str::to_owned),
    });
    RunRow {
        date_time: date_time.to_owned(),
        values: values.collect(),
        known: ["dropped".to_owned()].into(),
        is_resend: false,
    }
}

fn deliver(google: &Google, row: &RunRow) -> Result<Delivered, SinkError> {
    deliver_sheets(&sink(google, "it's demo"), row)
}

fn start() -> Google {
    Google::start(&["it's demo", "other"])
}

fn formula(column: usize) -> String {
    Formulas::Sheet { separator: ',' }.last_value(column)
}

/// The sequence of an operator's weeks, and the grid after each step.
#[test]
fn a_sheet_grows_as_the_definitions_change() {
    let google = start();
    let first = deliver(&google, &row("2026-11-20 01:00:00", &[("dropped", Some("1")), ("b", Some("2"))])).unwrap();
    assert_eq!((first.attempts, first.warnings.len()), (1, 0));
    let header = "'Date time'|'dropped'|'b'";
    let last = format!("'Last value'|{}|{}", formula(1), formula(2));
    assert_eq!(google.grid("it's demo"), [header, &last, "'2026-11-20 01:00:00'|1|2"]);

    // The same KPIs: two requests fewer.
    let before = google.requests().len();
    deliver(&google, &row("2026-11-21 01:00:00", &[("dropped", Some("3")), ("b", Some("4.50"))])).unwrap();
    let tab = "/values/%27it%27%27s%20demo%27%21";
    let expected = [
        "GET ?fields=sheets.properties,properties.locale".to_owned(),
        format!("GET {tab}1%3A1?valueRenderOption=FORMATTED_VALUE"),
        format!("GET {tab}2%3A2?valueRenderOption=FORMULA"),
        format!("POST {tab}A1:append?valueInputOption=RAW&insertDataOption=INSERT_ROWS"),
    ];
    assert_eq!(google.requests()[before..], expected);

    // One is added, one fails, one is gone, and one is text that would be a formula.
    let values = [("b", None), ("c", Some("\"=HYPERLINK(\\\"http://x\\\")\"")), ("rows", Some("[{\"n\":1}]"))];
    deliver(&google, &row("2026-11-22 01:00:00", &values)).unwrap();
    deliver(&google, &row("2026-11-23 01:00:00", &[("b", Some("12345678901234567890")), ("c", Some("null"))])).unwrap();
    assert_eq!(
        google.grid("it's demo"),
        [
            "'Date time'|'dropped'|'b'|'c'|'rows'".to_owned(),
            format!("{last}|{}|{}", formula(3), formula(4)),
            "'2026-11-20 01:00:00'|1|2".to_owned(),
            "'2026-11-21 01:00:00'|3|4.50".to_owned(),
            "'2026-11-22 01:00:00'|||'=HYPERLINK(\"http://x\")'|'[{\"n\":1}]'".to_owned(),
            "'2026-11-23 01:00:00'||12345678901234567890||".to_owned(),
        ]
    );
    assert!(google.grid("other").is_empty());
}

#[test]
fn a_resend_rewrites_its_row() {
    let google = start();
    for day in 20..23 {
        deliver(&google, &row(&format!("2026-11-{day} 01:00:00"), &[("a", Some("1"))])).unwrap();
    }
    let resent = RunRow { is_resend: true, ..row("2026-11-21 01:00:00", &[("a", Some("7"))]) };
    for _ in 0..2 {
        deliver(&google, &resent).unwrap();
        let rows = google.grid("it's demo")[2..].to_vec();
        assert_eq!(rows, ["'2026-11-20 01:00:00'|1", "'2026-11-21 01:00:00'|7", "'2026-11-22 01:00:00'|1"]);
    }
    let new = RunRow { is_resend: true, ..row("2026-11-30 01:00:00", &[("a", Some("8"))]) };
    deliver(&google, &new).unwrap();
    assert_eq!(google.grid("it's demo")[5], "'2026-11-30 01:00:00'|8");
}

/// The row of a run that was not delivered at its time stands before those of later runs, whose values are the last ones.
#[test]
fn what_is_sent_late_comes_to_its_place() {
    let google = start();
    for day in [20, 23] {
        deliver(&google, &row(&format!("2026-11-{day} 01:00:00"), &[("a", Some("1"))])).unwrap();
    }
    let late = |day: u32| RunRow {
        is_resend: true,
        ..row(&format!("2026-11-{day} 01:00:00"), &[("a", Some(&day.to_string()))])
    };
    // Done, but not said; refused.
    google.fail(":batchUpdate", &[Fault::DoAndSay(503), Fault::Refuse(500)]);
    for day in [21, 22, 19] {
        deliver(&google, &late(day)).unwrap();
    }
    let rows = [
        "'Date time'|'a'",
        &format!("'Last value'|{}", formula(1)),
        "'2026-11-19 01:00:00'|19",
        "'2026-11-20 01:00:00'|1",
        "'2026-11-21 01:00:00'|21",
        "'2026-11-22 01:00:00'|22",
        "'2026-11-23 01:00:00'|1",
    ];
    assert_eq!(google.grid("it's demo"), rows);
    deliver(&google, &late(22)).unwrap();
    assert_eq!(google.grid("it's demo"), rows);
}

/// Somebody's remarks beside the values of runs.
#[test]
fn a_resend_leaves_the_columns_of_others_as_they_are() {
    let google = start();
    for day in 20..22 {
        deliver(&google, &row(&format!("2026-11-{day} 01:00:00"), &[("a", Some("1")), ("b", Some("2"))])).unwrap();
    }
    google.with_tab("it's demo", |tab| {
        tab.rows[0].push(Some(Cell::Text("remark".into())));
        tab.rows[2].extend([Some(Cell::Text("a holiday".into()))]);
    });
    // `b` failed, as it turned out.
    let resent = RunRow { is_resend: true, ..row("2026-11-20 01:00:00", &[("a", Some("7")), ("b", None)]) };
    deliver(&google, &resent).unwrap();
    assert_eq!(google.grid("it's demo")[2..], ["'2026-11-20 01:00:00'|7||'a holiday'", "'2026-11-21 01:00:00'|1|2"]);
}

/// 40 KPIs do not fit into the 26 columns of a tab.
#[test]
fn a_tab_gets_the_columns_that_it_needs() {
    let google = start();
    let names: Vec<String> = (0..40).map(|number| format!("k{number}")).collect();
    let values: Vec<_> = names.iter().map(|name| (name.as_str(), Some("1"))).collect();
    deliver(&google, &row("2026-11-20 01:00:00", &values[..30])).unwrap();
    deliver(&google, &row("2026-11-21 01:00:00", &values)).unwrap();
    assert_eq!(google.with_tab("it's demo", |tab| tab.columns), 41);
    assert!(google.grid("it's demo")[1].ends_with(&formula(40)));

    let new = SheetsSink { creates_tab: true, ..sink(&google, "new") };
    deliver_sheets(&new, &row("2026-11-20 01:00:00", &values)).unwrap();
    assert_eq!(google.with_tab("new", |tab| (tab.columns, tab.rows.len())), (41, 3));
    let error = deliver_sheets(&sink(&google, "missing"), &row("2026-11-20 01:00:00", &values)).unwrap_err();
    assert!(error.message.contains("no tab `missing` (it has it's demo, new, other)"), "{error}");
    assert_eq!(google.tabs().len(), 3);
}

#[test]
fn a_header_that_cannot_be_read_is_no_empty_header() {
    let google = start();
    deliver(&google, &row("2026-11-20 01:00:00", &[("a", Some("1"))])).unwrap();
    let (before, asked) = (google.grid("it's demo"), google.requests().len());
    google.fail("GET /spreadsheets/1AbC_d-E/values/%27it%27%27s%20demo%27%211%3A1", &[Fault::Refuse(500); 5]);
    let error = deliver(&google, &row("2026-11-21 01:00:00", &[("b", Some("1"))])).unwrap_err();
    assert_eq!(error.message, "cannot read 1:1 in spreadsheet 1AbC_d-E: refused with status 500 (as the test says)");
    assert_eq!((error.attempts, google.grid("it's demo")), (5, before));
    assert!(google.requests()[asked..].iter().all(|request| request.starts_with("GET ")));
}

#[test]
fn what_passes_is_tried_again_and_no_row_is_written_twice() {
    let google = start();
    google.fail("/token", &[Fault::Refuse(503)]);
    google.fail("GET /spreadsheets/1AbC_d-E?fields", &[Fault::Refuse(429)]);
    // Refused before it was done; done, but not said.
    google.fail(":append", &[Fault::Refuse(429), Fault::DoAndSay(503)]);
    let delivered = deliver(&google, &row("2026-11-20 01:00:00", &[("a", Some("1"))])).unwrap();
    assert_eq!(delivered.attempts, 4);
    assert_eq!(google.grid("it's demo")[2..], ["'2026-11-20 01:00:00'|1"]);
    // Neither done nor surely not done.
    google.fail(":append", &[Fault::Refuse(500)]);
    deliver(&google, &row("2026-11-21 01:00:00", &[("a", Some("2"))])).unwrap();
    assert_eq!(google.grid("it's demo")[2..], ["'2026-11-20 01:00:00'|1", "'2026-11-21 01:00:00'|2"]);
}

#[test]
fn a_server_that_is_busy_is_asked_five_times() {
    let google = start();
    google.fail(":append", &[Fault::Refuse(503); 4]);
    assert_eq!(deliver(&google, &row("2026-11-20 01:00:00", &[("a", Some("1"))])).unwrap().attempts, 5);
    let rows = google.grid("it's demo");
    google.fail(":append", &[Fault::Refuse(503); 5]);
    let error = deliver(&google, &row("2026-11-21 01:00:00", &[("a", Some("1"))])).unwrap_err();
    assert_eq!(error.attempts, 5);
    assert!(error.message.contains("cannot append a row in spreadsheet 1AbC_d-E: refused with status 503"), "{error}");
    assert_eq!(google.grid("it's demo"), rows);

    google.fail(":batchUpdate", &[Fault::Refuse(503), Fault::DoAndSay(500), Fault::Refuse(429), Fault::DoAndSay(502)]);
    let new = SheetsSink { creates_tab: true, ..sink(&google, "new") };
    deliver_sheets(&new, &row("2026-11-20 01:00:00", &[("a", Some("1"))])).unwrap();
    assert_eq!(google.grid("new").len(), 3);
    let names: Vec<String> = (0..40).map(|number| format!("k{number}")).collect();
    let values: Vec<_> = names.iter().map(|name| (name.as_str(), Some("1"))).collect();
    deliver_sheets(&new, &row("2026-11-21 01:00:00", &values)).unwrap();
    assert_eq!(google.with_tab("new", |tab| tab.columns), 42);
}

#[test]
fn refusals_say_what_to_do_and_show_no_token() {
    let google = start();
    google.fail("GET /spreadsheets", &[Fault::Refuse(403)]);
    let error = deliver(&google, &row("2026-11-20 01:00:00", &[])).unwrap_err();
    assert_eq!(
        error.message,
        "cannot open it in spreadsheet 1AbC_d-E: refused with status 403 (as the test says); check its id, and share it \
         with robot@project.example as editor"
    );
    google.fail("/token", &[Fault::Refuse(400)]);
    let error = deliver(&google, &row("2026-11-20 01:00:00", &[])).unwrap_err();
    assert!(error.message.contains("the service account robot@project.example gets no token: refused with status 400"));
    let broken = SheetsSink { credentials: Credentials::File("/nowhere/key.json".into()), ..sink(&google, "other") };
    let error = deliver_sheets(&broken, &row("2026-11-20 01:00:00", &[])).unwrap_err();
    assert!(error.message.contains("the key file /nowhere/key.json cannot be read"), "{error}");
}

/// Formulas of the predecessor look one column to the right; a header renamed by hand keeps its column; a sheet that
/// lost its header is not written to.
#[test]
fn what_others_made_of_a_sheet_is_respected() {
    let google = start();
    google.set_locale("de_DE");
    let text = |text: &str| Some(Cell::Text(text.to_owned()));
    google.with_tab("it's demo", |tab| {
        tab.rows = vec![
            vec![text("Date time"), text("a"), text("b!"), text("c")],
            vec![
                text("Last value"),
                Some(Cell::Formula("=INDEX(A3:A;1)".into())),
                Some(Cell::Formula("=X".into())),
                None,
            ],
            vec![text("2026-01-01 00:00:00"), Some(Cell::Number("1".into()))],
        ];
    });
    let delivered = deliver(&google, &row("2026-11-20 01:00:00", &[("a", Some("1")), ("b", Some("2"))])).unwrap();
    assert_eq!(delivered.warnings.len(), 2, "{:?}", delivered.warnings);
    let separated = |column| Formulas::Sheet { separator: ';' }.last_value(column);
    assert_eq!(
        google.grid("it's demo"),
        [
            "'Date time'|'a'|'b!'|'c'|'b'".to_owned(),
            format!("'Last value'|{}|=X||{}", separated(1), separated(4)),
            "'2026-01-01 00:00:00'|1".to_owned(),
            "'2026-11-20 01:00:00'|1|||2".to_owned(),
        ]
    );
    google.with_tab("it's demo", |tab| tab.rows[0].clear());
    let before = google.grid("it's demo");
    let error = deliver(&google, &row("2026-11-21 01:00:00", &[("a", Some("1"))])).unwrap_err();
    assert!(error.message.contains("has no header but there is something in its second row"), "{error}");
    assert_eq!(google.grid("it's demo"), before);
}
