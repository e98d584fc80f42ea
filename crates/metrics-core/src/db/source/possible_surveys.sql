-- Distinct farmers and crops with a release per unit and month. $1, $2: units and their zones; $3, $4: zones and the
-- starts of their months with the end of the last; $5: as-of; $6: earliest usable movement; $7: unusable crates.
WITH bound AS (
    SELECT zone, array_agg(starts_at ORDER BY starts_at) AS starts, min(starts_at) AS first, max(starts_at) AS last
    FROM unnest($3::text[], $4::timestamptz[]) AS given(zone, starts_at)
    GROUP BY zone
), sold AS (
    SELECT DISTINCT crate.cooling_unit_id, width_bucket(movement.date, bound.starts) AS month, farmer.id AS farmer_id,
                    produce.crop_id
    FROM operation_movement AS movement
    JOIN operation_checkout AS checkout ON checkout.movement_id = movement.id
    JOIN storage_cratepartialcheckout AS release ON release.checkout_id = checkout.id
    JOIN storage_crate AS crate ON crate.id = release.crate_id
    JOIN unnest($1::bigint[], $2::text[]) AS unit(id, zone) ON unit.id = crate.cooling_unit_id
    JOIN bound ON bound.zone = unit.zone
    JOIN storage_produce AS produce ON produce.id = crate.produce_id
    JOIN operation_checkin AS checkin ON checkin.id = produce.checkin_id
    JOIN user_farmer AS farmer ON farmer.user_id = checkin.owned_by_user_id
    LEFT JOIN user_user AS person ON person.id = farmer.user_id
    WHERE movement.date >= GREATEST($6::timestamptz, (SELECT min(first) FROM bound))
      AND movement.date < LEAST($5::timestamptz, (SELECT max(last) FROM bound))
      AND movement.date >= bound.first
      AND movement.date < bound.last
      AND produce.crop_id IS NOT NULL
      AND crate.id <> ALL ($7)
      AND NOT COALESCE(farmer.is_unknown, false)
      AND person.first_name IS DISTINCT FROM 'User without a phone'
)
SELECT cooling_unit_id, month, count(*)
FROM sold
GROUP BY cooling_unit_id, month
