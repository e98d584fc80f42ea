DROP TABLE metrics.impact_metrics;
