CREATE TABLE metrics.impact_metrics (
    report_date                               date             NOT NULL,
    cooling_unit_id                           bigint           NOT NULL,
    unit_name                                 text,
    company_id                                bigint,
    farmer_id                                 bigint           NOT NULL,
    crop_id                                   bigint           NOT NULL,
    first_name                                text,
    last_name                                 text,
    crop_name                                 text,
    currency                                  text             NOT NULL,
    baseline_quantity_total_month             double precision,
    baseline_kg_selling_price_month           numeric,
    baseline_kg_loss_month                    double precision,
    baseline_perc_loss_month                  double precision,
    baseline_kg_sold_month                    double precision,
    baseline_farmer_revenue_month             double precision,
    monthly_kg_selling_price                  double precision,
    monthly_kg_checkin                        double precision NOT NULL,
    monthly_kg_loss                           double precision NOT NULL,
    monthly_farmer_revenue                    double precision,
    monthly_kg_selling_price_evolution        double precision,
    monthly_perc_unit_selling_price_evolution double precision,
    monthly_farmer_revenue_evolution          double precision,
    monthly_perc_farmer_revenue_evolution     double precision,
    monthly_perc_loss                         double precision,
    monthly_perc_foodloss_diff                double precision,
    monthly_perc_foodloss_evolution           double precision,
    latest_survey_date                        timestamptz      NOT NULL,
    baseline_completed_surveys_room           integer          NOT NULL,
    possible_post_checkout_survey_room        integer          NOT NULL,
    total_post_checkout_survey_unit           integer          NOT NULL,
    month                                     date             NOT NULL,
    surveys                                   integer          NOT NULL,
    time_zone                                 text             NOT NULL,
    parameter_set                             text             NOT NULL,
    computed_at                               timestamptz      NOT NULL,
    PRIMARY KEY (month, cooling_unit_id, farmer_id, crop_id)
);
CREATE INDEX impact_metrics_cooling_unit_idx ON metrics.impact_metrics (cooling_unit_id, latest_survey_date);
CREATE INDEX impact_metrics_company_idx ON metrics.impact_metrics (company_id, latest_survey_date);
COMMENT ON TABLE metrics.impact_metrics IS 'What cold storage changed for a farmer: one row per local month, cooling unit, farmer and crop with a market survey and a baseline. Written by `reporter --view impact-metrics`; definitions in docs/indicators.md.';
COMMENT ON COLUMN metrics.impact_metrics.report_date IS 'First day of the month after `month`.';
COMMENT ON COLUMN metrics.impact_metrics.cooling_unit_id IS 'Id of the cooling unit (storage_coolingunit) that the crates were released from.';
COMMENT ON COLUMN metrics.impact_metrics.unit_name IS 'Name of the cooling unit.';
COMMENT ON COLUMN metrics.impact_metrics.company_id IS 'Id of the company that the cooling unit belongs to; empty when it belongs to none.';
COMMENT ON COLUMN metrics.impact_metrics.farmer_id IS 'Id of the farmer (user_farmer) who owned the crates.';
COMMENT ON COLUMN metrics.impact_metrics.crop_id IS 'Id of the crop (storage_crop) surveyed.';
COMMENT ON COLUMN metrics.impact_metrics.first_name IS 'First name of the farmer. Personal data.';
COMMENT ON COLUMN metrics.impact_metrics.last_name IS 'Last name of the farmer. Personal data.';
COMMENT ON COLUMN metrics.impact_metrics.crop_name IS 'Name of the crop.';
COMMENT ON COLUMN metrics.impact_metrics.currency IS 'ISO 4217 currency of all money in the row: that of most surveys among those with a baseline.';
COMMENT ON COLUMN metrics.impact_metrics.baseline_quantity_total_month IS 'tb: harvest per month of the season by the baseline line, kg; empty when not stated.';
COMMENT ON COLUMN metrics.impact_metrics.baseline_kg_selling_price_month IS 'b: price per kg by the baseline line, in currency; empty when not stated.';
COMMENT ON COLUMN metrics.impact_metrics.baseline_kg_loss_month IS 'lb: weight sold below market price or lost per month of the season by the baseline line, kg; empty when not stated.';
COMMENT ON COLUMN metrics.impact_metrics.baseline_perc_loss_month IS 'lb / tb, percent; empty when one is unknown or tb is 0.';
COMMENT ON COLUMN metrics.impact_metrics.baseline_kg_sold_month IS 'sb: weight sold per month of the season by the baseline line, kg; empty when not stated.';
COMMENT ON COLUMN metrics.impact_metrics.baseline_farmer_revenue_month IS 'b (W - L): revenue of the month''s weight at the baseline price, in currency.';
COMMENT ON COLUMN metrics.impact_metrics.monthly_kg_selling_price IS 'p: price per kg in the month, mean of the surveys weighted by the kg of their releases, in currency; empty when no survey states one.';
COMMENT ON COLUMN metrics.impact_metrics.monthly_kg_checkin IS 'W: weight of the distinct releases that surveys of the month speak of, kg.';
COMMENT ON COLUMN metrics.impact_metrics.monthly_kg_loss IS 'L: weight lost by the surveys of the month, each survey''s loss shared over its releases by weight, kg.';
COMMENT ON COLUMN metrics.impact_metrics.monthly_farmer_revenue IS 'p (W - L): revenue of the month, in currency.';
COMMENT ON COLUMN metrics.impact_metrics.monthly_kg_selling_price_evolution IS 'p - b: change of the price per kg, in currency.';
COMMENT ON COLUMN metrics.impact_metrics.monthly_perc_unit_selling_price_evolution IS '(p - b) / b, percent; empty when b is 0.';
COMMENT ON COLUMN metrics.impact_metrics.monthly_farmer_revenue_evolution IS '(p - b) (W - L): change of the revenue, in currency.';
COMMENT ON COLUMN metrics.impact_metrics.monthly_perc_farmer_revenue_evolution IS 'That / (b (W - L)), percent; empty when the denominator is 0.';
COMMENT ON COLUMN metrics.impact_metrics.monthly_perc_loss IS 'L / W, percent; empty when W is 0.';
COMMENT ON COLUMN metrics.impact_metrics.monthly_perc_foodloss_diff IS 'L / W - lb / tb, percentage points; negative when less is lost than before.';
COMMENT ON COLUMN metrics.impact_metrics.monthly_perc_foodloss_evolution IS '(L / W - lb / tb) / (lb / tb), percent; empty when nothing was lost before.';
COMMENT ON COLUMN metrics.impact_metrics.latest_survey_date IS 'Instant at which the latest survey kept was filled in.';
COMMENT ON COLUMN metrics.impact_metrics.baseline_completed_surveys_room IS 'Baseline lines filled in before the end of the month by the cooling users of the unit''s company; 0 without company.';
COMMENT ON COLUMN metrics.impact_metrics.possible_post_checkout_survey_room IS 'Distinct farmers and crops with a release from the unit in the month: surveys that were possible.';
COMMENT ON COLUMN metrics.impact_metrics.total_post_checkout_survey_unit IS 'Distinct surveys filled in in the month that speak of a release from the unit, kept or not.';
COMMENT ON COLUMN metrics.impact_metrics.month IS 'First day of the local month of the cooling unit, in time_zone.';
COMMENT ON COLUMN metrics.impact_metrics.surveys IS 'Number of surveys behind the row.';
COMMENT ON COLUMN metrics.impact_metrics.time_zone IS 'IANA time zone of the month.';
COMMENT ON COLUMN metrics.impact_metrics.parameter_set IS 'Version of the literature values used (here: the time zone of each country).';
COMMENT ON COLUMN metrics.impact_metrics.computed_at IS 'Instant at which the values of this row last changed.';
