-- The predecessor's columns in its order, then ours.
CREATE OR REPLACE VIEW public.impact_metrics AS
SELECT
    report_date,
    cooling_unit_id,
    unit_name,
    company_id,
    farmer_id,
    crop_id,
    first_name,
    last_name,
    crop_name,
    currency,
    baseline_quantity_total_month,
    baseline_kg_selling_price_month,
    baseline_kg_loss_month,
    baseline_perc_loss_month,
    baseline_kg_sold_month,
    baseline_farmer_revenue_month,
    monthly_kg_selling_price,
    monthly_kg_checkin,
    monthly_kg_loss,
    monthly_farmer_revenue,
    monthly_kg_selling_price_evolution,
    monthly_perc_unit_selling_price_evolution,
    monthly_farmer_revenue_evolution,
    monthly_perc_farmer_revenue_evolution,
    monthly_perc_loss,
    monthly_perc_foodloss_diff,
    monthly_perc_foodloss_evolution,
    latest_survey_date,
    baseline_completed_surveys_room,
    possible_post_checkout_survey_room,
    total_post_checkout_survey_unit,
    month,
    surveys,
    time_zone,
    parameter_set,
    computed_at
FROM metrics.impact_metrics;

-- A view over one table could be written through; the predecessor's own cron would empty our table.
CREATE OR REPLACE TRIGGER refuse_write INSTEAD OF INSERT OR UPDATE OR DELETE ON public.impact_metrics
    FOR EACH ROW EXECUTE FUNCTION metrics.refuse_write();
