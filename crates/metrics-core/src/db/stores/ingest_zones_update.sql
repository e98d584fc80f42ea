-- Zones of known stores that differ. $1: now.
UPDATE metrics.store AS stored
SET tz = zone.tz, computed_at = $1
FROM ingest_zone AS zone
WHERE stored.ext_id = zone.ext_id AND stored.tz IS DISTINCT FROM zone.tz
