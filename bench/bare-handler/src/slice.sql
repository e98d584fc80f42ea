-- Days $2 to $3, inclusive, of the cooling units $1: sums, means, unions and dictionaries, as one JSON text.
WITH day AS MATERIALIZED (
    SELECT * FROM metrics.cooling_unit_metrics
    WHERE cooling_unit_id = ANY ($1::bigint[]) AND date BETWEEN $2::date AND $3::date
), latest AS (
    SELECT DISTINCT ON (cooling_unit_id) * FROM day ORDER BY cooling_unit_id, date DESC
), sums AS (
    SELECT cooling_unit_id, count(*) AS days, sum(room_crates_in) AS crates_in, sum(room_ops_in) AS ops_in,
           sum(room_kg_in) AS kg_in, sum(room_crates_out) AS crates_out, sum(room_ops_out) AS ops_out,
           sum(room_kg_out) AS kg_out, avg(average_room_occupancy) AS occupancy, sum(room_revenue) AS revenue,
           sum(room_revenue_usd) AS revenue_usd, sum(tot_co2) AS tot_co2, sum(co2_idle) AS co2_idle
    FROM day
    GROUP BY cooling_unit_id
), person AS (
    SELECT cooling_unit_id, list, array_agg(DISTINCT id ORDER BY id) AS ids
    FROM (
        SELECT cooling_unit_id, 'user' AS list, unnest(room_active_user_ids) AS id FROM day
        UNION ALL SELECT cooling_unit_id, 'female', unnest(room_active_fem) FROM day
        UNION ALL SELECT cooling_unit_id, 'male', unnest(room_active_ma) FROM day
        UNION ALL SELECT cooling_unit_id, 'other', unnest(room_active_ot) FROM day
        UNION ALL SELECT cooling_unit_id, 'farmer', unnest(room_active_farmer_ids) FROM day
    ) AS listed
    GROUP BY cooling_unit_id, list
), people AS (
    SELECT cooling_unit_id,
           max(ids) FILTER (WHERE list = 'user') AS users, max(ids) FILTER (WHERE list = 'female') AS female,
           max(ids) FILTER (WHERE list = 'male') AS male, max(ids) FILTER (WHERE list = 'other') AS other,
           max(ids) FILTER (WHERE list = 'farmer') AS farmers
    FROM person
    GROUP BY cooling_unit_id
), dictionary AS (
    SELECT cooling_unit_id, name, json_object_agg(key, total ORDER BY key) AS sums
    FROM (
        SELECT cooling_unit_id, name, key, sum(value) AS total
        FROM (
            SELECT cooling_unit_id, 'crates_in' AS name, key, value::double precision
            FROM day, jsonb_each_text(check_in_crates_crop)
            UNION ALL
            SELECT cooling_unit_id, 'kg_in', key, value::double precision
            FROM day, jsonb_each_text(check_in_kg_crop)
            UNION ALL
            SELECT cooling_unit_id, 'crates_out', key, value::double precision
            FROM day, jsonb_each_text(check_out_crates_crop)
            UNION ALL
            SELECT cooling_unit_id, 'kg_out', key, value::double precision
            FROM day, jsonb_each_text(check_out_kg_crop)
            UNION ALL
            SELECT cooling_unit_id, 'co2', key, (value ->> 'difference')::double precision
            FROM day, jsonb_each(co2_crops)
            UNION ALL
            SELECT cooling_unit_id, 'co2_breakdown', key, value::double precision
            FROM day, jsonb_each_text(co2_breakdown)
        ) AS entry
        GROUP BY cooling_unit_id, name, key
    ) AS summed
    GROUP BY cooling_unit_id, name
), dictionaries AS (
    SELECT cooling_unit_id, json_object_agg(name, sums) AS named
    FROM dictionary
    GROUP BY cooling_unit_id
)
SELECT json_build_object('cooling_units', COALESCE(json_agg(unit ORDER BY unit.cooling_unit_id), '[]'))::text
FROM (
    SELECT cooling_unit_id, latest.unit_name, latest.is_unit_deleted, latest.state, latest.cool_unit_type,
           latest.cap_tons, latest.cap_num_crates, latest.company_id, latest.comp_name, latest.comp_pricing,
           latest.currency, latest.room_op, latest.room_op_fem, latest.room_op_ma, latest.room_op_ot,
           cardinality(people.farmers) * latest.household_size AS room_beneficiaries,
           cardinality(people.farmers) * latest.household_size * latest.household_fem_share AS room_beneficiaries_fem,
           cardinality(people.farmers) * latest.household_size * latest.household_ma_share AS room_beneficiaries_ma,
           cardinality(people.users) AS room_active_users, people.users AS room_active_user_ids,
           people.female AS room_active_fem, people.male AS room_active_ma, people.other AS room_active_ot,
           sums.crates_in AS room_crates_in, sums.ops_in AS room_ops_in, sums.kg_in AS room_kg_in,
           sums.crates_out AS room_crates_out, sums.ops_out AS room_ops_out, sums.kg_out AS room_kg_out,
           sums.occupancy AS average_room_occupancy, sums.revenue AS room_revenue,
           sums.revenue_usd AS room_revenue_usd, named -> 'crates_in' AS check_in_crates_crop,
           named -> 'kg_in' AS check_in_kg_crop, named -> 'crates_out' AS check_out_crates_crop,
           named -> 'kg_out' AS check_out_kg_crop, sums.tot_co2, named -> 'co2' AS co2_crops,
           people.farmers AS room_active_farmer_ids, latest.room_stock_kg, sums.co2_idle,
           named -> 'co2_breakdown' AS co2_breakdown, latest.co2_model, latest.country, latest.household_size,
           latest.household_fem_share, latest.household_ma_share, latest.time_zone, latest.parameter_set, sums.days
    FROM sums
    JOIN latest USING (cooling_unit_id)
    LEFT JOIN people USING (cooling_unit_id)
    LEFT JOIN dictionaries USING (cooling_unit_id)
) AS unit
