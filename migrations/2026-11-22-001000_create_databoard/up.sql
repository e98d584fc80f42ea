CREATE TABLE metrics.databoard_dashboards (
    id             text           COLLATE "C" PRIMARY KEY,
    size_bytes     bigint         NOT NULL CHECK (size_bytes >= 0),
    version        bigint         NOT NULL CHECK (version >= 1),
    last_access    timestamptz(3) NOT NULL,
    whitelisted    boolean        NOT NULL DEFAULT false,
    protected      boolean        NOT NULL DEFAULT false,
    whitelisted_at timestamptz,
    protected_at   timestamptz,
    created_at     timestamptz    NOT NULL,
    computed_at    timestamptz    NOT NULL
);
CREATE INDEX databoard_dashboards_eviction_idx ON metrics.databoard_dashboards (last_access, created_at, id) WHERE NOT whitelisted;
COMMENT ON TABLE metrics.databoard_dashboards IS 'Saved dashboards of the Data Board front end.';
COMMENT ON COLUMN metrics.databoard_dashboards.id IS 'Id of the dashboard, as a rule a lower-case UUID of version 4.';
COMMENT ON COLUMN metrics.databoard_dashboards.size_bytes IS 'Length of the document in BSON, bytes.';
COMMENT ON COLUMN metrics.databoard_dashboards.version IS 'Number of its body in databoard_bodies: 1 when it was created, one more with each change.';
COMMENT ON COLUMN metrics.databoard_dashboards.last_access IS 'Instant of the last reading or change, to the millisecond.';
COMMENT ON COLUMN metrics.databoard_dashboards.whitelisted IS 'It is never evicted.';
COMMENT ON COLUMN metrics.databoard_dashboards.protected IS 'Only maintenance changes or deletes it.';
COMMENT ON COLUMN metrics.databoard_dashboards.whitelisted_at IS 'Instant at which whitelisted was last set, either way; empty: never.';
COMMENT ON COLUMN metrics.databoard_dashboards.protected_at IS 'Instant at which protected was last set, either way; empty: never.';
COMMENT ON COLUMN metrics.databoard_dashboards.created_at IS 'Instant at which it was created.';
COMMENT ON COLUMN metrics.databoard_dashboards.computed_at IS 'Instant at which its body or flags were last written.';

CREATE TABLE metrics.databoard_bodies (
    dashboard_id text        COLLATE "C" NOT NULL,
    version      bigint      NOT NULL,
    body         text        NOT NULL,
    computed_at  timestamptz NOT NULL,
    PRIMARY KEY (dashboard_id, version)
);
COMMENT ON TABLE metrics.databoard_bodies IS 'What dashboards hold, and what they held: apart from databoard_dashboards and databoard_versions, so that evicting gigabytes moves short rows only. None is ever changed.';
COMMENT ON COLUMN metrics.databoard_bodies.dashboard_id IS 'Id of the dashboard.';
COMMENT ON COLUMN metrics.databoard_bodies.version IS 'Number of the body in its dashboard.';
COMMENT ON COLUMN metrics.databoard_bodies.body IS 'The document as it was sent, JSON without white space between its parts; not jsonb, which orders members and refuses U+0000.';
COMMENT ON COLUMN metrics.databoard_bodies.computed_at IS 'Instant at which this row was written.';

CREATE TABLE metrics.databoard_versions (
    dashboard_id   text        COLLATE "C" NOT NULL,
    version        bigint      NOT NULL,
    size_bytes     bigint      NOT NULL,
    ended_by       text        NOT NULL CHECK (ended_by IN ('replaced', 'deleted', 'evicted')),
    ended_at       timestamptz NOT NULL,
    created_at     timestamptz NOT NULL,
    computed_at    timestamptz NOT NULL,
    PRIMARY KEY (dashboard_id, version)
);
CREATE INDEX databoard_versions_ended_at_idx ON metrics.databoard_versions (ended_at, dashboard_id, version);
COMMENT ON TABLE metrics.databoard_versions IS 'Earlier bodies of dashboards, and the last ones of those that were deleted or evicted: the last 20 of each, for 30 days.';
COMMENT ON COLUMN metrics.databoard_versions.dashboard_id IS 'Id of the dashboard, which need not exist any more.';
COMMENT ON COLUMN metrics.databoard_versions.version IS 'Number of the body in its dashboard.';
COMMENT ON COLUMN metrics.databoard_versions.size_bytes IS 'Length of the document in BSON, bytes.';
COMMENT ON COLUMN metrics.databoard_versions.ended_by IS 'What ended it: replaced, deleted, evicted.';
COMMENT ON COLUMN metrics.databoard_versions.ended_at IS 'Instant at which it ceased to be the current body.';
COMMENT ON COLUMN metrics.databoard_versions.created_at IS 'Instant at which its dashboard was created.';
COMMENT ON COLUMN metrics.databoard_versions.computed_at IS 'Instant at which this row was written.';

CREATE TABLE metrics.databoard_totals (
    only_row         boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    dashboards_bytes bigint      NOT NULL CHECK (dashboards_bytes >= 0),
    versions_bytes   bigint      NOT NULL CHECK (versions_bytes >= 0),
    computed_at      timestamptz NOT NULL
);
INSERT INTO metrics.databoard_totals (dashboards_bytes, versions_bytes, computed_at) VALUES (0, 0, now());
COMMENT ON TABLE metrics.databoard_totals IS 'One row: what dashboards and earlier bodies take. Whoever writes them holds it, so that they are written one after the other.';
COMMENT ON COLUMN metrics.databoard_totals.only_row IS 'Always true: there is one row.';
COMMENT ON COLUMN metrics.databoard_totals.dashboards_bytes IS 'Sum of size_bytes of databoard_dashboards, bytes.';
COMMENT ON COLUMN metrics.databoard_totals.versions_bytes IS 'Sum of size_bytes of databoard_versions, bytes.';
COMMENT ON COLUMN metrics.databoard_totals.computed_at IS 'Instant at which this row was last written.';
