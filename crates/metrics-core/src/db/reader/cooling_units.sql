-- A page of the cooling units that have a row, beside the number of all of them (one row with it alone when the
-- page is empty). $1: company or null, $2: limit, $3: offset.
WITH listed AS (
    SELECT
        last.cooling_unit_id, last.unit_name, last.company_id, last.time_zone, last.is_unit_deleted, last.parameter_set,
        dates.first_date, dates.last_date
    FROM metrics.cooling_unit_dates AS dates
    JOIN metrics.cooling_unit_metrics AS last
        ON last.cooling_unit_id = dates.cooling_unit_id AND last.date = dates.last_date
    WHERE $1 IS NULL OR last.company_id = $1
)
SELECT
    counted.total, page.cooling_unit_id, page.unit_name, page.company_id, page.time_zone, page.is_unit_deleted,
    page.parameter_set, page.last_date, page.first_date
FROM (SELECT count(*) AS total FROM listed) AS counted
LEFT JOIN (SELECT * FROM listed ORDER BY cooling_unit_id LIMIT $2 OFFSET $3) AS page ON true
ORDER BY page.cooling_unit_id
