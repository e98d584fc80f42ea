-- Adds or replaces the staged companies; one that came out the same is not written.
INSERT INTO metrics.company_metrics AS stored (
    report_date, company_id, comp_name, comp_logo, comp_country, comp_cap_tons, comp_cap_num_crates,
    cooling_unit_types, comp_op, comp_op_fem, comp_op_ma, comp_op_ot, currency, comp_reg_users,
    comp_reg_users_ma, comp_reg_users_fem, comp_reg_users_ot, comp_beneficiaries, comp_beneficiaries_fem,
    comp_beneficiaries_ma, comp_cool_users, comp_cool_users_fem, comp_cool_users_ma, comp_cool_users_ot,
    comp_farmers, comp_traders, comp_unspec_user_type, comp_crates_in, comp_ops_in, comp_kg_in,
    comp_crates_out, comp_ops_out, comp_kg_out, comp_average_room_occupancy, comp_revenue, comp_revenue_usd,
    fx_missing_days, time_zone, parameter_set, computed_at
)
SELECT
    report_date, company_id, comp_name, comp_logo, comp_country, comp_cap_tons, comp_cap_num_crates,
    cooling_unit_types, comp_op, comp_op_fem, comp_op_ma, comp_op_ot, currency, comp_reg_users,
    comp_reg_users_ma, comp_reg_users_fem, comp_reg_users_ot, comp_beneficiaries, comp_beneficiaries_fem,
    comp_beneficiaries_ma, comp_cool_users, comp_cool_users_fem, comp_cool_users_ma, comp_cool_users_ot,
    comp_farmers, comp_traders, comp_unspec_user_type, comp_crates_in, comp_ops_in, comp_kg_in,
    comp_crates_out, comp_ops_out, comp_kg_out, comp_average_room_occupancy, comp_revenue, comp_revenue_usd,
    fx_missing_days, time_zone, parameter_set, computed_at
FROM company_stage
ON CONFLICT (company_id) DO UPDATE SET (
    report_date, comp_name, comp_logo, comp_country, comp_cap_tons, comp_cap_num_crates, cooling_unit_types,
    comp_op, comp_op_fem, comp_op_ma, comp_op_ot, currency, comp_reg_users, comp_reg_users_ma,
    comp_reg_users_fem, comp_reg_users_ot, comp_beneficiaries, comp_beneficiaries_fem, comp_beneficiaries_ma,
    comp_cool_users, comp_cool_users_fem, comp_cool_users_ma, comp_cool_users_ot, comp_farmers, comp_traders,
    comp_unspec_user_type, comp_crates_in, comp_ops_in, comp_kg_in, comp_crates_out, comp_ops_out,
    comp_kg_out, comp_average_room_occupancy, comp_revenue, comp_revenue_usd, fx_missing_days, time_zone,
    parameter_set, computed_at
) = (
    excluded.report_date, excluded.comp_name, excluded.comp_logo, excluded.comp_country,
    excluded.comp_cap_tons, excluded.comp_cap_num_crates, excluded.cooling_unit_types, excluded.comp_op,
    excluded.comp_op_fem, excluded.comp_op_ma, excluded.comp_op_ot, excluded.currency,
    excluded.comp_reg_users, excluded.comp_reg_users_ma, excluded.comp_reg_users_fem,
    excluded.comp_reg_users_ot, excluded.comp_beneficiaries, excluded.comp_beneficiaries_fem,
    excluded.comp_beneficiaries_ma, excluded.comp_cool_users, excluded.comp_cool_users_fem,
    excluded.comp_cool_users_ma, excluded.comp_cool_users_ot, excluded.comp_farmers, excluded.comp_traders,
    excluded.comp_unspec_user_type, excluded.comp_crates_in, excluded.comp_ops_in, excluded.comp_kg_in,
    excluded.comp_crates_out, excluded.comp_ops_out, excluded.comp_kg_out,
    excluded.comp_average_room_occupancy, excluded.comp_revenue, excluded.comp_revenue_usd,
    excluded.fx_missing_days, excluded.time_zone, excluded.parameter_set, excluded.computed_at
)
WHERE (
    stored.report_date, stored.comp_name, stored.comp_logo, stored.comp_country, stored.comp_cap_tons,
    stored.comp_cap_num_crates, stored.cooling_unit_types, stored.comp_op, stored.comp_op_fem,
    stored.comp_op_ma, stored.comp_op_ot, stored.currency, stored.comp_reg_users, stored.comp_reg_users_ma,
    stored.comp_reg_users_fem, stored.comp_reg_users_ot, stored.comp_beneficiaries,
    stored.comp_beneficiaries_fem, stored.comp_beneficiaries_ma, stored.comp_cool_users,
    stored.comp_cool_users_fem, stored.comp_cool_users_ma, stored.comp_cool_users_ot, stored.comp_farmers,
    stored.comp_traders, stored.comp_unspec_user_type, stored.comp_crates_in, stored.comp_ops_in,
    stored.comp_kg_in, stored.comp_crates_out, stored.comp_ops_out, stored.comp_kg_out,
    stored.comp_average_room_occupancy, stored.comp_revenue, stored.comp_revenue_usd, stored.fx_missing_days,
    stored.time_zone, stored.parameter_set
) IS DISTINCT FROM (
    excluded.report_date, excluded.comp_name, excluded.comp_logo, excluded.comp_country,
    excluded.comp_cap_tons, excluded.comp_cap_num_crates, excluded.cooling_unit_types, excluded.comp_op,
    excluded.comp_op_fem, excluded.comp_op_ma, excluded.comp_op_ot, excluded.currency,
    excluded.comp_reg_users, excluded.comp_reg_users_ma, excluded.comp_reg_users_fem,
    excluded.comp_reg_users_ot, excluded.comp_beneficiaries, excluded.comp_beneficiaries_fem,
    excluded.comp_beneficiaries_ma, excluded.comp_cool_users, excluded.comp_cool_users_fem,
    excluded.comp_cool_users_ma, excluded.comp_cool_users_ot, excluded.comp_farmers, excluded.comp_traders,
    excluded.comp_unspec_user_type, excluded.comp_crates_in, excluded.comp_ops_in, excluded.comp_kg_in,
    excluded.comp_crates_out, excluded.comp_ops_out, excluded.comp_kg_out,
    excluded.comp_average_room_occupancy, excluded.comp_revenue, excluded.comp_revenue_usd,
    excluded.fx_missing_days, excluded.time_zone, excluded.parameter_set
)
