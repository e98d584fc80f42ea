-- The newest result of each KPI that has a value. The condition is that of an index: a KPI that never had one is not
-- looked for in all runs. OFFSET keeps results first and runs second.
SELECT wanted.place, point.*
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted(environment, name, place)
CROSS JOIN LATERAL (
    SELECT run.id AS run_id, run.started_at, run.as_of, result.form, result.status, result.value, result.value_num,
           result.rows, result.is_truncated, result.duration_ms, result.error_kind, result.error, result.sql_hash
    FROM metrics.kpi_results AS result
    CROSS JOIN LATERAL (
        SELECT * FROM metrics.kpi_runs
        WHERE kpi_runs.id = result.run_id AND kpi_runs.environment = wanted.environment
        OFFSET 0
    ) AS run
    WHERE result.name = wanted.name AND result.status = 'ok'
    ORDER BY result.run_id DESC
    LIMIT 1
) AS point
ORDER BY wanted.place
