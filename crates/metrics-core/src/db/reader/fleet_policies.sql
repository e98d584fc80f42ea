-- Policies with rows, and the newest instant of each. Pairs of instant and policy are looked up in the index one after
-- the other: there are few of them, and many rows of each.
WITH RECURSIVE pair (as_of, policy) AS (
    (SELECT as_of, policy FROM metrics.store_uptime ORDER BY as_of DESC, policy DESC LIMIT 1)
    UNION ALL
    SELECT earlier.as_of, earlier.policy
    FROM pair
    CROSS JOIN LATERAL (
        SELECT stored.as_of, stored.policy
        FROM metrics.store_uptime AS stored
        WHERE (stored.as_of, stored.policy) < (pair.as_of, pair.policy)
        ORDER BY stored.as_of DESC, stored.policy DESC
        LIMIT 1
    ) AS earlier
)
SELECT policy, max(as_of) AS as_of
FROM pair
GROUP BY policy
ORDER BY policy
