//! The cases of `tests/fixtures/uptime/cases.json`, every figure.

use metrics_core::instant;
use metrics_core::uptime::{Figures, coverage};
use serde_json::{Value, json};

use super::{Folder, printed};
use crate::support::fixture;

/// Names of the figures of one window.
const FIGURES: [&str; 7] = ["business", "up", "down", "observed", "lo", "hi", "polls"];
const WINDOWS: [&str; 3] = ["hour", "day", "week"];

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

pub fn arguments(case: &Value) -> Vec<String> {
    let mut arguments = Vec::new();
    if let Some(as_of) = case["as_of"].as_str() {
        arguments.extend(["--as-of".to_owned(), as_of.to_owned()]);
    }
    for (option, value) in case["options"].as_object().unwrap() {
        let name = match option.as_str() {
            "max_carry_minutes" => "--max-carry",
            "assume" => "--assume",
            "policy" => "--policy",
            other => panic!("{other}"),
        };
        arguments.extend([name.to_owned(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)]);
    }
    arguments
}

/// The file of the cases.
pub fn file() -> Value {
    let file: Value = serde_json::from_slice(&std::fs::read(fixture("uptime/cases.json")).unwrap()).unwrap();
    assert_eq!(file["cases"].as_array().unwrap().len(), 44);
    file
}

#[test]
fn every_figure_of_every_case_holds() {
    let file = file();
    for case in file["cases"].as_array().unwrap() {
        let name = text(&case["name"]);
        let folder = Folder::of(text(&case["status_csv"]), text(&case["hours_csv"]), text(&case["zones_csv"]));
        let arguments = arguments(case);
        let report = |format| {
            let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            arguments.extend(["--format", format]);
            folder.report(&arguments)
        };
        let expected = &case["expected"];
        let output = report("json");
        assert_eq!(output.status, 0, "{name}: {}", output.stderr);
        let json: Value = serde_json::from_str(&output.stdout).unwrap();

        let as_of = json["as_of"].as_str().map(|as_of| instant::parse(as_of).unwrap());
        assert_eq!(as_of, expected["as_of"].as_str().map(|as_of| instant::parse(as_of).unwrap()), "{name}");
        assert_eq!(json["diagnostics"], expected["diagnostics"], "{name}");
        assert_eq!(json["tzdata"], file["tzdata"], "other rules of time zones: look at the cases again");

        let mut figures = serde_json::Map::new();
        for store in json["stores"].as_array().unwrap() {
            let windows = WINDOWS.map(|window| {
                let of = |figure: &str| {
                    let unit = if figure == "polls" { "" } else { "_us" };
                    store[format!("{figure}_last_{window}{unit}")].clone()
                };
                (
                    window.to_owned(),
                    FIGURES.map(|figure| (figure.to_owned(), of(figure))).into_iter().collect::<Value>(),
                )
            });
            figures.insert(text(&store["store_id"]).to_owned(), windows.into_iter().collect::<Value>());
        }
        let mut classic = report("classic").stdout;
        for (store, windows) in expected["stores"].as_object().unwrap() {
            let found = figures.remove(store).unwrap_or_else(|| panic!("{name}: no {store}"));
            for window in WINDOWS {
                assert_eq!(found[window], windows[window], "{name}: {store}, last {window}");
                let number = |figure| windows[window][figure].as_i64().unwrap();
                let (observed_us, business_us) = (number("observed"), number("business"));
                let coverage = coverage(&Figures { business_us, observed_us, ..Figures::default() });
                assert_eq!(json!(coverage), windows["coverage"][window], "{name}: {store}, last {window}");
            }
            let numbers: Vec<&str> = windows["classic"].as_array().unwrap().iter().map(text).collect();
            let line = format!("\n{store},{}\n", numbers.join(","));
            assert!(classic.contains(&line), "{name}: {line:?} is not in {classic:?}");
            classic = classic.replacen(&line, "\n", 1);
        }
        assert!(figures.is_empty(), "{name}: {:?}", figures.keys().collect::<Vec<_>>());
        assert_eq!(classic.lines().count(), 1, "{name}: only the header is left");
    }
}

/// Header and one store in all three forms.
#[test]
fn the_forms_have_the_same_figures() {
    let folder = Folder::of(
        "store_id,status,timestamp_utc\n\"a,b\",active,2023-01-25 17:30:00 UTC\n",
        "store_id,day,start_time_local,end_time_local\n",
        "store_id,timezone_str\n",
    );
    let report = |arguments: &[&str]| printed(folder.report(arguments));
    assert_eq!(
        report(&[]),
        "store_id,uptime_last_hour,uptime_last_day,uptime_last_week,downtime_last_hour,downtime_last_day,\
         downtime_last_week\n\"a,b\",60.00,24.00,168.00,0.00,0.00,0.00\n"
    );
    let full = report(&["--format", "full"]);
    let (header, line) = full.trim_end().split_once('\n').unwrap();
    assert!(
        header.starts_with("store_id,business_last_hour_us,up_last_hour_us,down_last_hour_us,observed_last_hour_us,")
    );
    assert!(header.ends_with("lo_last_week_us,hi_last_week_us,polls_last_week"), "{header}");
    let json: Value =
        serde_json::from_str(&report(&["--format", "json", "--not-after", "2024-01-01 00:00:00"])).unwrap();
    let store = &json["stores"][0];
    let numbers: Vec<String> = header.split(',').skip(1).map(|name| store[name].to_string()).collect();
    assert_eq!(line, format!("\"a,b\",{}", numbers.join(",")));
    assert_eq!(store["store_id"], "a,b");
    assert_eq!(store.as_object().unwrap().len(), 22);
    assert_eq!(json["as_of"], "2023-01-25T17:30:00.000000Z");
    assert_eq!(json["policy"], "step");
    let options = json!({
        "as_of": null, "not_after": "2024-01-01T00:00:00.000000Z", "max_carry": null, "assume": "inactive",
        "stores": "all",
    });
    assert_eq!(json["options"], options);
}
