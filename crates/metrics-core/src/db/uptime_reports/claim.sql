-- The oldest request that waits becomes the caller's. $1: class of the advisory locks of reports.
WITH waiting AS (
    SELECT number FROM metrics.report WHERE status = 'Queued' ORDER BY number FOR UPDATE SKIP LOCKED LIMIT 1
),
claimed AS (
    UPDATE metrics.report AS stored
    SET status = 'Running', started_at = clock_timestamp(), attempts = attempts + 1, computed_at = clock_timestamp()
    FROM waiting
    WHERE stored.number = waiting.number
    RETURNING stored.number, stored.policy, stored.options
)
SELECT number, policy, options, pg_advisory_lock($1, number) FROM claimed
