-- Adds or replaces the staged rows; one that came out the same is not written.
INSERT INTO metrics.impact_metrics AS stored (
    report_date, cooling_unit_id, unit_name, company_id, farmer_id, crop_id, first_name, last_name, crop_name,
    currency, baseline_quantity_total_month, baseline_kg_selling_price_month, baseline_kg_loss_month,
    baseline_perc_loss_month, baseline_kg_sold_month, baseline_farmer_revenue_month, monthly_kg_selling_price,
    monthly_kg_checkin, monthly_kg_loss, monthly_farmer_revenue, monthly_kg_selling_price_evolution,
    monthly_perc_unit_selling_price_evolution, monthly_farmer_revenue_evolution,
    monthly_perc_farmer_revenue_evolution, monthly_perc_loss, monthly_perc_foodloss_diff,
    monthly_perc_foodloss_evolution, latest_survey_date, baseline_completed_surveys_room,
    possible_post_checkout_survey_room, total_post_checkout_survey_unit, month, surveys, time_zone,
    parameter_set, computed_at
)
SELECT
    report_date, cooling_unit_id, unit_name, company_id, farmer_id, crop_id, first_name, last_name, crop_name,
    currency, baseline_quantity_total_month, baseline_kg_selling_price_month, baseline_kg_loss_month,
    baseline_perc_loss_month, baseline_kg_sold_month, baseline_farmer_revenue_month, monthly_kg_selling_price,
    monthly_kg_checkin, monthly_kg_loss, monthly_farmer_revenue, monthly_kg_selling_price_evolution,
    monthly_perc_unit_selling_price_evolution, monthly_farmer_revenue_evolution,
    monthly_perc_farmer_revenue_evolution, monthly_perc_loss, monthly_perc_foodloss_diff,
    monthly_perc_foodloss_evolution, latest_survey_date, baseline_completed_surveys_room,
    possible_post_checkout_survey_room, total_post_checkout_survey_unit, month, surveys, time_zone,
    parameter_set, computed_at
FROM impact_stage
ON CONFLICT (month, cooling_unit_id, farmer_id, crop_id) DO UPDATE SET (
    report_date, unit_name, company_id, first_name, last_name, crop_name, currency,
    baseline_quantity_total_month, baseline_kg_selling_price_month, baseline_kg_loss_month,
    baseline_perc_loss_month, baseline_kg_sold_month, baseline_farmer_revenue_month, monthly_kg_selling_price,
    monthly_kg_checkin, monthly_kg_loss, monthly_farmer_revenue, monthly_kg_selling_price_evolution,
    monthly_perc_unit_selling_price_evolution, monthly_farmer_revenue_evolution,
    monthly_perc_farmer_revenue_evolution, monthly_perc_loss, monthly_perc_foodloss_diff,
    monthly_perc_foodloss_evolution, latest_survey_date, baseline_completed_surveys_room,
    possible_post_checkout_survey_room, total_post_checkout_survey_unit, surveys, time_zone, parameter_set,
    computed_at
) = (
    excluded.report_date, excluded.unit_name, excluded.company_id, excluded.first_name, excluded.last_name,
    excluded.crop_name, excluded.currency, excluded.baseline_quantity_total_month,
    excluded.baseline_kg_selling_price_month, excluded.baseline_kg_loss_month,
    excluded.baseline_perc_loss_month, excluded.baseline_kg_sold_month, excluded.baseline_farmer_revenue_month,
    excluded.monthly_kg_selling_price, excluded.monthly_kg_checkin, excluded.monthly_kg_loss,
    excluded.monthly_farmer_revenue, excluded.monthly_kg_selling_price_evolution,
    excluded.monthly_perc_unit_selling_price_evolution, excluded.monthly_farmer_revenue_evolution,
    excluded.monthly_perc_farmer_revenue_evolution, excluded.monthly_perc_loss,
    excluded.monthly_perc_foodloss_diff, excluded.monthly_perc_foodloss_evolution, excluded.latest_survey_date,
    excluded.baseline_completed_surveys_room, excluded.possible_post_checkout_survey_room,
    excluded.total_post_checkout_survey_unit, excluded.surveys, excluded.time_zone, excluded.parameter_set,
    excluded.computed_at
)
WHERE (
    stored.report_date, stored.unit_name, stored.company_id, stored.first_name, stored.last_name,
    stored.crop_name, stored.currency, stored.baseline_quantity_total_month,
    stored.baseline_kg_selling_price_month, stored.baseline_kg_loss_month, stored.baseline_perc_loss_month,
    stored.baseline_kg_sold_month, stored.baseline_farmer_revenue_month, stored.monthly_kg_selling_price,
    stored.monthly_kg_checkin, stored.monthly_kg_loss, stored.monthly_farmer_revenue,
    stored.monthly_kg_selling_price_evolution, stored.monthly_perc_unit_selling_price_evolution,
    stored.monthly_farmer_revenue_evolution, stored.monthly_perc_farmer_revenue_evolution,
    stored.monthly_perc_loss, stored.monthly_perc_foodloss_diff, stored.monthly_perc_foodloss_evolution,
    stored.latest_survey_date, stored.baseline_completed_surveys_room,
    stored.possible_post_checkout_survey_room, stored.total_post_checkout_survey_unit, stored.surveys,
    stored.time_zone, stored.parameter_set
) IS DISTINCT FROM (
    excluded.report_date, excluded.unit_name, excluded.company_id, excluded.first_name, excluded.last_name,
    excluded.crop_name, excluded.currency, excluded.baseline_quantity_total_month,
    excluded.baseline_kg_selling_price_month, excluded.baseline_kg_loss_month,
    excluded.baseline_perc_loss_month, excluded.baseline_kg_sold_month, excluded.baseline_farmer_revenue_month,
    excluded.monthly_kg_selling_price, excluded.monthly_kg_checkin, excluded.monthly_kg_loss,
    excluded.monthly_farmer_revenue, excluded.monthly_kg_selling_price_evolution,
    excluded.monthly_perc_unit_selling_price_evolution, excluded.monthly_farmer_revenue_evolution,
    excluded.monthly_perc_farmer_revenue_evolution, excluded.monthly_perc_loss,
    excluded.monthly_perc_foodloss_diff, excluded.monthly_perc_foodloss_evolution, excluded.latest_survey_date,
    excluded.baseline_completed_surveys_room, excluded.possible_post_checkout_survey_room,
    excluded.total_post_checkout_survey_unit, excluded.surveys, excluded.time_zone, excluded.parameter_set
)
