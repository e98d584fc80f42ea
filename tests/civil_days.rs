//! Days of 23 and 25 hours, and days without a midnight, through the whole path.

use serde_json::json;

use crate::support::{TestDb, fixture, reporter};

/// Fixture B with company 1 moved to another country.
fn in_country(country: &str) -> TestDb {
    let db = TestDb::with_source();
    db.load_file(fixture("coldroom/fixture_b.sql"));
    db.execute(&format!("UPDATE user_company SET country = '{country}' WHERE id = 1"));
    // One crate an hour comes into unit 1, each by a check-in of its own, from 2026-03-20 to 2026-04-30 and from
    // 2026-10-20 to 2026-11-05.
    db.execute(
        "UPDATE storage_coolingunit SET date_creation = '2026-03-20Z';
         CREATE TEMP TABLE hour AS SELECT row_number() OVER () + 1000 AS id, at FROM (
             SELECT generate_series('2026-03-20Z'::timestamptz, '2026-04-29 23:00Z', '1 hour') AS at
             UNION ALL SELECT generate_series('2026-10-20Z'::timestamptz, '2026-11-04 23:00Z', '1 hour')) AS hours;
         INSERT INTO operation_movement (id, date, code, used_for_checkin, initiated_for)
             SELECT id, at, 'H' || id, false, 'ci' FROM hour;
         INSERT INTO operation_checkin (id, movement_id, owned_by_user_id) SELECT id, id, 10 FROM hour;
         INSERT INTO storage_produce (id, checkin_id, crop_id, cmp_checkout_completed) SELECT id, id, 1, false FROM hour;
         INSERT INTO storage_crate (id, produce_id, cooling_unit_id, initial_weight, weight, cmp_fully_checked_out,
             cmp_total_paid_in_cooling_fees, cmp_total_in_cooling_fees, cmp_total_due_in_cooling_fees,
             price_per_crate_per_pricing_type, quality_dt, temperature_dt)
             SELECT id, id, 1, 10, 10, false, 0, 0, 0, 0, -1, 290 FROM hour",
    );
    let output = reporter(&db, &["--view", "aggregated-comparison", "--as-of", "2026-11-10T00:00:00Z", "--quiet"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    db
}

fn crates_in(db: &TestDb, date: &str) -> serde_json::Value {
    db.value(&format!("SELECT room_crates_in FROM cooling_unit_metrics WHERE cooling_unit_id = 1 AND date = '{date}'"))
}

#[test]
fn days_of_23_and_25_hours_lose_and_double_nothing() {
    let db = in_country("DE");
    assert_eq!(db.value("SELECT min(time_zone) FROM cooling_unit_metrics WHERE cooling_unit_id = 1"), "Europe/Berlin");
    assert_eq!(crates_in(&db, "2026-03-28"), 24);
    assert_eq!(crates_in(&db, "2026-03-29"), 23);
    assert_eq!(crates_in(&db, "2026-10-25"), 25);
    assert_eq!(crates_in(&db, "2026-10-26"), 24);
    let total = db.value("SELECT sum(room_crates_in) FROM cooling_unit_metrics WHERE cooling_unit_id = 1");
    assert_eq!(total, (41 + 16) * 24);
}

/// In Cairo 24 April 2026 begins at 01:00.
#[test]
fn a_day_without_midnight_is_a_day() {
    let db = in_country("EG");
    assert_eq!(crates_in(&db, "2026-04-23"), 24);
    assert_eq!(crates_in(&db, "2026-04-24"), 23);
    assert_eq!(crates_in(&db, "2026-04-25"), 24);
    let total = db.value("SELECT sum(room_crates_in) FROM cooling_unit_metrics WHERE cooling_unit_id = 1");
    assert_eq!(total, (41 + 16) * 24);
}

/// Electricity and refrigerant are per civil day, however long; the day of as-of counts for its elapsed share.
#[test]
fn emissions_of_the_room_are_per_civil_day() {
    let db = in_country("DE");
    let parts = |date: &str| {
        let sql = format!(
            "SELECT co2_breakdown -> 'electricity' AS e FROM cooling_unit_metrics \
             WHERE cooling_unit_id = 1 AND date = '{date}'"
        );
        db.value(&sql).as_f64().unwrap()
    };
    let (short, normal, long) = (parts("2026-03-29"), parts("2026-03-30"), parts("2026-10-25"));
    assert!((short - normal).abs() < 1e-12 && (long - normal).abs() < 1e-12);
    // As-of is 01:00 in Berlin: one hour of 24.
    assert!((parts("2026-11-10") - normal / 24.0).abs() < 1e-12);
    assert_eq!(db.value("SELECT max(date) FROM cooling_unit_metrics WHERE cooling_unit_id = 1"), json!("2026-11-10"));
}
