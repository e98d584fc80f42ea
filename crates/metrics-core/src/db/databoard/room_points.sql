-- Days of the cooling unit $1 from $3 up to and without $4, with the metric $2; at most $6. Revenue is that of days whose
-- currency is $5.
SELECT day.date, day.value
FROM (
    SELECT
        date,
        CASE $2
            WHEN 'OCCUPANCY' THEN average_room_occupancy
            WHEN 'CO2_SAVED' THEN tot_co2
            WHEN 'REVENUE' THEN CASE WHEN currency = $5 THEN room_revenue END
            WHEN 'REVENUE_USD' THEN room_revenue_usd
            WHEN 'CRATES_IN' THEN room_crates_in
            WHEN 'CRATES_OUT' THEN room_crates_out
            WHEN 'OPS_IN' THEN room_ops_in
            WHEN 'OPS_OUT' THEN room_ops_out
            WHEN 'KG_IN' THEN room_kg_in
            WHEN 'KG_OUT' THEN room_kg_out
            WHEN 'ACTIVE_USERS' THEN room_active_users
            WHEN 'OPERATORS' THEN room_op
            WHEN 'BENEFICIARIES' THEN room_beneficiaries
            WHEN 'CAPACITY_CRATES' THEN cap_num_crates
            WHEN 'CAPACITY_TONS' THEN cap_tons
        END::double precision AS value
    FROM metrics.cooling_unit_metrics
    WHERE cooling_unit_id = $1 AND date >= $3 AND date < $4
) AS day
WHERE day.value IS NOT NULL
ORDER BY day.date
LIMIT $6
