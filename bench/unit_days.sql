-- The peer of `reporter --view aggregated-comparison`: of its columns only counts, kilograms and stock, one row per
-- alive cooling unit and local day, in one set-based statement. bench/run compares every row with the reporter's table.
--
-- Variable: as_of, the instant of which the figures speak. Zones are those of the generated companies' countries.
WITH zone (country, name) AS (
    VALUES ('NG', 'Africa/Lagos'), ('IN', 'Asia/Kolkata'), ('PH', 'Asia/Manila'), ('KE', 'Africa/Nairobi')
), cooling_unit AS NOT MATERIALIZED (
    SELECT cooling_unit.id, cooling_unit.date_creation, COALESCE(zone.name, 'UTC') AS zone
    FROM storage_coolingunit AS cooling_unit
    JOIN storage_location AS location ON location.id = cooling_unit.location_id
    LEFT JOIN user_company AS company ON company.id = location.company_id
    LEFT JOIN zone ON zone.country = company.country
    WHERE cooling_unit.deleted IS NOT TRUE AND location.deleted IS NOT TRUE
), crate AS MATERIALIZED (
    SELECT crate.id, crate.cooling_unit_id, cooling_unit.zone, crate.initial_weight,
           COALESCE(crate.cmp_fully_checked_out, false) AS is_empty,
           produce.checkin_id, movement.initiated_for IS DISTINCT FROM 'mo' AS is_physical,
           (movement.date AT TIME ZONE cooling_unit.zone)::date AS day
    FROM storage_crate AS crate
    JOIN cooling_unit ON cooling_unit.id = crate.cooling_unit_id
    JOIN storage_produce AS produce ON produce.id = crate.produce_id
    JOIN operation_checkin AS checkin ON checkin.id = produce.checkin_id
    JOIN operation_movement AS movement ON movement.id = checkin.movement_id
    WHERE movement.date < :'as_of'
), release AS MATERIALIZED (
    SELECT crate.cooling_unit_id, crate.day AS day_in, crate.is_empty, release.checkout_id,
           movement.initiated_for IS DISTINCT FROM 'mo' AS is_physical,
           (movement.date AT TIME ZONE crate.zone)::date AS day,
           release.percentage * GREATEST(crate.initial_weight, 1) AS kg, crate.initial_weight,
           sum(release.percentage * GREATEST(crate.initial_weight, 1)) OVER in_order AS kg_so_far,
           lead(movement.date) OVER in_order IS NULL AS is_last
    FROM storage_cratepartialcheckout AS release
    JOIN crate ON crate.id = release.crate_id
    JOIN operation_checkout AS checkout ON checkout.id = release.checkout_id
    JOIN operation_movement AS movement ON movement.id = checkout.movement_id
    WHERE movement.date < :'as_of'
    WINDOW in_order AS (PARTITION BY release.crate_id ORDER BY movement.date, release.id
                        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
), came_in AS (
    SELECT cooling_unit_id, day,
           count(*) FILTER (WHERE is_physical) AS crates_in,
           count(DISTINCT checkin_id) FILTER (WHERE is_physical) AS ops_in,
           COALESCE(sum(initial_weight) FILTER (WHERE is_physical), 0) AS kg_in,
           count(*) AS crates_delta, sum(initial_weight) AS kg_delta
    FROM crate
    GROUP BY cooling_unit_id, day
), went_out AS (
    SELECT cooling_unit_id, day,
           count(*) FILTER (WHERE is_physical AND is_last AND is_empty) AS crates_out,
           count(DISTINCT checkout_id) FILTER (WHERE is_physical) AS ops_out,
           COALESCE(sum(kg) FILTER (WHERE is_physical), 0) AS kg_out
    FROM release
    GROUP BY cooling_unit_id, day
), left_room AS (
    -- What a release takes from the stock is what was left before it less what is left after it; the last one of an
    -- empty crate takes the rest. Less than half a gram is none.
    SELECT cooling_unit_id, GREATEST(day, day_in) AS day,
           count(*) FILTER (WHERE is_last AND is_empty) AS crates_delta,
           sum(CASE WHEN initial_weight - kg_so_far + kg < 0.0005 THEN 0 ELSE initial_weight - kg_so_far + kg END
               - CASE WHEN is_last AND is_empty OR initial_weight - kg_so_far < 0.0005 THEN 0
                      ELSE initial_weight - kg_so_far END) AS kg_delta
    FROM release
    GROUP BY cooling_unit_id, GREATEST(day, day_in)
), grid AS (
    SELECT cooling_unit.id AS cooling_unit_id, local_day::date AS date
    FROM cooling_unit
    LEFT JOIN (SELECT cooling_unit_id, min(day) AS day FROM crate GROUP BY cooling_unit_id) AS first
           ON first.cooling_unit_id = cooling_unit.id
    CROSS JOIN generate_series(
        LEAST((cooling_unit.date_creation AT TIME ZONE cooling_unit.zone)::date, first.day)::timestamp,
        (:'as_of'::timestamptz AT TIME ZONE cooling_unit.zone)::date::timestamp, interval '1 day') AS local_day
)
SELECT grid.cooling_unit_id, grid.date,
       COALESCE(came_in.crates_in, 0)::integer AS crates_in,
       COALESCE(came_in.ops_in, 0)::integer AS ops_in,
       COALESCE(came_in.kg_in, 0) AS kg_in,
       COALESCE(went_out.crates_out, 0)::integer AS crates_out,
       COALESCE(went_out.ops_out, 0)::integer AS ops_out,
       COALESCE(went_out.kg_out, 0) AS kg_out,
       sum(COALESCE(came_in.crates_delta, 0) - COALESCE(left_room.crates_delta, 0)) OVER so_far::integer AS stock_crates,
       sum(COALESCE(came_in.kg_delta, 0) - COALESCE(left_room.kg_delta, 0)) OVER so_far AS stock_kg
FROM grid
LEFT JOIN came_in ON came_in.cooling_unit_id = grid.cooling_unit_id AND came_in.day = grid.date
LEFT JOIN went_out ON went_out.cooling_unit_id = grid.cooling_unit_id AND went_out.day = grid.date
LEFT JOIN left_room ON left_room.cooling_unit_id = grid.cooling_unit_id AND left_room.day = grid.date
WINDOW so_far AS (PARTITION BY grid.cooling_unit_id ORDER BY grid.date)
