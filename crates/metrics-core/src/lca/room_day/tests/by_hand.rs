//! Rooms worked by hand. Lost tomatoes cost 0.21268517 + 2.09 = 2.30268517 kg/kg, lost mangoes 1.26268517 kg/kg.

use super::*;

/// 10 kWh · 0.595619099308445 = 5.95619099308445 kg, a quarter for the mangoes, three for the tomatoes.
/// Mango 1.4890477482711125. Tomato 4.4671432448133375 + 0.04 · 10 · 2.30268517 = 5.3882173128133375, without the
/// room 0.1 · 10 · 2.30268517 = 2.30268517. Saved 2.30268517 − 6.87726506108445 = −4.57457989108445.
#[test]
fn a_room_on_the_grid_in_nigeria() {
    let factors = RoomFactors::new(&room("NG", "grid", 10.0), &parameters());
    let found = day(&factors, &[crop("Mango", 25.0, 0.0), crop("Tomato", 75.0, 10.0)], Some(0.04));

    assert_crop(&found, "Mango", 1.489_047_748_271_112_5, 0.0);
    assert_crop(&found, "Tomato", 5.388_217_312_813_338, 2.302_685_17);
    assert_close(found.avoided_kg_co2e.unwrap(), -4.574_579_891_084_45);
    assert_eq!(found.idle_kg_co2e, Some(0.0));
    assert_close(found.breakdown.electricity.unwrap(), 5.956_190_993_084_45);
    assert_eq!(found.breakdown.refrigerant, 0.0);
    // 0.4 kg lost with the room, 1 kg without.
    assert_close(found.breakdown.disposal_cold, 0.085_074_068);
    assert_close(found.breakdown.production_cold, 0.836);
    assert_close(found.breakdown.disposal_ambient, 0.212_685_17);
    assert_close(found.breakdown.production_ambient, 2.09);
}

/// 10 kWh · 0.075684744 = 0.75684744 kg; 0.73 kg · 0.1 ÷ 365 · 1530 = 0.306 kg. With the room 1.06284744 +
/// 0.02 · 20 · 2.30268517 = 1.983921508, without 0.05 · 20 · 2.30268517 = 2.30268517. Saved 0.318763662.
#[test]
fn a_room_on_solar_power_in_india() {
    let room = with_refrigerant(room("IN", "pvpanels", 10.0), "R-134a", 0.73);
    let factors = RoomFactors::new(&room, &parameters());
    assert_eq!(flags(&factors), Vec::<&str>::new());
    let found = day(&factors, &[crop("Tomato", 50.0, 20.0)], Some(0.02));

    assert_close(found.breakdown.refrigerant, 0.306);
    assert_crop(&found, "Tomato", 1.983_921_508, 2.302_685_17);
    assert_close(found.avoided_kg_co2e.unwrap(), 0.318_763_662);
}

/// κ = 0.6 · 0.075684744 + 0.4 · 0.975919279276615 = 0.435778558110646; · 20 kWh = 8.71557116221292 kg.
/// With the room + 0.05 · 8 · 1.26268517 = 9.22064523021292, without 0.25 · 8 · 1.26268517 = 2.52537034.
#[test]
fn a_hybrid_room_in_the_philippines_with_percents_or_fractions() {
    for (solar, grid) in [(60.0, 40.0), (0.6, 0.4)] {
        let mut room = room("PH", "hybrid", 20.0);
        if let Some(power) = &mut room.power {
            (power.pv_perc, power.grid_perc) = (Some(solar), Some(grid));
        }
        let factors = RoomFactors::new(&room, &parameters());
        let found = day(&factors, &[crop("Mango", 40.0, 8.0)], Some(0.05));

        assert_crop(&found, "Mango", 9.220_645_230_212_92, 2.525_370_34);
        assert_close(found.avoided_kg_co2e.unwrap(), -6.695_274_890_212_92);
    }
}

/// κ = 0.103336227604507 · 3.6 ÷ 0.33 = 1.1273043011400763…; · 10 kWh = 11.273043011400763 kg;
/// 0.365 kg · 0.1 ÷ 365 · 2256 = 0.2256 kg. Kenya has no grid factor, and needs none here.
#[test]
fn a_room_on_a_generator_in_kenya() {
    let room = with_refrigerant(room("KE", "generator", 10.0), "R-410A", 0.365);
    let factors = RoomFactors::new(&room, &parameters());
    assert_eq!(flags(&factors), Vec::<&str>::new());
    let found = day(&factors, &[crop("Tomato", 20.0, 0.0)], Some(0.1));

    assert_crop(&found, "Tomato", 11.498_643_011_400_763, 0.0);
    assert_close(found.avoided_kg_co2e.unwrap(), -11.498_643_011_400_763);
}

/// 5 kWh · 0.0428233784311287 = 0.2141168921556435 kg, for nobody. The tomatoes of the day are gone:
/// 0.05 · 10 · 2.30268517 = 1.151342585 against 2.30268517. Saved 1.151342585 − 0.2141168921556435.
#[test]
fn an_empty_room_is_idle() {
    let factors = RoomFactors::new(&room("NG", "biomass", 5.0), &parameters());
    let found = day(&factors, &[crop("Tomato", 0.0, 10.0)], Some(0.05));

    assert_close(found.idle_kg_co2e.unwrap(), 0.214_116_892_155_643_5);
    assert_crop(&found, "Tomato", 1.151_342_585, 2.302_685_17);
    assert_close(found.avoided_kg_co2e.unwrap(), 0.937_225_692_844_356_5);

    let found = day(&factors, &[], Some(0.05));
    assert_eq!(found.crops, Some(BTreeMap::new()));
    assert_close(found.avoided_kg_co2e.unwrap(), -0.214_116_892_155_643_5);
}

/// (0.0696 · 30 + 0.9691) · 24 m³ ÷ 40 = 1.83426 kW; · 24 h = 44.02224 kWh; · 0.075684744 = 3.33181196470656 kg.
#[test]
fn a_room_without_wattage_is_estimated_from_its_size() {
    let mut room = room("NG", "pvpanels", 0.0);
    (room.room_length_m, room.room_width_m, room.room_height_m) = (Some(4.0), Some(3.0), Some(2.0));
    let factors = RoomFactors::new(&room, &parameters());
    assert_eq!(flags(&factors), ["electricity_estimated"]);
    assert_close(factors.electricity_kwh_per_day.unwrap().value(), 44.022_24);
    let found = day(&factors, &[crop("Tomato", 10.0, 0.0)], Some(0.05));

    assert_crop(&found, "Tomato", 3.331_811_964_706_56, 0.0);
}

/// What does not depend on the electricity is still there: 0.306 kg of refrigerant; 0.5 kg and 1 kg lost.
#[test]
fn a_room_without_wattage_and_size_has_causes_but_no_totals() {
    for source in ["grid", "wind"] {
        let room = with_refrigerant(room("NG", source, 0.0), "R134a", 0.73);
        let factors = RoomFactors::new(&room, &parameters());
        let found = day(&factors, &[crop("Tomato", 10.0, 10.0)], Some(0.05));

        assert_eq!((found.crops, found.idle_kg_co2e, found.avoided_kg_co2e), (None, None, None));
        assert_eq!(found.breakdown.electricity, None);
        assert_close(found.breakdown.refrigerant, 0.306);
        assert_close(found.breakdown.disposal_cold, 0.106_342_585);
        assert_close(found.breakdown.production_cold, 1.045);
        assert_close(found.breakdown.disposal_ambient, 0.212_685_17);
        assert_close(found.breakdown.production_ambient, 2.09);
    }
}

/// 0.14 · 0.25 = 0.035 is lost after cold storage: 0.75684744 + 0.035 · 10 · 2.30268517 = 1.5627872495, against
/// 0.25 · 10 · 2.30268517 = 5.756712925.
#[test]
fn a_room_without_surveys_takes_the_default_of_its_country() {
    let factors = RoomFactors::new(&room("PH", "pvpanels", 10.0), &parameters());
    let found = day(&factors, &[crop("Tomato", 10.0, 10.0)], None);

    assert!(found.food_loss_defaulted);
    assert_crop(&found, "Tomato", 1.562_787_249_5, 5.756_712_925);
    assert_close(found.avoided_kg_co2e.unwrap(), 4.193_925_675_5);
}

/// 0.75684744 + 0.6 · 10 · 2.30268517 = 14.57295846 with the room, 2.30268517 without: it is not hidden.
#[test]
fn a_room_that_loses_more_than_the_shade_saves_nothing() {
    let factors = RoomFactors::new(&room("NG", "pvpanels", 10.0), &parameters());
    let found = day(&factors, &[crop("Tomato", 10.0, 10.0)], Some(0.6));

    assert_crop(&found, "Tomato", 14.572_958_46, 2.302_685_17);
    assert_close(found.avoided_kg_co2e.unwrap(), -12.270_273_29);
}

/// Half of 5.95619099308445 + 0.306 is 3.131095496542225 kg. What left the room is not halved:
/// + 0.05 · 4 · 1.26268517 = 3.383632530542225, without the room 0.1 · 4 · 1.26268517 = 0.505074068.
#[test]
fn half_a_day_has_half_the_electricity_and_refrigerant() {
    let room = with_refrigerant(room("NG", "grid", 10.0), "r134a", 0.73);
    let factors = RoomFactors::new(&room, &parameters());
    let found = room_day_emissions(&RoomDayInput {
        factors: &factors,
        elapsed_ratio: 0.5,
        crops: &[crop("Mango", 30.0, 4.0)],
        food_loss_cold_ratio: Some(0.05),
        food_loss: FoodLossBoundary::Production,
    });

    assert_close(found.breakdown.electricity.unwrap(), 2.978_095_496_542_225);
    assert_close(found.breakdown.refrigerant, 0.153);
    assert_crop(&found, "Mango", 3.383_632_530_542_225, 0.505_074_068);
}
