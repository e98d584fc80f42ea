-- Baseline lines that a price can be compared with, of surveys before $1; ascending by farmer, crop and age (unknown
-- dates are oldest), the newest last.
SELECT survey.farmer_id, line.crop_id, line.id, line.farmer_survey_id,
       NULLIF(survey.date_filled_in, '-infinity') AS filled_in_at, line.currency,
       line.average_price, line.unit IS NOT DISTINCT FROM 'KILOGRAMS' AS is_per_kg, line.kg_in_unit,
       line.quantity_total, line.quantity_sold, line.quantity_below_market_price, line.average_season_in_months,
       person.first_name, person.last_name
FROM user_farmersurveycommodity AS line
JOIN user_farmersurvey AS survey ON survey.id = line.farmer_survey_id
JOIN user_farmer AS farmer ON farmer.id = survey.farmer_id
LEFT JOIN user_user AS person ON person.id = farmer.user_id
WHERE line.crop_id IS NOT NULL
  AND line.currency <> ''
  AND (survey.date_filled_in < $1 OR survey.date_filled_in IS NULL)
  AND line.id <> ALL ($2)
ORDER BY survey.farmer_id, line.crop_id, filled_in_at NULLS FIRST, line.farmer_survey_id, line.id
