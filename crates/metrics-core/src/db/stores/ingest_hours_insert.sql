-- Opening hours of the file that are not there yet. $1: now.
INSERT INTO metrics.store_hours (store, day, start_us, end_us, computed_at)
SELECT DISTINCT store.id, hours.day, hours.start_us, hours.end_us, $1::timestamptz
FROM ingest_hours AS hours
JOIN ingest_store AS named ON named.number = hours.number
JOIN metrics.store ON store.ext_id = named.ext_id
ON CONFLICT DO NOTHING
