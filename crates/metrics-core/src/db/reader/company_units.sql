-- The cooling units that belong to company $1 on their last day, as that day has them; at most $2 of them.
SELECT
    last.cooling_unit_id, last.unit_name, last.is_unit_deleted, last.state, last.cool_unit_type, last.cap_tons,
    last.cap_num_crates, last.average_room_occupancy, last.room_stock_kg, last.time_zone, last.data_quality,
    dates.last_date, dates.first_date, count(*) OVER () AS total
FROM metrics.cooling_unit_dates AS dates
JOIN metrics.cooling_unit_metrics AS last ON last.cooling_unit_id = dates.cooling_unit_id AND last.date = dates.last_date
WHERE last.company_id = $1
ORDER BY last.is_unit_deleted, last.cooling_unit_id
LIMIT $2
