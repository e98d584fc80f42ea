-- Companies with a stored day of a cooling unit, as the last one has them.
-- The recursion hops from id to id on the index of companies instead of reading every day.
WITH RECURSIVE company AS (
    (
        SELECT company_id
        FROM metrics.cooling_unit_metrics
        WHERE company_id IS NOT NULL
        ORDER BY company_id
        LIMIT 1
    )
    UNION ALL
    SELECT (
        SELECT next.company_id
        FROM metrics.cooling_unit_metrics AS next
        WHERE next.company_id > company.company_id
        ORDER BY next.company_id
        LIMIT 1
    )
    FROM company
    WHERE company.company_id IS NOT NULL
)
SELECT last.company_id AS id, NULL::text AS unit_name, last.comp_name, last.currency
FROM company
CROSS JOIN LATERAL (
    SELECT company_id, comp_name, currency
    FROM metrics.cooling_unit_metrics
    WHERE company_id = company.company_id
    ORDER BY date DESC
    LIMIT 1
) AS last
ORDER BY last.company_id
