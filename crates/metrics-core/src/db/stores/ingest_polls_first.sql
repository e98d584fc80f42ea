-- The earliest poll of each store. $1: now.
UPDATE metrics.store AS stored
SET first_poll = merged.first, computed_at = $1
FROM (SELECT store, min(ts) AS first FROM ingest_merged GROUP BY store) AS merged
WHERE stored.id = merged.store AND (stored.first_poll IS NULL OR stored.first_poll > merged.first)
