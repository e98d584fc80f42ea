-- Companies. $1, $2: first and last report date; $3: companies; each may be null for all. $4: no such column.
SELECT *
FROM metrics.company_metrics
WHERE ($1::date IS NULL OR report_date >= $1)
  AND ($2::date IS NULL OR report_date <= $2)
  AND ($3::bigint[] IS NULL OR company_id = ANY ($3))
  AND $4::bigint[] IS NULL
ORDER BY company_id
