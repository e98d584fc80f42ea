-- The newest results of KPIs, for each at most $4; with $3 only those with a value, without $5 without their values.
SELECT wanted.place, point.*
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted(environment, name, place)
CROSS JOIN LATERAL (
    SELECT run.id AS run_id, run.started_at, run.as_of, result.form, result.status,
           CASE WHEN $5 THEN result.value END AS value, result.value_num, result.rows, result.is_truncated,
           result.duration_ms, result.error_kind, result.error, result.sql_hash
    FROM metrics.kpi_results AS result
    JOIN metrics.kpi_runs AS run ON run.id = result.run_id
    WHERE result.name = wanted.name AND run.environment = wanted.environment AND (result.status = 'ok' OR NOT $3)
    ORDER BY run.started_at DESC, run.id DESC
    LIMIT $4
) AS point
ORDER BY wanted.place, point.started_at, point.run_id
