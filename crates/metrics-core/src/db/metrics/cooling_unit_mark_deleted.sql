-- Brings is_unit_deleted of stored rows up to date. $1 are the units of the source in scope, $2 whether each is alive,
-- $3 the last day of each whose rows may be touched. A unit that the source no longer has is not alive.
UPDATE metrics.cooling_unit_metrics AS stored
SET is_unit_deleted = NOT stored.is_unit_deleted, computed_at = $6
FROM (
    SELECT DISTINCT stored.cooling_unit_id,
           COALESCE(present.is_alive, false) AS is_alive,
           COALESCE(present.last_day, $5::date) AS last_day
    FROM metrics.cooling_unit_metrics AS stored
    LEFT JOIN unnest($1::bigint[], $2::boolean[], $3::date[]) AS present(cooling_unit_id, is_alive, last_day)
      ON present.cooling_unit_id = stored.cooling_unit_id
    WHERE $4::bigint[] IS NULL OR stored.cooling_unit_id = ANY ($4)
) AS unit
WHERE stored.cooling_unit_id = unit.cooling_unit_id
  AND stored.is_unit_deleted = unit.is_alive
  AND stored.date <= unit.last_day
