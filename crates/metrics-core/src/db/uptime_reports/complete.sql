-- $1: number, $2: as of, $3: rows, $4: diagnostics, $5: version of the time-zone database.
UPDATE metrics.report
SET status = 'Complete', as_of = $2, rows = $3, diagnostics = $4, tzdata = $5, finished_at = clock_timestamp(),
    computed_at = clock_timestamp()
WHERE number = $1
