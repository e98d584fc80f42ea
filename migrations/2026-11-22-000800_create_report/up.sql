CREATE TABLE metrics.report (
    id           text        COLLATE "C" PRIMARY KEY,
    number       integer     GENERATED ALWAYS AS IDENTITY UNIQUE,
    status       text        NOT NULL CHECK (status IN ('Queued', 'Running', 'Complete', 'Failed')),
    as_of        timestamptz,
    policy       text        NOT NULL,
    options      jsonb       NOT NULL,
    diagnostics  jsonb,
    tzdata       text,
    attempts     integer     NOT NULL DEFAULT 0,
    requested_at timestamptz NOT NULL,
    started_at   timestamptz,
    finished_at  timestamptz,
    rows         bigint,
    error        text,
    computed_at  timestamptz NOT NULL
);
CREATE INDEX report_open_idx ON metrics.report (number) WHERE status IN ('Queued', 'Running');
CREATE INDEX report_requested_at_idx ON metrics.report (requested_at);
COMMENT ON TABLE metrics.report IS 'Reports of uptime that were asked for by /trigger_report: the queue, and what became of them. Kept for uptime.reports_retention_hours.';
COMMENT ON COLUMN metrics.report.id IS 'Name of the report for whoever asked for it: 32 random hexadecimal digits.';
COMMENT ON COLUMN metrics.report.number IS 'Number of the report, growing; with it the worker that computes it holds an advisory lock.';
COMMENT ON COLUMN metrics.report.status IS 'Queued, Running, Complete or Failed. A client is told Running for Queued too.';
COMMENT ON COLUMN metrics.report.as_of IS 'Instant of which the report speaks; empty until it is complete, and when there is no poll.';
COMMENT ON COLUMN metrics.report.policy IS 'How polls become uptime, in canonical form, as in store_uptime.';
COMMENT ON COLUMN metrics.report.options IS 'What was asked for besides: as_of, stores (all or polled), store_id.';
COMMENT ON COLUMN metrics.report.diagnostics IS 'What was read and not used, by kind; empty until it is complete.';
COMMENT ON COLUMN metrics.report.tzdata IS 'Version of the time-zone database.';
COMMENT ON COLUMN metrics.report.attempts IS 'Times that a worker began it; after the third that died it fails.';
COMMENT ON COLUMN metrics.report.requested_at IS 'Instant at which it was asked for.';
COMMENT ON COLUMN metrics.report.started_at IS 'Instant at which a worker last began it.';
COMMENT ON COLUMN metrics.report.finished_at IS 'Instant at which it became Complete or Failed.';
COMMENT ON COLUMN metrics.report.rows IS 'Number of stores in the report.';
COMMENT ON COLUMN metrics.report.error IS 'Why it failed.';
COMMENT ON COLUMN metrics.report.computed_at IS 'Instant at which this row was last written.';

CREATE TABLE metrics.report_row (
    report      integer     NOT NULL REFERENCES metrics.report (number) ON DELETE CASCADE,
    store       integer     NOT NULL REFERENCES metrics.store (id) ON DELETE CASCADE,
    business_us bigint[]    NOT NULL,
    up_us       bigint[]    NOT NULL,
    down_us     bigint[]    NOT NULL,
    observed_us bigint[]    NOT NULL,
    lo_us       bigint[]    NOT NULL,
    hi_us       bigint[]    NOT NULL,
    polls       integer[]   NOT NULL,
    computed_at timestamptz NOT NULL,
    PRIMARY KEY (report, store)
);
CREATE INDEX report_row_store_idx ON metrics.report_row (store);
COMMENT ON TABLE metrics.report_row IS 'Rows of complete reports, one per store. All durations are microseconds, in arrays of three: hour, day, week.';
COMMENT ON COLUMN metrics.report_row.report IS 'Report (report.number).';
COMMENT ON COLUMN metrics.report_row.store IS 'Store (store.id).';
COMMENT ON COLUMN metrics.report_row.business_us IS 'Time inside opening hours, microseconds: hour, day, week.';
COMMENT ON COLUMN metrics.report_row.up_us IS 'Time up by the policy, microseconds: hour, day, week.';
COMMENT ON COLUMN metrics.report_row.down_us IS 'Time down by the policy, microseconds: hour, day, week.';
COMMENT ON COLUMN metrics.report_row.observed_us IS 'Business time within an hour of a poll, microseconds: hour, day, week.';
COMMENT ON COLUMN metrics.report_row.lo_us IS 'Least uptime that the polls allow, microseconds: hour, day, week.';
COMMENT ON COLUMN metrics.report_row.hi_us IS 'Most uptime that the polls allow, microseconds: hour, day, week.';
COMMENT ON COLUMN metrics.report_row.polls IS 'Polls in opening hours, both ends of the window included: hour, day, week.';
COMMENT ON COLUMN metrics.report_row.computed_at IS 'Instant at which this row was written.';
