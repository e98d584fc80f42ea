-- Deletes the versions $2 of the dashboards $1, with what they held.
WITH gone AS (
    DELETE FROM metrics.databoard_versions AS version
    USING unnest($1, $2) AS chosen (dashboard_id, version)
    WHERE version.dashboard_id = chosen.dashboard_id AND version.version = chosen.version
    RETURNING version.dashboard_id, version.version
)
DELETE FROM metrics.databoard_bodies AS body
USING gone
WHERE body.dashboard_id = gone.dashboard_id AND body.version = gone.version
