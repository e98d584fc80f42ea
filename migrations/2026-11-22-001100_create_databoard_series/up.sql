CREATE TABLE metrics.databoard_series (
    series_id   bigint      GENERATED ALWAYS AS IDENTITY (START WITH 1000001) PRIMARY KEY,
    backend     text        COLLATE "C" NOT NULL CHECK (backend IN ('cooling', 'store', 'kpi')),
    name        text        COLLATE "C" NOT NULL CHECK (name ~ '^[A-Za-z0-9_:-]*[A-Za-z_:-][A-Za-z0-9_:-]*$'),
    environment text        COLLATE "C" NOT NULL CHECK (environment = '' OR backend = 'kpi'),
    subject     text        COLLATE "C" NOT NULL,
    metric      text        COLLATE "C" NOT NULL,
    listed_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (backend, name)
);
-- A subject may be longer than an entry of an index.
CREATE UNIQUE INDEX databoard_series_subject_idx
    ON metrics.databoard_series (backend, environment, md5(subject), metric);
COMMENT ON TABLE metrics.databoard_series IS 'Names and ids of our own channels, one row each, from their first listing on. Saved dashboards hold both, so that no row ever changes or goes, also when what the channel is of is gone. Written by the API.';
COMMENT ON COLUMN metrics.databoard_series.series_id IS 'Id of the channel; never given to another one.';
COMMENT ON COLUMN metrics.databoard_series.backend IS 'Where it is looked up: cooling, store or kpi.';
COMMENT ON COLUMN metrics.databoard_series.name IS 'Its name there.';
COMMENT ON COLUMN metrics.databoard_series.environment IS 'Environment of the KPI (kpi.environment); empty for all others.';
COMMENT ON COLUMN metrics.databoard_series.subject IS 'What it is of: COOL- and the id of the cooling unit, COMP- and the id of the company, the id of the store (store.ext_id), or the name of the KPI (kpi.name).';
COMMENT ON COLUMN metrics.databoard_series.metric IS 'What it tells of it: the part of the name after the last colon; empty for a KPI.';
COMMENT ON COLUMN metrics.databoard_series.listed_at IS 'Instant at which it was first listed.';

CREATE TABLE metrics.databoard_recent (
    backend    text   COLLATE "C" NOT NULL,
    name       text   COLLATE "C" NOT NULL,
    channel    json   NOT NULL,
    read_order bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (backend, name)
);
COMMENT ON TABLE metrics.databoard_recent IS 'The channels that were last read by /channels/curve, of all back ends; the newest ten are listed. Written by the API.';
COMMENT ON COLUMN metrics.databoard_recent.backend IS 'Where the channel is looked up.';
COMMENT ON COLUMN metrics.databoard_recent.name IS 'Its name there.';
COMMENT ON COLUMN metrics.databoard_recent.channel IS 'The channel as it was when it was read.';
COMMENT ON COLUMN metrics.databoard_recent.read_order IS 'Grows with each reading: the greatest is the newest.';
