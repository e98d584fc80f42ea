-- Days of the company $1 from $3 up to and without $4, with the metric $2 over its cooling units in use; at most $6.
-- A day on which one of them has none is left out: the sum of the others would look like that of all. Revenue is that of
-- days whose currency is $5. Decimals are added as such, floats in the order of cooling units, so that a sum is the same
-- every time.
SELECT
    day.date,
    CASE
        WHEN $2 = 'OCCUPANCY' THEN
            sum(day.measured * day.cap_num_crates ORDER BY day.cooling_unit_id) / sum(day.cap_num_crates)
        ELSE COALESCE(sum(day.counted)::double precision, sum(day.measured ORDER BY day.cooling_unit_id))
    END AS value
FROM (
    SELECT
        date,
        cooling_unit_id,
        cap_num_crates,
        CASE $2
            WHEN 'REVENUE' THEN CASE WHEN currency = $5 THEN room_revenue END
            WHEN 'REVENUE_USD' THEN room_revenue_usd
            WHEN 'CRATES_IN' THEN room_crates_in
            WHEN 'CRATES_OUT' THEN room_crates_out
            WHEN 'OPS_IN' THEN room_ops_in
            WHEN 'OPS_OUT' THEN room_ops_out
            WHEN 'ACTIVE_USERS' THEN room_active_users
            WHEN 'OPERATORS' THEN room_op
            WHEN 'BENEFICIARIES' THEN room_beneficiaries
            WHEN 'CAPACITY_CRATES' THEN cap_num_crates
            WHEN 'CAPACITY_TONS' THEN cap_tons
        END AS counted,
        CASE $2
            WHEN 'OCCUPANCY' THEN CASE WHEN cap_num_crates > 0 THEN average_room_occupancy END
            WHEN 'CO2_SAVED' THEN tot_co2
            WHEN 'KG_IN' THEN room_kg_in
            WHEN 'KG_OUT' THEN room_kg_out
        END AS measured
    FROM metrics.cooling_unit_metrics
    WHERE company_id = $1 AND NOT is_unit_deleted AND date >= $3 AND date < $4
) AS day
GROUP BY day.date
HAVING bool_and(day.counted IS NOT NULL OR day.measured IS NOT NULL)
ORDER BY day.date
LIMIT $6
