-- Stores of the file that are not known: each has a usable poll. $1: now.
INSERT INTO metrics.store (ext_id, computed_at)
SELECT named.ext_id, $1
FROM ingest_store AS named
WHERE NOT EXISTS (SELECT FROM metrics.store AS stored WHERE stored.ext_id = named.ext_id)
ORDER BY named.ext_id
