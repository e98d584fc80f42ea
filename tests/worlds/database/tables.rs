//! Writes a world into the operational tables.

use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

use crate::support::{TestDb, open, wait};
use crate::worlds::world::{Employee, Moment, World};

/// Lets the tables take NULLs, absurd numbers and dangling references.
pub fn drop_constraints(db: &TestDb) {
    db.execute(
        "DO $$
         DECLARE statement text;
         BEGIN
             FOR statement IN
                 SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
                 FROM pg_constraint
                 WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace
             LOOP EXECUTE statement; END LOOP;
             FOR statement IN
                 SELECT format('ALTER TABLE public.%I ALTER COLUMN %I DROP NOT NULL', table_name, column_name)
                 FROM information_schema.columns
                 JOIN information_schema.tables USING (table_schema, table_name)
                 WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
                   AND is_nullable = 'NO' AND column_name <> 'id'
             LOOP EXECUTE statement; END LOOP;
         END $$",
    );
}

/// Replaces all rows by those of `world`.
pub fn store(db: &TestDb, world: &World) {
    db.execute(
        "DO $$ BEGIN EXECUTE (
             SELECT 'TRUNCATE ' || string_agg(format('%I.%I', schemaname, tablename), ', ') || ' CASCADE'
             FROM pg_tables
             WHERE schemaname IN ('public', 'metrics') AND tablename <> '__diesel_schema_migrations'
         ); END $$",
    );
    let tables = tables(world);
    let url = db.url().clone();
    wait(async move {
        let client = open(&url).await;
        for (table, rows) in tables {
            let Some(columns) = rows.first().and_then(Value::as_object) else { continue };
            let columns = columns.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let insert = format!(
                "INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, $1)"
            );
            client.execute(&insert, &[&Value::Array(rows)]).await.unwrap_or_else(|error| panic!("{table}: {error:?}"));
        }
    });
}

/// Rows by table, as objects of columns; a NaN or an infinity is text, which the column reads.
fn tables(world: &World) -> Vec<(&'static str, Vec<Value>)> {
    let employees = |rows: &[Employee]| {
        rows.iter().map(|row| json!({"id": row.id, "company_id": row.company_id, "user_id": row.user_id})).collect()
    };
    // Each crop of a unit has a pricing of its own, with the same id.
    let pricings = world.unit_crops.iter().filter_map(|row| {
        let kind = row.pricing_type.as_ref()?;
        Some(json!({"id": row.id, "pricing_type": kind, "fixed_rate": 1, "daily_rate": 1}))
    });
    vec![
        ("user_company", world.companies.iter().map(|row| json!({
            "id": row.id, "name": row.name, "country": row.country, "currency": row.currency,
            "logo": if row.id == 1 { "logo.png" } else { "" },
        })).collect()),
        ("storage_location", world.locations.iter().map(|row| json!({
            "id": row.id, "company_id": row.company_id, "state": row.state, "deleted": row.deleted,
        })).collect()),
        ("storage_coolingunit", world.units.iter().map(|row| json!({
            "id": row.id, "location_id": row.location_id, "name": row.name, "deleted": row.deleted,
            "cooling_unit_type": row.cooling_unit_type, "metric": row.metric,
            "capacity_in_metric_tons": row.capacity_in_metric_tons.map(number),
            "capacity_in_number_crates": row.capacity_in_number_crates,
            "room_length": row.room_size_m[0].map(number),
            "room_width": row.room_size_m[1].map(number),
            "room_height": row.room_size_m[2].map(number),
            "date_creation": row.date_creation.map(timestamp),
        })).collect()),
        ("storage_coolingunitpower", world.powers.iter().map(|row| json!({
            "id": row.id, "cooling_unit_id": row.cooling_unit_id, "power_source": row.source,
            "daily_room_wattage": row.daily_room_wattage.map(number),
            "power_source_grid_percent": row.grid_percent, "power_source_pv_percent": row.pv_percent,
            "refrigerant_type": row.refrigerant_type, "amount_refrigerant": row.amount_refrigerant.map(number),
        })).collect()),
        ("user_user", world.users.iter().map(|row| json!({
            "id": row.id, "first_name": row.first_name, "gender": row.gender, "is_active": row.is_active,
        })).collect()),
        ("user_operator", employees(&world.operators)),
        ("user_serviceprovider", employees(&world.service_providers)),
        ("user_farmer", world.farmers.iter().map(|row| json!({
            "id": row.id, "user_id": row.user_id, "created_by_id": row.created_by_id, "is_unknown": row.is_unknown,
        })).collect()),
        ("user_farmer_companies", world.farmer_companies.iter().enumerate().map(|(id, (farmer, company))| json!({
            "id": id, "farmer_id": farmer, "company_id": company,
        })).collect()),
        ("storage_coolingunit_operators", world.unit_operators.iter().enumerate().map(|(id, (unit, user))| json!({
            "id": id, "coolingunit_id": unit, "user_id": user,
        })).collect()),
        ("user_farmersurvey", world.farmer_surveys.iter().map(|row| json!({
            "id": row.id, "farmer_id": row.farmer_id, "user_type": row.user_type,
            "date_filled_in": row.date_filled_in.map(timestamp),
        })).collect()),
        ("user_farmersurveycommodity", world.commodity_lines.iter().map(|row| json!({
            "id": row.id, "farmer_survey_id": row.farmer_survey_id, "crop_id": row.crop_id, "currency": row.currency,
            "average_price": row.average_price, "unit": row.unit, "kg_in_unit": row.kg_in_unit,
            "quantity_total": row.quantity_total.map(number),
            "quantity_self_consumed": row.quantity_self_consumed.map(number),
            "quantity_sold": row.quantity_sold.map(number),
            "quantity_below_market_price": row.quantity_below_market_price.map(number),
            "average_season_in_months": row.average_season_in_months,
        })).collect()),
        ("storage_crop", world.crops.iter().map(|row| json!({"id": row.id, "name": row.name})).collect()),
        ("storage_pricing", pricings.collect()),
        ("storage_coolingunitcrop", world.unit_crops.iter().map(|row| json!({
            "id": row.id, "cooling_unit_id": row.cooling_unit_id, "active": row.active,
            "pricing_id": row.pricing_type.as_ref().map(|_| row.id),
        })).collect()),
        ("operation_movement", world.movements.iter().map(|row| json!({
            "id": row.id, "initiated_for": row.initiated_for, "date": timestamp(row.date),
        })).collect()),
        ("operation_checkin", world.check_ins.iter().map(|row| json!({
            "id": row.id, "movement_id": row.movement_id, "owned_by_user_id": row.owned_by_user_id,
        })).collect()),
        ("storage_produce", world.produces.iter().map(|row| json!({
            "id": row.id, "crop_id": row.crop_id, "checkin_id": row.checkin_id,
        })).collect()),
        ("storage_crate", world.crates.iter().map(|row| json!({
            "id": row.id, "produce_id": row.produce_id, "cooling_unit_id": row.cooling_unit_id,
            "initial_weight": number(row.initial_weight), "currency": row.currency,
            "cmp_fully_checked_out": row.cmp_fully_checked_out,
        })).collect()),
        ("operation_checkout", world.check_outs.iter().map(|row| json!({
            "id": row.id, "movement_id": row.movement_id, "currency": row.currency,
            "discount_amount": row.discount_amount.map(number),
        })).collect()),
        ("storage_cratepartialcheckout", world.releases.iter().map(|row| json!({
            "id": row.id, "crate_id": row.crate_id, "checkout_id": row.checkout_id,
            "percentage": number(row.percentage), "cooling_fees": number(row.cooling_fees),
        })).collect()),
        ("operation_marketsurvey", world.market_surveys.iter().map(|row| json!({
            "id": row.id, "checkout_id": row.checkout_id, "crop_id": row.crop_id, "loss": row.loss,
            "price": number(row.price), "currency": row.currency, "selling_unit": row.selling_unit,
            "kg_in_unit": row.kg_in_unit, "date_filled_in": row.date_filled_in.map(timestamp),
        })).collect()),
        ("metrics.exchange_rate", world.rates.iter().map(|row| {
            let usd: Map<String, Value> = serde_json::from_str(&format!("{{\"usd\": {}}}", row.usd)).expect("JSON");
            json!({
                "currency": row.currency, "date": row.date, "usd": usd["usd"], "quarantined": row.quarantined,
                "source": "test", "fetched_at": timestamp(Moment::At(world.as_of)),
                "computed_at": timestamp(Moment::At(world.as_of)),
            })
        }).collect()),
    ]
}

fn number(value: f64) -> Value {
    if value.is_finite() {
        return json!(value);
    }
    let name = if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    };
    json!(name)
}

fn timestamp(moment: Moment) -> String {
    match moment {
        Moment::At(instant) => instant.to_rfc3339_opts(SecondsFormat::Micros, true),
        Moment::Infinity => "infinity".to_owned(),
        Moment::MinusInfinity => "-infinity".to_owned(),
    }
}
