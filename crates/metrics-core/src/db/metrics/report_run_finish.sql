UPDATE metrics.report_run
SET outcome = $2, error = $3, rows_read = $4, rows_written = $5, rows_deleted = $6, rows_rejected = $7,
    finished_at = $8, duration_ms = $9, details = $10, computed_at = $8
WHERE id = $1
