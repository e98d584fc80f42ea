DROP TABLE metrics.kpi_deliveries;
DROP TABLE metrics.kpi_results;
DROP TABLE metrics.kpi_runs;
DROP TABLE metrics.kpi;
