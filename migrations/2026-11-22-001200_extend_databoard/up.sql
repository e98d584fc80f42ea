ALTER TABLE metrics.databoard_dashboards ADD COLUMN widgets integer CHECK (widgets >= 0);
COMMENT ON COLUMN metrics.databoard_dashboards.widgets IS 'Number of its widgets; empty: not saved since this is counted, or what it holds is no dashboard.';

ALTER TABLE metrics.databoard_versions
    ADD COLUMN widgets        integer CHECK (widgets >= 0),
    ADD COLUMN whitelisted    boolean NOT NULL DEFAULT false,
    ADD COLUMN protected      boolean NOT NULL DEFAULT false,
    ADD COLUMN whitelisted_at timestamptz,
    ADD COLUMN protected_at   timestamptz;
COMMENT ON COLUMN metrics.databoard_versions.widgets IS 'What its dashboard had in this column when the body ended, and gets back when it is undeleted.';
COMMENT ON COLUMN metrics.databoard_versions.whitelisted IS 'What its dashboard had in this column when the body ended, and gets back when it is undeleted.';
COMMENT ON COLUMN metrics.databoard_versions.protected IS 'What its dashboard had in this column when the body ended, and gets back when it is undeleted.';
COMMENT ON COLUMN metrics.databoard_versions.whitelisted_at IS 'What its dashboard had in this column when the body ended, and gets back when it is undeleted.';
COMMENT ON COLUMN metrics.databoard_versions.protected_at IS 'What its dashboard had in this column when the body ended, and gets back when it is undeleted.';
