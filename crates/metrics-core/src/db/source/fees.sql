-- Instants and currencies of fees other than 0 in alive units from $2 (all when NULL) to before $3.
SELECT DISTINCT crate.cooling_unit_id, movement.date,
       COALESCE(NULLIF(crate.currency, ''), NULLIF(checkout.currency, '')) AS currency
FROM storage_cratepartialcheckout AS release
JOIN storage_crate AS crate ON crate.id = release.crate_id
JOIN operation_checkout AS checkout ON checkout.id = release.checkout_id
JOIN operation_movement AS movement ON movement.id = checkout.movement_id
WHERE crate.cooling_unit_id = ANY ($1)
  AND ($2::timestamptz IS NULL OR movement.date >= $2)
  AND movement.date < $3
  AND movement.date >= $4
  AND release.cooling_fees <> 0
