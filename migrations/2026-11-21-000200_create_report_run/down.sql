DROP TABLE metrics.view_version;
DROP TABLE metrics.report_reject;
DROP TABLE metrics.report_run;
