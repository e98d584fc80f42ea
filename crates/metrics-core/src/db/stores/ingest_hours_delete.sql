-- Opening hours of stores that the file names, and that it does not have.
DELETE FROM metrics.store_hours AS stored
USING ingest_store AS named
JOIN metrics.store ON store.ext_id = named.ext_id
WHERE stored.store = store.id
  AND NOT EXISTS (
      SELECT
      FROM ingest_hours AS hours
      WHERE hours.number = named.number AND hours.day = stored.day
        AND hours.start_us = stored.start_us AND hours.end_us = stored.end_us
  )
