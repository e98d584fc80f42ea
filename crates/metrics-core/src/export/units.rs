//! Units of columns, by their names: a name means one thing everywhere.

/// Unit of the column of that name, where its values have one.
pub fn unit_of(column: &str) -> Option<&'static str> {
    Some(match column {
        "average_room_occupancy" | "comp_average_room_occupancy" => "%",
        "cap_tons" | "comp_cap_tons" => "t",
        "tot_co2" | "co2_crops" | "co2_idle" | "co2_breakdown" | "co2_from" | "co2_to" => "kg CO2e",
        "room_revenue" | "comp_revenue" => "currency",
        "household_fem_share" | "household_ma_share" => "ratio",
        "days" | "missing_days" | "fx_missing_days" | "co2_days" | "co2_missing_days" => "days",
        "baseline_quantity_total_month" => "kg",
        "monthly_perc_foodloss_diff" => "percentage points",
        "date" | "last_date" | "first_date" | "report_date" => "local day in time_zone",
        "month" => "first day of the local month in time_zone",
        "computed_at" | "latest_survey_date" | "as_of" | "started_at" | "value_as_of" | "value_started_at" => "UTC",
        "duration_ms" => "ms",
        name if name.starts_with("previous_") => return unit_of(&name["previous_".len()..]),
        name if name.ends_with("_usd") => "USD",
        name if name.contains("_perc_") => "%",
        name if name.contains("selling_price") => "currency per kg",
        name if name.contains("farmer_revenue") => "currency",
        name if name.contains("_kg") => "kg",
        name if name.contains("crates") => "crates",
        name if name.contains("beneficiaries") || name == "household_size" => "people",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_unit() {
        for (column, unit) in [
            ("room_kg_in", Some("kg")),
            ("check_in_kg_crop", Some("kg")),
            ("room_stock_kg", Some("kg")),
            ("previous_room_revenue_usd", Some("USD")),
            ("comp_cap_num_crates", Some("crates")),
            ("avg_baseline_perc_loss_month", Some("%")),
            ("avg_monthly_perc_unit_selling_price_evolution", Some("%")),
            ("avg_monthly_kg_selling_price_evolution", Some("currency per kg")),
            ("avg_monthly_farmer_revenue_evolution", Some("currency")),
            ("monthly_kg_loss", Some("kg")),
            ("duration_ms", Some("ms")),
            ("co2_model", None),
            ("unit_name", None),
        ] {
            assert_eq!(unit_of(column), unit, "{column}");
        }
    }
}
