-- Adds or replaces the staged days; a day that came out the same is not written.
INSERT INTO metrics.cooling_unit_metrics AS stored (
    date, report_date, cooling_unit_id, unit_name, is_unit_deleted, state, cool_unit_type, cap_tons,
    cap_num_crates, company_id, comp_name, comp_pricing, currency, room_op, room_op_fem, room_op_ma,
    room_op_ot, room_beneficiaries, room_beneficiaries_fem, room_beneficiaries_ma, room_active_users,
    room_active_user_ids, room_active_fem, room_active_ma, room_active_ot, room_crates_in, room_ops_in,
    room_kg_in, room_crates_out, room_ops_out, room_kg_out, average_room_occupancy, room_revenue,
    room_revenue_usd, check_in_crates_crop, check_in_kg_crop, check_out_crates_crop, check_out_kg_crop,
    tot_co2, co2_crops, room_active_farmer_ids, room_stock_kg, co2_idle, co2_breakdown, co2_model, country,
    household_size, household_fem_share, household_ma_share, time_zone, parameter_set, data_quality,
    computed_at
)
SELECT
    date, report_date, cooling_unit_id, unit_name, is_unit_deleted, state, cool_unit_type, cap_tons,
    cap_num_crates, company_id, comp_name, comp_pricing, currency, room_op, room_op_fem, room_op_ma,
    room_op_ot, room_beneficiaries, room_beneficiaries_fem, room_beneficiaries_ma, room_active_users,
    room_active_user_ids, room_active_fem, room_active_ma, room_active_ot, room_crates_in, room_ops_in,
    room_kg_in, room_crates_out, room_ops_out, room_kg_out, average_room_occupancy, room_revenue,
    room_revenue_usd, check_in_crates_crop, check_in_kg_crop, check_out_crates_crop, check_out_kg_crop,
    tot_co2, co2_crops, room_active_farmer_ids, room_stock_kg, co2_idle, co2_breakdown, co2_model, country,
    household_size, household_fem_share, household_ma_share, time_zone, parameter_set, data_quality,
    computed_at
FROM cooling_unit_stage
ON CONFLICT (cooling_unit_id, date) DO UPDATE SET (
    report_date, unit_name, is_unit_deleted, state, cool_unit_type, cap_tons, cap_num_crates, company_id,
    comp_name, comp_pricing, currency, room_op, room_op_fem, room_op_ma, room_op_ot, room_beneficiaries,
    room_beneficiaries_fem, room_beneficiaries_ma, room_active_users, room_active_user_ids, room_active_fem,
    room_active_ma, room_active_ot, room_crates_in, room_ops_in, room_kg_in, room_crates_out, room_ops_out,
    room_kg_out, average_room_occupancy, room_revenue, room_revenue_usd, check_in_crates_crop,
    check_in_kg_crop, check_out_crates_crop, check_out_kg_crop, tot_co2, co2_crops, room_active_farmer_ids,
    room_stock_kg, co2_idle, co2_breakdown, co2_model, country, household_size, household_fem_share,
    household_ma_share, time_zone, parameter_set, data_quality, computed_at
) = (
    excluded.report_date, excluded.unit_name, excluded.is_unit_deleted, excluded.state,
    excluded.cool_unit_type, excluded.cap_tons, excluded.cap_num_crates, excluded.company_id,
    excluded.comp_name, excluded.comp_pricing, excluded.currency, excluded.room_op, excluded.room_op_fem,
    excluded.room_op_ma, excluded.room_op_ot, excluded.room_beneficiaries, excluded.room_beneficiaries_fem,
    excluded.room_beneficiaries_ma, excluded.room_active_users, excluded.room_active_user_ids,
    excluded.room_active_fem, excluded.room_active_ma, excluded.room_active_ot, excluded.room_crates_in,
    excluded.room_ops_in, excluded.room_kg_in, excluded.room_crates_out, excluded.room_ops_out,
    excluded.room_kg_out, excluded.average_room_occupancy, excluded.room_revenue, excluded.room_revenue_usd,
    excluded.check_in_crates_crop, excluded.check_in_kg_crop, excluded.check_out_crates_crop,
    excluded.check_out_kg_crop, excluded.tot_co2, excluded.co2_crops, excluded.room_active_farmer_ids,
    excluded.room_stock_kg, excluded.co2_idle, excluded.co2_breakdown, excluded.co2_model, excluded.country,
    excluded.household_size, excluded.household_fem_share, excluded.household_ma_share, excluded.time_zone,
    excluded.parameter_set, excluded.data_quality, excluded.computed_at
)
WHERE (
    stored.report_date, stored.unit_name, stored.is_unit_deleted, stored.state, stored.cool_unit_type,
    stored.cap_tons, stored.cap_num_crates, stored.company_id, stored.comp_name, stored.comp_pricing,
    stored.currency, stored.room_op, stored.room_op_fem, stored.room_op_ma, stored.room_op_ot,
    stored.room_beneficiaries, stored.room_beneficiaries_fem, stored.room_beneficiaries_ma,
    stored.room_active_users, stored.room_active_user_ids, stored.room_active_fem, stored.room_active_ma,
    stored.room_active_ot, stored.room_crates_in, stored.room_ops_in, stored.room_kg_in,
    stored.room_crates_out, stored.room_ops_out, stored.room_kg_out, stored.average_room_occupancy,
    stored.room_revenue, stored.room_revenue_usd, stored.check_in_crates_crop, stored.check_in_kg_crop,
    stored.check_out_crates_crop, stored.check_out_kg_crop, stored.tot_co2, stored.co2_crops,
    stored.room_active_farmer_ids, stored.room_stock_kg, stored.co2_idle, stored.co2_breakdown,
    stored.co2_model, stored.country, stored.household_size, stored.household_fem_share,
    stored.household_ma_share, stored.time_zone, stored.parameter_set, stored.data_quality
) IS DISTINCT FROM (
    excluded.report_date, excluded.unit_name, excluded.is_unit_deleted, excluded.state,
    excluded.cool_unit_type, excluded.cap_tons, excluded.cap_num_crates, excluded.company_id,
    excluded.comp_name, excluded.comp_pricing, excluded.currency, excluded.room_op, excluded.room_op_fem,
    excluded.room_op_ma, excluded.room_op_ot, excluded.room_beneficiaries, excluded.room_beneficiaries_fem,
    excluded.room_beneficiaries_ma, excluded.room_active_users, excluded.room_active_user_ids,
    excluded.room_active_fem, excluded.room_active_ma, excluded.room_active_ot, excluded.room_crates_in,
    excluded.room_ops_in, excluded.room_kg_in, excluded.room_crates_out, excluded.room_ops_out,
    excluded.room_kg_out, excluded.average_room_occupancy, excluded.room_revenue, excluded.room_revenue_usd,
    excluded.check_in_crates_crop, excluded.check_in_kg_crop, excluded.check_out_crates_crop,
    excluded.check_out_kg_crop, excluded.tot_co2, excluded.co2_crops, excluded.room_active_farmer_ids,
    excluded.room_stock_kg, excluded.co2_idle, excluded.co2_breakdown, excluded.co2_model, excluded.country,
    excluded.household_size, excluded.household_fem_share, excluded.household_ma_share, excluded.time_zone,
    excluded.parameter_set, excluded.data_quality
)
