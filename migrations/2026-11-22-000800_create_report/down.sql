DROP TABLE metrics.report_row;
DROP TABLE metrics.report;
