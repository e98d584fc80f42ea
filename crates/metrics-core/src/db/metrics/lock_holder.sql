-- The session that holds an advisory lock of this database, and its run.
SELECT session.pid, session.application_name, COALESCE(host(session.client_addr), 'local'), session.backend_start,
       (SELECT max(id) FROM metrics.report_run WHERE view = $3 AND outcome = 'running')
FROM pg_locks AS held
JOIN pg_stat_activity AS session ON session.pid = held.pid
JOIN pg_database AS database ON database.oid = held.database AND database.datname = current_database()
WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 2
  AND held.classid = $1::integer::oid AND held.objid = $2::integer::oid
LIMIT 1
