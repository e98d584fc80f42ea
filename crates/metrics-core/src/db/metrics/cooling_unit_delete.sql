-- Deletes stored days of the replaced ranges that are no longer produced.
DELETE FROM metrics.cooling_unit_metrics AS stored
USING unnest($1::bigint[], $2::date[], $3::date[]) AS replaced(cooling_unit_id, first, last)
WHERE stored.cooling_unit_id = replaced.cooling_unit_id
  AND stored.date BETWEEN replaced.first AND replaced.last
  AND NOT EXISTS (
      SELECT FROM cooling_unit_stage AS staged
      WHERE staged.cooling_unit_id = stored.cooling_unit_id AND staged.date = stored.date)
