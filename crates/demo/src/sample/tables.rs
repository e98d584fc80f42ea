//! The operational tables, in the order in which they refer to each other.

use super::table::Table;

macro_rules! tables {
    ($($(#[$doc:meta])* $field:ident: $copy:literal,)*) => {
        /// The rows of every table.
        #[derive(Debug)]
        pub struct Tables { $($(#[$doc])* pub $field: Table,)* }

        impl Tables {
            /// Every table, empty.
            pub const fn new() -> Self {
                Self { $($field: Table::new($copy),)* }
            }

            /// The tables in an order in which they can be loaded: what is referred to comes first.
            pub fn in_load_order(self) -> Vec<Table> {
                vec![$(self.$field),*]
            }
        }
    };
}

tables! {
    /// Everybody with or without an account.
    user: "COPY user_user (id, username, first_name, last_name, phone, gender, language, is_active, date_joined) \
           FROM STDIN",
    /// Companies.
    company: "COPY user_company (id, name, country, logo, currency, date_joined) FROM STDIN",
    /// Users who operate cooling units.
    operator: "COPY user_operator (id, company_id, user_id) FROM STDIN",
    /// Users who are employees of a company.
    service_provider: "COPY user_serviceprovider (id, company_id, user_id) FROM STDIN",
    /// Users who store produce.
    farmer: "COPY user_farmer (id, user_id, created_by_id, parent_name, is_unknown, smartphone, country) FROM STDIN",
    /// Which farmers belong to which company.
    farmer_company: "COPY user_farmer_companies (id, farmer_id, company_id) FROM STDIN",
    /// Where cooling units stand.
    location: "COPY storage_location (id, name, state, city, street, zip_code, company_id, deleted, date_creation) \
               FROM STDIN",
    /// Cooling units.
    cooling_unit: "COPY storage_coolingunit (id, location_id, name, capacity_in_metric_tons, \
                   food_capacity_in_metric_tons, capacity_in_number_crates, metric, cooling_unit_type, deleted, \
                   room_length, room_width, room_height, room_weight, crate_length, crate_width, crate_height, \
                   crate_weight, sensor, time_pickup_to_customer, public, editable_checkins, date_creation) FROM STDIN",
    /// Which users operate which cooling unit.
    cooling_unit_operator: "COPY storage_coolingunit_operators (id, coolingunit_id, user_id) FROM STDIN",
    /// Power, refrigerant and batteries.
    power: "COPY storage_coolingunitpower (id, cooling_unit_id, daily_room_wattage, power_source, \
            power_source_diesel_percent, power_source_grid_percent, power_source_pv_percent, \
            power_source_biomass_percent, electricity_storage_system, thermal_storage_method, refrigerant_type, \
            amount_refrigerant) FROM STDIN",
    /// Sensor readings.
    reading: "COPY storage_coolingunitspecifications (id, cooling_unit_id, value, set_point_value, \
              specification_type, datetime_stamp) FROM STDIN",
    /// Which farmers use which cooling unit.
    farmer_cooling_unit: "COPY user_farmer_cooling_units (id, farmer_id, coolingunit_id) FROM STDIN",
    /// Crop types.
    crop_type: "COPY storage_croptype (id, name) FROM STDIN",
    /// Crops.
    crop: "COPY storage_crop (id, crop_type_id, name, harvested_today, harvested_yesterday, \
           harvested_day_before_yesterday, harvested_before) FROM STDIN",
    /// Prices of storage.
    pricing: "COPY storage_pricing (id, pricing_type, fixed_rate, daily_rate) FROM STDIN",
    /// Which crops a cooling unit takes at which price.
    cooling_unit_crop: "COPY storage_coolingunitcrop (id, crop_id, cooling_unit_id, pricing_id, active) FROM STDIN",
    /// Baseline surveys.
    baseline_survey: "COPY user_farmersurvey (id, farmer_id, user_type, experience, experience_duration, \
                      date_filled_in) FROM STDIN",
    /// Lines of baseline surveys.
    baseline_line: "COPY user_farmersurveycommodity (id, farmer_survey_id, crop_id, average_price, unit, kg_in_unit, \
                    quantity_total, quantity_self_consumed, quantity_sold, quantity_below_market_price, \
                    average_season_in_months, currency, date_filled_in) FROM STDIN",
    /// Movements.
    movement: "COPY operation_movement (id, initiated_for, operator_id, order_id, date, code, used_for_checkin) \
               FROM STDIN",
    /// Check-ins.
    check_in: "COPY operation_checkin (id, movement_id, owned_by_user_id, owned_on_behalf_of_company_id) FROM STDIN",
    /// Check-outs.
    check_out: "COPY operation_checkout (id, movement_id, currency, discount_amount, paid, \
                cmp_total_cooling_fees_amount, cmp_total_amount, payment_through, payment_method) FROM STDIN",
    /// Crop lines of check-ins.
    produce: "COPY storage_produce (id, crop_id, checkin_id, cmp_checkout_completed) FROM STDIN",
    /// Crates.
    produce_crate: "COPY storage_crate (id, produce_id, cooling_unit_id, initial_weight, weight, currency, \
                    cmp_fully_checked_out, cmp_total_in_cooling_fees, cmp_total_paid_in_cooling_fees, \
                    cmp_total_due_in_cooling_fees, price_per_crate_per_pricing_type, planned_days) FROM STDIN",
    /// What check-outs took from crates.
    release: "COPY storage_cratepartialcheckout (id, crate_id, checkout_id, percentage, weight_in_kg, cooling_fees) \
              FROM STDIN",
    /// Surveys after check-outs.
    market_survey: "COPY operation_marketsurvey (id, checkout_id, crop_id, price, kg_in_unit, selling_unit, currency, \
                    loss, selling_place, selling_date, date_filled_in) FROM STDIN",
}
