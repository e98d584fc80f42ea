-- One row per store and instant of the file: inactive wins.
CREATE TEMP TABLE ingest_merged ON COMMIT DROP AS
SELECT store.id AS store, poll.ts, bool_and(poll.up) AS up
FROM ingest_poll AS poll
JOIN ingest_store AS named ON named.number = poll.number
JOIN metrics.store ON store.ext_id = named.ext_id
GROUP BY store.id, poll.ts;
ANALYZE ingest_merged
