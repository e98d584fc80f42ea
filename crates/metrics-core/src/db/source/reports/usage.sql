-- Crates that physically came into cooling units of company $1 (of $2, when not null) from $3 to before $4, without
-- crates $5; one row per release before $6, or one row for a crate without any; ascending by check-in, crate, release.
SELECT crate.id AS crate_id,
       movement.code,
       movement.date,
       crop.name AS crop,
       crate.initial_weight,
       NULLIF(crate.currency, '') AS crate_currency,
       person.first_name,
       person.last_name,
       person.phone,
       person.gender,
       unit.name AS unit,
       location.name AS location,
       release.cooling_fees,
       release.checkout_currency,
       release.discount_amount,
       release.gross
FROM storage_location AS location
JOIN storage_coolingunit AS unit ON unit.location_id = location.id
JOIN storage_crate AS crate ON crate.cooling_unit_id = unit.id
JOIN storage_produce AS produce ON produce.id = crate.produce_id
JOIN operation_checkin AS checkin ON checkin.id = produce.checkin_id
JOIN operation_movement AS movement ON movement.id = checkin.movement_id
LEFT JOIN storage_crop AS crop ON crop.id = produce.crop_id
LEFT JOIN user_user AS person ON person.id = checkin.owned_by_user_id
LEFT JOIN LATERAL (
    SELECT partial.id, partial.cooling_fees, NULLIF(checkout.currency, '') AS checkout_currency,
           checkout.discount_amount,
           CASE WHEN checkout.discount_amount > 0 THEN (
               SELECT sum(sibling.cooling_fees ORDER BY sibling.id)
               FROM storage_cratepartialcheckout AS sibling
               WHERE sibling.checkout_id = checkout.id AND sibling.crate_id <> ALL ($5)
           ) END AS gross
    FROM storage_cratepartialcheckout AS partial
    JOIN operation_checkout AS checkout ON checkout.id = partial.checkout_id
    JOIN operation_movement AS movement_out ON movement_out.id = checkout.movement_id
    WHERE partial.crate_id = crate.id AND movement_out.date < $6
) AS release ON true
WHERE location.company_id = $1
  AND ($2::bigint[] IS NULL OR unit.id = ANY ($2))
  AND movement.date >= $3 AND movement.date < $4
  AND movement.initiated_for IS DISTINCT FROM 'mo'
  AND crate.id <> ALL ($5)
ORDER BY movement.date, crate.id, release.id
