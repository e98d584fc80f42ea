INSERT INTO metrics.report_run (
    view, range_from, range_to, as_of, zone_mode, company_filter, cooling_unit_filter, scope, rebuild, allow_past,
    parameter_set, program_version, started_at, outcome, computed_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'running', $13)
RETURNING id
