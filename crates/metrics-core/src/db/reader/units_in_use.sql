-- Cooling units in use on their last day, by company, for the companies $1.
SELECT last.company_id, count(*) AS cooling_units
FROM metrics.cooling_unit_dates AS dates
JOIN metrics.cooling_unit_metrics AS last ON last.cooling_unit_id = dates.cooling_unit_id AND last.date = dates.last_date
WHERE last.company_id = ANY ($1) AND NOT last.is_unit_deleted
GROUP BY last.company_id
