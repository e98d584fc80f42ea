-- The recursion hops from id to id on the primary key, so the time it takes grows with the cooling units and not with
-- their days.
CREATE VIEW metrics.cooling_unit_dates AS
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
    unit.cooling_unit_id,
    (
        SELECT first.date
        FROM metrics.cooling_unit_metrics AS first
        WHERE first.cooling_unit_id = unit.cooling_unit_id
        ORDER BY first.date
        LIMIT 1
    ) AS first_date,
    (
        SELECT last.date
        FROM metrics.cooling_unit_metrics AS last
        WHERE last.cooling_unit_id = unit.cooling_unit_id
        ORDER BY last.date DESC
        LIMIT 1
    ) AS last_date
FROM unit
WHERE unit.cooling_unit_id IS NOT NULL;
COMMENT ON VIEW metrics.cooling_unit_dates IS 'The cooling units that have a day in metrics.cooling_unit_metrics, each with its first and its last one. Join on cooling_unit_id and date = last_date for the newest state of each; it is found without reading all days.';
COMMENT ON COLUMN metrics.cooling_unit_dates.cooling_unit_id IS 'Cooling unit of the operational database.';
COMMENT ON COLUMN metrics.cooling_unit_dates.first_date IS 'First local day with a row.';
COMMENT ON COLUMN metrics.cooling_unit_dates.last_date IS 'Last local day with a row.';
