use std::collections::BTreeSet;

use super::*;

fn parameters() -> Parameters {
    Parameters::embedded().unwrap()
}

fn decimal(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

#[test]
fn every_file_is_accepted() {
    assert_eq!(parameters().set(), "2026.1");
}

#[test]
fn every_file_of_the_folder_is_embedded() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../parameters");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let toml = files.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let found: BTreeSet<String> = toml.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    let embedded = definitions::ALL.iter().map(|definition| definition.file.to_owned());
    assert_eq!(found, embedded.chain(["set.toml".to_owned()]).collect());
}

#[test]
fn countries_compare_exactly_and_an_unknown_one_has_no_zone() {
    let parameters = parameters();
    assert_eq!(parameters.time_zone(Some("NG")), Some(chrono_tz::Africa::Lagos));
    assert_eq!(parameters.time_zone(Some("IN")), Some(chrono_tz::Asia::Kolkata));
    assert_eq!(parameters.time_zone(Some("PH")), Some(chrono_tz::Asia::Manila));
    assert_eq!(parameters.time_zone(Some("KE")), Some(chrono_tz::Africa::Nairobi));
    assert_eq!(parameters.time_zones.rows.len(), 247);
    for unknown in [None, Some("ng"), Some("XX"), Some("*"), Some("")] {
        assert_eq!(parameters.time_zone(unknown), None);
    }
}

#[test]
fn households_are_exact_decimals() {
    let parameters = parameters();
    let nigeria = parameters.household(Some("NG"));
    assert_eq!(nigeria.size * nigeria.fem_share, decimal("2.3265"));
    for (country, size, fem, ma) in [
        (Some("IN"), "4.4", "0.484", "0.516"),
        (Some("PH"), "4.2", "0.492", "0.508"),
        (Some("KE"), "3", "0.4975", "0.5025"),
        (None, "3", "0.4975", "0.5025"),
    ] {
        let expected = Household { size: decimal(size), fem_share: decimal(fem), ma_share: decimal(ma) };
        assert_eq!(parameters.household(country), expected);
        assert_eq!(expected.fem_share + expected.ma_share, Decimal::ONE);
    }
}

#[test]
fn a_look_up_says_when_the_fallback_was_used_and_where_the_value_comes_from() {
    let parameters = parameters();
    let india = parameters.grid_factor(Some("IN"));
    assert_eq!((india.value.value(), india.is_fallback), (1.436_153_732_849_55, false));
    assert_eq!((india.origin.source.as_str(), india.origin.locator.as_str()), ("coldtivate-model", "4.6"));
    for other in [Some("KE"), Some("*"), None] {
        let found = parameters.grid_factor(other);
        assert_eq!((found.value.value(), found.is_fallback), (0.475, true));
    }
}

/// 0.103336227604507 kg/MJ × 3.6 MJ/kWh ÷ 0.33 = 1.12730430114… kg/kWh.
#[test]
fn the_factor_of_a_generator_is_computed() {
    let factor = parameters().generator_factor().value();
    assert!((factor - 0.103_336_227_604_507 * 3.6 / 0.33).abs() < 1e-15, "{factor}");
}

#[test]
fn refrigerants_compare_by_letters_and_digits() {
    let parameters = parameters();
    for (name, gwp) in [
        ("R-410A", 2256.0),
        ("R-407c", 1908.0),
        ("r 134 a", 1530.0),
        ("R717", 0.0),
        ("r290", 0.02),
        ("r600", 0.006),
        ("R600A", 0.02),
        ("R601", 0.02),
        ("r601a", 0.02),
    ] {
        let found = parameters.refrigerant_gwp(Some(name));
        assert_eq!((found.value.value(), found.is_fallback), (gwp, false), "{name}");
    }
    for name in [Some("other"), Some(""), Some("*"), None] {
        let found = parameters.refrigerant_gwp(name);
        assert_eq!((found.value.value(), found.is_fallback), (1530.0, true), "{name:?}");
    }
    assert!(parameters.refrigerant_gwp.rows.keys().all(|key| *key == refrigerant_key(key)));
}

#[test]
fn crops_that_are_not_listed_are_other_vegetables() {
    let parameters = parameters();
    assert_eq!(parameters.production_footprint("Tomato").value(), 2.09);
    assert_eq!(parameters.production_footprint("Fish").value(), 13.63);
    assert_eq!(parameters.production_footprint("Flowers").value(), 0.0);
    for other in ["Others", "tomato", "Unknown", "Dragon fruit", "*"] {
        assert_eq!(parameters.production_footprint(other).value(), 0.53, "{other}");
    }
    assert_eq!(parameters.production_footprints.rows.len(), 76);
}

#[test]
fn heat_capacities_fall_back_to_the_mean() {
    let parameters = parameters();
    assert_eq!(parameters.heat_capacity("Avocado").value.value(), 3.01);
    assert!(!parameters.heat_capacity("Avocado").is_fallback);
    assert_eq!(parameters.heat_capacity("Mango").value.value(), 3.77);
    assert!(parameters.heat_capacity("Mango").is_fallback);
}

#[test]
fn losses_and_single_values_are_those_of_the_model() {
    let parameters = parameters();
    for (country, loss) in [(Some("NG"), 0.1), (Some("IN"), 0.05), (Some("PH"), 0.25), (Some("KE"), 0.3), (None, 0.3)] {
        assert_eq!(parameters.food_loss_ambient(country).value.value(), loss);
    }
    assert_eq!(parameters.food_loss_cold().value(), 0.14);
    assert_eq!(parameters.food_disposal().value(), 0.212_685_17);
    assert_eq!(parameters.refrigerant_charge().value(), 0.38);
    assert_eq!(parameters.refrigerant_leakage_per_year().value(), 0.1);
    assert_eq!(parameters.solar_factor().value(), 0.075_684_744);
    assert_eq!(parameters.biomass_factor().value(), 0.042_823_378_431_128_7);
    assert_eq!(parameters.workbook().cooling_d, 0.96);
}
