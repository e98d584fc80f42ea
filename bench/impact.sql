-- The peer of `reporter --view impact-metrics --rebuild`: every month in one set-based statement. bench/run compares
-- every row with the reporter's table.
--
-- Variable: as_of, the instant of which the figures speak. Zones are those of the generated companies' countries.
WITH zone (country, name) AS (
    VALUES ('NG', 'Africa/Lagos'), ('IN', 'Asia/Kolkata'), ('PH', 'Asia/Manila'), ('KE', 'Africa/Nairobi')
), cooling_unit AS (
    SELECT cooling_unit.id, company.id AS company_id, COALESCE(zone.name, 'UTC') AS zone
    FROM storage_coolingunit AS cooling_unit
    JOIN storage_location AS location ON location.id = cooling_unit.location_id
    LEFT JOIN user_company AS company ON company.id = location.company_id
    LEFT JOIN zone ON zone.country = company.country
), release AS MATERIALIZED (
    SELECT release.id, release.checkout_id, crate.cooling_unit_id, cooling_unit.zone, cooling_unit.company_id,
           produce.crop_id, farmer.id AS farmer_id, movement.date AS released_at,
           release.percentage * GREATEST(crate.initial_weight, 1) AS kg,
           NOT COALESCE(farmer.is_unknown, false) AND person.first_name <> 'User without a phone' AS is_person
    FROM storage_cratepartialcheckout AS release
    JOIN storage_crate AS crate ON crate.id = release.crate_id
    JOIN cooling_unit ON cooling_unit.id = crate.cooling_unit_id
    JOIN storage_produce AS produce ON produce.id = crate.produce_id
    JOIN operation_checkout AS checkout ON checkout.id = release.checkout_id
    JOIN operation_movement AS movement ON movement.id = checkout.movement_id
    JOIN operation_checkin AS checkin ON checkin.id = produce.checkin_id
    LEFT JOIN user_farmer AS farmer ON farmer.user_id = checkin.owned_by_user_id
    LEFT JOIN user_user AS person ON person.id = farmer.user_id
    WHERE movement.date < :'as_of'
), surveyed AS MATERIALIZED (
    SELECT survey.id AS survey_id, survey.crop_id, survey.date_filled_in, NULLIF(survey.currency, '') AS currency,
           CASE WHEN survey.selling_unit = 'KILOGRAMS' THEN survey.price
                ELSE survey.price / NULLIF(survey.kg_in_unit, 0) END AS price,
           COALESCE(survey.loss, 0) * CASE
               WHEN sum(release.kg) OVER survey > 0 THEN release.kg / sum(release.kg) OVER survey
               ELSE 1.0 / count(*) OVER survey END AS lost_kg,
           release.id AS release_id, release.kg, release.cooling_unit_id, release.farmer_id, release.zone,
           release.company_id,
           date_trunc('month', survey.date_filled_in AT TIME ZONE release.zone)::date AS month
    FROM operation_marketsurvey AS survey
    JOIN release ON release.checkout_id = survey.checkout_id AND release.crop_id = survey.crop_id
    WHERE survey.date_filled_in < :'as_of'
    WINDOW survey AS (PARTITION BY survey.id)
), filled_in AS (
    SELECT month, cooling_unit_id, count(DISTINCT survey_id) AS total FROM surveyed GROUP BY month, cooling_unit_id
), part AS (
    SELECT month, cooling_unit_id, farmer_id, crop_id, survey_id, date_filled_in, currency, price, zone, company_id,
           LEAST((month + interval '1 month') AT TIME ZONE zone, :'as_of'::timestamptz) AS before,
           sum(kg) AS kg, sum(lost_kg) AS lost_kg, array_agg(release_id) AS releases
    FROM surveyed
    WHERE farmer_id IS NOT NULL
    GROUP BY month, cooling_unit_id, farmer_id, crop_id, survey_id, date_filled_in, currency, price, zone, company_id
), line AS MATERIALIZED (
    SELECT header.farmer_id, line.*, header.date_filled_in AS header_date
    FROM user_farmersurveycommodity AS line
    JOIN user_farmersurvey AS header ON header.id = line.farmer_survey_id
    WHERE line.currency <> ''
), newest AS (
    SELECT DISTINCT ON (farmer_id, crop_id, asked.before) farmer_id, crop_id, asked.before, line.currency
    FROM (SELECT DISTINCT farmer_id, crop_id, before FROM part) AS asked
    JOIN line USING (farmer_id, crop_id)
    WHERE line.header_date < asked.before OR line.header_date IS NULL
    ORDER BY farmer_id, crop_id, asked.before, line.header_date DESC NULLS LAST, line.farmer_survey_id DESC, line.id DESC
), in_currency AS (
    SELECT part.*, COALESCE(part.currency, newest.currency) AS survey_currency
    FROM part LEFT JOIN newest USING (farmer_id, crop_id, before)
), chosen AS (
    SELECT DISTINCT ON (month, cooling_unit_id, farmer_id, crop_id) month, cooling_unit_id, farmer_id, crop_id,
           survey_currency, line.id AS line_id
    FROM (
        SELECT month, cooling_unit_id, farmer_id, crop_id, before, survey_currency, count(*) AS surveys
        FROM in_currency
        GROUP BY month, cooling_unit_id, farmer_id, crop_id, before, survey_currency
    ) AS counted
    JOIN line USING (farmer_id, crop_id)
    WHERE line.currency = counted.survey_currency
      AND (line.header_date < counted.before OR line.header_date IS NULL)
    ORDER BY month, cooling_unit_id, farmer_id, crop_id, surveys DESC, survey_currency,
             line.header_date DESC NULLS LAST, line.farmer_survey_id DESC, line.id DESC
), kept AS MATERIALIZED (
    SELECT in_currency.*, chosen.line_id FROM in_currency
    JOIN chosen USING (month, cooling_unit_id, farmer_id, crop_id, survey_currency)
), weight AS (
    SELECT month, cooling_unit_id, farmer_id, crop_id, sum(kg) AS kg
    FROM (
        SELECT DISTINCT kept.month, kept.cooling_unit_id, kept.farmer_id, kept.crop_id, release.id, release.kg
        FROM kept CROSS JOIN LATERAL unnest(kept.releases) AS of_survey(id) JOIN release ON release.id = of_survey.id
    ) AS distinct_release
    GROUP BY month, cooling_unit_id, farmer_id, crop_id
), possible AS (
    SELECT cooling_unit_id, date_trunc('month', released_at AT TIME ZONE zone)::date AS month,
           count(DISTINCT (farmer_id, crop_id)) AS possible
    FROM release
    WHERE is_person AND crop_id IS NOT NULL
    GROUP BY 1, 2
), completed AS (
    SELECT company.company_id, company.month, count(*) AS completed
    FROM (SELECT DISTINCT company_id, month, before FROM kept) AS company
    JOIN (
        SELECT company_id, farmer_id FROM user_farmer_companies
        UNION
        SELECT operator.company_id, farmer.id
        FROM user_farmer AS farmer JOIN user_operator AS operator ON operator.id = farmer.created_by_id
    ) AS linked ON linked.company_id = company.company_id
    JOIN user_farmer AS farmer ON farmer.id = linked.farmer_id AND NOT COALESCE(farmer.is_unknown, false)
    JOIN user_user AS person ON person.id = farmer.user_id AND person.first_name <> 'User without a phone'
    JOIN user_farmersurvey AS header ON header.farmer_id = farmer.id
     AND (header.date_filled_in < company.before OR header.date_filled_in IS NULL)
    JOIN user_farmersurveycommodity AS line ON line.farmer_survey_id = header.id
    GROUP BY company.company_id, company.month
), total AS (
    SELECT month, cooling_unit_id, farmer_id, crop_id, company_id, survey_currency AS currency, line_id,
           sum(lost_kg) AS l, max(date_filled_in) AS latest, count(*) AS surveys,
           sum(price * kg) / NULLIF(sum(kg) FILTER (WHERE price IS NOT NULL), 0) AS p
    FROM kept
    GROUP BY month, cooling_unit_id, farmer_id, crop_id, company_id, survey_currency, line_id
)
SELECT total.month, total.cooling_unit_id, total.farmer_id, total.crop_id, total.currency, weight.kg AS w, total.l, total.p,
       CASE WHEN line.unit = 'KILOGRAMS' THEN line.average_price::float8
            ELSE line.average_price::float8 / NULLIF(line.kg_in_unit, 0) END AS b,
       line.quantity_total / COALESCE(NULLIF(line.average_season_in_months, 0), 1) AS tb,
       total.p * (weight.kg - total.l) AS revenue, total.latest, total.surveys,
       COALESCE(completed.completed, 0) AS completed, COALESCE(possible.possible, 0) AS possible, filled_in.total
FROM total
JOIN weight USING (month, cooling_unit_id, farmer_id, crop_id)
JOIN line ON line.id = total.line_id
JOIN filled_in USING (month, cooling_unit_id)
LEFT JOIN possible USING (month, cooling_unit_id)
LEFT JOIN completed USING (month, company_id)
