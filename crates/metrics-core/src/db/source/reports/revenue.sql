-- Releases of any kind from cooling units of company $1 (of $2, when not null) from $3 to before $4, without crates $5;
-- ascending by release, crate, id.
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
       NULLIF(checkout.currency, '') AS checkout_currency,
       checkout.discount_amount,
       CASE WHEN checkout.discount_amount > 0 THEN (
           SELECT sum(sibling.cooling_fees ORDER BY sibling.id)
           FROM storage_cratepartialcheckout AS sibling
           WHERE sibling.checkout_id = checkout.id AND sibling.crate_id <> ALL ($5)
       ) END AS gross,
       checkout.payment_method,
       movement_in.date AS checked_in_at
FROM storage_location AS location
JOIN storage_coolingunit AS unit ON unit.location_id = location.id
JOIN storage_crate AS crate ON crate.cooling_unit_id = unit.id
JOIN storage_cratepartialcheckout AS release ON release.crate_id = crate.id
JOIN operation_checkout AS checkout ON checkout.id = release.checkout_id
JOIN operation_movement AS movement ON movement.id = checkout.movement_id
LEFT JOIN storage_produce AS produce ON produce.id = crate.produce_id
LEFT JOIN operation_checkin AS checkin ON checkin.id = produce.checkin_id
LEFT JOIN operation_movement AS movement_in ON movement_in.id = checkin.movement_id
LEFT JOIN storage_crop AS crop ON crop.id = produce.crop_id
LEFT JOIN user_user AS person ON person.id = checkin.owned_by_user_id
WHERE location.company_id = $1
  AND ($2::bigint[] IS NULL OR unit.id = ANY ($2))
  AND movement.date >= $3 AND movement.date < $4
  AND crate.id <> ALL ($5)
ORDER BY movement.date, crate.id, release.id
