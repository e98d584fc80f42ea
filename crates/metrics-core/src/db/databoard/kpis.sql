-- KPIs that were listed before, or whose newest result is one number. OFFSET keeps results first and runs second.
SELECT kpi.environment, kpi.name, kpi.unit, kpi.description
FROM metrics.kpi
WHERE EXISTS (
    SELECT
    FROM metrics.databoard_series AS series
    WHERE series.backend = 'kpi'
        AND series.environment = kpi.environment
        AND md5(series.subject) = md5(kpi.name)
        AND series.subject = kpi.name
) OR (
    SELECT result.form
    FROM metrics.kpi_results AS result
    CROSS JOIN LATERAL (
        SELECT
        FROM metrics.kpi_runs
        WHERE kpi_runs.id = result.run_id AND kpi_runs.environment = kpi.environment
        OFFSET 0
    ) AS run
    WHERE result.name = kpi.name
    ORDER BY result.run_id DESC
    LIMIT 1
) = 'count'
ORDER BY kpi.environment, kpi.position, kpi.name
