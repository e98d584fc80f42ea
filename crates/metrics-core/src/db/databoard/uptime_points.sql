-- Microseconds of the window $4 (1 hour, 2 day, 3 week) of the store $1 by the policy $2, up where $3 and down otherwise, as
-- of instants from $5 up to and without $6; at most $7. Instants are looked up in the index one after the other: a row
-- of every store belongs to each.
WITH RECURSIVE instant (as_of) AS (
    SELECT min(as_of) FROM metrics.store_uptime WHERE as_of >= $5 AND as_of < $6
    UNION ALL
    SELECT (
        SELECT min(later.as_of)
        FROM metrics.store_uptime AS later
        WHERE later.as_of > instant.as_of AND later.as_of < $6
    )
    FROM instant
    WHERE instant.as_of IS NOT NULL
)
SELECT stored.as_of, CASE WHEN $3 THEN stored.up_us[$4] ELSE stored.down_us[$4] END AS us
FROM instant
JOIN metrics.store_uptime AS stored
    ON stored.as_of = instant.as_of
    AND stored.policy = $2
    AND stored.store = (SELECT id FROM metrics.store WHERE ext_id = $1)
ORDER BY stored.as_of
LIMIT $7
