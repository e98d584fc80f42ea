-- Reports without a living worker wait again, or fail. $1: class of the locks, $2: attempts at most.
WITH running AS MATERIALIZED (
    SELECT number FROM metrics.report WHERE status = 'Running' FOR UPDATE SKIP LOCKED
),
dead AS MATERIALIZED (
    SELECT number FROM running WHERE pg_try_advisory_xact_lock($1, number)
)
UPDATE metrics.report AS stored
SET status = CASE WHEN attempts < $2 THEN 'Queued' ELSE 'Failed' END,
    error = CASE WHEN attempts < $2 THEN NULL ELSE 'its workers ended before it was complete' END,
    finished_at = CASE WHEN attempts < $2 THEN NULL ELSE clock_timestamp() END,
    computed_at = clock_timestamp()
FROM dead
WHERE stored.number = dead.number
RETURNING stored.number, stored.status
