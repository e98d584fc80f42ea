-- The body of the dashboard $1, which is read at $2. Losing the instant in a crash would do no harm: the commit does not
-- wait for the disk. The setting holds for this statement's own transaction.
WITH touched AS (
    UPDATE metrics.databoard_dashboards AS dashboard SET last_access = $2
    FROM (SELECT set_config('synchronous_commit', 'off', true)) AS setting
    WHERE dashboard.id = $1
    RETURNING dashboard.id, dashboard.version
)
SELECT body.body, body.version
FROM touched JOIN metrics.databoard_bodies AS body ON body.dashboard_id = touched.id AND body.version = touched.version
