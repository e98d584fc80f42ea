-- Baseline lines with a quantity that is not a number; $1: only those of farmers with a crate in these units (all when
-- NULL).
SELECT line.id,
       $1::bigint[] IS NULL OR EXISTS (
           SELECT FROM user_farmersurvey AS survey
           JOIN user_farmer AS farmer ON farmer.id = survey.farmer_id
           JOIN operation_checkin AS checkin ON checkin.owned_by_user_id = farmer.user_id
           JOIN storage_produce AS produce ON produce.checkin_id = checkin.id
           JOIN storage_crate AS crate ON crate.produce_id = produce.id
           WHERE survey.id = line.farmer_survey_id AND crate.cooling_unit_id = ANY ($1)) AS is_in_scope
FROM user_farmersurveycommodity AS line
WHERE 'NaN' IN (quantity_total, quantity_self_consumed, quantity_sold, quantity_below_market_price)
   OR 'Infinity' IN (quantity_total, quantity_self_consumed, quantity_sold, quantity_below_market_price)
   OR '-Infinity' IN (quantity_total, quantity_self_consumed, quantity_sold, quantity_below_market_price)
ORDER BY line.id
