-- How often each flag stands in the rows of the last $1 dates that have any.
SELECT flag, count(*) AS unit_days, count(DISTINCT cooling_unit_id) AS cooling_units, max(date) AS last_date
FROM metrics.cooling_unit_metrics
CROSS JOIN LATERAL unnest(data_quality) AS flag
WHERE date > (SELECT max(date) - $1 FROM metrics.cooling_unit_metrics)
GROUP BY flag
ORDER BY flag
