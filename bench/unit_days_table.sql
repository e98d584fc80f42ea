-- The table that the peer writes: its columns with the key of metrics.cooling_unit_metrics.
CREATE SCHEMA IF NOT EXISTS bench;
CREATE TABLE IF NOT EXISTS bench.unit_days (
    cooling_unit_id bigint           NOT NULL,
    date            date             NOT NULL,
    crates_in       integer          NOT NULL,
    ops_in          integer          NOT NULL,
    kg_in           double precision NOT NULL,
    crates_out      integer          NOT NULL,
    ops_out         integer          NOT NULL,
    kg_out          double precision NOT NULL,
    stock_crates    integer          NOT NULL,
    stock_kg        double precision NOT NULL,
    PRIMARY KEY (cooling_unit_id, date)
);
