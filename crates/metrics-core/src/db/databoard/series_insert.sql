-- Gives ids to channels of the back end $1: names $2, environments $3, subjects $4, metrics $5, in their order.
INSERT INTO metrics.databoard_series (backend, name, environment, subject, metric)
SELECT $1, new.name, new.environment, new.subject, new.metric
FROM unnest($2, $3, $4, $5) WITH ORDINALITY AS new (name, environment, subject, metric, place)
ORDER BY new.place
ON CONFLICT DO NOTHING
