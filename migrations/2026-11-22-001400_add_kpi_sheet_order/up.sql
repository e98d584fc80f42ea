ALTER TABLE metrics.kpi ADD COLUMN sheet_order integer;
UPDATE metrics.kpi
SET sheet_order = numbered.sheet_order
FROM (
    SELECT
        kpi.environment, kpi.id,
        row_number() OVER (
            PARTITION BY kpi.environment
            ORDER BY first.run_id, COALESCE(first.position, kpi.position), kpi.name
        ) AS sheet_order
    FROM metrics.kpi
    LEFT JOIN LATERAL (
        SELECT result.run_id, result.position
        FROM metrics.kpi_results AS result
        JOIN metrics.kpi_runs AS run ON run.id = result.run_id
        WHERE result.name = kpi.name AND run.environment = kpi.environment
        ORDER BY result.run_id
        LIMIT 1
    ) AS first ON true
) AS numbered
WHERE kpi.environment = numbered.environment AND kpi.id = numbered.id;
ALTER TABLE metrics.kpi ALTER COLUMN sheet_order SET NOT NULL;
COMMENT ON COLUMN metrics.kpi.sheet_order IS 'Order of its column in sheets: a KPI that is new comes behind those of its environment that were there. Never changes.';
