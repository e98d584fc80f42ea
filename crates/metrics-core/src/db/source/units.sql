-- Cooling units of the filter with location, company and newest power row; ascending by id.
SELECT unit.id,
       NULLIF(unit.name, '') AS unit_name,
       NOT (COALESCE(unit.deleted, false) OR COALESCE(location.deleted, false)) AS is_alive,
       NULLIF(location.state, '') AS state,
       NULLIF(unit.cooling_unit_type, '') AS cool_unit_type,
       unit.capacity_in_metric_tons,
       unit.capacity_in_number_crates,
       unit.metric,
       unit.date_creation,
       unit.room_length,
       unit.room_width,
       unit.room_height,
       company.id AS company_id,
       NULLIF(company.name, '') AS company_name,
       NULLIF(company.country, '') AS country,
       NULLIF(company.currency, '') AS currency,
       power.id IS NOT NULL AS has_power,
       power.daily_room_wattage,
       power.power_source,
       power.power_source_diesel_percent,
       power.power_source_grid_percent,
       power.power_source_pv_percent,
       power.power_source_biomass_percent,
       power.refrigerant_type,
       power.amount_refrigerant,
       COALESCE(pricing.has_per_day, false) AS has_per_day,
       COALESCE(pricing.has_fixed, false) AS has_fixed,
       COALESCE(staff.female, 0)::integer AS staff_female,
       COALESCE(staff.male, 0)::integer AS staff_male,
       COALESCE(staff.other, 0)::integer AS staff_other
FROM storage_coolingunit AS unit
JOIN storage_location AS location ON location.id = unit.location_id
LEFT JOIN user_company AS company ON company.id = location.company_id
LEFT JOIN LATERAL (
    SELECT * FROM storage_coolingunitpower AS power
    WHERE power.cooling_unit_id = unit.id
    ORDER BY power.id DESC
    LIMIT 1
) AS power ON true
LEFT JOIN (
    SELECT unit_crop.cooling_unit_id,
           bool_or(pricing.pricing_type IS NOT DISTINCT FROM 'PERIODICITY') AS has_per_day,
           bool_or(pricing.pricing_type IS DISTINCT FROM 'PERIODICITY') AS has_fixed
    FROM storage_coolingunitcrop AS unit_crop
    JOIN storage_pricing AS pricing ON pricing.id = unit_crop.pricing_id
    WHERE unit_crop.active
    GROUP BY unit_crop.cooling_unit_id
) AS pricing ON pricing.cooling_unit_id = unit.id
LEFT JOIN (
    SELECT assigned.coolingunit_id,
           count(DISTINCT person.id) FILTER (WHERE person.gender = 'fe') AS female,
           count(DISTINCT person.id) FILTER (WHERE person.gender = 'ma') AS male,
           count(DISTINCT person.id) FILTER (WHERE (person.gender IN ('fe', 'ma')) IS NOT TRUE) AS other
    FROM storage_coolingunit_operators AS assigned
    JOIN user_user AS person ON person.id = assigned.user_id
    WHERE person.is_active
    GROUP BY assigned.coolingunit_id
) AS staff ON staff.coolingunit_id = unit.id
WHERE ($1::bigint[] IS NULL OR location.company_id = ANY ($1))
  AND ($2::bigint[] IS NULL OR unit.id = ANY ($2))
ORDER BY unit.id
