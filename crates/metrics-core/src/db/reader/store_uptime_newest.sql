-- The newest instant with a row of the policy $1 for the store $2. Instants are looked up in the index one after the
-- other, the newest first, and none after the one that is found.
WITH RECURSIVE instant (as_of) AS (
    SELECT max(as_of)
    FROM metrics.store_uptime
    UNION ALL
    SELECT (SELECT max(earlier.as_of) FROM metrics.store_uptime AS earlier WHERE earlier.as_of < instant.as_of)
    FROM instant
    WHERE instant.as_of IS NOT NULL
)
SELECT instant.as_of
FROM instant
WHERE EXISTS (
    SELECT
    FROM metrics.store_uptime AS stored
    WHERE stored.as_of = instant.as_of AND stored.policy = $1 AND stored.store = $2
)
LIMIT 1
