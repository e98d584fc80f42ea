-- Baseline lines of each company's cooling users by month of their survey; month 0 is before the first, and unknown.
-- $1, $2: companies and their zones; $3, $4: zones and the starts of their months with the end of the last; $5: as-of;
-- $6: unusable lines.
WITH bound AS (
    SELECT zone, array_agg(starts_at ORDER BY starts_at) AS starts
    FROM unnest($3::text[], $4::timestamptz[]) AS given(zone, starts_at)
    GROUP BY zone
), linked AS (
    SELECT company_id, farmer_id FROM user_farmer_companies
    UNION
    SELECT operator.company_id, farmer.id
    FROM user_farmer AS farmer
    JOIN user_operator AS operator ON operator.id = farmer.created_by_id
)
SELECT linked.company_id, COALESCE(width_bucket(survey.date_filled_in, bound.starts), 0) AS month, count(*)
FROM linked
JOIN unnest($1::bigint[], $2::text[]) AS company(id, zone) ON company.id = linked.company_id
JOIN bound ON bound.zone = company.zone
JOIN user_farmer AS farmer ON farmer.id = linked.farmer_id
LEFT JOIN user_user AS person ON person.id = farmer.user_id
JOIN user_farmersurvey AS survey ON survey.farmer_id = farmer.id
JOIN user_farmersurveycommodity AS line ON line.farmer_survey_id = survey.id
WHERE NOT COALESCE(farmer.is_unknown, false)
  AND person.first_name IS DISTINCT FROM 'User without a phone'
  AND (survey.date_filled_in < $5 OR survey.date_filled_in IS NULL)
  AND line.id <> ALL ($6)
GROUP BY linked.company_id, 2
ORDER BY linked.company_id, 2
