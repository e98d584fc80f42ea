//! Rows of the verification fixture of the reference (its appendix B), computed there in exact fractions.
//!
//! Three rooms, all with 0.38 kg of R-134a because their power rows name neither charge nor gas, and without surveys
//! of earlier months.

use super::*;

const REFRIGERANT: f64 = 0.159_287_671_232_876_7;

/// A room with the electricity, country and shares of solar and grid of the fixture.
fn fixture(country: &str, source: &str, kwh: f64, [solar, grid]: [f64; 2]) -> RoomFactors {
    let mut room = room(country, source, kwh);
    if let Some(power) = &mut room.power {
        (power.refrigerant_type, power.refrigerant_kg) = (Some("other".to_owned()), None);
        (power.pv_perc, power.grid_perc) = (Some(solar), Some(grid));
        (power.diesel_perc, power.biomass_perc) = (Some(0.0), Some(0.0));
    }
    (room.room_length_m, room.room_width_m, room.room_height_m) = (Some(3.0), Some(3.0), Some(3.0));
    RoomFactors::new(&room, &parameters())
}

fn unit_1() -> RoomFactors {
    fixture("NG", "hybrid", 10.65, [60.0, 40.0])
}

#[test]
fn unit_1_with_tomatoes_on_its_first_day() {
    let factors = unit_1();
    assert_eq!(flags(&factors), ["refrigerant_default"]);
    let found = day(&factors, &[crop("Tomato", 82.5, 0.0)], None);

    assert_close(found.breakdown.electricity.unwrap(), 3.020_962_877_213_975_6);
    assert_close(found.breakdown.refrigerant, REFRIGERANT);
    assert_crop(&found, "Tomato", 3.180_250_548_446_852_4, 0.0);
    assert_close(found.avoided_kg_co2e.unwrap(), -3.180_250_548_446_852_4);
}

#[test]
fn unit_1_with_three_crops_and_releases() {
    let crops = [crop("Irish Potato", 25.0, 0.0), crop("Other", 5.0, 5.0), crop("Tomato", 52.5, 30.0)];
    let found = day(&unit_1(), &crops, None);

    assert_crop(&found, "Irish Potato", 0.963_712_287_408_137_1, 0.0);
    assert_crop(&found, "Other", 0.244_730_419_381_627_43, 0.371_342_585);
    assert_crop(&found, "Tomato", 2.990_923_574_957_087_7, 6.908_055_51);
    assert_close(found.avoided_kg_co2e.unwrap(), 3.080_031_813_253_147_5);
    assert_close(found.breakdown.disposal_cold, 0.104_215_733_3);
    assert_close(found.breakdown.production_cold, 0.914_9);
    assert_close(found.breakdown.disposal_ambient, 0.744_398_095);
    assert_close(found.breakdown.production_ambient, 6.535);
}

#[test]
fn unit_1_on_the_day_of_the_run_until_noon() {
    let factors = unit_1();
    let crops = [crop("Irish Potato", 25.0, 0.0), crop("Other", 5.0, 0.0), crop("Tomato", 42.5, 0.0)];
    let found = room_day_emissions(&RoomDayInput {
        factors: &factors,
        elapsed_ratio: 0.5,
        crops: &crops,
        food_loss_cold_ratio: None,
        food_loss: FoodLossBoundary::Production,
    });

    assert_close(found.breakdown.electricity.unwrap(), 1.510_481_438_606_987_8);
    assert_close(found.breakdown.refrigerant, 0.079_643_835_616_438_35);
    assert_crop(&found, "Tomato", 0.932_142_402_130_974, 0.0);
    assert_close(found.avoided_kg_co2e.unwrap(), -1.590_125_274_223_426_2);
}

#[test]
fn unit_2_on_solar_power_is_idle_before_its_first_crate() {
    let factors = fixture("NG", "pvpanels", 8.0, [0.0, 0.0]);
    assert_eq!(flags(&factors), ["refrigerant_default"]);
    let found = day(&factors, &[], None);

    assert_close(found.breakdown.electricity.unwrap(), 0.605_477_952);
    assert_close(found.idle_kg_co2e.unwrap(), 0.764_765_623_232_876_7);
    assert_close(found.avoided_kg_co2e.unwrap(), -0.764_765_623_232_876_7);
}

#[test]
fn unit_3_on_the_grid_of_kenya_is_emptied() {
    let factors = fixture("KE", "grid", 12.0, [0.0, 0.0]);
    assert_eq!(flags(&factors), ["grid_factor_default", "refrigerant_default"]);
    let found = day(&factors, &[crop("Tomato", 0.0, 18.5)], None);

    assert_close(found.breakdown.electricity.unwrap(), 5.7);
    assert_close(found.idle_kg_co2e.unwrap(), 5.859_287_671_232_876_5);
    assert_crop(&found, "Tomato", 1.789_186_377_09, 12.779_902_693_5);
    assert_close(found.avoided_kg_co2e.unwrap(), 5.131_428_645_177_123);
    assert_close(found.breakdown.disposal_cold, 0.165_256_377_09);
    assert_close(found.breakdown.production_cold, 1.623_93);
    assert!(found.food_loss_defaulted);
}
