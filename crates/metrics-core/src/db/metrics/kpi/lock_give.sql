SELECT pg_advisory_unlock(hashtextextended($1, x'6b706973'::bigint))
