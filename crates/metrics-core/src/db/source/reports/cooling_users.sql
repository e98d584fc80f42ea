-- Cooling users of company $1, as company_metrics counts them, with the crates that physically came into its cooling
-- units from $2 to before $3, without crates $4. $5: only active ones.
SELECT person.first_name,
       person.last_name,
       person.phone,
       person.gender,
       farmer.parent_name,
       person.date_joined,
       COALESCE(activity.crates, 0) AS crates,
       activity.latest
FROM user_farmer AS farmer
JOIN user_user AS person ON person.id = farmer.user_id
LEFT JOIN (
    SELECT checkin.owned_by_user_id, count(*) AS crates, max(movement.date) AS latest
    FROM storage_location AS location
    JOIN storage_coolingunit AS unit ON unit.location_id = location.id
    JOIN storage_crate AS crate ON crate.cooling_unit_id = unit.id
    JOIN storage_produce AS produce ON produce.id = crate.produce_id
    JOIN operation_checkin AS checkin ON checkin.id = produce.checkin_id
    JOIN operation_movement AS movement ON movement.id = checkin.movement_id
    WHERE location.company_id = $1
      AND movement.date >= $2 AND movement.date < $3
      AND movement.initiated_for IS DISTINCT FROM 'mo'
      AND crate.id <> ALL ($4)
    GROUP BY checkin.owned_by_user_id
) AS activity ON activity.owned_by_user_id = person.id
WHERE NOT COALESCE(farmer.is_unknown, false)
  AND person.first_name IS DISTINCT FROM 'User without a phone'
  AND (EXISTS (SELECT FROM user_farmer_companies AS link WHERE link.farmer_id = farmer.id AND link.company_id = $1)
       OR EXISTS (SELECT FROM user_operator AS operator
                  WHERE operator.id = farmer.created_by_id AND operator.company_id = $1))
  AND (NOT $5::boolean OR person.is_active)
ORDER BY person.date_joined, farmer.id
