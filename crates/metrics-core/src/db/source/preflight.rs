//! Whether the source has what a run reads, so that a missing column is named before anything is computed.

use std::collections::HashMap;

use tokio_postgres::Transaction;

use crate::db::DbError;

const INT8: &[&str] = &["bigint"];
const INT: &[&str] = &["integer"];
const INT2: &[&str] = &["smallint"];
const FLOAT: &[&str] = &["double precision"];
const TEXT: &[&str] = &["character varying", "text", "character"];
const BOOL: &[&str] = &["boolean"];
const INSTANT: &[&str] = &["timestamp with time zone"];

/// A column: its name and the types that will do.
type Column = (&'static str, &'static [&'static str]);

/// Every table and column that the loaders of a run read.
const TABLES: &[(&str, &[Column])] = &[
    ("user_user", &[("id", INT8), ("first_name", TEXT), ("last_name", TEXT), ("gender", TEXT), ("is_active", BOOL)]),
    ("user_company", &[("id", INT8), ("name", TEXT), ("country", TEXT), ("logo", TEXT), ("currency", TEXT)]),
    ("user_operator", &[("id", INT8), ("company_id", INT8), ("user_id", INT8)]),
    ("user_serviceprovider", &[("company_id", INT8), ("user_id", INT8)]),
    ("user_farmer", &[("id", INT8), ("user_id", INT8), ("created_by_id", INT8), ("is_unknown", BOOL)]),
    ("user_farmer_companies", &[("farmer_id", INT8), ("company_id", INT8)]),
    ("user_farmersurvey", &[("id", INT8), ("farmer_id", INT8), ("user_type", TEXT), ("date_filled_in", INSTANT)]),
    (
        "user_farmersurveycommodity",
        &[
            ("id", INT8),
            ("farmer_survey_id", INT8),
            ("crop_id", INT8),
            ("average_price", INT2),
            ("unit", TEXT),
            ("kg_in_unit", INT),
            ("quantity_total", FLOAT),
            ("quantity_self_consumed", FLOAT),
            ("quantity_sold", FLOAT),
            ("quantity_below_market_price", FLOAT),
            ("average_season_in_months", INT),
            ("currency", TEXT),
        ],
    ),
    ("storage_location", &[("id", INT8), ("state", TEXT), ("company_id", INT8), ("deleted", BOOL)]),
    (
        "storage_coolingunit",
        &[
            ("id", INT8),
            ("location_id", INT8),
            ("name", TEXT),
            ("capacity_in_metric_tons", FLOAT),
            ("capacity_in_number_crates", INT),
            ("metric", TEXT),
            ("cooling_unit_type", TEXT),
            ("deleted", BOOL),
            ("room_length", FLOAT),
            ("room_width", FLOAT),
            ("room_height", FLOAT),
            ("date_creation", INSTANT),
        ],
    ),
    ("storage_coolingunit_operators", &[("coolingunit_id", INT8), ("user_id", INT8)]),
    (
        "storage_coolingunitpower",
        &[
            ("id", INT8),
            ("cooling_unit_id", INT8),
            ("daily_room_wattage", FLOAT),
            ("power_source", TEXT),
            ("power_source_diesel_percent", FLOAT),
            ("power_source_grid_percent", FLOAT),
            ("power_source_pv_percent", FLOAT),
            ("power_source_biomass_percent", FLOAT),
            ("refrigerant_type", TEXT),
            ("amount_refrigerant", FLOAT),
        ],
    ),
    ("storage_crop", &[("id", INT8), ("name", TEXT)]),
    ("storage_pricing", &[("id", INT8), ("pricing_type", TEXT)]),
    ("storage_coolingunitcrop", &[("cooling_unit_id", INT8), ("pricing_id", INT8), ("active", BOOL)]),
    ("storage_produce", &[("id", INT8), ("crop_id", INT8), ("checkin_id", INT8)]),
    (
        "storage_crate",
        &[
            ("id", INT8),
            ("produce_id", INT8),
            ("cooling_unit_id", INT8),
            ("initial_weight", FLOAT),
            ("currency", TEXT),
            ("cmp_fully_checked_out", BOOL),
        ],
    ),
    (
        "storage_cratepartialcheckout",
        &[("id", INT8), ("crate_id", INT8), ("checkout_id", INT8), ("percentage", FLOAT), ("cooling_fees", FLOAT)],
    ),
    ("operation_movement", &[("id", INT8), ("initiated_for", TEXT), ("date", INSTANT)]),
    ("operation_checkin", &[("id", INT8), ("movement_id", INT8), ("owned_by_user_id", INT8)]),
    ("operation_checkout", &[("id", INT8), ("movement_id", INT8), ("currency", TEXT), ("discount_amount", FLOAT)]),
    (
        "operation_marketsurvey",
        &[
            ("id", INT8),
            ("checkout_id", INT8),
            ("crop_id", INT8),
            ("price", FLOAT),
            ("currency", TEXT),
            ("selling_unit", TEXT),
            ("kg_in_unit", INT),
            ("loss", INT),
            ("date_filled_in", INSTANT),
        ],
    ),
];

/// What [`reports`](super::reports) reads.
const REPORT_TABLES: &[(&str, &[Column])] = &[
    (
        "user_user",
        &[
            ("id", INT8),
            ("first_name", TEXT),
            ("last_name", TEXT),
            ("phone", TEXT),
            ("gender", TEXT),
            ("is_active", BOOL),
            ("date_joined", INSTANT),
        ],
    ),
    ("user_company", &[("id", INT8), ("name", TEXT), ("country", TEXT), ("currency", TEXT)]),
    ("user_operator", &[("id", INT8), ("company_id", INT8)]),
    (
        "user_farmer",
        &[("id", INT8), ("user_id", INT8), ("created_by_id", INT8), ("is_unknown", BOOL), ("parent_name", TEXT)],
    ),
    ("user_farmer_companies", &[("farmer_id", INT8), ("company_id", INT8)]),
    ("storage_location", &[("id", INT8), ("name", TEXT), ("company_id", INT8)]),
    ("storage_coolingunit", &[("id", INT8), ("location_id", INT8), ("name", TEXT)]),
    ("storage_crop", &[("id", INT8), ("name", TEXT)]),
    ("storage_produce", &[("id", INT8), ("crop_id", INT8), ("checkin_id", INT8)]),
    (
        "storage_crate",
        &[("id", INT8), ("produce_id", INT8), ("cooling_unit_id", INT8), ("initial_weight", FLOAT), ("currency", TEXT)],
    ),
    (
        "storage_cratepartialcheckout",
        &[("id", INT8), ("crate_id", INT8), ("checkout_id", INT8), ("percentage", FLOAT), ("cooling_fees", FLOAT)],
    ),
    ("operation_movement", &[("id", INT8), ("initiated_for", TEXT), ("date", INSTANT), ("code", TEXT)]),
    ("operation_checkin", &[("id", INT8), ("movement_id", INT8), ("owned_by_user_id", INT8)]),
    (
        "operation_checkout",
        &[
            ("id", INT8),
            ("movement_id", INT8),
            ("currency", TEXT),
            ("discount_amount", FLOAT),
            ("payment_method", TEXT),
        ],
    ),
    // What is unusable is looked for everywhere.
    ("operation_marketsurvey", &[("id", INT8), ("checkout_id", INT8), ("price", FLOAT), ("date_filled_in", INSTANT)]),
];

/// Checks that every table and column of a run is there and of a type that will do.
///
/// # Errors
///
/// [`DbError::Source`] that names each missing table, missing column and wrong type.
pub async fn check(transaction: &Transaction<'_>) -> Result<(), DbError> {
    check_tables(transaction, TABLES).await
}

/// The same for what the reports read.
///
/// # Errors
///
/// As of [`check`].
pub async fn check_for_reports(transaction: &Transaction<'_>) -> Result<(), DbError> {
    check_tables(transaction, REPORT_TABLES).await
}

async fn check_tables(transaction: &Transaction<'_>, tables: &[(&str, &[Column])]) -> Result<(), DbError> {
    let names: Vec<&str> = tables.iter().map(|(table, _)| *table).collect();
    let rows = transaction.query(include_str!("preflight.sql"), &[&names]).await?;
    let mut found: HashMap<String, HashMap<String, String>> = HashMap::new();
    for row in &rows {
        found.entry(row.try_get(0)?).or_default().insert(row.try_get(1)?, row.try_get(2)?);
    }
    if found.is_empty() {
        return Err(DbError::Source("none of its tables is there, not even user_company".into()));
    }
    let mut problems = Vec::new();
    for (table, columns) in tables {
        let Some(present) = found.get(*table) else {
            problems.push(format!("table {table} is missing"));
            continue;
        };
        for (column, types) in *columns {
            match present.get(*column) {
                None => problems.push(format!("column {table}.{column} is missing")),
                Some(actual) if !types.contains(&actual.as_str()) => {
                    problems.push(format!("column {table}.{column} is {actual}, expected {}", types[0]));
                }
                Some(_) => {}
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(DbError::Source(problems.join("; "))) }
}
