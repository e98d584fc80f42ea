DROP TABLE metrics.databoard_recent;
DROP TABLE metrics.databoard_series;
