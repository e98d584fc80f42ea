-- Polls that are not there yet.
INSERT INTO metrics.store_poll (store, ts, up)
SELECT store, ts, up
FROM ingest_merged
ORDER BY store, ts
ON CONFLICT DO NOTHING
