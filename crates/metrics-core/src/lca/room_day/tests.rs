use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::parameters::Parameters;
use crate::quality::QualityFlag;

mod by_hand;
mod fixture_b;

fn parameters() -> Parameters {
    Parameters::embedded().unwrap()
}

/// A room with known electricity, without a size and with a refrigerant that has no effect.
fn room(country: &str, source: &str, kwh: f64) -> RoomDescription {
    let power = PowerSupply {
        daily_room_kwh: Some(kwh),
        power_source: source.to_owned(),
        refrigerant_type: Some("R717".to_owned()),
        refrigerant_kg: Some(1.0),
        ..PowerSupply::default()
    };
    RoomDescription { power: Some(power), country: Some(country.to_owned()), ..RoomDescription::default() }
}

fn with_refrigerant(mut room: RoomDescription, kind: &str, kg: f64) -> RoomDescription {
    if let Some(power) = &mut room.power {
        power.refrigerant_type = Some(kind.to_owned());
        power.refrigerant_kg = Some(kg);
    }
    room
}

/// Stock and released kilograms of a crop, with its own footprint.
fn crop(name: &str, stock: f64, released: f64) -> CropDay<'_> {
    let production = parameters().production_footprint(name);
    CropDay { name, stock: Kilograms::new(stock), released: Kilograms::new(released), production }
}

fn day(factors: &RoomFactors, crops: &[CropDay<'_>], loss: Option<f64>) -> RoomDayEmissions {
    room_day_emissions(&RoomDayInput {
        factors,
        elapsed_ratio: 1.0,
        crops,
        food_loss_cold_ratio: loss,
        food_loss: FoodLossBoundary::Production,
    })
}

fn flags(factors: &RoomFactors) -> Vec<&'static str> {
    factors.flags.iter().map(|flag| flag.as_str()).collect()
}

/// Binary fractions against figures worked out in decimals, all below 1 000.
#[track_caller]
fn assert_close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-12, "{found} instead of {expected}");
}

#[track_caller]
fn assert_crop(found: &RoomDayEmissions, name: &str, coldroom: f64, no_coldroom: f64) {
    let found = found.crops.as_ref().unwrap()[name];
    assert_close(found.coldroom, coldroom);
    assert_close(found.no_coldroom, no_coldroom);
    assert_close(found.difference, no_coldroom - coldroom);
}

#[test]
fn a_crop_that_neither_is_in_the_room_nor_left_it_has_no_figures() {
    let factors = RoomFactors::new(&room("NG", "grid", 10.0), &parameters());
    let found = day(&factors, &[crop("Mango", 0.0, 0.0), crop("Tomato", 0.0, 1.0)], None);
    assert_eq!(found.crops.unwrap().keys().collect::<Vec<_>>(), ["Tomato"]);
}

#[test]
fn the_loss_from_surveys_is_held_to_0_to_1() {
    let factors = RoomFactors::new(&room("NG", "grid", 10.0), &parameters());
    let with = |loss| day(&factors, &[crop("Tomato", 0.0, 10.0)], loss);
    assert_eq!(with(Some(1.7)), with(Some(1.0)));
    assert_eq!(with(Some(f64::INFINITY)), with(Some(1.0)));
    assert_eq!(with(Some(-0.2)), with(Some(0.0)));
    assert!(!with(Some(0.0)).food_loss_defaulted);
    assert_eq!(with(Some(f64::NAN)), with(None));
    assert!(with(None).food_loss_defaulted);
}

/// 10 kg · 0.1 = 1 kg lost without a cold room, 0.5 kg with it.
#[test]
fn without_production_only_disposal_counts() {
    let factors = RoomFactors::new(&room("NG", "grid", 10.0), &parameters());
    let found = room_day_emissions(&RoomDayInput {
        factors: &factors,
        elapsed_ratio: 1.0,
        crops: &[crop("Tomato", 0.0, 10.0)],
        food_loss_cold_ratio: Some(0.05),
        food_loss: FoodLossBoundary::Disposal,
    });
    assert_crop(&found, "Tomato", 0.106_342_585, 0.212_685_17);
    assert_eq!((found.breakdown.production_cold, found.breakdown.production_ambient), (0.0, 0.0));
}

#[test]
fn the_flags_of_electricity_and_of_its_source_are_independent() {
    let parameters = parameters();
    let known = room("NG", "grid", 10.0);
    assert_eq!(flags(&RoomFactors::new(&known, &parameters)), Vec::<&str>::new());

    let unknown_source = room("NG", "wind", 10.0);
    assert_eq!(flags(&RoomFactors::new(&unknown_source, &parameters)), ["power_source_unknown"]);

    let no_amount = room("NG", "grid", 0.0);
    assert_eq!(flags(&RoomFactors::new(&no_amount, &parameters)), ["electricity_missing"]);

    let neither = room("NG", "", f64::NAN);
    assert_eq!(flags(&RoomFactors::new(&neither, &parameters)), ["electricity_missing", "power_source_unknown"]);
}

/// Without a row for its power a room can still have a size.
#[test]
fn a_room_without_power_row_has_default_refrigerant() {
    let parameters = parameters();
    let mut description = RoomDescription { country: Some("NG".to_owned()), ..RoomDescription::default() };
    let factors = RoomFactors::new(&description, &parameters);
    assert_eq!(flags(&factors), ["electricity_missing", "power_source_unknown", "refrigerant_default"]);

    description.room_length_m = Some(4.0);
    description.room_width_m = Some(3.0);
    description.room_height_m = Some(2.0);
    let factors = RoomFactors::new(&description, &parameters);
    assert_eq!(flags(&factors), ["electricity_estimated", "power_source_unknown", "refrigerant_default"]);
    assert_eq!(factors.electricity_kg_co2e_per_day(), None);
}

#[test]
fn a_room_with_a_side_that_is_not_above_0_has_no_size() {
    let sides = |length, width, height| RoomDescription {
        room_length_m: length,
        room_width_m: width,
        room_height_m: height,
        ..RoomDescription::default()
    };
    assert_eq!(sides(Some(4.0), Some(3.0), Some(2.0)).volume().map(crate::units::CubicMetres::value), Some(24.0));
    for bad in [None, Some(0.0), Some(-2.0), Some(f64::NAN), Some(f64::INFINITY)] {
        assert_eq!(sides(bad, Some(3.0), Some(2.0)).volume(), None, "{bad:?}");
        assert_eq!(sides(bad, bad, Some(2.0)).volume(), None, "{bad:?}");
    }
    assert_eq!(sides(Some(1e200), Some(1e200), Some(1.0)).volume(), None);
}

#[test]
fn a_country_without_a_grid_factor_is_flagged_only_where_the_grid_has_a_share() {
    let parameters = parameters();
    let flagged = |description: &RoomDescription| {
        RoomFactors::new(description, &parameters).flags.contains(&QualityFlag::GridFactorDefault)
    };
    for (country, is_default) in [("NG", false), ("IN", false), ("PH", false), ("KE", true), ("", true), ("ng", true)] {
        assert_eq!(flagged(&room(country, "grid", 10.0)), is_default, "{country}");
        assert!(!flagged(&room(country, "pvpanels", 10.0)), "{country}");
        for (grid, has_grid) in [(Some(1.0), true), (Some(0.0), false), (Some(-1.0), false), (None, false)] {
            let mut hybrid = room(country, "hybrid", 10.0);
            if let Some(power) = &mut hybrid.power {
                power.pv_perc = Some(50.0);
                power.grid_perc = grid;
            }
            assert_eq!(flagged(&hybrid), is_default && has_grid, "{country} {grid:?}");
        }
    }
    let mut nowhere = room("NG", "grid", 10.0);
    nowhere.country = None;
    assert!(flagged(&nowhere));
}

#[test]
fn results_have_the_keys_of_the_columns() {
    let factors = RoomFactors::new(&room("NG", "wind", 10.0), &parameters());
    let found = day(&factors, &[], None);
    let breakdown = json!({
        "electricity": null, "refrigerant": 0.0, "disposal_cold": 0.0, "production_cold": 0.0,
        "disposal_ambient": 0.0, "production_ambient": 0.0
    });
    assert_eq!(serde_json::to_value(found.breakdown).unwrap(), breakdown);
    let crop = CropEmissions::new(KgCo2e::new(1.0), KgCo2e::new(3.0));
    assert_eq!(serde_json::to_value(crop).unwrap(), json!({ "coldroom": 1.0, "no-coldroom": 3.0, "difference": 2.0 }));
}

#[test]
fn factors_are_printed_with_their_units() {
    let factors = RoomFactors::new(&room("KE", "grid", 0.0), &parameters());
    let printed = serde_json::to_value(&factors).unwrap();
    assert_eq!(printed["electricity_kwh_per_day"], json!(null));
    assert_eq!(printed["electricity_kg_co2e_per_kwh"], json!(0.475));
    assert_eq!(printed["flags"], json!(["electricity_missing", "grid_factor_default"]));
}

/// A day of which nothing has passed, and nothing happened: zeros without a sign.
#[test]
fn nothing_is_zero_and_not_minus_zero() {
    let factors = RoomFactors::new(&room("NG", "grid", 10.0), &parameters());
    let found = room_day_emissions(&RoomDayInput {
        factors: &factors,
        elapsed_ratio: 0.0,
        crops: &[],
        food_loss_cold_ratio: None,
        food_loss: FoodLossBoundary::Production,
    });
    let text = serde_json::to_string(&found).unwrap();
    assert!(!text.contains("-0.0"), "{text}");
}

proptest! {
    /// What the crops and the idle room emit is what the causes add up to.
    #[test]
    fn emissions_by_crop_add_up_to_emissions_by_cause(
        kilograms in prop::collection::vec((0.0..500.0_f64, 0.0..500.0_f64), 0..6),
        kwh in 0.1..200.0_f64,
        elapsed_ratio in 0.0..=1.0_f64,
        loss in prop::option::of(0.0..1.0_f64),
    ) {
        let names = ["Apple", "Fish", "Mango", "Other", "Tomato", "Yam"];
        let crops: Vec<_> = names.iter().zip(&kilograms).map(|(name, (s, o))| crop(name, *s, *o)).collect();
        let room = with_refrigerant(room("PH", "grid", kwh), "other", 0.0);
        let factors = RoomFactors::new(&room, &parameters());
        let found = room_day_emissions(&RoomDayInput {
            factors: &factors,
            elapsed_ratio,
            crops: &crops,
            food_loss_cold_ratio: loss,
            food_loss: FoodLossBoundary::Production,
        });

        let parts = found.breakdown;
        let by_crop = found.crops.unwrap();
        let cold: f64 = by_crop.values().map(|crop| crop.coldroom).sum();
        let ambient: f64 = by_crop.values().map(|crop| crop.no_coldroom).sum();
        let idle = found.idle_kg_co2e.unwrap();
        let room_kg = parts.electricity.unwrap() + parts.refrigerant;
        let tolerance = 1e-9;
        prop_assert!((cold + idle - (room_kg + parts.disposal_cold + parts.production_cold)).abs() < tolerance);
        prop_assert!((ambient - (parts.disposal_ambient + parts.production_ambient)).abs() < tolerance);
        prop_assert!((found.avoided_kg_co2e.unwrap() - (ambient - cold - idle)).abs() < tolerance);
    }
}
