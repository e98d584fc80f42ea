-- The cooling units that belong to company $1 on their last day, as that day has them; at most $2 of them.
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
SELECT
    last.cooling_unit_id, last.unit_name, last.is_unit_deleted, last.state, last.cool_unit_type, last.cap_tons,
    last.cap_num_crates, last.average_room_occupancy, last.room_stock_kg, last.time_zone, last.data_quality,
    last.last_date, first.first_date, count(*) OVER () AS total
FROM unit
CROSS JOIN LATERAL (
    SELECT
        cooling_unit_id, unit_name, company_id, is_unit_deleted, state, cool_unit_type, cap_tons, cap_num_crates,
        average_room_occupancy, room_stock_kg, time_zone, data_quality, date AS last_date
    FROM metrics.cooling_unit_metrics
    WHERE cooling_unit_id = unit.cooling_unit_id
    ORDER BY date DESC
    LIMIT 1
) AS last
CROSS JOIN LATERAL (
    SELECT date AS first_date
    FROM metrics.cooling_unit_metrics
    WHERE cooling_unit_id = unit.cooling_unit_id
    ORDER BY date
    LIMIT 1
) AS first
WHERE last.company_id = $1
ORDER BY last.is_unit_deleted, last.cooling_unit_id
LIMIT $2
