-- Columns of the named tables as the session's search path finds them.
SELECT class.relname::text, attribute.attname::text,
       format_type(attribute.atttypid, NULL)
FROM unnest($1::text[]) AS wanted(name)
JOIN pg_class AS class ON class.oid = to_regclass(wanted.name)
JOIN pg_attribute AS attribute
  ON attribute.attrelid = class.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped
