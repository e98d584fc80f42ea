use super::*;

/// Relative tolerance of the published figures, which have 16 digits and another order of operations.
const TOLERANCE: f64 = 1e-12;

fn parameters() -> Parameters {
    Parameters::embedded().unwrap()
}

#[track_caller]
fn assert_close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= TOLERANCE * expected.abs(), "{found} instead of {expected}");
}

/// All values that the design document shows for its example, those of the inventory first.
#[test]
fn the_example_of_the_design_document_is_reproduced() {
    let parameters = parameters();
    let (inventory, intensity) = workbook(&WorkbookInput::example(&parameters));

    assert_close(inventory.fruit_heat_per_electricity_ratio, 2.359_643_974_960_876);
    assert_close(inventory.ice_heat_per_electricity_ratio, 0.327_073_552_425_665_1);
    assert_close(inventory.fruit_heat_kj_per_kg, 96.5);
    assert_close(inventory.battery_heat_kj_per_kg, 1200.0);
    assert_close(inventory.ice_heat_kj_per_kg, 14.513_888_888_888_89);
    assert_close(inventory.fruit_kwh_per_kg, 0.011_36);
    assert_close(inventory.battery_kwh_per_kg, 0.370_370_370_370_370_35);
    assert_close(inventory.ice_kwh_per_kg, 0.012_326_388_888_888_888);
    assert_close(inventory.maintenance_kw, 1.375_695);
    assert_close(inventory.maintenance_kwh_per_kg, 0.001_528_550_000_000_001_3);
    assert_close(inventory.refrigerant_charge_kg_per_kg, 0.000_405_333_333_333_333_34);
    assert_close(inventory.refrigerant_leaked_kg_per_kg, 1.285_303_568_408_591_2e-10);
    assert_close(inventory.landfill_kg_per_kg, 1.388_776_363_168_724_1e-5);

    assert_close(intensity.fruit.value(), 0.000_859_778_691_84);
    assert_close(intensity.battery.value(), 0.028_031_386_666_666_665);
    assert_close(intensity.ice.value(), 0.000_932_919_587_5);
    assert_close(intensity.maintenance.value(), 0.000_115_687_915_441_200_1);
    assert_close(intensity.refrigerant.value(), 1.943_891_831_557_585e-9);
    assert_close(intensity.food_loss.value(), 0.014_887_961_900_000_002);
    assert_close(intensity.landfill.value(), 2.175_814_815_534_979_3e-7);
    assert_close(intensity.coldroom().value(), 0.044_827_954_286_821_26);
    assert_close(intensity.no_coldroom.value(), 0.106_342_585);

    let saved_per_day = (Kilograms::new(37.5 * 23.04) * intensity.difference()).value();
    assert_close(intensity.difference().value(), 0.061_514_630_713_178_746);
    assert_close(saved_per_day, 53.148_640_936_186_44);
    assert_close(saved_per_day * DAYS_PER_YEAR, 19_399.253_941_708_05);
}

/// The program of the predecessor has one mass, `kg` of a crop times `crates` of the first crop.
fn program(kg: f64, crates: f64) -> WorkbookInput {
    let mass = Kilograms::new(kg * crates);
    WorkbookInput { gross_mass: mass, net_mass: mass, ..WorkbookInput::example(&parameters()) }
}

#[track_caller]
fn assert_program(input: &WorkbookInput, coldroom: f64, difference: f64) {
    let (_, intensity) = workbook(input);
    assert_close(intensity.coldroom().value(), coldroom);
    assert_close(intensity.difference().value(), difference);
}

#[test]
fn the_program_with_the_inputs_of_the_example() {
    assert_program(&program(25.0, 37.5), 0.042_548_082_592_905_04, 0.063_794_502_407_094_97);
}

/// The heat capacity cancels.
#[test]
fn the_heat_capacity_has_no_influence() {
    let tomato = WorkbookInput { heat_capacity_kj_per_kg_kelvin: 3.98, ..program(25.0, 37.5) };
    assert_program(&tomato, 0.042_548_082_592_905_04, 0.063_794_502_407_094_97);
}

#[test]
fn the_program_with_500_kg_and_its_seven_terms() {
    let input = WorkbookInput { cooling_d: 0.0417, food_loss_cold_ratio: 0.1, ..program(500.0, 1.0) };
    assert_program(&input, 0.077_720_460_216_868_28, 0.028_622_124_783_131_725);

    let (_, intensity) = workbook(&input);
    assert_close(intensity.fruit.value(), 0.001_612_085_047_2);
    assert_close(intensity.battery.value(), 0.048_438_236_16);
    assert_close(intensity.ice.value(), 0.001_612_085_047_2);
    assert_close(intensity.maintenance.value(), 0.004_789_313_108_667_445);
    assert_close(intensity.refrigerant.value(), 6.298_209_534_246_575e-9);
    assert_close(intensity.food_loss.value(), 0.021_268_517);
    assert_close(intensity.landfill.value(), 2.175_555_912_888_889e-7);
}

/// 0.6 · 0.075684744 + 0.4 · 0.595619099308445 = 0.283658486123378.
#[test]
fn the_program_with_solar_and_grid() {
    let input = WorkbookInput {
        cooling_d: 0.0417,
        electricity_factor: KgCo2ePerKwh::new(0.283_658_486_123_378),
        ..program(25.0, 20.0)
    };
    assert_program(&input, 0.226_463_311_839_681_9, -0.120_120_726_839_681_9);
}

/// Shares of 60 and 40 taken as they are make a factor a hundred times too large.
#[test]
fn the_program_with_shares_that_are_not_scaled() {
    let input = WorkbookInput {
        cooling_d: 0.0417,
        food_loss_cold_ratio: 0.1,
        electricity_factor: KgCo2ePerKwh::new(28.365_848_612_337_803),
        room_volume: CubicMetres::new(24.0),
        ..program(42.5, 2.0)
    };
    assert_program(&input, 127.996_802_611_780_67, -127.890_460_026_780_67);
}

#[test]
fn the_program_without_batteries() {
    let input = WorkbookInput {
        heat_capacity_kj_per_kg_kelvin: 3.77,
        electricity_kwh_per_day: 8.0,
        batteries: 0.0,
        cooling_d: 0.0417,
        food_loss_cold_ratio: 0.1,
        room_volume: CubicMetres::new(24.0),
        ..program(12.0, 1.0)
    };
    assert_program(&input, 0.388_265_609_658_862_37, -0.281_923_024_658_862_4);
}

fn crop(name: &str, stock: f64, released: f64) -> CropDay<'_> {
    let production = KgCo2ePerKg::new(2.0);
    CropDay { name, stock: Kilograms::new(stock), released: Kilograms::new(released), production }
}

/// 100 kg and 50 kg: 0.04482795428682126 · 100 = 4.482795428682126 with the room, 0.106342585 · 100 = 10.6342585
/// without; saved 0.061514630713178746 · 150 = 9.227194606976812. What left the room has no influence.
#[test]
fn a_day_by_the_workbook_is_its_intensities_times_the_stock() {
    let (_, intensity) = workbook(&WorkbookInput::example(&parameters()));
    let day = workbook_day(&intensity, &[crop("Mango", 100.0, 7.0), crop("Okra", 0.0, 9.0), crop("Tomato", 50.0, 0.0)]);

    let crops = day.crops.unwrap();
    assert_eq!(crops.keys().collect::<Vec<_>>(), ["Mango", "Tomato"]);
    assert_close(crops["Mango"].coldroom, 4.482_795_428_682_126);
    assert_close(crops["Mango"].no_coldroom, 10.634_258_5);
    assert_close(crops["Tomato"].difference, 0.061_514_630_713_178_746 * 50.0);
    assert_close(day.avoided_kg_co2e.unwrap(), 9.227_194_606_976_812);
    assert_eq!((day.idle_kg_co2e, day.food_loss_defaulted), (Some(0.0), false));

    // 0.00085977869184 + 0.028031386666666665 + 0.0009329195875 + 0.0001156879154412001 = 0.029939772861447866
    let parts = day.breakdown;
    assert_close(parts.electricity.unwrap(), 0.029_939_772_861_447_866 * 150.0);
    assert_close(parts.refrigerant, 1.943_891_831_557_585e-9 * 150.0);
    assert_close(parts.disposal_cold, (0.014_887_961_900_000_002 + 2.175_814_815_534_979_3e-7) * 150.0);
    assert_close(parts.disposal_ambient, 15.951_387_75);
    assert_eq!((parts.production_cold, parts.production_ambient), (0.0, 0.0));
}

#[test]
fn an_empty_room_by_the_workbook_emits_nothing() {
    let (_, intensity) = workbook(&WorkbookInput::example(&parameters()));
    let day = workbook_day(&intensity, &[]);
    assert_eq!(serde_json::to_value(day.avoided_kg_co2e).unwrap().to_string(), "0.0");
    assert_eq!(day.crops, Some(BTreeMap::new()));
    assert_eq!(serde_json::to_value(day.breakdown).unwrap()["electricity"].to_string(), "0.0");
}
