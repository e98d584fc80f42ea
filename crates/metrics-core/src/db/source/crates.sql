-- Crates of the given units, one row per release, or one row for a crate without any; ascending by unit, crate,
-- release. A crate that was empty before $3 and came in before it has no part in any day from then on, and one that
-- came in at or after $4 and released nothing between $3 and $4 has none in any day up to then: they are left out.
SELECT crate.cooling_unit_id,
       crate.id,
       release.id AS release_id,
       crate.initial_weight,
       COALESCE(crate.cmp_fully_checked_out, false) AS is_fully_checked_out,
       NULLIF(crate.currency, '') AS crate_currency,
       produce.crop_id,
       checkin.id AS checkin_id,
       checkin.owned_by_user_id,
       movement_in.date AS checked_in_at,
       movement_in.initiated_for = 'mo' AS is_checkin_order,
       release.checkout_id,
       release.percentage,
       release.cooling_fees,
       NULLIF(checkout.currency, '') AS checkout_currency,
       checkout.discount_amount,
       -- Fees of a discounted check-out in whatever unit, always added in one order.
       CASE WHEN checkout.discount_amount > 0 THEN (
           SELECT sum(sibling.cooling_fees ORDER BY sibling.id)
           FROM storage_cratepartialcheckout AS sibling
           WHERE sibling.checkout_id = checkout.id AND sibling.crate_id <> ALL ($2)
       ) END AS gross,
       movement_out.date AS released_at,
       movement_out.initiated_for = 'mo' AS is_release_order
FROM storage_crate AS crate
LEFT JOIN storage_produce AS produce ON produce.id = crate.produce_id
LEFT JOIN operation_checkin AS checkin ON checkin.id = produce.checkin_id
LEFT JOIN operation_movement AS movement_in ON movement_in.id = checkin.movement_id
LEFT JOIN storage_cratepartialcheckout AS release ON release.crate_id = crate.id
LEFT JOIN operation_checkout AS checkout ON checkout.id = release.checkout_id
LEFT JOIN operation_movement AS movement_out ON movement_out.id = checkout.movement_id
WHERE crate.cooling_unit_id = ANY ($1)
  AND crate.id <> ALL ($2)
  AND ($3::timestamptz IS NULL
       OR crate.cmp_fully_checked_out IS NOT TRUE
       OR movement_in.date >= $3
       OR crate.id IN (
           SELECT later.crate_id
           FROM operation_movement AS movement
           JOIN operation_checkout AS checkout ON checkout.movement_id = movement.id
           JOIN storage_cratepartialcheckout AS later ON later.checkout_id = checkout.id
           WHERE movement.date >= $3))
  AND (movement_in.date < $4
       OR crate.id IN (
           SELECT earlier.crate_id
           FROM operation_movement AS movement
           JOIN operation_checkout AS checkout ON checkout.movement_id = movement.id
           JOIN storage_cratepartialcheckout AS earlier ON earlier.checkout_id = checkout.id
           WHERE movement.date < $4 AND ($3::timestamptz IS NULL OR movement.date >= $3)))
ORDER BY crate.cooling_unit_id, crate.id, release.id
