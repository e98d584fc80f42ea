-- Rows of one report before they are stored.
CREATE TEMP TABLE IF NOT EXISTS store_uptime_stage (
    ext_id      text COLLATE "C",
    business_us bigint[],
    up_us       bigint[],
    down_us     bigint[],
    observed_us bigint[],
    lo_us       bigint[],
    hi_us       bigint[],
    polls       integer[]
) ON COMMIT DELETE ROWS
