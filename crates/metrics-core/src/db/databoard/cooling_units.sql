-- Cooling units with a stored day, as their last one has them.
SELECT last.cooling_unit_id AS id, last.unit_name, last.comp_name, last.currency
FROM metrics.cooling_unit_dates AS dates
JOIN metrics.cooling_unit_metrics AS last ON last.cooling_unit_id = dates.cooling_unit_id AND last.date = dates.last_date
ORDER BY last.cooling_unit_id
