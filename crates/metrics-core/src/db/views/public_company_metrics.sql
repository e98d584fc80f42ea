-- The predecessor's columns in its order, then ours.
CREATE OR REPLACE VIEW public.company_metrics AS
SELECT
    report_date,
    company_id,
    comp_name,
    comp_logo,
    comp_country,
    comp_cap_tons,
    comp_cap_num_crates,
    cooling_unit_types,
    comp_op,
    comp_op_fem,
    comp_op_ma,
    comp_op_ot,
    currency,
    comp_reg_users,
    comp_reg_users_ma,
    comp_reg_users_fem,
    comp_reg_users_ot,
    comp_beneficiaries,
    comp_beneficiaries_fem,
    comp_beneficiaries_ma,
    comp_cool_users,
    comp_cool_users_fem,
    comp_cool_users_ma,
    comp_cool_users_ot,
    comp_farmers,
    comp_traders,
    comp_unspec_user_type,
    comp_crates_in,
    comp_ops_in,
    comp_kg_in,
    comp_crates_out,
    comp_ops_out,
    comp_kg_out,
    comp_average_room_occupancy,
    comp_revenue,
    comp_revenue_usd,
    fx_missing_days,
    time_zone,
    parameter_set,
    computed_at
FROM metrics.company_metrics;

-- A view over one table could be written through; the predecessor's own cron would empty our table.
CREATE OR REPLACE TRIGGER refuse_write INSTEAD OF INSERT OR UPDATE OR DELETE ON public.company_metrics
    FOR EACH ROW EXECUTE FUNCTION metrics.refuse_write();
