-- :rows days of cooling units of company 1 (1,000 units), and as many releases of crates of one of its units.
INSERT INTO metrics.cooling_unit_metrics
SELECT date '2026-11-20' - (n / 1000), '2026-11-21', n % 1000 + 1, 'Room ' || n % 1000 + 1, false, 'Lagos',
       'MARKET_STORAGE_ROOM', 5.7, 150, 1, 'Company', 'Per Crate per day', 'NGN', 2, 1, 1, 0, 9.4, 4.653, 4.747, 2,
       ARRAY[n % 5000, n % 5000 + 7]::bigint[], ARRAY[n % 5000]::bigint[], ARRAY[n % 5000 + 7]::bigint[], '{}',
       11, 3, 219.75 + n % 100, 4, 1, 80, 12.5 + n % 50, 1200.5, 0.84, '{"Apple": 1, "Tomato": 10}',
       '{"Apple": 14.0, "Tomato": 205.75}', '{"Okra": 4}', '{"Okra": 80.0}', 1.75,
       '{"Apple": {"coldroom": 1.5, "difference": -0.5, "no-coldroom": 1.0}}', ARRAY[n % 5000]::bigint[], 130.5, 0,
       '{"electricity": 1.5, "refrigerant": 1.0, "disposal_cold": 0.1}', 'room-day@2026.1', 'NG', 4.7, 0.495, 0.505,
       'Africa/Lagos', '2026.1', '{electricity_estimated}', '2026-11-21T03:05:00Z'
FROM generate_series(0, :rows - 1) AS n;
INSERT INTO user_company (id, name, country, currency, digital_twin, "ML4_market", "ML4_quality", "ML4_farmers",
    flag_opt_out_from_marketplace_filter) VALUES (1, 'Company', 'NG', 'NGN', false, false, false, false, false);
INSERT INTO user_user (id, password, is_superuser, is_staff, is_active, date_joined, username, first_name, last_name,
    phone, gender, is_email_public, is_phone_public)
VALUES (1, '!', false, false, true, '2025-01-01Z', 'u', 'Amina', 'A', '+2348000000000', 'fe', false, false);
INSERT INTO storage_croptype (id, name) VALUES (1, 'Vegetables');
INSERT INTO storage_crop (id, name, crop_type_id) VALUES (1, 'Tomato', 1);
INSERT INTO storage_location (id, name, state, city, street, zip_code, company_id, deleted, point)
VALUES (1, 'L1', 'Lagos', '', '', '', 1, false, 'POINT(3.3 6.6)');
INSERT INTO storage_coolingunit (id, location_id, name, metric, deleted, room_weight, sensor, time_pickup_to_customer,
    crate_length, crate_width, crate_height, crate_weight, public, editable_checkins)
VALUES (1, 1, 'Room A', 'CRATES', false, 0, false, 2, 55.88, 40.64, 24.13, 25, false, false);
INSERT INTO operation_movement (id, date, code, used_for_checkin, initiated_for)
SELECT n, timestamptz '2022-01-01Z' + n * interval '1 minute', 'M' || n, false, CASE WHEN n % 2 = 1 THEN 'ci' ELSE 'co' END
FROM generate_series(1, :rows / 5) AS n;
INSERT INTO operation_checkin (id, movement_id, owned_by_user_id) SELECT n, 2 * n - 1, 1 FROM generate_series(1, :rows / 10) AS n;
INSERT INTO operation_checkout (id, movement_id, cmp_total_cooling_fees_amount, cmp_total_amount, discount_amount, paid,
    currency, payment_method) SELECT n, 2 * n, 0, 0, 0, true, 'NGN', 'CASH' FROM generate_series(1, :rows / 10) AS n;
INSERT INTO storage_produce (id, checkin_id, crop_id, cmp_checkout_completed)
SELECT n, n, 1, true FROM generate_series(1, :rows / 10) AS n;
INSERT INTO storage_crate (id, produce_id, cooling_unit_id, initial_weight, weight, currency, cmp_fully_checked_out,
    cmp_total_paid_in_cooling_fees, cmp_total_in_cooling_fees, cmp_total_due_in_cooling_fees,
    price_per_crate_per_pricing_type, quality_dt, temperature_dt)
SELECT n, (n - 1) / 10 + 1, 1, 20, 0, 'NGN', true, 0, 0, 0, 0, -1, 290.4 FROM generate_series(1, :rows) AS n;
INSERT INTO storage_cratepartialcheckout (id, crate_id, checkout_id, percentage, weight_in_kg, cooling_fees)
SELECT n, n, (n - 1) / 10 + 1, 1, 20, 150.5 FROM generate_series(1, :rows) AS n;
ANALYZE;
