DROP TABLE metrics.exchange_rate;
