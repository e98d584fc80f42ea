ALTER TABLE metrics.kpi DROP COLUMN sheet_order;
