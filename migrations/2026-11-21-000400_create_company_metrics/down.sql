DROP TABLE metrics.company_metrics_history;
DROP TABLE metrics.company_metrics;
