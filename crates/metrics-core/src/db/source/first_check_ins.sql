-- First check-in of any kind of each unit.
SELECT crate.cooling_unit_id, min(movement.date)
FROM storage_crate AS crate
JOIN storage_produce AS produce ON produce.id = crate.produce_id
JOIN operation_checkin AS checkin ON checkin.id = produce.checkin_id
JOIN operation_movement AS movement ON movement.id = checkin.movement_id
WHERE crate.cooling_unit_id = ANY ($1)
  AND crate.id <> ALL ($2)
  AND movement.date >= $3
  AND movement.date < $4
GROUP BY crate.cooling_unit_id
