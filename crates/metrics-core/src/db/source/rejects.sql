-- What no figure can be made of: crates, movements and market surveys of the given units (all units when NULL).
WITH unusable_checkout AS (
    SELECT id FROM operation_checkout
    WHERE discount_amount IN ('NaN', 'Infinity', '-Infinity')
), unusable_crate AS (
    SELECT id AS crate_id, 'its initial weight is not a number' AS reason
    FROM storage_crate
    WHERE initial_weight IS NULL OR initial_weight IN ('NaN', 'Infinity', '-Infinity')
    UNION ALL
    SELECT crate_id, 'the percentage of release ' || id || ' is not a number'
    FROM storage_cratepartialcheckout
    WHERE percentage IS NULL OR percentage IN ('NaN', 'Infinity', '-Infinity')
    UNION ALL
    SELECT crate_id, 'the cooling fee of release ' || id || ' is not a number'
    FROM storage_cratepartialcheckout
    WHERE cooling_fees IS NULL OR cooling_fees IN ('NaN', 'Infinity', '-Infinity')
    UNION ALL
    SELECT crate_id, 'the discount of check-out ' || checkout_id || ' is not a number'
    FROM storage_cratepartialcheckout
    WHERE checkout_id IN (SELECT id FROM unusable_checkout)
), unusable_movement AS (
    SELECT id, CASE WHEN date < $2 THEN 'it is dated before ' || ($2 AT TIME ZONE 'UTC')::date
                    ELSE 'it is dated infinity' END AS reason
    FROM operation_movement
    WHERE date < $2 OR date = 'infinity'
), unusable_survey AS (
    SELECT id, CASE WHEN date_filled_in IS NULL THEN 'it has no date'
                    ELSE 'its price is not a number' END AS reason
    FROM operation_marketsurvey
    WHERE date_filled_in IS NULL OR price IN ('NaN', 'Infinity', '-Infinity')
)
SELECT 'crate' AS kind, crate_id AS id, reason
FROM unusable_crate
WHERE $1::bigint[] IS NULL
   OR EXISTS (SELECT FROM storage_crate AS crate WHERE crate.id = crate_id AND crate.cooling_unit_id = ANY ($1))
UNION ALL
SELECT 'movement', id, reason
FROM unusable_movement AS movement
WHERE $1::bigint[] IS NULL
   OR EXISTS (
       SELECT FROM operation_checkin AS checkin
       JOIN storage_produce AS produce ON produce.checkin_id = checkin.id
       JOIN storage_crate AS crate ON crate.produce_id = produce.id
       WHERE checkin.movement_id = movement.id AND crate.cooling_unit_id = ANY ($1))
   OR EXISTS (
       SELECT FROM operation_checkout AS checkout
       JOIN storage_cratepartialcheckout AS release ON release.checkout_id = checkout.id
       JOIN storage_crate AS crate ON crate.id = release.crate_id
       WHERE checkout.movement_id = movement.id AND crate.cooling_unit_id = ANY ($1))
UNION ALL
SELECT 'market survey', survey.id, unusable.reason
FROM unusable_survey AS unusable
JOIN operation_marketsurvey AS survey ON survey.id = unusable.id
WHERE $1::bigint[] IS NULL
   OR EXISTS (
       SELECT FROM storage_cratepartialcheckout AS release
       JOIN storage_crate AS crate ON crate.id = release.crate_id
       WHERE release.checkout_id = survey.checkout_id AND crate.cooling_unit_id = ANY ($1))
ORDER BY 1, 2, 3
