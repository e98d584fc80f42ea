CREATE TABLE metrics.report_run (
    id                  bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    view                text        NOT NULL,
    range_from          date,
    range_to            date,
    as_of               timestamptz NOT NULL,
    zone_mode           text        NOT NULL,
    company_filter      bigint[],
    cooling_unit_filter bigint[],
    scope               bigint[],
    rebuild             boolean     NOT NULL,
    allow_past          boolean     NOT NULL,
    parameter_set       text        NOT NULL,
    program_version     text        NOT NULL,
    started_at          timestamptz NOT NULL,
    finished_at         timestamptz,
    duration_ms         bigint,
    rows_read           bigint      NOT NULL DEFAULT 0,
    rows_written        bigint      NOT NULL DEFAULT 0,
    rows_deleted        bigint      NOT NULL DEFAULT 0,
    rows_rejected       bigint      NOT NULL DEFAULT 0,
    outcome             text        NOT NULL CHECK (outcome IN ('running', 'done', 'partial', 'failed', 'interrupted', 'abandoned')),
    error               text,
    computed_at         timestamptz NOT NULL
);
CREATE INDEX report_run_view_idx ON metrics.report_run (view, id DESC);
COMMENT ON TABLE metrics.report_run IS 'One row per run of a view of the reporter, inserted at its start.';
COMMENT ON COLUMN metrics.report_run.id IS 'Number of the run, growing.';
COMMENT ON COLUMN metrics.report_run.view IS 'Name of the view as on the command line, for example aggregated-comparison.';
COMMENT ON COLUMN metrics.report_run.range_from IS 'First local day computed, inclusive; empty when each cooling unit has its own first day or the view has no range.';
COMMENT ON COLUMN metrics.report_run.range_to IS 'Last local day computed, inclusive; empty when it is the day of as_of in each unit''s zone.';
COMMENT ON COLUMN metrics.report_run.as_of IS 'Instant of which the run speaks: nothing dated at or after it was seen.';
COMMENT ON COLUMN metrics.report_run.zone_mode IS 'unit: each cooling unit in the zone of its company''s country; otherwise the IANA zone forced on all.';
COMMENT ON COLUMN metrics.report_run.company_filter IS 'Values of --company; empty without the option.';
COMMENT ON COLUMN metrics.report_run.cooling_unit_filter IS 'Values of --cooling-unit; empty without the option.';
COMMENT ON COLUMN metrics.report_run.scope IS 'Ids that the filters resolved to: cooling units, for the company view companies; empty means all.';
COMMENT ON COLUMN metrics.report_run.rebuild IS 'True when everything was recomputed (--rebuild).';
COMMENT ON COLUMN metrics.report_run.allow_past IS 'True when an as_of before that of an earlier run was allowed (--allow-past).';
COMMENT ON COLUMN metrics.report_run.parameter_set IS 'Version of the parameter files compiled into the program.';
COMMENT ON COLUMN metrics.report_run.program_version IS 'Version of the reporter.';
COMMENT ON COLUMN metrics.report_run.started_at IS 'Instant at which the run started.';
COMMENT ON COLUMN metrics.report_run.finished_at IS 'Instant at which the run ended; empty while it runs and when it was abandoned.';
COMMENT ON COLUMN metrics.report_run.duration_ms IS 'Duration in milliseconds.';
COMMENT ON COLUMN metrics.report_run.rows_read IS 'Rows read from the operational database.';
COMMENT ON COLUMN metrics.report_run.rows_written IS 'Rows of the view that were added or changed; rows that came out the same are not written.';
COMMENT ON COLUMN metrics.report_run.rows_deleted IS 'Rows of the view that were deleted because they are no longer produced.';
COMMENT ON COLUMN metrics.report_run.rows_rejected IS 'Number of rows in report_reject for this run.';
COMMENT ON COLUMN metrics.report_run.outcome IS 'running, done, partial (something was rejected), failed, interrupted, or abandoned: found running by the next run that got the lock.';
COMMENT ON COLUMN metrics.report_run.error IS 'What went wrong, for failed and interrupted runs.';
COMMENT ON COLUMN metrics.report_run.computed_at IS 'Instant at which this row was last written.';

CREATE TABLE metrics.report_reject (
    run         bigint      NOT NULL REFERENCES metrics.report_run (id) ON DELETE CASCADE,
    subject     text        NOT NULL,
    reason      text        NOT NULL,
    computed_at timestamptz NOT NULL,
    PRIMARY KEY (run, subject, reason)
);
COMMENT ON TABLE metrics.report_reject IS 'What a run could not compute or use, by name; the rest of the run went on.';
COMMENT ON COLUMN metrics.report_reject.run IS 'Run that rejected it.';
COMMENT ON COLUMN metrics.report_reject.subject IS 'What was rejected, for example: crate 17, movement 4, cooling unit 3.';
COMMENT ON COLUMN metrics.report_reject.reason IS 'Why, and where it helps what to do.';
COMMENT ON COLUMN metrics.report_reject.computed_at IS 'Instant at which this row was written.';

CREATE TABLE metrics.view_version (
    view        text        PRIMARY KEY,
    version     bigint      NOT NULL,
    run         bigint      REFERENCES metrics.report_run (id) ON DELETE SET NULL,
    computed_at timestamptz NOT NULL
);
COMMENT ON TABLE metrics.view_version IS 'Data version of each view; readers may cache what they read until it grows.';
COMMENT ON COLUMN metrics.view_version.view IS 'Name of the view.';
COMMENT ON COLUMN metrics.view_version.version IS 'Grows whenever a run adds, changes or deletes a row of the view.';
COMMENT ON COLUMN metrics.view_version.run IS 'Run that last changed the view''s rows.';
COMMENT ON COLUMN metrics.view_version.computed_at IS 'Instant of the last change.';
