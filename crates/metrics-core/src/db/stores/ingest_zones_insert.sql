-- Stores of the file that are not known. $1: now.
INSERT INTO metrics.store (ext_id, tz, computed_at)
SELECT zone.ext_id, zone.tz, $1
FROM ingest_zone AS zone
WHERE NOT EXISTS (SELECT FROM metrics.store AS stored WHERE stored.ext_id = zone.ext_id)
ORDER BY zone.ext_id
