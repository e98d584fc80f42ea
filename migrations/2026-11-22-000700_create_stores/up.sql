CREATE TABLE metrics.store (
    id          integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ext_id      text        COLLATE "C" NOT NULL UNIQUE CHECK (ext_id <> ''),
    tz          text,
    first_poll  timestamptz,
    computed_at timestamptz NOT NULL
);
COMMENT ON TABLE metrics.store IS 'Stores whose uptime is watched: one row per id that a usable row of polls, opening hours or zones had. Written by `reporter ingest stores`; definitions in docs/uptime.md.';
COMMENT ON COLUMN metrics.store.id IS 'Number of the store in these tables.';
COMMENT ON COLUMN metrics.store.ext_id IS 'Id of the store as its rows have it: text, whatever it looks like; sorted by its bytes.';
COMMENT ON COLUMN metrics.store.tz IS 'IANA time zone of the opening hours; empty when no row of zones names the store, which then counts as in America/Chicago.';
COMMENT ON COLUMN metrics.store.first_poll IS 'Instant of the earliest poll ever taken in, also when the poll itself is no longer kept; empty when there was none.';
COMMENT ON COLUMN metrics.store.computed_at IS 'Instant at which this row was last written.';

CREATE TABLE metrics.store_hours (
    store       integer     NOT NULL REFERENCES metrics.store (id) ON DELETE CASCADE,
    day         smallint    NOT NULL CHECK (day BETWEEN 0 AND 6),
    start_us    bigint      NOT NULL CHECK (start_us >= 0 AND start_us < 86400000000),
    end_us      bigint      NOT NULL CHECK (end_us >= 0 AND end_us <= 86400000000),
    computed_at timestamptz NOT NULL,
    PRIMARY KEY (store, day, start_us, end_us)
);
COMMENT ON TABLE metrics.store_hours IS 'Opening hours of stores in their own local time. A store without any is always open; one with some is closed on days without any.';
COMMENT ON COLUMN metrics.store_hours.store IS 'Store (store.id).';
COMMENT ON COLUMN metrics.store_hours.day IS 'Weekday on which it opens: 0 Monday to 6 Sunday.';
COMMENT ON COLUMN metrics.store_hours.start_us IS 'Local time at which it opens, microseconds since midnight.';
COMMENT ON COLUMN metrics.store_hours.end_us IS 'Local time at which it closes, microseconds since midnight; 86400000000 is the midnight that ends the day; at or before start_us it is a time of the next day.';
COMMENT ON COLUMN metrics.store_hours.computed_at IS 'Instant at which this row was written.';

CREATE TABLE metrics.store_poll (
    store integer     NOT NULL,
    ts    timestamptz NOT NULL,
    up    boolean     NOT NULL,
    PRIMARY KEY (store, ts)
) PARTITION BY RANGE (ts);
COMMENT ON TABLE metrics.store_poll IS 'Polls of stores: one row per store and instant, in a partition per UTC day (store_poll_YYYYMMDD), which the reporter makes and, after uptime.polls_retention_days, drops.';
COMMENT ON COLUMN metrics.store_poll.store IS 'Store (store.id).';
COMMENT ON COLUMN metrics.store_poll.ts IS 'Instant of the poll.';
COMMENT ON COLUMN metrics.store_poll.up IS 'True when the store was active; false when any poll of that instant said inactive.';

CREATE TABLE metrics.store_poll_default PARTITION OF metrics.store_poll DEFAULT;
COMMENT ON TABLE metrics.store_poll_default IS 'Polls of days that have no partition of their own: before the days that are kept, or more than a day ahead. Reports read them too.';
COMMENT ON COLUMN metrics.store_poll_default.store IS 'Store (store.id).';
COMMENT ON COLUMN metrics.store_poll_default.ts IS 'Instant of the poll.';
COMMENT ON COLUMN metrics.store_poll_default.up IS 'True when the store was active; false when any poll of that instant said inactive.';

CREATE TABLE metrics.store_uptime (
    as_of       timestamptz NOT NULL,
    policy      text        COLLATE "C" NOT NULL,
    store       integer     NOT NULL REFERENCES metrics.store (id) ON DELETE CASCADE,
    business_us bigint[]    NOT NULL,
    up_us       bigint[]    NOT NULL,
    down_us     bigint[]    NOT NULL,
    observed_us bigint[]    NOT NULL,
    lo_us       bigint[]    NOT NULL,
    hi_us       bigint[]    NOT NULL,
    polls       integer[]   NOT NULL,
    computed_at timestamptz NOT NULL,
    PRIMARY KEY (as_of, policy, store)
);
COMMENT ON TABLE metrics.store_uptime IS 'Uptime of each store in the last hour, day and week before as_of, within its opening hours. All durations are microseconds, in arrays of three: hour, day, week. Written by `reporter --view store-uptime`; rows older than uptime.history_hours go.';
COMMENT ON COLUMN metrics.store_uptime.as_of IS 'Instant of which the figures speak; the windows end there.';
COMMENT ON COLUMN metrics.store_uptime.policy IS 'How polls become uptime, in canonical form: step, step;max_carry=60, step;assume=active, capped-60m, count-hours, count-hours-edges.';
COMMENT ON COLUMN metrics.store_uptime.store IS 'Store (store.id).';
COMMENT ON COLUMN metrics.store_uptime.business_us IS 'Time inside opening hours, microseconds: hour, day, week.';
COMMENT ON COLUMN metrics.store_uptime.up_us IS 'Time up by the policy, microseconds: hour, day, week.';
COMMENT ON COLUMN metrics.store_uptime.down_us IS 'Time down by the policy, microseconds: hour, day, week. Under step, up_us + down_us = business_us exactly.';
COMMENT ON COLUMN metrics.store_uptime.observed_us IS 'Business time within an hour of a poll, microseconds: hour, day, week.';
COMMENT ON COLUMN metrics.store_uptime.lo_us IS 'Least uptime that the polls allow, microseconds: hour, day, week.';
COMMENT ON COLUMN metrics.store_uptime.hi_us IS 'Most uptime that the polls allow, microseconds: hour, day, week.';
COMMENT ON COLUMN metrics.store_uptime.polls IS 'Polls in opening hours, both ends of the window included: hour, day, week.';
COMMENT ON COLUMN metrics.store_uptime.computed_at IS 'Instant at which the values of this row last changed.';

ALTER TABLE metrics.report_run ADD COLUMN details jsonb;
COMMENT ON COLUMN metrics.report_run.details IS 'What else the run was asked and found, by the view; for store-uptime the policy, its options, the version of the time-zone database, and what was read and not used.';
