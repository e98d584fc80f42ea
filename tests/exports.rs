//! `reporter export`: stored rows as files.

use std::path::Path;
use std::process::{Command, Stdio};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::coldroom::small;
use crate::support::{TestDb, binary, files, reporter};

fn export(db: &TestDb, arguments: &[&str]) -> crate::support::Output {
    let all: Vec<&str> = ["export"].into_iter().chain(arguments.iter().copied()).collect();
    reporter(db, &all)
}

/// Exports to a file in `folder` and returns its bytes.
fn exported(db: &TestDb, folder: &Path, view: &str, format: &str, more: &[&str]) -> Vec<u8> {
    let out = folder.join(format!("{view}.{format}"));
    let arguments: Vec<&str> =
        [view, "--format", format, "--out", out.to_str().unwrap()].into_iter().chain(more.iter().copied()).collect();
    let output = export(db, &arguments);
    assert_eq!((output.status, output.stdout.as_str()), (0, ""), "{}", output.stderr);
    std::fs::read(out).unwrap()
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    std::str::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The small data set, computed, with names that a spreadsheet would take for formulas.
fn computed() -> TestDb {
    let db = small();
    let output = reporter(&db, &["--view", "all", "--as-of", crate::coldroom::SMALL_AS_OF, "--quiet"]);
    assert!([0, 4].contains(&output.status), "{}", output.stderr);
    db.execute(
        "UPDATE metrics.cooling_unit_metrics SET unit_name = '=cmd|''/c calc''!A1' WHERE cooling_unit_id % 2 = 1;
         UPDATE metrics.cooling_unit_metrics SET state = '' WHERE cooling_unit_id % 2 = 1;
         UPDATE metrics.company_metrics SET comp_name = '@SUM(1)'",
    );
    db
}

/// Columns of instants, of which not every form has the microseconds.
const INSTANTS: [&str; 2] = ["computed_at", "latest_survey_date"];

fn instant(value: &Value) -> DateTime<Utc> {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no instant"))
}

#[test]
fn every_form_has_all_rows_and_all_columns_of_the_tables() {
    let db = computed();
    let folder = tempfile::tempdir().unwrap();
    for (view, table) in [
        ("aggregated-comparison", "cooling_unit_metrics"),
        ("company", "company_metrics"),
        ("company-history", "company_metrics_history"),
        ("impact-metrics", "impact_metrics"),
    ] {
        let order = match view {
            "aggregated-comparison" => "cooling_unit_id, date",
            "impact-metrics" => "month, cooling_unit_id, farmer_id, crop_id",
            _ => "company_id, report_date",
        };
        let stored = db.query(&format!("SELECT * FROM metrics.{table} ORDER BY {order}"));
        assert!(!stored.is_empty());
        let columns = db.query(&format!(
            "SELECT column_name::text AS name FROM information_schema.columns
             WHERE table_schema = 'metrics' AND table_name = '{table}' ORDER BY ordinal_position"
        ));
        let columns: Vec<&str> = columns.iter().map(|column| column["name"].as_str().unwrap()).collect();

        let objects = lines(&exported(&db, folder.path(), view, "json", &[]));
        assert_eq!(objects.len(), stored.len());
        for (object, row) in objects.iter().zip(&stored) {
            for column in &columns {
                let is_same = if INSTANTS.contains(column) {
                    instant(&row[column]) == instant(&object[column])
                } else {
                    files::is_same(&row[column], &object[column])
                };
                assert!(is_same, "{column}: {} for {}", object[column], row[column]);
            }
        }
        let csv = files::csv(std::str::from_utf8(&exported(&db, folder.path(), view, "csv", &[])).unwrap());
        assert_eq!(csv.columns, columns);
        files::assert_same(&csv, &objects);

        let (_, parquet) = files::parquet(&exported(&db, folder.path(), view, "parquet", &[]));
        assert_eq!(parquet.columns, columns);
        let without = |rows: &files::Rows| {
            let is_kept: Vec<bool> = columns.iter().map(|column| !INSTANTS.contains(column)).collect();
            let mut rows = rows.clone();
            let mut kept = is_kept.iter();
            rows.columns.retain(|_| *kept.next().unwrap());
            for row in &mut rows.rows {
                let mut kept = is_kept.iter();
                row.retain(|_| *kept.next().unwrap());
            }
            rows
        };
        files::assert_same(&without(&parquet), &objects);
        let (sheets, sheet) = files::xlsx(&exported(&db, folder.path(), view, "xlsx", &[]), "data");
        assert_eq!((sheets, &sheet.columns), (vec!["data".to_owned(), "About".to_owned()], &csv.columns));
        files::assert_same(&without(&sheet), &objects);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 16, "no temporary file stays");
}

#[test]
fn texts_are_escaped_and_numbers_intact() {
    let db = computed();
    db.execute("UPDATE metrics.cooling_unit_metrics SET tot_co2 = -1.5, room_revenue = -2.50");
    let folder = tempfile::tempdir().unwrap();
    let csv = exported(&db, folder.path(), "aggregated-comparison", "csv", &["--cooling-unit", "1"]);
    let csv = files::csv(std::str::from_utf8(&csv).unwrap());
    assert!(!csv.rows.is_empty());
    assert!(csv.column("unit_name").iter().all(|name| name == "'=cmd|'/c calc'!A1"));
    assert!(csv.column("state").iter().all(|state| state == ""), "an empty text is not absent");
    assert!(csv.column("tot_co2").iter().all(|co2| co2 == "-1.5"));
    assert!(csv.column("room_revenue").iter().all(|revenue| revenue == "-2.50"));
    let (_, sheet) = files::xlsx(&exported(&db, folder.path(), "company", "xlsx", &[]), "data");
    assert!(sheet.column("comp_name").iter().all(|name| name == "'@SUM(1)"));
    let units = exported(&db, folder.path(), "company", "csv", &["--units"]);
    let header = std::str::from_utf8(&units).unwrap().lines().next().unwrap();
    assert!(header.contains("comp_kg_in [kg]") && header.contains("computed_at [UTC]"), "{header}");
}

#[test]
fn rows_are_chosen_by_days_companies_and_cooling_units() {
    let db = computed();
    let count_in = |view: &str, table: &str, arguments: &[&str], condition: &str| {
        let all: Vec<&str> =
            [view, "--format", "json", "--out", "-"].into_iter().chain(arguments.iter().copied()).collect();
        let output = export(&db, &all);
        assert_eq!(output.status, 0, "{}", output.stderr);
        let stored = db.value(&format!("SELECT count(*) FROM metrics.{table} WHERE {condition}"));
        assert_eq!(json!(output.stdout.lines().count()), stored, "{arguments:?}");
        stored.as_i64().unwrap()
    };
    let count = |arguments: &[&str], condition: &str| {
        count_in("aggregated-comparison", "cooling_unit_metrics", arguments, condition)
    };
    let all = count(&[], "true");
    let some = count(&["--from", "2025-09-01", "--to", "2025-09-30"], "date BETWEEN '2025-09-01' AND '2025-09-30'");
    assert!(0 < some && some < all);
    count(&["--to", "2025-08-31", "--company", "1"], "date <= '2025-08-31' AND company_id = 1");
    count(&["--cooling-unit", "1,2", "--cooling-unit", "3"], "cooling_unit_id IN (1, 2, 3)");
    assert_eq!(count(&["--cooling-unit", "9999"], "false"), 0);

    let of_all_months = ["--view", "impact-metrics", "--rebuild", "--as-of", crate::coldroom::SMALL_AS_OF, "--quiet"];
    assert_eq!(reporter(&db, &of_all_months).status, 4, "some surveys cannot be used");
    let impact =
        |arguments: &[&str], condition: &str| count_in("impact-metrics", "impact_metrics", arguments, condition);
    let all = impact(&[], "true");
    let one = impact(&["--from", "2025-09", "--to", "2025-09"], "month = '2025-09-01'");
    assert!(0 < one && one < all);
    assert_eq!(impact(&["--from", "2025-09-30", "--to", "2025-09-30"], "month = '2025-09-01'"), one);
    impact(&["--to", "2025-09-01", "--company", "1"], "month <= '2025-09-01' AND company_id = 1");
    impact(&["--from", "2025-09", "--cooling-unit", "1,2"], "month >= '2025-09-01' AND cooling_unit_id IN (1, 2)");
}

#[test]
fn a_file_appears_when_it_is_complete_and_is_replaced_as_a_whole() {
    let db = TestDb::new();
    crate::api::rows::two_units(&db);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("aggregated-comparison.csv");
    std::fs::write(&out, "old").unwrap();
    assert_eq!(
        files::csv(std::str::from_utf8(&exported(&db, folder.path(), "aggregated-comparison", "csv", &[])).unwrap())
            .rows
            .len(),
        4
    );

    // A failure in the middle leaves what was there, and nothing else.
    std::fs::write(&out, "old").unwrap();
    db.execute("UPDATE metrics.cooling_unit_metrics SET household_size = 'NaN' WHERE cooling_unit_id = 3");
    let output = export(&db, &["aggregated-comparison", "--format", "csv", "--out", out.to_str().unwrap()]);
    assert_eq!(output.status, 1, "{}", output.stderr);
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn exit_codes_are_those_of_all_commands() {
    let db = TestDb::new();
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none/file.csv");
    for (arguments, status) in [
        (&["company", "--format", "csv", "--out", "-", "--cooling-unit", "1"][..], 2),
        (&["company", "--format", "csv", "--out", "-", "--from", "2026-01-01"], 2),
        (&["company-history", "--format", "csv", "--out", "-", "--from", "2026-01-02", "--to", "2026-01-01"], 2),
        (&["company", "--format", "xlsx", "--out", "-", "--units"], 2),
        (&["company", "--format", "pdf", "--out", "-"], 2),
        (&["companies", "--format", "csv", "--out", "-"], 2),
        (&["company", "--format", "csv"], 2),
        (&["company", "--format", "csv", "--out", missing.to_str().unwrap()], 3),
        (&["company", "--format", "csv", "--out", folder.path().to_str().unwrap()], 3),
        (&["company", "--format", "csv", "--out", "-"], 0),
    ] {
        let output = export(&db, arguments);
        assert_eq!(output.status, status, "{arguments:?}: {}", output.stderr);
    }
    assert_eq!(export(&TestDb::empty(), &["company", "--format", "csv", "--out", "-"]).status, 3);
}

#[test]
fn standard_output_carries_nothing_else_and_may_be_closed() {
    let db = TestDb::new();
    crate::api::rows::two_units(&db);
    let run = |format: &str| {
        let mut command = Command::new(binary("reporter"));
        command.args(["export", "aggregated-comparison", "--format", format, "--out", "-"]);
        command.env_clear().env("METRICS_DATABASE__URL", db.url().expose()).env("METRICS_DATABASE__EMBEDDED", "never");
        command
    };
    let output = run("parquet").output().unwrap();
    assert_eq!(files::parquet(&output.stdout).1.rows.len(), 4);
    let output = run("xlsx").output().unwrap();
    assert_eq!(files::xlsx(&output.stdout, "data").1.rows.len(), 4);
    for format in ["csv", "xlsx", "parquet"] {
        let mut child = run(format).stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let status = child.wait().unwrap().code();
        assert_eq!(status, Some(0), "{format}");
    }
}
