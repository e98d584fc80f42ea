-- Deletes the dashboards $1 unless they were read since ($2: when they last were) or whitelisted, and keeps what they held as versions.
-- A row that another transaction holds is waited for, and looked at again as that leaves it.
WITH gone AS (
    DELETE FROM metrics.databoard_dashboards AS dashboard
    USING unnest($1, $2) AS chosen (id, last_access)
    WHERE dashboard.id = chosen.id AND dashboard.last_access = chosen.last_access AND NOT dashboard.whitelisted
    RETURNING dashboard.*
), kept AS (
    INSERT INTO metrics.databoard_versions
        (dashboard_id, version, size_bytes, ended_by, ended_at, created_at, computed_at, widgets, whitelisted, protected,
         whitelisted_at, protected_at)
    SELECT id, version, size_bytes, $3, $4, created_at, $4, widgets, whitelisted, protected, whitelisted_at, protected_at
    FROM gone
)
SELECT id FROM gone
