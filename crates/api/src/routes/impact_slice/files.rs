//! Impact slices as files: a row for each record, its impact and its emissions side by side.

use std::collections::BTreeMap;

use metrics_core::export::{Column, Kind};
use serde_json::{Map, Value};

use super::{EmissionFigures, ImpactFigures, ImpactSlices};
use crate::error::ApiError;
use crate::export;

/// Columns of the impact, which are the members of its records.
const IMPACT: [(&str, Kind); 27] = [
    ("company_id", Kind::Integer),
    ("cooling_unit_id", Kind::Integer),
    ("unit_name", Kind::Text),
    ("cooling_unit_ids", Kind::Integers),
    ("currency", Kind::Text),
    ("baseline_quantity_total_month", Kind::Float),
    ("avg_baseline_kg_selling_price_month", Kind::Float),
    ("baseline_kg_loss_month", Kind::Float),
    ("baseline_kg_sold_month", Kind::Float),
    ("avg_baseline_perc_loss_month", Kind::Float),
    ("avg_baseline_farmer_revenue_month", Kind::Float),
    ("avg_monthly_kg_selling_price", Kind::Float),
    ("monthly_kg_checkin", Kind::Float),
    ("monthly_kg_loss", Kind::Float),
    ("avg_monthly_perc_loss", Kind::Float),
    ("avg_monthly_perc_foodloss_evolution", Kind::Float),
    ("avg_monthly_farmer_revenue", Kind::Float),
    ("avg_monthly_perc_revenue_increase_evolution", Kind::Float),
    ("avg_monthly_kg_selling_price_evolution", Kind::Float),
    ("avg_monthly_perc_unit_selling_price_evolution", Kind::Float),
    ("avg_monthly_farmer_revenue_evolution", Kind::Float),
    ("latest_survey_date", Kind::Instant),
    ("num_post_harvest_surveys", Kind::Integer),
    ("possible_post_checkout_survey_room", Kind::Integer),
    ("total_post_checkout_survey_unit", Kind::Integer),
    ("baseline_completed_surveys_room", Kind::Integer),
    ("rows", Kind::Integer),
];
/// Columns of the emissions whose names say that they are.
const EMISSIONS: [(&str, Kind); 3] =
    [("co2_from", Kind::Float), ("co2_to", Kind::Float), ("co2_breakdown", Kind::Json)];
/// Columns of the emissions whose names need it said.
const EMISSION_DAYS: [(&str, Kind); 2] = [("days", Kind::Integer), ("missing_days", Kind::Integer)];

/// The columns.
pub(super) fn columns() -> Vec<Column> {
    let mut columns = export::columns::<ImpactFigures<'_>>(&IMPACT);
    columns.extend(export::columns::<EmissionFigures<'_>>(&EMISSIONS));
    columns.extend(export::beside("co2", "Emissions", &export::columns::<EmissionFigures<'_>>(&EMISSION_DAYS)));
    columns
}

/// The rows: all together, or each cooling unit by id. A record without surveys has its emissions alone, one without
/// days its impact.
pub(super) fn rows(body: &ImpactSlices<'_>) -> Result<Vec<Map<String, Value>>, ApiError> {
    let mut rows: BTreeMap<Option<i64>, Map<String, Value>> = BTreeMap::new();
    for impact in &body.impact {
        if let Value::Object(members) = serde_json::to_value(impact)? {
            rows.insert(impact.cooling_unit_id, members);
        }
    }
    for co2 in &body.co2 {
        let row = rows.entry(co2.cooling_unit_id).or_default();
        if let Value::Object(members) = serde_json::to_value(co2)? {
            for (name, value) in members {
                let is_day_count = EMISSION_DAYS.iter().any(|(days, _)| *days == name);
                let name = if is_day_count { format!("co2_{name}") } else { name };
                // Ids are in both; of a company only one of them may know.
                if row.get(&name).is_none_or(Value::is_null) {
                    row.insert(name, value);
                }
            }
        }
    }
    Ok(rows.into_values().collect())
}
