-- Rows of one report before they are stored. The key is for the planner: it takes a table that was just filled for an
-- empty one, and would compare every row with every other.
CREATE TEMP TABLE IF NOT EXISTS store_uptime_stage (
    ext_id      text COLLATE "C" PRIMARY KEY,
    business_us bigint[],
    up_us       bigint[],
    down_us     bigint[],
    observed_us bigint[],
    lo_us       bigint[],
    hi_us       bigint[],
    polls       integer[]
) ON COMMIT DELETE ROWS
