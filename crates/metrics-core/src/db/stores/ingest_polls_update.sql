-- Stored polls that said active and are contradicted. $1, $2: first and last instant of the file, which leave out the
-- partitions of other days.
UPDATE metrics.store_poll AS stored
SET up = false
FROM ingest_merged AS merged
WHERE stored.ts BETWEEN $1 AND $2
  AND stored.store = merged.store AND stored.ts = merged.ts AND stored.up AND NOT merged.up
