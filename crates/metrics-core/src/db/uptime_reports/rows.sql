SELECT store.ext_id AS store_id, business_us, up_us, down_us, observed_us, lo_us, hi_us, polls
FROM metrics.report_row
JOIN metrics.store ON store.id = report_row.store
WHERE report_row.report = $1
ORDER BY store.ext_id
