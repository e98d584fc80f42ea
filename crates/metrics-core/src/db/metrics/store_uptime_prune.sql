-- Rows of instants more than $2 hours before the newest, but those of $1, which were just asked for.
DELETE FROM metrics.store_uptime
WHERE as_of < (SELECT max(as_of) FROM metrics.store_uptime) - make_interval(secs => $2::double precision * 3600)
  AND as_of <> $1
