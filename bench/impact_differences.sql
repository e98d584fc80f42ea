-- Rows of the reporter and of the statement, and those that differ: in number, or by more than 1e-9 in a figure.
WITH statement AS (
:impact
), compared AS (
    SELECT stored.month IS NULL OR statement.month IS NULL
           OR (stored.currency, stored.surveys, stored.latest_survey_date, stored.baseline_completed_surveys_room,
               stored.possible_post_checkout_survey_room, stored.total_post_checkout_survey_unit)
              IS DISTINCT FROM
              (statement.currency, statement.surveys, statement.latest, statement.completed, statement.possible,
               statement.total)
           OR (stored.monthly_kg_selling_price IS NULL) <> (statement.p IS NULL)
           OR (stored.baseline_kg_selling_price_month IS NULL) <> (statement.b IS NULL)
           OR (stored.baseline_quantity_total_month IS NULL) <> (statement.tb IS NULL)
           OR EXISTS (
               SELECT FROM (VALUES
                   (stored.monthly_kg_checkin, statement.w), (stored.monthly_kg_loss, statement.l),
                   (stored.monthly_kg_selling_price, statement.p),
                   (stored.baseline_kg_selling_price_month::float8, statement.b),
                   (stored.baseline_quantity_total_month, statement.tb),
                   (stored.monthly_farmer_revenue, statement.revenue)) AS figure(ours, theirs)
               WHERE abs(ours - theirs) > 1e-9 * GREATEST(abs(theirs), 1)) AS is_different
    FROM metrics.impact_metrics AS stored
    FULL JOIN statement USING (month, cooling_unit_id, farmer_id, crop_id)
)
SELECT count(*), count(*) FILTER (WHERE is_different) FROM compared
