-- Business time, uptime and downtime of every store in the last hour, day and week, as `reporter uptime` has them under
-- the policy `step`, in DuckDB. It leaves out observed time, bounds, polls, refused rows, unknown zones and changes of
-- clocks within the lookback; where there is none of these, the figures are the same.
--
-- $status, $hours, $zones: the files. $report: where the rows go.

CREATE TEMP TABLE poll AS
SELECT store_id, epoch_us(timestamp_utc) AS at_us, bool_and(status = 'active') AS is_active
FROM read_csv('$status', header = true,
    columns = {'store_id': 'VARCHAR', 'status': 'VARCHAR', 'timestamp_utc': 'TIMESTAMP'})
GROUP BY ALL;

CREATE TEMP TABLE horizon AS SELECT max(at_us) AS as_of_us FROM poll;

CREATE TEMP TABLE span AS
SELECT name, as_of_us - length_us AS start_us, as_of_us AS end_us
FROM horizon, (VALUES ('hour', 3600000000), ('day', 86400000000), ('week', 604800000000)) AS w(name, length_us);

CREATE TEMP TABLE opening AS
SELECT DISTINCT store_id, day, epoch_us(start_time_local::TIME) AS start_us,
    CASE WHEN hour(end_time_local::TIME) = 23 AND minute(end_time_local::TIME) = 59 THEN 86400000000
        ELSE epoch_us(end_time_local::TIME) END AS end_us
FROM read_csv('$hours', header = true,
    columns = {'store_id': 'VARCHAR', 'day': 'INTEGER', 'start_time_local': 'VARCHAR', 'end_time_local': 'VARCHAR'});

CREATE TEMP TABLE zone AS
SELECT * FROM read_csv('$zones', header = true, columns = {'store_id': 'VARCHAR', 'timezone_str': 'VARCHAR'});

CREATE TEMP TABLE store AS
SELECT store_id, coalesce(timezone_str, 'America/Chicago') AS zone
FROM (SELECT store_id FROM poll UNION SELECT store_id FROM opening UNION SELECT store_id FROM zone)
LEFT JOIN zone USING (store_id);

-- Midnights of each zone, from two days before the lookback to the day after as of.
CREATE TEMP TABLE midnight AS
SELECT zone, isodow(date) - 1 AS day, epoch_us(timezone(zone, date)) AS midnight_us
FROM (SELECT DISTINCT zone FROM store), horizon,
    generate_series(
        date_trunc('day', make_timestamp(as_of_us)) - INTERVAL 10 DAYS,
        date_trunc('day', make_timestamp(as_of_us)) + INTERVAL 1 DAY,
        INTERVAL 1 DAY) AS dates(date);

-- Hours that overlap or touch are one interval.
CREATE TEMP TABLE business AS
WITH piece AS (
    SELECT store_id, midnight_us + start_us AS start_us,
        midnight_us + end_us + CASE WHEN end_us <= start_us THEN 86400000000 ELSE 0 END AS end_us
    FROM opening JOIN store USING (store_id) JOIN midnight USING (zone, day)
), marked AS (
    SELECT *, start_us > max(end_us) OVER (PARTITION BY store_id ORDER BY start_us, end_us
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS is_new
    FROM piece
), numbered AS (
    SELECT *, count(*) FILTER (is_new) OVER (PARTITION BY store_id ORDER BY start_us, end_us
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS number
    FROM marked
)
SELECT store_id, min(start_us) AS start_us, max(end_us) AS end_us FROM numbered GROUP BY store_id, number
UNION ALL
SELECT store_id, as_of_us - 10 * 86400000000, as_of_us + 86400000000
FROM store ANTI JOIN opening USING (store_id), horizon;

-- Polls of the lookback in business hours, each with its interval.
CREATE TEMP TABLE eligible AS
SELECT poll.store_id, at_us, is_active, start_us, end_us
FROM poll ASOF JOIN business ON poll.store_id = business.store_id AND at_us >= start_us, horizon
WHERE at_us < end_us AND at_us BETWEEN as_of_us - 8 * 86400000000 AND as_of_us;

-- Stretches of one status: from each poll (the first from the opening) to the next or to closing.
CREATE TEMP TABLE stretch AS
SELECT store_id,
    CASE WHEN at_us = min(at_us) OVER of_interval THEN start_us ELSE at_us END AS start_us,
    coalesce(lead(at_us) OVER (PARTITION BY store_id, start_us ORDER BY at_us), end_us) AS end_us,
    is_active
FROM eligible
WINDOW of_interval AS (PARTITION BY store_id, start_us)
UNION ALL
-- Intervals without a poll take the last word before them, or else the first of the store.
SELECT empty.store_id, empty.start_us, empty.end_us, coalesce(before.is_active, first.is_active)
FROM (
    SELECT * FROM business
    ANTI JOIN eligible ON business.store_id = eligible.store_id AND business.start_us = eligible.start_us
) AS empty
ASOF LEFT JOIN eligible AS before ON empty.store_id = before.store_id AND empty.start_us >= before.at_us
LEFT JOIN (SELECT store_id, arg_min(is_active, at_us) AS is_active FROM eligible GROUP BY store_id) AS first
    ON empty.store_id = first.store_id;

COPY (
    WITH open AS (
        SELECT store_id, name, sum(greatest(least(business.end_us, span.end_us) - greatest(business.start_us, span.start_us), 0)) AS us
        FROM business, span GROUP BY ALL
    ), up AS (
        SELECT store_id, name, sum(greatest(least(stretch.end_us, span.end_us) - greatest(stretch.start_us, span.start_us), 0)) AS us
        FROM stretch, span WHERE is_active GROUP BY ALL
    ), figure AS (
        SELECT store.store_id, span.name, coalesce(open.us, 0)::BIGINT AS business_us, coalesce(up.us, 0)::BIGINT AS up_us
        FROM store CROSS JOIN span
        LEFT JOIN open ON store.store_id = open.store_id AND span.name = open.name
        LEFT JOIN up ON store.store_id = up.store_id AND span.name = up.name
    )
    SELECT store_id,
        max(business_us) FILTER (name = 'hour') AS business_last_hour_us,
        max(up_us) FILTER (name = 'hour') AS up_last_hour_us,
        max(business_us - up_us) FILTER (name = 'hour') AS down_last_hour_us,
        max(business_us) FILTER (name = 'day') AS business_last_day_us,
        max(up_us) FILTER (name = 'day') AS up_last_day_us,
        max(business_us - up_us) FILTER (name = 'day') AS down_last_day_us,
        max(business_us) FILTER (name = 'week') AS business_last_week_us,
        max(up_us) FILTER (name = 'week') AS up_last_week_us,
        max(business_us - up_us) FILTER (name = 'week') AS down_last_week_us
    FROM figure GROUP BY store_id ORDER BY store_id
) TO '$report' (HEADER);
