-- Leaves the newest $1. Rows that another session has in hand are left to it, so that nobody waits for anybody.
WITH hurried AS (SELECT set_config('synchronous_commit', 'off', true)), old AS (
    SELECT recent.backend, recent.name
    FROM metrics.databoard_recent AS recent, hurried
    WHERE recent.read_order <= (
        SELECT read_order FROM metrics.databoard_recent ORDER BY read_order DESC OFFSET $1 LIMIT 1
    )
    FOR UPDATE OF recent SKIP LOCKED
)
DELETE FROM metrics.databoard_recent AS recent
USING old
WHERE recent.backend = old.backend AND recent.name = old.name
