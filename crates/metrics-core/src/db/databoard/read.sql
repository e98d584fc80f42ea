-- The body of the dashboard $1, which is read at $2. Losing the instant in a crash would do no harm: the commit does not
-- wait for the disk. The setting holds for this statement's own transaction.
--
-- A writer of the same dashboard is waited for, and what it wrote is not seen by this statement: the body is the one that
-- the dashboard had when the statement began.
WITH touched AS (
    UPDATE metrics.databoard_dashboards AS dashboard SET last_access = greatest(dashboard.last_access, $2)
    FROM (SELECT set_config('synchronous_commit', 'off', true)) AS setting
    WHERE dashboard.id = $1
    RETURNING dashboard.id
)
SELECT body.body, body.version
FROM touched
JOIN metrics.databoard_dashboards AS dashboard ON dashboard.id = touched.id
JOIN metrics.databoard_bodies AS body ON body.dashboard_id = dashboard.id AND body.version = dashboard.version
