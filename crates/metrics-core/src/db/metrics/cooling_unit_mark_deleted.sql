-- Brings is_unit_deleted of stored rows up to date.
UPDATE metrics.cooling_unit_metrics
SET is_unit_deleted = NOT is_unit_deleted, computed_at = $4
WHERE is_unit_deleted = (cooling_unit_id = ANY ($1::bigint[]))
  AND ($2::bigint[] IS NULL OR cooling_unit_id = ANY ($2))
  AND ($3::date IS NULL OR date <= $3)
