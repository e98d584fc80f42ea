-- Adds or replaces the staged rows; one that came out the same is not written. $1: as of, $2: policy, $3: now.
INSERT INTO metrics.store_uptime AS stored (
    as_of, policy, store, business_us, up_us, down_us, observed_us, lo_us, hi_us, polls, computed_at
)
SELECT $1, $2, store.id, business_us, up_us, down_us, observed_us, lo_us, hi_us, polls, $3
FROM store_uptime_stage AS staged
JOIN metrics.store ON store.ext_id = staged.ext_id
ORDER BY store.id
ON CONFLICT (as_of, policy, store) DO UPDATE SET (
    business_us, up_us, down_us, observed_us, lo_us, hi_us, polls, computed_at
) = (
    excluded.business_us, excluded.up_us, excluded.down_us, excluded.observed_us, excluded.lo_us, excluded.hi_us,
    excluded.polls, excluded.computed_at
)
WHERE (
    stored.business_us, stored.up_us, stored.down_us, stored.observed_us, stored.lo_us, stored.hi_us, stored.polls
) IS DISTINCT FROM (
    excluded.business_us, excluded.up_us, excluded.down_us, excluded.observed_us, excluded.lo_us, excluded.hi_us,
    excluded.polls
)
