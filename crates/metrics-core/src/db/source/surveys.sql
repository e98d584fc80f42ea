-- Market surveys from $4 to before $6 with their surveyed releases before $3; ascending by survey and release. Surveys
-- that touch none of the given units are left out (none when $1 is NULL).
SELECT survey.id, survey.date_filled_in, survey.loss, release.id AS release_id,
       crate.cooling_unit_id, farmer.id AS farmer_id, release.percentage, crate.initial_weight,
       survey.crop_id, NULLIF(survey.currency, '') AS currency, survey.price,
       survey.selling_unit IS NOT DISTINCT FROM 'KILOGRAMS' AS is_per_kg, survey.kg_in_unit
FROM operation_marketsurvey AS survey
JOIN storage_cratepartialcheckout AS release ON release.checkout_id = survey.checkout_id
JOIN storage_crate AS crate ON crate.id = release.crate_id
JOIN storage_produce AS produce ON produce.id = crate.produce_id AND produce.crop_id = survey.crop_id
JOIN operation_checkout AS checkout ON checkout.id = release.checkout_id
JOIN operation_movement AS movement ON movement.id = checkout.movement_id
LEFT JOIN operation_checkin AS checkin ON checkin.id = produce.checkin_id
LEFT JOIN user_farmer AS farmer ON farmer.user_id = checkin.owned_by_user_id
WHERE survey.date_filled_in < LEAST($3::timestamptz, $6::timestamptz)
  AND survey.date_filled_in >= $4
  AND survey.price NOT IN ('NaN', 'Infinity', '-Infinity')
  AND movement.date < $3
  AND movement.date >= $5
  AND crate.id <> ALL ($2)
  AND ($1::bigint[] IS NULL OR survey.checkout_id IN (
      SELECT wanted_release.checkout_id
      FROM storage_cratepartialcheckout AS wanted_release
      JOIN storage_crate AS wanted ON wanted.id = wanted_release.crate_id
      WHERE wanted.cooling_unit_id = ANY ($1)))
ORDER BY survey.date_filled_in, survey.id, release.id
