-- Puts the channel $3, $2 of the back end $1, before all others; whether it was not among them. A reader does not wait
-- for the disk: what a crash loses is which channels were read a moment before.
WITH hurried AS (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO metrics.databoard_recent (backend, name, channel)
SELECT $1, $2, $3::json FROM hurried
ON CONFLICT (backend, name) DO UPDATE SET channel = excluded.channel, read_order = DEFAULT
RETURNING xmax = 0 AS is_new
