-- The key is the hash of the environment, seeded with "kpis" in ASCII. Locks of views have two numbers, which is
-- another space of keys.
SELECT pg_try_advisory_lock(hashtextextended($1, x'6b706973'::bigint)) AS taken
