SELECT number, status, as_of, policy, options, diagnostics, tzdata, rows, error
FROM metrics.report
WHERE id = $1
