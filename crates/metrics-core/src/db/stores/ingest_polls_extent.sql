-- First and last instant, and how many lie outside the days from $1 to before $2.
SELECT min(ts), max(ts), count(*) FILTER (WHERE ts < $1 OR ts >= $2)
FROM ingest_merged
