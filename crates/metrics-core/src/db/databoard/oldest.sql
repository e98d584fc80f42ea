-- At most $4 dashboards that may be evicted, in the order in which they are: after the one of last_access $1, created_at $2
-- and id $3, or from the first one on where these are null. What was deleted before in the same transaction is not walked
-- over again.
SELECT id, size_bytes, last_access, created_at
FROM metrics.databoard_dashboards
WHERE NOT whitelisted
    AND (last_access, created_at, id) > (coalesce($1, '-infinity'), coalesce($2, '-infinity'), coalesce($3, ''))
ORDER BY last_access, created_at, id
LIMIT $4
