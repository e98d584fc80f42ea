-- Stored rows of units whose zone or model is not today's.
SELECT count(*),
       COALESCE(array_agg(DISTINCT stored.time_zone), '{}'),
       COALESCE(array_agg(DISTINCT stored.co2_model), '{}')
FROM metrics.cooling_unit_metrics AS stored
JOIN unnest($1::bigint[], $2::text[]) AS present(cooling_unit_id, time_zone)
  ON present.cooling_unit_id = stored.cooling_unit_id
WHERE (stored.time_zone, stored.co2_model) IS DISTINCT FROM (present.time_zone, $3::text)
