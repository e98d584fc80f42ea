-- Months of impact that share a day with $1 to $2; $3: companies; $4: cooling units; each may be null for all.
SELECT *
FROM metrics.impact_metrics
WHERE ($1::date IS NULL OR month + interval '1 month' > $1)
  AND ($2::date IS NULL OR month <= $2)
  AND ($3::bigint[] IS NULL OR company_id = ANY ($3))
  AND ($4::bigint[] IS NULL OR cooling_unit_id = ANY ($4))
ORDER BY month, cooling_unit_id, farmer_id, crop_id
