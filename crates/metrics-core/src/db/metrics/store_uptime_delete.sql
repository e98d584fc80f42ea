-- Rows of the instant $1 and the policy $2 whose stores the report does not have.
DELETE FROM metrics.store_uptime AS stored
USING metrics.store
WHERE stored.as_of = $1 AND stored.policy = $2 AND store.id = stored.store
  AND NOT EXISTS (SELECT FROM store_uptime_stage AS staged WHERE staged.ext_id = store.ext_id)
