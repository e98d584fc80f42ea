ALTER TABLE metrics.report_run DROP COLUMN details;
DROP TABLE metrics.store_uptime;
DROP TABLE metrics.store_poll;
DROP TABLE metrics.store_hours;
DROP TABLE metrics.store;
