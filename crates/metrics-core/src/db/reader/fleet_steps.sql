-- Stores at the instant $1 by the policy $2, by the share of the last week that they were up, in steps of a twentieth;
-- 20 is all of it. Without business time there is no share.
SELECT step, count(*) FILTER (WHERE is_polled) AS polled, count(*) FILTER (WHERE NOT is_polled) AS unpolled
FROM (
    SELECT
        polls[3] > 0 AS is_polled,
        CASE WHEN business_us[3] > 0 THEN least(up_us[3] * 20 / nullif(up_us[3] + down_us[3], 0), 20)::integer END
            AS step
    FROM metrics.store_uptime
    WHERE as_of = $1 AND policy = $2
) AS share
GROUP BY step
ORDER BY step
