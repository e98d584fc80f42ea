-- Texts under a collation that calls different texts equal are not compared here as they are there.
SELECT a.attname::text,
       CASE WHEN n.nspname = 'pg_catalog' AND coalesce(l.collisdeterministic, true) THEN t.typname::text ELSE '' END,
       a.atttypmod
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
