CREATE TABLE metrics.company_metrics (
    report_date                 date NOT NULL,
    company_id                  bigint NOT NULL,
    comp_name                   text,
    comp_logo                   text,
    comp_country                text,
    comp_cap_tons               numeric,
    comp_cap_num_crates         integer,
    cooling_unit_types          jsonb NOT NULL,
    comp_op                     integer NOT NULL,
    comp_op_fem                 integer NOT NULL,
    comp_op_ma                  integer NOT NULL,
    comp_op_ot                  integer NOT NULL,
    currency                    text,
    comp_reg_users              integer NOT NULL,
    comp_reg_users_ma           integer NOT NULL,
    comp_reg_users_fem          integer NOT NULL,
    comp_reg_users_ot           integer NOT NULL,
    comp_beneficiaries          numeric NOT NULL,
    comp_beneficiaries_fem      numeric NOT NULL,
    comp_beneficiaries_ma       numeric NOT NULL,
    comp_cool_users             integer NOT NULL,
    comp_cool_users_fem         integer NOT NULL,
    comp_cool_users_ma          integer NOT NULL,
    comp_cool_users_ot          integer NOT NULL,
    comp_farmers                integer NOT NULL,
    comp_traders                integer NOT NULL,
    comp_unspec_user_type       integer NOT NULL,
    comp_crates_in              integer NOT NULL,
    comp_ops_in                 integer NOT NULL,
    comp_kg_in                  double precision NOT NULL,
    comp_crates_out             integer NOT NULL,
    comp_ops_out                integer NOT NULL,
    comp_kg_out                 double precision NOT NULL,
    comp_average_room_occupancy numeric(18,2),
    comp_revenue                numeric(18,2),
    comp_revenue_usd            numeric(18,2),
    fx_missing_days             integer NOT NULL,
    time_zone                   text NOT NULL,
    parameter_set               text NOT NULL,
    computed_at                 timestamptz NOT NULL,
    PRIMARY KEY (company_id)
);
COMMENT ON TABLE metrics.company_metrics IS 'Indicators of one company since its first day, latest state. Written by `reporter --view company`; definitions in docs/indicators.md.';
COMMENT ON COLUMN metrics.company_metrics.report_date IS 'Local date of the instant of which the run spoke (as_of), in the zone of the company''s country.';
COMMENT ON COLUMN metrics.company_metrics.company_id IS 'Id of the company (user_company).';
COMMENT ON COLUMN metrics.company_metrics.comp_name IS 'Name of the company.';
COMMENT ON COLUMN metrics.company_metrics.comp_logo IS 'Path of the logo; empty when none.';
COMMENT ON COLUMN metrics.company_metrics.comp_country IS 'Country, ISO 3166 alpha-2; empty when unknown.';
COMMENT ON COLUMN metrics.company_metrics.comp_cap_tons IS 'Capacity of the cooling units in use, metric tons, over those that state one; empty when none does.';
COMMENT ON COLUMN metrics.company_metrics.comp_cap_num_crates IS 'Capacity of the cooling units in use, crates, over those that state one; empty when none does.';
COMMENT ON COLUMN metrics.company_metrics.cooling_unit_types IS 'Number of cooling units in use by type.';
COMMENT ON COLUMN metrics.company_metrics.comp_op IS 'Active operators.';
COMMENT ON COLUMN metrics.company_metrics.comp_op_fem IS 'Of comp_op, women.';
COMMENT ON COLUMN metrics.company_metrics.comp_op_ma IS 'Of comp_op, men.';
COMMENT ON COLUMN metrics.company_metrics.comp_op_ot IS 'Of comp_op, other or unknown gender.';
COMMENT ON COLUMN metrics.company_metrics.currency IS 'Currency of the company, ISO 4217; unit of comp_revenue.';
COMMENT ON COLUMN metrics.company_metrics.comp_reg_users IS 'Active registered employees.';
COMMENT ON COLUMN metrics.company_metrics.comp_reg_users_ma IS 'Of comp_reg_users, men.';
COMMENT ON COLUMN metrics.company_metrics.comp_reg_users_fem IS 'Of comp_reg_users, women.';
COMMENT ON COLUMN metrics.company_metrics.comp_reg_users_ot IS 'Of comp_reg_users, other or unknown gender.';
COMMENT ON COLUMN metrics.company_metrics.comp_beneficiaries IS 'People in the households of the cooling users: comp_cool_users times the household size of the country.';
COMMENT ON COLUMN metrics.company_metrics.comp_beneficiaries_fem IS 'Of comp_beneficiaries, women and girls.';
COMMENT ON COLUMN metrics.company_metrics.comp_beneficiaries_ma IS 'Of comp_beneficiaries, men and boys.';
COMMENT ON COLUMN metrics.company_metrics.comp_cool_users IS 'Cooling users: farmers linked to the company or created by one of its operators, without the placeholder.';
COMMENT ON COLUMN metrics.company_metrics.comp_cool_users_fem IS 'Of comp_cool_users, women.';
COMMENT ON COLUMN metrics.company_metrics.comp_cool_users_ma IS 'Of comp_cool_users, men.';
COMMENT ON COLUMN metrics.company_metrics.comp_cool_users_ot IS 'Of comp_cool_users, other or unknown gender.';
COMMENT ON COLUMN metrics.company_metrics.comp_farmers IS 'Of comp_cool_users, farmers by their latest baseline survey.';
COMMENT ON COLUMN metrics.company_metrics.comp_traders IS 'Of comp_cool_users, traders by their latest baseline survey.';
COMMENT ON COLUMN metrics.company_metrics.comp_unspec_user_type IS 'Of comp_cool_users, neither.';
COMMENT ON COLUMN metrics.company_metrics.comp_crates_in IS 'Crates physically checked in since each unit''s first day.';
COMMENT ON COLUMN metrics.company_metrics.comp_ops_in IS 'Check-in operations, counted per unit and day.';
COMMENT ON COLUMN metrics.company_metrics.comp_kg_in IS 'Weight checked in, kg.';
COMMENT ON COLUMN metrics.company_metrics.comp_crates_out IS 'Crates emptied by a physical release.';
COMMENT ON COLUMN metrics.company_metrics.comp_ops_out IS 'Check-out operations, counted per unit and day.';
COMMENT ON COLUMN metrics.company_metrics.comp_kg_out IS 'Weight physically released, kg.';
COMMENT ON COLUMN metrics.company_metrics.comp_average_room_occupancy IS 'Mean occupancy over complete days and cooling units, weighted by capacity in crates, percent; empty when none is known.';
COMMENT ON COLUMN metrics.company_metrics.comp_revenue IS 'Cooling fees net of discounts, in currency; empty when no unit-day with a fee has a figure.';
COMMENT ON COLUMN metrics.company_metrics.comp_revenue_usd IS 'The same in US dollars at the rate of each day.';
COMMENT ON COLUMN metrics.company_metrics.fx_missing_days IS 'Unit-days that lack the revenue in currency or in US dollars, and are left out of the sums.';
COMMENT ON COLUMN metrics.company_metrics.time_zone IS 'IANA time zone of report_date.';
COMMENT ON COLUMN metrics.company_metrics.parameter_set IS 'Version of the literature values used.';
COMMENT ON COLUMN metrics.company_metrics.computed_at IS 'Instant at which the values of this row last changed.';

CREATE TABLE metrics.company_metrics_history (
    report_date                 date NOT NULL,
    company_id                  bigint NOT NULL,
    comp_name                   text,
    comp_logo                   text,
    comp_country                text,
    comp_cap_tons               numeric,
    comp_cap_num_crates         integer,
    cooling_unit_types          jsonb NOT NULL,
    comp_op                     integer NOT NULL,
    comp_op_fem                 integer NOT NULL,
    comp_op_ma                  integer NOT NULL,
    comp_op_ot                  integer NOT NULL,
    currency                    text,
    comp_reg_users              integer NOT NULL,
    comp_reg_users_ma           integer NOT NULL,
    comp_reg_users_fem          integer NOT NULL,
    comp_reg_users_ot           integer NOT NULL,
    comp_beneficiaries          numeric NOT NULL,
    comp_beneficiaries_fem      numeric NOT NULL,
    comp_beneficiaries_ma       numeric NOT NULL,
    comp_cool_users             integer NOT NULL,
    comp_cool_users_fem         integer NOT NULL,
    comp_cool_users_ma          integer NOT NULL,
    comp_cool_users_ot          integer NOT NULL,
    comp_farmers                integer NOT NULL,
    comp_traders                integer NOT NULL,
    comp_unspec_user_type       integer NOT NULL,
    comp_crates_in              integer NOT NULL,
    comp_ops_in                 integer NOT NULL,
    comp_kg_in                  double precision NOT NULL,
    comp_crates_out             integer NOT NULL,
    comp_ops_out                integer NOT NULL,
    comp_kg_out                 double precision NOT NULL,
    comp_average_room_occupancy numeric(18,2),
    comp_revenue                numeric(18,2),
    comp_revenue_usd            numeric(18,2),
    fx_missing_days             integer NOT NULL,
    time_zone                   text NOT NULL,
    parameter_set               text NOT NULL,
    computed_at                 timestamptz NOT NULL,
    PRIMARY KEY (report_date, company_id)
);
COMMENT ON TABLE metrics.company_metrics_history IS 'company_metrics as it was at each report date.';
COMMENT ON COLUMN metrics.company_metrics_history.report_date IS 'Local date of the instant of which the run spoke (as_of), in the zone of the company''s country.';
COMMENT ON COLUMN metrics.company_metrics_history.company_id IS 'Id of the company (user_company).';
COMMENT ON COLUMN metrics.company_metrics_history.comp_name IS 'Name of the company.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_logo IS 'Path of the logo; empty when none.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_country IS 'Country, ISO 3166 alpha-2; empty when unknown.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_cap_tons IS 'Capacity of the cooling units in use, metric tons, over those that state one; empty when none does.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_cap_num_crates IS 'Capacity of the cooling units in use, crates, over those that state one; empty when none does.';
COMMENT ON COLUMN metrics.company_metrics_history.cooling_unit_types IS 'Number of cooling units in use by type.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_op IS 'Active operators.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_op_fem IS 'Of comp_op, women.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_op_ma IS 'Of comp_op, men.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_op_ot IS 'Of comp_op, other or unknown gender.';
COMMENT ON COLUMN metrics.company_metrics_history.currency IS 'Currency of the company, ISO 4217; unit of comp_revenue.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_reg_users IS 'Active registered employees.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_reg_users_ma IS 'Of comp_reg_users, men.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_reg_users_fem IS 'Of comp_reg_users, women.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_reg_users_ot IS 'Of comp_reg_users, other or unknown gender.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_beneficiaries IS 'People in the households of the cooling users: comp_cool_users times the household size of the country.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_beneficiaries_fem IS 'Of comp_beneficiaries, women and girls.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_beneficiaries_ma IS 'Of comp_beneficiaries, men and boys.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_cool_users IS 'Cooling users: farmers linked to the company or created by one of its operators, without the placeholder.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_cool_users_fem IS 'Of comp_cool_users, women.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_cool_users_ma IS 'Of comp_cool_users, men.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_cool_users_ot IS 'Of comp_cool_users, other or unknown gender.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_farmers IS 'Of comp_cool_users, farmers by their latest baseline survey.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_traders IS 'Of comp_cool_users, traders by their latest baseline survey.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_unspec_user_type IS 'Of comp_cool_users, neither.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_crates_in IS 'Crates physically checked in since each unit''s first day.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_ops_in IS 'Check-in operations, counted per unit and day.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_kg_in IS 'Weight checked in, kg.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_crates_out IS 'Crates emptied by a physical release.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_ops_out IS 'Check-out operations, counted per unit and day.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_kg_out IS 'Weight physically released, kg.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_average_room_occupancy IS 'Mean occupancy over complete days and cooling units, weighted by capacity in crates, percent; empty when none is known.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_revenue IS 'Cooling fees net of discounts, in currency; empty when no unit-day with a fee has a figure.';
COMMENT ON COLUMN metrics.company_metrics_history.comp_revenue_usd IS 'The same in US dollars at the rate of each day.';
COMMENT ON COLUMN metrics.company_metrics_history.fx_missing_days IS 'Unit-days that lack the revenue in currency or in US dollars, and are left out of the sums.';
COMMENT ON COLUMN metrics.company_metrics_history.time_zone IS 'IANA time zone of report_date.';
COMMENT ON COLUMN metrics.company_metrics_history.parameter_set IS 'Version of the literature values used.';
COMMENT ON COLUMN metrics.company_metrics_history.computed_at IS 'Instant at which the values of this row last changed.';
