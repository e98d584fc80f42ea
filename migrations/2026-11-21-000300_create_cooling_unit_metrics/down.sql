DROP TABLE metrics.cooling_unit_metrics;
