CREATE TABLE metrics.kpi (
    environment text        COLLATE "C" NOT NULL CHECK (environment <> ''),
    id          text        COLLATE "C" NOT NULL CHECK (id <> ''),
    name        text        COLLATE "C" NOT NULL CHECK (name <> ''),
    unit        text,
    description text,
    position    integer     NOT NULL,
    computed_at timestamptz NOT NULL,
    PRIMARY KEY (environment, id),
    UNIQUE (environment, name)
);
COMMENT ON TABLE metrics.kpi IS 'KPIs that ran: one row per environment and name. Written by each `reporter kpi run` from its file of definitions; a KPI that the file no longer has keeps its row as long as its history is kept.';
COMMENT ON COLUMN metrics.kpi.environment IS 'Environment of the definitions.';
COMMENT ON COLUMN metrics.kpi.id IS 'Short form of the name for addresses: lower-case letters, digits and hyphens; unique per environment, and never changes.';
COMMENT ON COLUMN metrics.kpi.name IS 'Name, the key: header of its column in sheets, and of its history.';
COMMENT ON COLUMN metrics.kpi.unit IS 'What the value counts or measures, in words; empty when the definition does not say.';
COMMENT ON COLUMN metrics.kpi.description IS 'What it tells; empty when the definition does not say.';
COMMENT ON COLUMN metrics.kpi.position IS 'Place in the definitions when they last had it, from 0: the order of lists.';
COMMENT ON COLUMN metrics.kpi.computed_at IS 'Instant at which the values of this row last changed.';

CREATE TABLE metrics.kpi_runs (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment     text        COLLATE "C" NOT NULL CHECK (environment <> ''),
    as_of           timestamptz NOT NULL,
    started_at      timestamptz NOT NULL,
    finished_at     timestamptz,
    trigger         text        NOT NULL,
    host            text        NOT NULL,
    definition_hash text        NOT NULL,
    kpis            integer     NOT NULL CHECK (kpis >= 0),
    ok              integer     NOT NULL DEFAULT 0 CHECK (ok >= 0),
    failed          integer     NOT NULL DEFAULT 0 CHECK (failed >= 0),
    status          text        NOT NULL CHECK (status IN ('running', 'ok', 'partial', 'failed', 'interrupted')),
    computed_at     timestamptz NOT NULL
);
CREATE INDEX kpi_runs_environment_idx ON metrics.kpi_runs (environment, started_at DESC, id DESC);
COMMENT ON TABLE metrics.kpi_runs IS 'Runs of KPIs, inserted at their start; one at a time per environment. Rows go with `reporter kpi prune`.';
COMMENT ON COLUMN metrics.kpi_runs.id IS 'Number of the run, growing.';
COMMENT ON COLUMN metrics.kpi_runs.environment IS 'Environment of the definitions.';
COMMENT ON COLUMN metrics.kpi_runs.as_of IS 'Instant of which the values speak: what queries take for the current date and time.';
COMMENT ON COLUMN metrics.kpi_runs.started_at IS 'Instant at which the run started; its place in the history.';
COMMENT ON COLUMN metrics.kpi_runs.finished_at IS 'Instant at which the run ended; empty while it runs, and when its process ended without saying so.';
COMMENT ON COLUMN metrics.kpi_runs.trigger IS 'What started it, for example manual or schedule.';
COMMENT ON COLUMN metrics.kpi_runs.host IS 'Name of the machine on which it ran.';
COMMENT ON COLUMN metrics.kpi_runs.definition_hash IS 'Hash of the definitions; runs with the same one ran the same definitions.';
COMMENT ON COLUMN metrics.kpi_runs.kpis IS 'Number of KPIs that were to run.';
COMMENT ON COLUMN metrics.kpi_runs.ok IS 'Number of KPIs with a value; a null that the query gave counts as one.';
COMMENT ON COLUMN metrics.kpi_runs.failed IS 'Number of KPIs without a value: failed, timed out or skipped.';
COMMENT ON COLUMN metrics.kpi_runs.status IS 'running, ok, partial (some have no value), failed (none has one), or interrupted: stopped by a signal, or found running by the next run of the environment.';
COMMENT ON COLUMN metrics.kpi_runs.computed_at IS 'Instant at which this row was last written.';

CREATE TABLE metrics.kpi_results (
    run_id       bigint           NOT NULL REFERENCES metrics.kpi_runs (id) ON DELETE CASCADE,
    name         text             COLLATE "C" NOT NULL,
    position     integer          NOT NULL,
    form         text             NOT NULL CHECK (form IN ('count', 'rows')),
    status       text             NOT NULL CHECK (status IN ('ok', 'failed', 'timeout', 'skipped')),
    value        json,
    value_num    double precision,
    rows         integer,
    is_truncated boolean          NOT NULL,
    duration_ms  integer          NOT NULL CHECK (duration_ms >= 0),
    error_kind   text,
    error        text,
    sql_hash     text             NOT NULL,
    computed_at  timestamptz      NOT NULL,
    PRIMARY KEY (run_id, name),
    CHECK ((status = 'ok') = (error_kind IS NULL)),
    CHECK (status = 'ok' OR (value IS NULL AND value_num IS NULL AND rows IS NULL))
);
CREATE INDEX kpi_results_name_idx ON metrics.kpi_results (name, run_id DESC);
CREATE INDEX kpi_results_ok_idx ON metrics.kpi_results (name, run_id DESC) WHERE status = 'ok';
COMMENT ON TABLE metrics.kpi_results IS 'What came of each KPI in each run, one row also for those that failed: the history, by kpi_runs.started_at.';
COMMENT ON COLUMN metrics.kpi_results.run_id IS 'Run (kpi_runs.id).';
COMMENT ON COLUMN metrics.kpi_results.name IS 'Name of the KPI (kpi.name).';
COMMENT ON COLUMN metrics.kpi_results.position IS 'Place of the KPI in the definitions, from 0: the order of new columns in sheets.';
COMMENT ON COLUMN metrics.kpi_results.form IS 'count: the value is one number; rows: an array of objects.';
COMMENT ON COLUMN metrics.kpi_results.status IS 'ok, failed, timeout, or skipped: the run was stopped before it came to this KPI.';
COMMENT ON COLUMN metrics.kpi_results.value IS 'The value as JSON, in the unit of kpi.unit: a number with all its digits, or null, of a count; an array of objects, keys in the order of columns, of rows. Empty without status ok.';
COMMENT ON COLUMN metrics.kpi_results.value_num IS 'The number of a count as floating-point number, in the unit of kpi.unit, for dashboards and alerts; empty when value is null or has no number.';
COMMENT ON COLUMN metrics.kpi_results.rows IS 'Number of rows of a result of rows; empty for counts.';
COMMENT ON COLUMN metrics.kpi_results.is_truncated IS 'True when there were more rows than the definition allows and the rest was left out.';
COMMENT ON COLUMN metrics.kpi_results.duration_ms IS 'Duration of the query, its sources together, milliseconds.';
COMMENT ON COLUMN metrics.kpi_results.error_kind IS 'Why there is no value: plan, source_unavailable, timeout, execution, shape, too_many_rows, memory, value, interrupted; empty with status ok.';
COMMENT ON COLUMN metrics.kpi_results.error IS 'The same in words, at most 2,000 characters, without passwords.';
COMMENT ON COLUMN metrics.kpi_results.sql_hash IS 'Hash of the text of the query; values with another one answer another question.';
COMMENT ON COLUMN metrics.kpi_results.computed_at IS 'Instant at which this row was written.';

CREATE TABLE metrics.kpi_deliveries (
    run_id       bigint      NOT NULL REFERENCES metrics.kpi_runs (id) ON DELETE CASCADE,
    sink         text        COLLATE "C" NOT NULL,
    status       text        NOT NULL CHECK (status IN ('ok', 'failed')),
    attempts     integer     NOT NULL CHECK (attempts >= 0),
    error        text,
    delivered_at timestamptz,
    computed_at  timestamptz NOT NULL,
    PRIMARY KEY (run_id, sink)
);
COMMENT ON TABLE metrics.kpi_deliveries IS 'Whether the row of a run reached its sheets and files; one row per run and sink.';
COMMENT ON COLUMN metrics.kpi_deliveries.run_id IS 'Run (kpi_runs.id).';
COMMENT ON COLUMN metrics.kpi_deliveries.sink IS 'Name of the sink in the definitions.';
COMMENT ON COLUMN metrics.kpi_deliveries.status IS 'How the last delivery ended: ok or failed.';
COMMENT ON COLUMN metrics.kpi_deliveries.attempts IS 'Number of attempts, those of resends included.';
COMMENT ON COLUMN metrics.kpi_deliveries.error IS 'Why the last delivery failed, at most 2,000 characters, without passwords; empty when it did not.';
COMMENT ON COLUMN metrics.kpi_deliveries.delivered_at IS 'Instant of the last delivery that succeeded; empty when none did.';
COMMENT ON COLUMN metrics.kpi_deliveries.computed_at IS 'Instant at which this row was last written.';
