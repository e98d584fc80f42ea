-- Numbers of the KPI $2 in the environment $1, of runs that started from $3 up to and without $4; at most $5. Of runs that
-- started at one instant the last one counts.
SELECT DISTINCT ON (run.started_at) run.started_at, result.value_num AS value
FROM metrics.kpi_runs AS run
JOIN metrics.kpi_results AS result ON result.run_id = run.id AND result.name = $2
WHERE run.environment = $1
    AND run.started_at >= $3
    AND run.started_at < $4
    AND result.form = 'count'
    AND result.value_num IS NOT NULL
ORDER BY run.started_at, run.id DESC
LIMIT $5
