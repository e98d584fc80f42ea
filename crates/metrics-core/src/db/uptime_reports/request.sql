-- A request, unless $4 wait already. $1: id, $2: policy, $3: options.
INSERT INTO metrics.report (id, status, policy, options, requested_at, computed_at)
SELECT $1, 'Queued', $2, $3, clock_timestamp(), clock_timestamp()
WHERE (SELECT count(*) FROM metrics.report WHERE status = 'Queued') < $4
