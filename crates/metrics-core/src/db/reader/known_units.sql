-- Which of the cooling units $1 have a row, and their names by the latest one.
SELECT wanted.id AS cooling_unit_id, COALESCE(daily.unit_name, monthly.unit_name) AS unit_name
FROM unnest($1) AS wanted(id)
LEFT JOIN LATERAL (
    SELECT unit_name, true AS is_known
    FROM metrics.cooling_unit_metrics
    WHERE cooling_unit_id = wanted.id
    ORDER BY date DESC
    LIMIT 1
) AS daily ON true
LEFT JOIN LATERAL (
    SELECT unit_name, true AS is_known
    FROM metrics.impact_metrics
    WHERE cooling_unit_id = wanted.id
    ORDER BY latest_survey_date DESC
    LIMIT 1
) AS monthly ON true
WHERE daily.is_known OR monthly.is_known
