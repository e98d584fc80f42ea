-- The body of the dashboard $1, which is read at $2. Losing the instant in a crash would do no harm: the commit does not
-- wait for the disk. The setting holds for this statement's own transaction.
UPDATE metrics.databoard_dashboards AS dashboard SET last_access = $2
FROM (SELECT set_config('synchronous_commit', 'off', true)) AS setting
WHERE dashboard.id = $1
RETURNING dashboard.body, dashboard.version
