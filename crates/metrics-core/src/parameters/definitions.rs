//! Which files there are, and what the code expects of each: parameter, key, units, range of values.

use super::table::{Component, Definition, SCALAR};

macro_rules! definition {
    ($name:ident, $file:literal, $parameter:literal, $key:expr, $components:expr) => {
        pub(super) const $name: Definition = Definition {
            file: $file,
            text: include_str!(concat!("../../../../parameters/", $file)),
            parameter: $parameter,
            key: $key,
            components: $components,
        };
    };
}

const fn number(name: &'static str, unit: &'static str, low: f64, high: f64) -> Component {
    Component { name, unit, range: Some((low, high)) }
}

const fn text(unit: &'static str) -> Component {
    Component { name: SCALAR, unit, range: None }
}

/// The name of the set; the one file of another form.
pub(super) const SET: &str = include_str!("../../../../parameters/set.toml");

definition!(COUNTRY, "country.toml", "time_zone", Some("country"), &[text("iana_time_zone")]);
definition!(
    HOUSEHOLD,
    "household.toml",
    "household",
    Some("country"),
    &[
        number("size", "persons", 1.0, 20.0),
        number("fem_share", "ratio", 0.0, 1.0),
        number("ma_share", "ratio", 0.0, 1.0),
    ]
);
definition!(
    GRID_EMISSION_FACTOR,
    "grid_emission_factor.toml",
    "grid_emission_factor",
    Some("country"),
    &[number(SCALAR, "kg_co2e_per_kwh", 0.0, 3.0)]
);
definition!(
    SOURCE_EMISSION_FACTOR,
    "source_emission_factor.toml",
    "source_emission_factor",
    Some("power_source"),
    &[number(SCALAR, "kg_co2e_per_kwh", 0.0, 3.0)]
);
definition!(
    GENERATOR_FUEL_FACTOR,
    "generator_fuel_factor.toml",
    "generator_fuel_factor",
    None,
    &[number(SCALAR, "kg_co2e_per_mj", 0.0, 1.0)]
);
definition!(
    GENERATOR_EFFICIENCY,
    "generator_efficiency.toml",
    "generator_efficiency",
    None,
    &[number(SCALAR, "ratio", 0.01, 1.0)]
);
definition!(
    REFRIGERANT_GWP,
    "refrigerant_gwp.toml",
    "refrigerant_gwp",
    Some("refrigerant"),
    &[number(SCALAR, "kg_co2e_per_kg", 0.0, 30_000.0)]
);
definition!(
    REFRIGERANT_CHARGE,
    "refrigerant_charge.toml",
    "refrigerant_charge",
    None,
    &[number(SCALAR, "kg", 0.001, 100.0)]
);
definition!(
    REFRIGERANT_LEAKAGE,
    "refrigerant_leakage.toml",
    "refrigerant_leakage",
    None,
    &[number(SCALAR, "ratio_per_year", 0.0, 1.0)]
);
definition!(
    ROOM_POWER,
    "room_power.toml",
    "room_power",
    None,
    &[
        number("slope_kw_per_celsius", "kw_per_celsius", 0.0, 10.0),
        number("intercept_kw", "kw", 0.0, 100.0),
        number("reference_volume_m3", "m3", 1.0, 1_000.0),
        number("ambient_celsius", "celsius", -20.0, 60.0),
    ]
);
definition!(
    FOOD_LOSS_AMBIENT,
    "food_loss_ambient.toml",
    "food_loss_ambient",
    Some("country"),
    &[number(SCALAR, "ratio", 0.0, 1.0)]
);
definition!(FOOD_LOSS_COLD, "food_loss_cold.toml", "food_loss_cold", None, &[number(SCALAR, "ratio", 0.0, 1.0)]);
definition!(FOOD_DISPOSAL, "food_disposal.toml", "food_disposal", None, &[number(SCALAR, "kg_co2e_per_kg", 0.0, 10.0)]);
definition!(
    FOOD_FOOTPRINT,
    "food_footprint.toml",
    "food_footprint",
    Some("food_group"),
    &[number(SCALAR, "kg_co2e_per_kg", 0.0, 150.0)]
);
definition!(FOOD_GROUP, "food_group.toml", "food_group", Some("crop"), &[text("food_group")]);
definition!(
    HEAT_CAPACITY,
    "heat_capacity.toml",
    "heat_capacity",
    Some("crop"),
    &[number(SCALAR, "kj_per_kg_kelvin", 0.5, 4.5)]
);
definition!(
    WORKBOOK,
    "workbook.toml",
    "workbook",
    None,
    &[
        number("crate_gross_kg", "kg", 0.1, 1_000.0),
        number("crate_net_kg", "kg", 0.1, 1_000.0),
        number("crates", "crates", 1.0, 100_000.0),
        number("heat_capacity_kj_per_kg_kelvin", "kj_per_kg_kelvin", 0.5, 4.5),
        number("initial_celsius", "celsius", -20.0, 60.0),
        number("ambient_celsius", "celsius", -20.0, 60.0),
        number("final_celsius", "celsius", -20.0, 60.0),
        number("electricity_kwh_per_day", "kwh_per_day", 0.1, 10_000.0),
        number("ice_kg_per_day", "kg_per_day", 0.1, 10_000.0),
        number("water_kj_per_kg_kelvin", "kj_per_kg_kelvin", 4.0, 4.5),
        number("batteries", "batteries", 0.0, 1_000.0),
        number("battery_kwh", "kwh", 0.0, 10_000.0),
        number("battery_discharge_ratio", "ratio", 0.0, 1.0),
        number("battery_efficiency_ratio", "ratio", 0.01, 1.0),
        number("room_length_m", "m", 0.1, 100.0),
        number("room_width_m", "m", 0.1, 100.0),
        number("room_height_m", "m", 0.1, 100.0),
        number("storage_d", "d", 0.0, 365.0),
        number("cooling_d", "d", 0.0, 365.0),
        number("food_loss_cold_ratio", "ratio", 0.0, 1.0),
        number("food_loss_ambient_ratio", "ratio", 0.0, 1.0),
        number("refrigerant_kg_co2e_per_kg", "kg_co2e_per_kg", 0.0, 30_000.0),
        number("landfill_ratio", "ratio", 0.0, 1.0),
        number("landfill_d", "d", 1.0, 365.0),
        number("landfill_kg_co2e_per_kg", "kg_co2e_per_kg", 0.0, 10.0),
    ]
);

/// All of the above.
pub(super) const ALL: [Definition; 17] = [
    COUNTRY,
    HOUSEHOLD,
    GRID_EMISSION_FACTOR,
    SOURCE_EMISSION_FACTOR,
    GENERATOR_FUEL_FACTOR,
    GENERATOR_EFFICIENCY,
    REFRIGERANT_GWP,
    REFRIGERANT_CHARGE,
    REFRIGERANT_LEAKAGE,
    ROOM_POWER,
    FOOD_LOSS_AMBIENT,
    FOOD_LOSS_COLD,
    FOOD_DISPOSAL,
    FOOD_FOOTPRINT,
    FOOD_GROUP,
    HEAT_CAPACITY,
    WORKBOOK,
];
