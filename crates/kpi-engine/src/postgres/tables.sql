-- What can be read: tables, partitioned tables, views, materialized views, foreign tables.
SELECT n.nspname::text, c.relname::text, c.oid, c.reltuples::float8
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = ANY ($2::text[]::"char"[])
  AND CASE
        WHEN cardinality($1::text[]) > 0 THEN n.nspname = ANY ($1::text[])
        ELSE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      END
ORDER BY 1, 2
