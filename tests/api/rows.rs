//! Stored rows to read.

use crate::support::TestDb;

/// Two cooling units of one company: unit 1 with three days in November 2026, of which the second lacks every
/// figure that may be missing, and unit 3 with one day and nothing that may be absent.
pub fn two_units(db: &TestDb) {
    db.execute(
        r#"INSERT INTO metrics.cooling_unit_metrics SELECT (jsonb_populate_record(null::metrics.cooling_unit_metrics,
        jsonb_build_object('report_date', '2026-11-04', 'computed_at', '2026-11-04T00:00:00Z',
            'is_unit_deleted', false, 'comp_pricing', 'Per Crate per day',
            'room_op', 2, 'room_op_fem', 1, 'room_op_ma', 1, 'room_op_ot', 0,
            'room_beneficiaries', 0, 'room_beneficiaries_fem', 0, 'room_beneficiaries_ma', 0, 'room_active_users', 0,
            'room_active_user_ids', '[]'::jsonb, 'room_active_farmer_ids', '[]'::jsonb, 'room_active_fem', '[]'::jsonb,
            'room_active_ma', '[]'::jsonb, 'room_active_ot', '[]'::jsonb,
            'room_crates_in', 0, 'room_ops_in', 0, 'room_kg_in', 0,
            'room_crates_out', 0, 'room_ops_out', 0, 'room_kg_out', 0,
            'check_in_crates_crop', '{}'::jsonb, 'check_in_kg_crop', '{}'::jsonb,
            'check_out_crates_crop', '{}'::jsonb, 'check_out_kg_crop', '{}'::jsonb,
            'room_stock_kg', 0, 'co2_breakdown', '{}'::jsonb, 'co2_model', 'room-day@2026.1',
            'household_size', 4.7, 'household_fem_share', 0.495, 'household_ma_share', 0.505,
            'time_zone', 'Africa/Lagos', 'parameter_set', '2026.1', 'data_quality', '[]'::jsonb) || day)).*
        FROM jsonb_array_elements('[
            {"cooling_unit_id": 1, "date": "2026-11-01", "unit_name": "Room 1", "company_id": 9, "comp_name": "Cold",
             "state": "Lagos", "cool_unit_type": "MOVABLE_UNIT", "currency": "NGN", "cap_tons": 5, "cap_num_crates": 100,
             "room_active_user_ids": [10, 11], "room_active_fem": [10], "room_active_ma": [11],
             "room_active_farmer_ids": [7, 8],
             "room_crates_in": 8, "room_ops_in": 2, "room_kg_in": 165.5,
             "room_crates_out": 4, "room_ops_out": 1, "room_kg_out": 80,
             "average_room_occupancy": 20, "room_revenue": 0.10, "room_revenue_usd": 0.000100,
             "check_in_crates_crop": {"Tomato": 8}, "check_in_kg_crop": {"Tomato": 165.5},
             "check_out_crates_crop": {"Okra": 4}, "check_out_kg_crop": {"Okra": 80},
             "tot_co2": 1.5, "co2_crops": {"Tomato": {"coldroom": 1, "no-coldroom": 2.5, "difference": 1.5}},
             "co2_idle": 0, "co2_breakdown": {"electricity": 1, "refrigerant": 0.5}},
            {"cooling_unit_id": 1, "date": "2026-11-02", "unit_name": "Room 1", "company_id": 9, "comp_name": "Cold",
             "state": "Lagos", "cool_unit_type": "MOVABLE_UNIT", "currency": "NGN", "cap_tons": 5, "cap_num_crates": 100,
             "room_crates_in": 3, "room_ops_in": 1, "room_kg_in": 54.25,
             "check_in_crates_crop": {"Apple": 1, "Tomato": 2}, "check_in_kg_crop": {"Apple": 14, "Tomato": 40.25},
             "co2_breakdown": {"electricity": null, "refrigerant": 0.25}, "time_zone": "UTC",
             "data_quality": ["capacity_missing", "electricity_missing", "fx_missing"]},
            {"cooling_unit_id": 1, "date": "2026-11-03", "unit_name": "Room One", "company_id": 9, "comp_name": "Cold",
             "state": "Lagos", "cool_unit_type": "MOVABLE_UNIT", "currency": "NGN", "country": "NG",
             "cap_tons": 5.70, "cap_num_crates": 150, "room_op": 3, "room_op_ot": 1, "room_stock_kg": 130.5,
             "room_active_user_ids": [11, 12], "room_active_ma": [11], "room_active_ot": [12],
             "room_active_farmer_ids": [8],
             "average_room_occupancy": 40, "room_revenue": 0.20, "room_revenue_usd": 0.000200,
             "tot_co2": 0.25, "co2_crops": {"Apple": {"coldroom": 1, "no-coldroom": 0.5, "difference": -0.5},
                                            "Tomato": {"coldroom": 1, "no-coldroom": 1.75, "difference": 0.75}},
             "co2_idle": 0.125, "co2_breakdown": {"electricity": 0.5, "refrigerant": 0.25},
             "parameter_set": "2026.2"},
            {"cooling_unit_id": 3, "date": "2026-11-02", "is_unit_deleted": true,
             "comp_pricing": "Per KG", "household_size": 3, "household_fem_share": 0.4975, "household_ma_share": 0.5025,
             "room_op": 0, "room_op_fem": 0, "room_op_ma": 0}
        ]') AS day"#,
    );
    run(db, "aggregated-comparison", 5);
}

/// Company 9, complete, and company 10, without anything that may be absent.
pub fn two_companies(db: &TestDb) {
    db.execute(
        r#"INSERT INTO metrics.company_metrics SELECT (jsonb_populate_record(null::metrics.company_metrics,
        jsonb_build_object('report_date', '2026-11-04', 'computed_at', '2026-11-04T00:00:00Z',
            'comp_op', 2, 'comp_op_fem', 1, 'comp_op_ma', 1, 'comp_op_ot', 0,
            'comp_reg_users', 4, 'comp_reg_users_ma', 1, 'comp_reg_users_fem', 1, 'comp_reg_users_ot', 2,
            'comp_beneficiaries', 122.20, 'comp_beneficiaries_fem', 60.489, 'comp_beneficiaries_ma', 61.711,
            'comp_cool_users', 26, 'comp_cool_users_fem', 8, 'comp_cool_users_ma', 11, 'comp_cool_users_ot', 7,
            'comp_farmers', 11, 'comp_traders', 2, 'comp_unspec_user_type', 13,
            'comp_crates_in', 2045, 'comp_ops_in', 455, 'comp_kg_in', 42776.5,
            'comp_crates_out', 1759, 'comp_ops_out', 429, 'comp_kg_out', 36779,
            'cooling_unit_types', '{}'::jsonb, 'fx_missing_days', 0, 'time_zone', 'Africa/Lagos',
            'parameter_set', '2026.1') || company)).*
        FROM jsonb_array_elements('[
            {"company_id": 9, "comp_name": "Cold \"K\"", "comp_logo": "c9.png", "comp_country": "NG",
             "currency": "NGN", "comp_cap_tons": 20, "comp_cap_num_crates": 330,
             "cooling_unit_types": {"MOVABLE_UNIT": 1, "FARM_GATE_STORAGE_ROOM": 2},
             "comp_average_room_occupancy": 23.4, "comp_revenue": 1302068.2, "comp_revenue_usd": 846.34},
            {"company_id": 10, "fx_missing_days": 5, "time_zone": "UTC"}
        ]') AS company"#,
    );
    run(db, "company", 3);
}

/// Data version of a view, set by a finished run.
pub fn run(db: &TestDb, view: &str, version: i64) {
    db.execute(&format!(
        "WITH run AS (
            INSERT INTO metrics.report_run (view, as_of, zone_mode, rebuild, allow_past, parameter_set, program_version,
                started_at, finished_at, duration_ms, outcome, computed_at)
            VALUES ('{view}', '2026-11-04T03:05:00Z', 'unit', false, false, '2026.1', '0.1.0', '2026-11-04T03:05:00Z',
                '2026-11-04T03:05:09Z', 9000, 'done', '2026-11-04T03:05:09Z')
            RETURNING id
        )
        INSERT INTO metrics.view_version SELECT '{view}', {version}, id, '2026-11-04T03:05:09Z' FROM run
        ON CONFLICT (view) DO UPDATE SET version = excluded.version, run = excluded.run"
    ));
}
