-- Of the stores at the instant $1 by the policy $2 that were polled in the last week, the $3 that were up for the least
-- share of it. Of equal shares the longer time down comes first. Shares are taken to so many digits that no two that
-- differ look alike.
SELECT
    store.ext_id, uptime.business_us, uptime.up_us, uptime.down_us, uptime.observed_us, uptime.lo_us, uptime.hi_us,
    uptime.polls
FROM metrics.store_uptime AS uptime
JOIN metrics.store ON store.id = uptime.store
WHERE uptime.as_of = $1 AND uptime.policy = $2
  AND uptime.business_us[3] > 0 AND uptime.up_us[3] + uptime.down_us[3] > 0 AND uptime.polls[3] > 0
ORDER BY uptime.up_us[3] * 1e28 / (uptime.up_us[3] + uptime.down_us[3]), uptime.down_us[3] DESC, store.ext_id
LIMIT $3
