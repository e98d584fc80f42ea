-- Stores, or the one with the id $1. Polls after $2, if it is given, make no store known.
SELECT id, ext_id, tz, first_poll
FROM metrics.store
WHERE ($1::text IS NULL OR ext_id = $1)
  AND (
      $2::timestamptz IS NULL OR tz IS NOT NULL OR first_poll IS NULL OR first_poll <= $2
      OR EXISTS (SELECT FROM metrics.store_hours AS hours WHERE hours.store = store.id)
  )
ORDER BY id
