CREATE TABLE metrics.exchange_rate (
    currency    text             NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    date        date             NOT NULL,
    usd         numeric          NOT NULL CHECK (usd > 0 AND usd < 'Infinity'),
    source      text             NOT NULL,
    fetched_at  timestamptz      NOT NULL,
    quarantined boolean          NOT NULL DEFAULT false,
    accepted_at timestamptz,
    computed_at timestamptz      NOT NULL,
    PRIMARY KEY (currency, date)
);
COMMENT ON TABLE metrics.exchange_rate IS 'Daily exchange rates to the US dollar. A figure of day D uses the newest rate that is not quarantined, dated D or at most fx.max_age_days before.';
COMMENT ON COLUMN metrics.exchange_rate.currency IS 'ISO 4217 code. USD needs no rows: its rate is 1.';
COMMENT ON COLUMN metrics.exchange_rate.date IS 'Day for which the source published the rate.';
COMMENT ON COLUMN metrics.exchange_rate.usd IS 'US dollars per one unit of the currency, above 0.';
COMMENT ON COLUMN metrics.exchange_rate.source IS 'Where the rate came from: import, yahoo or openexchangerates.';
COMMENT ON COLUMN metrics.exchange_rate.fetched_at IS 'Instant of the import or of the request to the provider.';
COMMENT ON COLUMN metrics.exchange_rate.quarantined IS 'True: stored but not used, because it differs by more than 20 % from the newest accepted rate of the 7 days before. Released by `reporter fx accept`.';
COMMENT ON COLUMN metrics.exchange_rate.accepted_at IS 'Instant of `reporter fx accept`; NULL: nobody vouched for the rate. A rate that was accepted or imported is never set aside again, and never replaced by a fetched one.';
COMMENT ON COLUMN metrics.exchange_rate.computed_at IS 'Instant at which this row was last written.';
