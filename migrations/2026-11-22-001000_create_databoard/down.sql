DROP TABLE metrics.databoard_totals;
DROP TABLE metrics.databoard_versions;
DROP TABLE metrics.databoard_bodies;
DROP TABLE metrics.databoard_dashboards;
