-- Rows of the peer and of the reporter, and those that differ; kilograms to a milligram.
SELECT count(*) AS rows,
       count(*) FILTER (
           WHERE (peer.crates_in, peer.ops_in, peer.crates_out, peer.ops_out)
                     IS DISTINCT FROM (ours.room_crates_in, ours.room_ops_in, ours.room_crates_out, ours.room_ops_out)
              OR (abs(peer.kg_in - ours.room_kg_in) <= 1e-6
                  AND abs(peer.kg_out - ours.room_kg_out) <= 1e-6
                  AND abs(peer.stock_kg - ours.room_stock_kg) <= 1e-6) IS NOT TRUE
              OR (ours.cap_num_crates > 0
                  AND abs(peer.stock_crates - ours.average_room_occupancy / 100 * ours.cap_num_crates) > 1e-6)
       ) AS different
FROM bench.unit_days AS peer
FULL JOIN metrics.cooling_unit_metrics AS ours
       ON ours.cooling_unit_id = peer.cooling_unit_id AND ours.date = peer.date;
