-- Cooling units with a stored day, as their last one has them.
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
SELECT last.cooling_unit_id AS id, last.unit_name, last.comp_name, last.currency
FROM unit
CROSS JOIN LATERAL (
    SELECT cooling_unit_id, unit_name, comp_name, currency
    FROM metrics.cooling_unit_metrics
    WHERE cooling_unit_id = unit.cooling_unit_id
    ORDER BY date DESC
    LIMIT 1
) AS last
ORDER BY last.cooling_unit_id
