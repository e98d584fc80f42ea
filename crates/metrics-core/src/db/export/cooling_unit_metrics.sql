-- Days of cooling units. $1, $2: first and last day; $3: companies; $4: cooling units; each may be null for all.
SELECT *
FROM metrics.cooling_unit_metrics
WHERE ($1::date IS NULL OR date >= $1)
  AND ($2::date IS NULL OR date <= $2)
  AND ($3::bigint[] IS NULL OR company_id = ANY ($3))
  AND ($4::bigint[] IS NULL OR cooling_unit_id = ANY ($4))
ORDER BY cooling_unit_id, date
