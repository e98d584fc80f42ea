-- Everybody who ever owned produce, with the farmer record behind them.
SELECT person.id, person.gender, farmer.id,
       COALESCE(farmer.is_unknown, false) OR person.first_name IS NOT DISTINCT FROM 'User without a phone'
FROM user_user AS person
LEFT JOIN user_farmer AS farmer ON farmer.user_id = person.id
WHERE person.id IN (SELECT owned_by_user_id FROM operation_checkin)
