ALTER TABLE metrics.databoard_dashboards ADD COLUMN widgets integer CHECK (widgets >= 0);
-- The functions of json refuse texts with U+0000.
UPDATE metrics.databoard_dashboards AS dashboard
SET widgets = CASE
    WHEN position('\u0000' IN body.body) > 0 THEN NULL
    WHEN json_typeof(body.body::json #> '{dashboard,widgets}') = 'array'
        THEN json_array_length(body.body::json #> '{dashboard,widgets}')
END
FROM metrics.databoard_bodies AS body
WHERE body.dashboard_id = dashboard.id AND body.version = dashboard.version;
COMMENT ON COLUMN metrics.databoard_dashboards.widgets IS 'Number of its widgets; empty: unknown, or what it holds is no dashboard.';

ALTER TABLE metrics.databoard_versions
    ADD COLUMN widgets        integer CHECK (widgets >= 0),
    ADD COLUMN whitelisted    boolean NOT NULL DEFAULT false,
    ADD COLUMN protected      boolean NOT NULL DEFAULT false,
    ADD COLUMN whitelisted_at timestamptz,
    ADD COLUMN protected_at   timestamptz;
COMMENT ON COLUMN metrics.databoard_versions.widgets IS 'Number of its widgets; empty: unknown, or what it holds is no dashboard.';
COMMENT ON COLUMN metrics.databoard_versions.whitelisted IS 'What its dashboard had in this column when the body ended, and gets back when it is undeleted.';
COMMENT ON COLUMN metrics.databoard_versions.protected IS 'What its dashboard had in this column when the body ended, and gets back when it is undeleted.';
COMMENT ON COLUMN metrics.databoard_versions.whitelisted_at IS 'What its dashboard had in this column when the body ended, and gets back when it is undeleted.';
COMMENT ON COLUMN metrics.databoard_versions.protected_at IS 'What its dashboard had in this column when the body ended, and gets back when it is undeleted.';
