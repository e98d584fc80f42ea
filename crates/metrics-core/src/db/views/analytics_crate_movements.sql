-- One row per crate, whatever surveys, releases or links hang on it.
--
-- A release is a row of storage_cratepartialcheckout. A crate is emptied by its latest release (by time, then
-- check-out, then release) once the application has flagged it as fully checked out. A fee is net of its share of
-- the check-out's discount: gross - discount * gross / (gross of the whole check-out).
CREATE OR REPLACE VIEW metrics.analytics_crate_movements AS
WITH checkout_fee AS (
    SELECT checkout_id, sum(cooling_fees) AS gross
    FROM public.storage_cratepartialcheckout
    GROUP BY checkout_id
),
release AS (
    SELECT
        pc.id,
        pc.crate_id,
        pc.checkout_id,
        m.date,
        m.operator_id,
        CASE
            WHEN f.gross > 0 AND k.discount_amount > 0
                THEN pc.cooling_fees - least(k.discount_amount, f.gross) * pc.cooling_fees / f.gross
            ELSE pc.cooling_fees
        END AS net_fee
    FROM public.storage_cratepartialcheckout AS pc
    JOIN public.operation_checkout AS k ON k.id = pc.checkout_id
    JOIN public.operation_movement AS m ON m.id = k.movement_id
    JOIN checkout_fee AS f ON f.checkout_id = pc.checkout_id
),
crate_fee AS (
    SELECT crate_id, sum(net_fee) AS net_fee
    FROM release
    GROUP BY crate_id
),
last_release AS (
    SELECT DISTINCT ON (crate_id) crate_id, checkout_id, date, operator_id, net_fee
    FROM release
    ORDER BY crate_id, date DESC, checkout_id DESC, id DESC
),
survey AS (
    SELECT
        checkout_id,
        crop_id,
        avg(loss)::double precision AS loss_kg,
        avg(CASE
            WHEN selling_unit = 'KILOGRAMS' THEN price
            WHEN kg_in_unit > 0 THEN price / kg_in_unit
        END) AS price_per_kg
    FROM public.operation_marketsurvey
    GROUP BY checkout_id, crop_id
)
SELECT
    c.id AS storage_crate_id,
    c.cooling_unit_id,
    nullif(c.currency, '') AS currency,
    c.initial_weight AS weight,
    p.crop_id,
    crop.name AS crop_name,
    ci.id AS checkin_id,
    cim.date AS checkin_date,
    cim.operator_id AS checkin_operator,
    ci.owned_by_user_id AS checkin_user,
    farmer.id AS checkin_farmer,
    CASE
        WHEN EXISTS (SELECT FROM public.user_farmersurvey AS fs WHERE fs.farmer_id = farmer.id) THEN farmer.id
    END AS survey_farmer,
    emptied.checkout_id,
    emptied.date AS checkout_date,
    emptied.net_fee AS checkout_price,
    crate_fee.net_fee AS total_crate_cooling_fee,
    emptied.operator_id AS checkout_operator,
    survey.loss_kg AS checkout_loss_in_kg,
    survey.price_per_kg AS checkout_survey_price
FROM public.storage_crate AS c
LEFT JOIN public.storage_produce AS p ON p.id = c.produce_id
LEFT JOIN public.storage_crop AS crop ON crop.id = p.crop_id
LEFT JOIN public.operation_checkin AS ci ON ci.id = p.checkin_id
LEFT JOIN public.operation_movement AS cim ON cim.id = ci.movement_id
-- A user is at most one farmer.
LEFT JOIN public.user_farmer AS farmer ON farmer.user_id = ci.owned_by_user_id
LEFT JOIN last_release AS emptied ON emptied.crate_id = c.id AND c.cmp_fully_checked_out
LEFT JOIN crate_fee ON crate_fee.crate_id = c.id
LEFT JOIN survey ON survey.checkout_id = emptied.checkout_id AND survey.crop_id = p.crop_id;

COMMENT ON VIEW metrics.analytics_crate_movements IS 'Each crate once, with its check-in and the release that emptied it, as of now.';
COMMENT ON COLUMN metrics.analytics_crate_movements.storage_crate_id IS 'Id of the crate (storage_crate).';
COMMENT ON COLUMN metrics.analytics_crate_movements.cooling_unit_id IS 'Cooling unit in which the crate is or last was.';
COMMENT ON COLUMN metrics.analytics_crate_movements.currency IS 'Currency of the crate, ISO 4217.';
COMMENT ON COLUMN metrics.analytics_crate_movements.weight IS 'Weight at check-in, kg.';
COMMENT ON COLUMN metrics.analytics_crate_movements.crop_id IS 'Crop of the produce.';
COMMENT ON COLUMN metrics.analytics_crate_movements.crop_name IS 'Name of that crop.';
COMMENT ON COLUMN metrics.analytics_crate_movements.checkin_id IS 'Check-in; empty when its produce or check-in was deleted.';
COMMENT ON COLUMN metrics.analytics_crate_movements.checkin_date IS 'Instant of the check-in.';
COMMENT ON COLUMN metrics.analytics_crate_movements.checkin_operator IS 'Operator (user_operator) of the check-in; empty for marketplace orders.';
COMMENT ON COLUMN metrics.analytics_crate_movements.checkin_user IS 'Owner (user_user).';
COMMENT ON COLUMN metrics.analytics_crate_movements.checkin_farmer IS 'Farmer (user_farmer) that the owner is, if one.';
COMMENT ON COLUMN metrics.analytics_crate_movements.survey_farmer IS 'The same farmer, if with a baseline survey.';
COMMENT ON COLUMN metrics.analytics_crate_movements.checkout_id IS 'Check-out that emptied the crate; empty while something is left.';
COMMENT ON COLUMN metrics.analytics_crate_movements.checkout_date IS 'Instant of that check-out.';
COMMENT ON COLUMN metrics.analytics_crate_movements.checkout_price IS 'Cooling fee of the release that emptied the crate, net of discount.';
COMMENT ON COLUMN metrics.analytics_crate_movements.total_crate_cooling_fee IS 'Cooling fees of all releases of the crate so far, net of discounts; empty before the first.';
COMMENT ON COLUMN metrics.analytics_crate_movements.checkout_operator IS 'Operator (user_operator) of the check-out that emptied the crate.';
COMMENT ON COLUMN metrics.analytics_crate_movements.checkout_loss_in_kg IS 'Mean loss over the market surveys of that check-out for the crop, kg.';
COMMENT ON COLUMN metrics.analytics_crate_movements.checkout_survey_price IS 'Mean selling price per kg over the same surveys, in their currency.';
