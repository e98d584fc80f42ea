-- Columns of the table $1 (schema.name) in order, with their types, modifiers and comments.
SELECT attribute.attname::text AS name,
       attribute.atttypid::regtype::text AS type,
       attribute.atttypmod AS modifier,
       COALESCE(col_description(attribute.attrelid, attribute.attnum), '') AS description
FROM pg_attribute AS attribute
WHERE attribute.attrelid = $1::text::regclass AND attribute.attnum > 0 AND NOT attribute.attisdropped
ORDER BY attribute.attnum
