ALTER TABLE metrics.databoard_versions
    DROP COLUMN widgets,
    DROP COLUMN whitelisted,
    DROP COLUMN protected,
    DROP COLUMN whitelisted_at,
    DROP COLUMN protected_at;
ALTER TABLE metrics.databoard_dashboards DROP COLUMN widgets;
