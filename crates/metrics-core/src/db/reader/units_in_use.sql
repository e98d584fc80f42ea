-- Cooling units in use on their last day, by company, for the companies $1.
-- The recursion hops from id to id on the primary key instead of reading every day.
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
SELECT last.company_id, count(*) AS cooling_units
FROM unit
CROSS JOIN LATERAL (
    SELECT company_id, is_unit_deleted
    FROM metrics.cooling_unit_metrics
    WHERE cooling_unit_id = unit.cooling_unit_id
    ORDER BY date DESC
    LIMIT 1
) AS last
WHERE last.company_id = ANY ($1) AND NOT last.is_unit_deleted
GROUP BY last.company_id
