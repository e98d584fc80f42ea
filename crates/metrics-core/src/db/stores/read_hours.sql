-- Opening hours of all stores, or of the one with the id $1.
SELECT store, day, start_us, end_us
FROM metrics.store_hours
WHERE $1::text IS NULL OR store = (SELECT id FROM metrics.store WHERE ext_id = $1)
