DROP VIEW metrics.cooling_unit_dates;
