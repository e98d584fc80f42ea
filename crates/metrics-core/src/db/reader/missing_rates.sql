-- Unit-days of the last $1 dates whose fees lack an exchange rate, by currency of the cooling unit.
SELECT missing.*, (
    SELECT count(*)
    FROM metrics.exchange_rate AS rate
    WHERE rate.currency = missing.currency AND rate.quarantined
) AS quarantined
FROM (
    SELECT currency, count(*) AS unit_days, min(date) AS first_date, max(date) AS last_date
    FROM metrics.cooling_unit_metrics
    WHERE date > (SELECT max(date) - $1 FROM metrics.cooling_unit_metrics) AND 'fx_missing' = ANY (data_quality)
    GROUP BY currency
) AS missing
ORDER BY missing.currency NULLS LAST
