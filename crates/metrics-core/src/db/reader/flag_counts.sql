-- How many cooling units have each flag on their newest day, if that is one of the last $1 dates.
-- The recursion hops from id to id on the primary key, so the time it takes grows with the cooling units and not with
-- their days.
WITH RECURSIVE unit AS (
    (SELECT cooling_unit_id FROM metrics.cooling_unit_metrics ORDER BY cooling_unit_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT next.cooling_unit_id
        FROM metrics.cooling_unit_metrics AS next
        WHERE next.cooling_unit_id > unit.cooling_unit_id
        ORDER BY next.cooling_unit_id
        LIMIT 1
    )
    FROM unit
    WHERE unit.cooling_unit_id IS NOT NULL
)
SELECT flag, count(*) AS cooling_units, max(last.date) AS last_date
FROM unit
CROSS JOIN LATERAL (
    SELECT date, data_quality
    FROM metrics.cooling_unit_metrics
    WHERE cooling_unit_id = unit.cooling_unit_id
    ORDER BY date DESC
    LIMIT 1
) AS last
CROSS JOIN LATERAL unnest(last.data_quality) AS flag
WHERE last.date > (SELECT max(date) - $1 FROM metrics.cooling_unit_metrics)
GROUP BY flag
ORDER BY flag
