CREATE TABLE metrics.cooling_unit_metrics (
    date                    date             NOT NULL,
    report_date             date             NOT NULL,
    cooling_unit_id         bigint           NOT NULL,
    unit_name               text,
    is_unit_deleted         boolean          NOT NULL,
    state                   text,
    cool_unit_type          text,
    cap_tons                numeric,
    cap_num_crates          integer,
    company_id              bigint,
    comp_name               text,
    comp_pricing            text             NOT NULL,
    currency                text,
    room_op                 integer          NOT NULL,
    room_op_fem             integer          NOT NULL,
    room_op_ma              integer          NOT NULL,
    room_op_ot              integer          NOT NULL,
    room_beneficiaries      numeric          NOT NULL,
    room_beneficiaries_fem  numeric          NOT NULL,
    room_beneficiaries_ma   numeric          NOT NULL,
    room_active_users       integer          NOT NULL,
    room_active_user_ids    bigint[]         NOT NULL,
    room_active_fem         bigint[]         NOT NULL,
    room_active_ma          bigint[]         NOT NULL,
    room_active_ot          bigint[]         NOT NULL,
    room_crates_in          integer          NOT NULL,
    room_ops_in             integer          NOT NULL,
    room_kg_in              double precision NOT NULL,
    room_crates_out         integer          NOT NULL,
    room_ops_out            integer          NOT NULL,
    room_kg_out             double precision NOT NULL,
    average_room_occupancy  double precision,
    room_revenue            numeric(18,2),
    room_revenue_usd        numeric(18,6),
    check_in_crates_crop    jsonb            NOT NULL,
    check_in_kg_crop        jsonb            NOT NULL,
    check_out_crates_crop   jsonb            NOT NULL,
    check_out_kg_crop       jsonb            NOT NULL,
    tot_co2                 double precision,
    co2_crops               jsonb,
    room_active_farmer_ids  bigint[]         NOT NULL,
    room_stock_kg           double precision NOT NULL,
    co2_idle                double precision,
    co2_breakdown           jsonb            NOT NULL,
    co2_model               text             NOT NULL,
    country                 text,
    household_size          numeric          NOT NULL,
    household_fem_share     numeric          NOT NULL,
    household_ma_share      numeric          NOT NULL,
    time_zone               text             NOT NULL,
    parameter_set           text             NOT NULL,
    data_quality            text[]           NOT NULL CHECK (data_quality <@ ARRAY[
        'capacity_missing', 'country_missing', 'currency_missing', 'electricity_estimated', 'electricity_missing',
        'food_loss_default', 'fx_missing', 'grid_factor_default', 'power_source_unknown', 'refrigerant_default']),
    computed_at             timestamptz      NOT NULL,
    PRIMARY KEY (cooling_unit_id, date)
);
CREATE INDEX cooling_unit_metrics_company_date_idx ON metrics.cooling_unit_metrics (company_id, date);
CREATE INDEX cooling_unit_metrics_date_idx ON metrics.cooling_unit_metrics (date);
COMMENT ON TABLE metrics.cooling_unit_metrics IS 'Indicators of one cooling unit in one local civil day. Written by `reporter --view aggregated-comparison`; definitions in docs/indicators.md.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.date IS 'Local civil day of the cooling unit, in time_zone; the last one may be partial (see report_date).';
COMMENT ON COLUMN metrics.cooling_unit_metrics.report_date IS 'Local date of the instant of which the run that computed the row spoke (as_of).';
COMMENT ON COLUMN metrics.cooling_unit_metrics.cooling_unit_id IS 'Id of the cooling unit (storage_coolingunit).';
COMMENT ON COLUMN metrics.cooling_unit_metrics.unit_name IS 'Name of the cooling unit at the run.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.is_unit_deleted IS 'True when the cooling unit or its location was deleted at the latest run.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.state IS 'State or region of the location at the run; empty when unknown.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.cool_unit_type IS 'FARM_GATE_STORAGE_ROOM, MARKET_STORAGE_ROOM, MOVABLE_UNIT or OTHER; empty when unknown.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.cap_tons IS 'Capacity at the run, metric tons; empty when unknown.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.cap_num_crates IS 'Capacity at the run, crates; empty when unknown.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.company_id IS 'Id of the company that owns the location; empty when none.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.comp_name IS 'Name of that company.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.comp_pricing IS 'How storage is charged: Per Crate or Per KG, then per day, fixed or mixed over the active crops with a price.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.currency IS 'Currency of the company, ISO 4217; unit of room_revenue.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_op IS 'Active users assigned to the unit as operators, at the run.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_op_fem IS 'Of room_op, women.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_op_ma IS 'Of room_op, men.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_op_ot IS 'Of room_op, other or unknown gender.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_beneficiaries IS 'People in the households of the active farmers: room_active_farmer_ids times household_size.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_beneficiaries_fem IS 'Of room_beneficiaries, women and girls: times household_fem_share.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_beneficiaries_ma IS 'Of room_beneficiaries, men and boys: times household_ma_share.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_active_users IS 'Number of room_active_user_ids.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_active_user_ids IS 'User ids of the owners of crates checked in or released in the day, ascending.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_active_fem IS 'Of room_active_user_ids, women.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_active_ma IS 'Of room_active_user_ids, men.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_active_ot IS 'Of room_active_user_ids, other or unknown gender.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_crates_in IS 'Crates physically checked in during the day (marketplace orders move nothing).';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_ops_in IS 'Check-in operations of those crates.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_kg_in IS 'Initial weight of those crates, kg.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_crates_out IS 'Crates emptied during the day by a physical release.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_ops_out IS 'Check-out operations with a physical release in the day.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_kg_out IS 'Weight physically released in the day, kg, partial check-outs included.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.average_room_occupancy IS 'Crates in the room at the end of the day per crate of capacity, percent; may exceed 100; empty when the capacity is unknown or 0.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_revenue IS 'Cooling fees of the day''s releases net of discounts, in currency; empty with a flag when a rate or currency is missing.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_revenue_usd IS 'The same in US dollars at the rate of the day.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.check_in_crates_crop IS 'room_crates_in by crop name.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.check_in_kg_crop IS 'room_kg_in by crop name, kg.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.check_out_crates_crop IS 'room_crates_out by crop name.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.check_out_kg_crop IS 'room_kg_out by crop name, kg.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.tot_co2 IS 'Avoided emissions of the day against storage without a cold room, kg CO2e; negative when the room emits more; empty with a flag when unknown.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.co2_crops IS 'By crop name: coldroom, no-coldroom and difference = no-coldroom - coldroom, kg CO2e.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_active_farmer_ids IS 'Farmer ids behind room_active_user_ids, ascending.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.room_stock_kg IS 'Weight in the room at the end of the day, kg.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.co2_idle IS 'Emissions of the room on a day that ends empty, kg CO2e, part of tot_co2 with a minus sign.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.co2_breakdown IS 'Emissions of the day by cause, kg CO2e: electricity, refrigerant, disposal_cold, production_cold; and without the room: disposal_ambient, production_ambient.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.co2_model IS 'Model and parameter set behind the CO2 columns, as name@set.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.country IS 'Country of the company, ISO 3166 alpha-2; empty when unknown.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.household_size IS 'People per household used for room_beneficiaries.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.household_fem_share IS 'Share of women and girls in a household, 0 to 1.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.household_ma_share IS 'Share of men and boys in a household, 0 to 1.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.time_zone IS 'IANA time zone of the day.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.parameter_set IS 'Version of the literature values used.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.data_quality IS 'What limits the row, from a closed list (docs/indicators.md), ascending.';
COMMENT ON COLUMN metrics.cooling_unit_metrics.computed_at IS 'Instant at which the values of this row last changed.';
