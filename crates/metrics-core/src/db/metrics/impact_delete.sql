-- Deletes stored rows of the months from $1 to $2 that are not staged. $3, $4: units and the last month of each that
-- may be touched; units that the source no longer has: $5. $6: units in scope, all when NULL.
DELETE FROM metrics.impact_metrics AS stored
WHERE stored.month BETWEEN $1 AND $2
  AND ($6::bigint[] IS NULL OR stored.cooling_unit_id = ANY ($6))
  AND stored.month <= COALESCE(
      (SELECT unit.last FROM unnest($3::bigint[], $4::date[]) AS unit(id, last) WHERE unit.id = stored.cooling_unit_id),
      $5::date)
  AND NOT EXISTS (
      SELECT FROM impact_stage AS staged
      WHERE staged.month = stored.month AND staged.cooling_unit_id = stored.cooling_unit_id
        AND staged.farmer_id = stored.farmer_id AND staged.crop_id = stored.crop_id)
