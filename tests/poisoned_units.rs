//! Bad data in one place does not stop the rest: it is flagged or rejected by name.

use serde_json::{Value, json};

use crate::coldroom::{SMALL_AS_OF, small};
use crate::support::{TestDb, reporter};

fn rows(db: &TestDb, units: &str) -> Vec<Value> {
    db.query(&format!(
        "SELECT to_jsonb(t) - 'computed_at' AS row FROM cooling_unit_metrics AS t \
         WHERE cooling_unit_id {units} ORDER BY cooling_unit_id, date"
    ))
}

fn flags(db: &TestDb, unit: i64) -> Value {
    db.value(&format!(
        "SELECT jsonb_agg(DISTINCT flag ORDER BY flag) FROM cooling_unit_metrics, unnest(data_quality) AS flag \
         WHERE cooling_unit_id = {unit}"
    ))
}

fn aggregate(db: &TestDb) -> Value {
    let output = reporter(db, &["--view", "all", "--as-of", SMALL_AS_OF, "--rebuild", "--format", "json"]);
    assert_eq!(output.status, 4, "{}", output.stderr);
    serde_json::from_str(&output.stdout).unwrap()
}

#[test]
fn poisoned_units_are_flagged_or_rejected_and_the_others_stay_as_they_are() {
    let db = small();
    aggregate(&db);
    let others = rows(&db, "NOT IN (1, 2, 3)");
    db.execute(
        "UPDATE storage_coolingunitpower SET power_source = 'perpetuum mobile' WHERE cooling_unit_id = 1;
         UPDATE storage_coolingunit SET capacity_in_number_crates = 0 WHERE id = 1;
         ALTER TABLE operation_checkin ALTER owned_by_user_id DROP NOT NULL;
         UPDATE operation_checkin SET owned_by_user_id = NULL WHERE id IN (
             SELECT checkin_id FROM storage_produce JOIN storage_crate ON produce_id = storage_produce.id
             WHERE cooling_unit_id = 2 AND storage_crate.id % 2 = 0);
         UPDATE storage_produce SET crop_id = NULL WHERE id IN (
             SELECT produce_id FROM storage_crate WHERE cooling_unit_id = 2 AND id % 3 = 0);
         UPDATE storage_crate SET initial_weight = 'NaN' WHERE id = (
             SELECT min(id) FROM storage_crate WHERE cooling_unit_id = 3);
         UPDATE storage_coolingunitpower SET daily_room_wattage = 'NaN' WHERE cooling_unit_id = 3",
    );
    let summary = aggregate(&db);
    assert_eq!(rows(&db, "NOT IN (1, 2, 3)"), others);

    // Unknown power source and no capacity: no CO2, no occupancy, and flags that say so; the rest is there.
    assert!(flags(&db, 1).as_array().unwrap().iter().any(|flag| flag == "power_source_unknown"));
    assert!(flags(&db, 1).as_array().unwrap().iter().any(|flag| flag == "capacity_missing"));
    let sql = "SELECT count(tot_co2) + count(co2_crops) + count(co2_idle) + count(average_room_occupancy) \
               FROM cooling_unit_metrics WHERE cooling_unit_id = 1";
    assert_eq!(db.value(sql), 0);
    let sql = "SELECT bool_and(co2_breakdown -> 'electricity' = 'null' AND co2_breakdown ? 'refrigerant') \
               FROM cooling_unit_metrics WHERE cooling_unit_id = 1";
    assert_eq!(db.value(sql), true);

    // No owner, no crop: the kilograms count, under the name Unknown.
    let sql = "SELECT sum((check_in_kg_crop ->> 'Unknown')::float8) > 0 FROM cooling_unit_metrics \
               WHERE cooling_unit_id = 2";
    assert_eq!(db.value(sql), true);
    let expected = "SELECT sum(initial_weight) FROM storage_crate WHERE cooling_unit_id = 2";
    let actual = "SELECT sum(room_kg_in) FROM cooling_unit_metrics WHERE cooling_unit_id = 2";
    assert_eq!(db.value(actual), db.value(expected));

    // A weight that is not a number: the crate exists for nothing, and is named.
    let crate_id = db.value("SELECT min(id) FROM storage_crate WHERE cooling_unit_id = 3").as_i64().unwrap();
    let named = json!({"subject": format!("crate {crate_id}"), "reason": "its initial weight is not a number"});
    for run in summary["runs"].as_array().unwrap() {
        assert!(run["rejects"].as_array().unwrap().contains(&named), "{run}");
        assert_eq!(run["outcome"], "partial");
    }
    let expected = "SELECT count(*) FROM storage_crate WHERE cooling_unit_id = 3 AND initial_weight <> 'NaN'";
    let actual = "SELECT sum(room_crates_in) FROM cooling_unit_metrics WHERE cooling_unit_id = 3";
    assert_eq!(db.value(actual), db.value(expected));
}

#[test]
fn movements_outside_of_the_calendar_are_rejected_by_name() {
    let db = small();
    db.execute(
        "UPDATE operation_movement SET date = 'infinity' WHERE id = 1;
         UPDATE operation_movement SET date = '1970-01-01Z' WHERE id = 2;
         UPDATE storage_coolingunit SET date_creation = '-infinity' WHERE id = 1",
    );
    let summary = aggregate(&db);
    let rejects = summary["runs"][0]["rejects"].as_array().unwrap();
    let subjects: Vec<&str> = rejects.iter().map(|reject| reject["subject"].as_str().unwrap()).collect();
    for subject in ["movement 1", "movement 2", "creation of cooling unit 1"] {
        assert!(subjects.contains(&subject), "{subjects:?}");
    }
    assert_eq!(db.value("SELECT min(date) >= '2025-05-03' FROM cooling_unit_metrics"), true);
}
