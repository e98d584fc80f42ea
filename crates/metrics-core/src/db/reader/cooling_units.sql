-- A page of the cooling units that have a row, beside the number of all of them (one row with it alone when the
-- page is empty). $1: company or null, $2: limit, $3: offset.
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
),
listed AS (
    SELECT last.*
    FROM unit
    CROSS JOIN LATERAL (
        SELECT cooling_unit_id, unit_name, company_id, time_zone, is_unit_deleted, parameter_set, date AS last_date
        FROM metrics.cooling_unit_metrics
        WHERE cooling_unit_id = unit.cooling_unit_id
        ORDER BY date DESC
        LIMIT 1
    ) AS last
    WHERE $1 IS NULL OR last.company_id = $1
)
SELECT
    counted.total, page.cooling_unit_id, page.unit_name, page.company_id, page.time_zone, page.is_unit_deleted,
    page.parameter_set, page.last_date,
    (
        SELECT date
        FROM metrics.cooling_unit_metrics AS first
        WHERE first.cooling_unit_id = page.cooling_unit_id
        ORDER BY date
        LIMIT 1
    ) AS first_date
FROM (SELECT count(*) AS total FROM listed) AS counted
LEFT JOIN (SELECT * FROM listed ORDER BY cooling_unit_id LIMIT $2 OFFSET $3) AS page ON true
ORDER BY page.cooling_unit_id
