-- How many cooling units have each flag on their newest day, if that is one of the last $1 dates.
SELECT flag, count(*) AS cooling_units, max(last.date) AS last_date
FROM metrics.cooling_unit_dates AS dates
JOIN metrics.cooling_unit_metrics AS last ON last.cooling_unit_id = dates.cooling_unit_id AND last.date = dates.last_date
CROSS JOIN LATERAL unnest(last.data_quality) AS flag
WHERE last.date > (SELECT max(date) - $1 FROM metrics.cooling_unit_metrics)
GROUP BY flag
ORDER BY flag
