//! The cold-room views over data with known results: fixture B and the small data set.

use serde_json::{Value, json};

use crate::expected::assert_rows;
use crate::support::{TestDb, fixture, reporter};

/// As-of of the expected rows of fixture B.
const B_AS_OF: &str = "2026-11-21T12:00:00Z";
/// As-of of the expected rows of the small data set: the end of its last day.
pub const SMALL_AS_OF: &str = "2025-11-01T00:00:00Z";

/// A database with the given operational data and exchange rates.
pub fn database(data: &str, rates: &str) -> TestDb {
    let db = TestDb::with_source();
    db.load_file(fixture(data));
    let rates = fixture(rates);
    let output = reporter(&db, &["fx", "import", rates.to_str().unwrap()]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    db
}

/// The small data set with its rates.
pub fn small() -> TestDb {
    database("coldroom/small_data.sql.gz", "coldroom/expected/rates.csv")
}

fn fixture_b() -> TestDb {
    let db = database("coldroom/fixture_b.sql", "coldroom/expected/rates_b.csv");
    let output = reporter(&db, &["--view", "all", "--as-of", B_AS_OF, "--time-zone", "UTC", "--quiet"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    db
}

/// All tables of cold rooms without what says when they were computed, as one text.
pub fn dump(db: &TestDb) -> String {
    let sql = "SELECT string_agg(line, E'\\n' ORDER BY line) AS dump FROM (
        SELECT (to_jsonb(t) - 'computed_at')::text AS line FROM metrics.cooling_unit_metrics AS t
        UNION ALL SELECT (to_jsonb(t) - 'computed_at')::text FROM metrics.company_metrics AS t
        UNION ALL SELECT (to_jsonb(t) - 'computed_at')::text FROM metrics.company_metrics_history AS t
        UNION ALL SELECT (to_jsonb(t) - 'computed_at')::text FROM metrics.impact_metrics AS t) AS lines";
    db.value(sql).as_str().unwrap_or_default().to_owned()
}

fn day(db: &TestDb, cooling_unit: i64, date: &str) -> Value {
    let sql = format!("SELECT * FROM cooling_unit_metrics WHERE cooling_unit_id = {cooling_unit} AND date = '{date}'");
    db.query(&sql).pop().unwrap()
}

fn assert_columns(row: &Value, expected: &Value) {
    for (column, value) in expected.as_object().unwrap() {
        let actual = &row[column];
        let is_same = match (value.as_f64(), actual.as_f64()) {
            (Some(value), Some(actual)) => (value - actual).abs() < 1e-9,
            _ => value == actual,
        };
        assert!(is_same, "{column}: expected {value}, got {actual}");
    }
}

/// Columns that name a row of `impact_metrics`.
const IMPACT_KEY: [&str; 4] = ["month", "cooling_unit_id", "farmer_id", "crop_id"];

/// Reference B.2, corrected: every figure that it names.
#[test]
fn fixture_b_gives_the_corrected_daily_figures() {
    let db = fixture_b();
    assert_columns(
        &day(&db, 1, "2026-11-17"),
        &json!({"room_crates_in": 4, "room_ops_in": 1, "room_kg_in": 82.5, "check_in_crates_crop": {"Tomato": 4},
            "average_room_occupancy": 4}),
    );
    let row = day(&db, 1, "2026-11-17");
    assert_columns(&row["check_in_kg_crop"], &json!({"Tomato": 82.5}));
    assert_columns(
        &day(&db, 1, "2026-11-18"),
        &json!({"room_crates_in": 2, "room_ops_in": 2, "room_kg_in": 35, "room_kg_out": 35, "room_crates_out": 1,
            "check_in_crates_crop": {"Irish Potato": 1, "Other": 1}, "average_room_occupancy": 5,
            "room_revenue": 490, "room_revenue_usd": 0.343}),
    );
    assert_columns(
        &day(&db, 2, "2026-11-18"),
        &json!({"room_crates_in": 1, "room_ops_in": 1, "room_kg_in": 12, "average_room_occupancy": 2}),
    );
    assert_columns(
        &day(&db, 3, "2026-11-18"),
        &json!({"room_crates_in": 1, "room_ops_in": 1, "room_kg_in": 18.5, "room_beneficiaries": 3,
            "average_room_occupancy": 1.25}),
    );
    assert_columns(
        &day(&db, 1, "2026-11-19"),
        &json!({"room_kg_out": 10, "room_crates_out": 1, "average_room_occupancy": 4, "room_revenue": 150,
            "room_revenue_usd": 0.105}),
    );
    assert_columns(
        &day(&db, 3, "2026-11-19"),
        &json!({"room_kg_out": 18.5, "average_room_occupancy": 0, "room_revenue": 150, "room_revenue_usd": 1.155,
            "currency": "KES"}),
    );
}

/// Reference B.3, corrected.
#[test]
fn fixture_b_gives_the_corrected_company_figures() {
    let db = fixture_b();
    let rows = db.query("SELECT * FROM company_metrics ORDER BY company_id");
    assert_eq!(rows.len(), 3);
    assert_columns(
        &rows[0],
        &json!({"comp_cool_users": 2, "comp_beneficiaries": 9.4, "comp_beneficiaries_fem": 4.653,
            "comp_beneficiaries_ma": 4.747, "comp_crates_in": 7, "comp_ops_in": 4, "comp_kg_in": 129.5,
            "comp_crates_out": 2, "comp_ops_out": 2, "comp_revenue": 640}),
    );
    assert_columns(&rows[1], &json!({"comp_cap_tons": 3, "comp_cap_num_crates": 80, "comp_revenue": 150}));
    assert_columns(&rows[2], &json!({"comp_cap_tons": 0, "cooling_unit_types": {}, "comp_logo": null}));
}

/// Reference B.4, corrected.
#[test]
fn fixture_b_gives_the_corrected_impact() {
    let db = fixture_b();
    let rows = db.query("SELECT * FROM impact_metrics");
    assert_eq!(rows.len(), 1);
    assert_columns(
        &rows[0],
        &json!({"month": "2026-11-01", "report_date": "2026-12-01", "cooling_unit_id": 1, "farmer_id": 1,
            "crop_name": "Tomato", "monthly_kg_checkin": 40, "monthly_kg_loss": 4, "monthly_kg_selling_price": 612.5,
            "monthly_farmer_revenue": 22050, "baseline_farmer_revenue_month": 18000,
            "monthly_perc_farmer_revenue_evolution": 22.5, "monthly_perc_loss": 10, "currency": "NGN"}),
    );
}

#[test]
fn fixture_b_equals_the_expected_rows_in_every_column() {
    let db = fixture_b();
    let days = "SELECT * FROM cooling_unit_metrics";
    assert_rows(&db, "coldroom/expected/expected_b/cooling_unit_metrics.jsonl", &["date", "cooling_unit_id"], days);
    let companies = "SELECT * FROM company_metrics";
    assert_rows(&db, "coldroom/expected/expected_b/company_metrics.jsonl", &["company_id"], companies);
    let months = "SELECT * FROM impact_metrics";
    assert_rows(&db, "coldroom/expected/expected_b/impact_metrics.jsonl", &IMPACT_KEY, months);
}

#[test]
fn the_small_data_set_equals_the_expected_rows_in_every_column() {
    let db = small();
    // Surveys without a date are rejected by name, so the run is complete only in part.
    let output = reporter(&db, &["--view", "all", "--rebuild", "--as-of", SMALL_AS_OF, "--quiet"]);
    assert_eq!(output.status, 4, "{}", output.stderr);
    let days = "SELECT * FROM cooling_unit_metrics WHERE date BETWEEN '2025-09-01' AND '2025-09-14'";
    let expected = "coldroom/expected/expected_small/cooling_unit_metrics.jsonl.gz";
    assert_rows(&db, expected, &["date", "cooling_unit_id"], days);
    let companies = "SELECT * FROM company_metrics";
    assert_rows(&db, "coldroom/expected/expected_small/company_metrics.jsonl", &["company_id"], companies);
    let months = "SELECT * FROM impact_metrics WHERE month = '2025-09-01'";
    assert_rows(&db, "coldroom/expected/expected_small/impact_metrics.jsonl", &IMPACT_KEY, months);
    let months = db.value("SELECT array_agg(DISTINCT month ORDER BY month) FROM impact_metrics");
    assert_eq!(months, json!(["2025-08-01", "2025-09-01", "2025-10-01"]));
    let rejects = db.value(
        "SELECT count(*) FROM metrics.report_reject JOIN metrics.report_run ON id = run \
         WHERE view = 'aggregated-comparison' AND subject LIKE 'market survey %' AND reason LIKE '%no date%'",
    );
    assert_eq!(rejects, 31);
    assert_adds_up(&db);
    assert_second_run_changes_nothing(&db, &[]);
}

#[test]
fn the_small_data_set_adds_up_in_one_zone_for_all_too() {
    let db = small();
    let utc = ["--time-zone", "UTC"];
    let output =
        reporter(&db, &[&["--view", "all", "--rebuild", "--as-of", SMALL_AS_OF, "--quiet"], &utc[..]].concat());
    assert_eq!(output.status, 4, "{}", output.stderr);
    assert_eq!(db.value("SELECT array_agg(DISTINCT time_zone) FROM cooling_unit_metrics"), json!(["UTC"]));
    // 12 alive units, 2025-05-03 to 2025-10-31.
    assert_eq!(db.value("SELECT count(*) FROM cooling_unit_metrics"), 12 * 182);
    assert_adds_up(&db);
    assert_second_run_changes_nothing(&db, &utc);
}

/// Days add up to companies, dictionaries to their scalars, kilograms to the stock.
fn assert_adds_up(db: &TestDb) {
    let companies = db.query(
        "SELECT company_id FROM company_metrics JOIN (
             SELECT company_id, sum(room_crates_in) AS crates_in, sum(room_ops_in) AS ops_in, sum(room_kg_in) AS kg_in,
                    sum(room_crates_out) AS crates_out, sum(room_ops_out) AS ops_out, sum(room_kg_out) AS kg_out,
                    sum(room_revenue) AS revenue, round(sum(room_revenue_usd), 2) AS usd,
                    count(*) FILTER (WHERE room_revenue IS NULL OR room_revenue_usd IS NULL) AS fx_missing
             FROM cooling_unit_metrics GROUP BY company_id) AS days USING (company_id)
         WHERE (comp_crates_in, comp_ops_in, comp_crates_out, comp_ops_out, fx_missing_days)
               IS DISTINCT FROM (crates_in, ops_in, crates_out, ops_out, fx_missing)
            OR abs(comp_kg_in - kg_in) > 1e-6 OR abs(comp_kg_out - kg_out) > 1e-6
            OR comp_revenue <> revenue OR comp_revenue_usd <> usd",
    );
    assert_eq!(companies, Vec::<Value>::new(), "companies that are not the sum of their days");
    for (column, dictionary) in [
        ("room_crates_in", "check_in_crates_crop"),
        ("room_kg_in", "check_in_kg_crop"),
        ("room_crates_out", "check_out_crates_crop"),
        ("room_kg_out", "check_out_kg_crop"),
    ] {
        let days = db.query(&format!(
            "SELECT cooling_unit_id, date FROM cooling_unit_metrics WHERE abs({column} - COALESCE(
                 (SELECT sum(value::float8) FROM jsonb_each_text({dictionary})), 0)) > 1e-6"
        ));
        assert_eq!(days, Vec::<Value>::new(), "days whose {dictionary} is not {column}");
    }
    let co2 = db.query(
        "SELECT cooling_unit_id, date FROM cooling_unit_metrics WHERE abs(tot_co2 + co2_idle - COALESCE(
             (SELECT sum((value ->> 'difference')::float8) FROM jsonb_each(co2_crops)), 0)) > 1e-6",
    );
    assert_eq!(co2, Vec::<Value>::new(), "days whose co2_crops do not add up to tot_co2");
    // What came in and did not go out is in stock, but for crates that the source calls empty though their releases
    // do not add up to their weight.
    let units = db.query(
        "WITH crate AS (
             SELECT crate.cooling_unit_id, initial_weight - COALESCE(sum(percentage * greatest(1, initial_weight)), 0)
                    AS unexplained
             FROM storage_crate AS crate LEFT JOIN storage_cratepartialcheckout AS release ON crate_id = crate.id
             WHERE cmp_fully_checked_out GROUP BY crate.id
         ), unexplained AS (SELECT cooling_unit_id, sum(unexplained) AS kg FROM crate GROUP BY 1)
         SELECT cooling_unit_id FROM (
             SELECT cooling_unit_id, sum(room_kg_in) - sum(room_kg_out) AS balance,
                    (array_agg(room_stock_kg ORDER BY date DESC))[1] AS stock
             FROM cooling_unit_metrics GROUP BY 1) AS unit
         LEFT JOIN unexplained USING (cooling_unit_id)
         WHERE abs(balance - stock - COALESCE(kg, 0)) > 1e-6",
    );
    assert_eq!(units, Vec::<Value>::new(), "units whose kilograms do not balance");
}

fn assert_second_run_changes_nothing(db: &TestDb, options: &[&str]) {
    let before = dump(db);
    for extra in [&[][..], &["--rebuild"], &["--from", "2025-08-20", "--to", "2025-09-05"]] {
        let arguments = [&["--view", "all", "--as-of", SMALL_AS_OF, "--format", "json"], options, extra].concat();
        let output = reporter(db, &arguments);
        assert_eq!(output.status, 4, "{}", output.stderr);
        let summary: Value = serde_json::from_str(&output.stdout).unwrap();
        for run in summary["runs"].as_array().unwrap() {
            assert_eq!((&run["rows_written"], &run["rows_deleted"]), (&json!(0), &json!(0)), "{extra:?}");
        }
    }
    assert_eq!(dump(db), before);
}
