-- The peer, writing. Variables: unit_days, the text of unit_days.sql; as_of, as there.
INSERT INTO bench.unit_days AS stored
:unit_days
ON CONFLICT (cooling_unit_id, date) DO UPDATE SET
    crates_in = excluded.crates_in, ops_in = excluded.ops_in, kg_in = excluded.kg_in,
    crates_out = excluded.crates_out, ops_out = excluded.ops_out, kg_out = excluded.kg_out,
    stock_crates = excluded.stock_crates, stock_kg = excluded.stock_kg;
