-- Companies of the filter with their people before $2; ascending by id.
WITH linked AS (
    SELECT company_id, farmer_id FROM user_farmer_companies
    UNION
    SELECT operator.company_id, farmer.id
    FROM user_farmer AS farmer
    JOIN user_operator AS operator ON operator.id = farmer.created_by_id
), latest_survey AS (
    SELECT DISTINCT ON (farmer_id) farmer_id, user_type
    FROM user_farmersurvey
    WHERE date_filled_in < $2 OR date_filled_in IS NULL
    ORDER BY farmer_id, date_filled_in DESC NULLS LAST, id DESC
), cooling_user AS (
    SELECT linked.company_id,
           count(*) FILTER (WHERE person.gender = 'fe') AS female,
           count(*) FILTER (WHERE person.gender = 'ma') AS male,
           count(*) FILTER (WHERE (person.gender IN ('fe', 'ma')) IS NOT TRUE) AS other,
           count(*) FILTER (WHERE survey.user_type = 'FARMER') AS farmers,
           count(*) FILTER (WHERE survey.user_type = 'TRADER') AS traders
    FROM linked
    JOIN user_farmer AS farmer ON farmer.id = linked.farmer_id
    LEFT JOIN user_user AS person ON person.id = farmer.user_id
    LEFT JOIN latest_survey AS survey ON survey.farmer_id = farmer.id
    WHERE NOT COALESCE(farmer.is_unknown, false)
      AND person.first_name IS DISTINCT FROM 'User without a phone'
    GROUP BY linked.company_id
), employee AS (
    SELECT provider.company_id,
           count(DISTINCT person.id) FILTER (WHERE person.gender = 'fe') AS female,
           count(DISTINCT person.id) FILTER (WHERE person.gender = 'ma') AS male,
           count(DISTINCT person.id) FILTER (WHERE (person.gender IN ('fe', 'ma')) IS NOT TRUE) AS other
    FROM user_serviceprovider AS provider
    JOIN user_user AS person ON person.id = provider.user_id
    WHERE person.is_active
    GROUP BY provider.company_id
), operator AS (
    SELECT operator.company_id,
           count(DISTINCT person.id) FILTER (WHERE person.gender = 'fe') AS female,
           count(DISTINCT person.id) FILTER (WHERE person.gender = 'ma') AS male,
           count(DISTINCT person.id) FILTER (WHERE (person.gender IN ('fe', 'ma')) IS NOT TRUE) AS other
    FROM user_operator AS operator
    JOIN user_user AS person ON person.id = operator.user_id
    WHERE person.is_active
    GROUP BY operator.company_id
)
SELECT company.id,
       NULLIF(company.name, '') AS name,
       NULLIF(company.logo, '') AS logo,
       NULLIF(company.country, '') AS country,
       NULLIF(company.currency, '') AS currency,
       COALESCE(operator.female, 0)::integer AS operators_female,
       COALESCE(operator.male, 0)::integer AS operators_male,
       COALESCE(operator.other, 0)::integer AS operators_other,
       COALESCE(employee.female, 0)::integer AS employees_female,
       COALESCE(employee.male, 0)::integer AS employees_male,
       COALESCE(employee.other, 0)::integer AS employees_other,
       COALESCE(cooling_user.female, 0)::integer AS users_female,
       COALESCE(cooling_user.male, 0)::integer AS users_male,
       COALESCE(cooling_user.other, 0)::integer AS users_other,
       COALESCE(cooling_user.farmers, 0)::integer AS users_farmers,
       COALESCE(cooling_user.traders, 0)::integer AS users_traders
FROM user_company AS company
LEFT JOIN operator ON operator.company_id = company.id
LEFT JOIN employee ON employee.company_id = company.id
LEFT JOIN cooling_user ON cooling_user.company_id = company.id
WHERE $1::bigint[] IS NULL OR company.id = ANY ($1)
ORDER BY company.id
