-- Sums over all stores at the instant $1 by the policy $2: one row per window, the hour first.
SELECT
    count(*) AS stores,
    count(*) FILTER (WHERE business_us[number] > 0) AS open,
    count(*) FILTER (WHERE business_us[number] > 0 AND polls[number] = 0) AS unpolled,
    sum(business_us[number])::bigint AS business_us,
    sum(up_us[number])::bigint AS up_us,
    sum(down_us[number])::bigint AS down_us,
    sum(observed_us[number])::bigint AS observed_us,
    sum(lo_us[number])::bigint AS lo_us,
    sum(hi_us[number])::bigint AS hi_us
FROM metrics.store_uptime
CROSS JOIN generate_series(1, 3) AS number
WHERE as_of = $1 AND policy = $2
GROUP BY number
ORDER BY number
