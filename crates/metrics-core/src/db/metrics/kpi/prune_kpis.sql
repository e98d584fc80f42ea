-- KPIs without a result. Those of a run under way have none yet, so an environment with one is left for later.
DELETE FROM metrics.kpi
WHERE ($1 IS NULL OR environment = $1)
  AND NOT EXISTS (SELECT FROM metrics.kpi_runs AS run
                  WHERE run.environment = kpi.environment AND run.status = 'running')
  AND NOT EXISTS (SELECT FROM metrics.kpi_results AS result
                  JOIN metrics.kpi_runs AS run ON run.id = result.run_id
                  WHERE result.name = kpi.name AND run.environment = kpi.environment)
