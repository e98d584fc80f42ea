-- Rows of report $1 from the stage.
INSERT INTO metrics.report_row (
    report, store, business_us, up_us, down_us, observed_us, lo_us, hi_us, polls, computed_at
)
SELECT $1, store.id, business_us, up_us, down_us, observed_us, lo_us, hi_us, polls, clock_timestamp()
FROM store_uptime_stage AS staged
JOIN metrics.store ON store.ext_id = staged.ext_id
