-- One row per crate that is in a room now: partly released ones with what is left of them.
CREATE OR REPLACE VIEW metrics.view_relevant_checkins AS
WITH released AS (
    -- The application stores the share of max(1, initial weight); its whole kilograms are truncated.
    SELECT pc.crate_id, sum(pc.percentage * greatest(1, c.initial_weight)) AS kg
    FROM public.storage_cratepartialcheckout AS pc
    JOIN public.storage_crate AS c ON c.id = pc.crate_id
    GROUP BY pc.crate_id
)
SELECT
    c.id AS crate_id,
    -- Below half a gram nothing is left.
    CASE
        WHEN c.initial_weight - coalesce(released.kg, 0) < 0.0005 THEN 0
        ELSE c.initial_weight - coalesce(released.kg, 0)
    END AS crate_weight,
    m.date AS checkin_date,
    p.crop_id,
    coalesce(crop.name, 'Unknown') AS crop_name,
    crop.harvested_today,
    crop.harvested_yesterday,
    crop.harvested_day_before_yesterday,
    crop.harvested_before,
    crop.size_selection_1,
    crop.size_selection_2,
    crop.size_selection_3,
    u.id AS cooling_unit_id,
    u.capacity_in_number_crates,
    NULL::bigint AS checkout_id
FROM public.storage_crate AS c
JOIN public.storage_produce AS p ON p.id = c.produce_id
JOIN public.operation_checkin AS ci ON ci.id = p.checkin_id
JOIN public.operation_movement AS m ON m.id = ci.movement_id
JOIN public.storage_coolingunit AS u ON u.id = c.cooling_unit_id
LEFT JOIN public.storage_crop AS crop ON crop.id = p.crop_id
LEFT JOIN released ON released.crate_id = c.id
WHERE NOT c.cmp_fully_checked_out;

COMMENT ON VIEW metrics.view_relevant_checkins IS 'Crates that are in a room now, each once.';
COMMENT ON COLUMN metrics.view_relevant_checkins.crate_id IS 'Id of the crate (storage_crate).';
COMMENT ON COLUMN metrics.view_relevant_checkins.crate_weight IS 'Weight that is left, kg: weight at check-in less all releases, at least 0.';
COMMENT ON COLUMN metrics.view_relevant_checkins.checkin_date IS 'Instant of the check-in.';
COMMENT ON COLUMN metrics.view_relevant_checkins.crop_id IS 'Crop of the produce; empty when it was deleted.';
COMMENT ON COLUMN metrics.view_relevant_checkins.crop_name IS 'Name of that crop, or Unknown.';
COMMENT ON COLUMN metrics.view_relevant_checkins.harvested_today IS 'Shelf life of the crop in days when harvested today.';
COMMENT ON COLUMN metrics.view_relevant_checkins.harvested_yesterday IS 'The same when harvested yesterday.';
COMMENT ON COLUMN metrics.view_relevant_checkins.harvested_day_before_yesterday IS 'The same when harvested the day before yesterday.';
COMMENT ON COLUMN metrics.view_relevant_checkins.harvested_before IS 'The same when harvested earlier.';
COMMENT ON COLUMN metrics.view_relevant_checkins.size_selection_1 IS 'First size of the crop that the application offers.';
COMMENT ON COLUMN metrics.view_relevant_checkins.size_selection_2 IS 'Second size.';
COMMENT ON COLUMN metrics.view_relevant_checkins.size_selection_3 IS 'Third size.';
COMMENT ON COLUMN metrics.view_relevant_checkins.cooling_unit_id IS 'Cooling unit in which the crate is.';
COMMENT ON COLUMN metrics.view_relevant_checkins.capacity_in_number_crates IS 'Capacity of that unit, crates.';
COMMENT ON COLUMN metrics.view_relevant_checkins.checkout_id IS 'Always empty: the crate has not left.';
