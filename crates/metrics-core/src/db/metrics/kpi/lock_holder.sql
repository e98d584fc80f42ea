-- The session that holds the lock of an environment, and its run. A lock of one number shows its halves as class and
-- object.
SELECT session.pid AS session, COALESCE(session.application_name, '') AS application,
       COALESCE(host(session.client_addr), 'local') AS address, session.backend_start AS since,
       (SELECT max(id) FROM metrics.kpi_runs WHERE environment = $1 AND status = 'running') AS run
FROM (SELECT hashtextextended($1, x'6b706973'::bigint) AS number) AS key
JOIN pg_locks AS held
  ON held.locktype = 'advisory' AND held.granted AND held.objsubid = 1
 AND held.classid = ((key.number >> 32) & x'ffffffff'::bigint)::oid
 AND held.objid = (key.number & x'ffffffff'::bigint)::oid
JOIN pg_stat_activity AS session ON session.pid = held.pid
JOIN pg_database AS database ON database.oid = held.database AND database.datname = current_database()
LIMIT 1
