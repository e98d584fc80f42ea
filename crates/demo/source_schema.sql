-- The operational tables that the reports read, reduced to what they need: the columns with their types and
-- nullability, the keys, and an index for each column that is joined on. The operator's own database has more of
-- everything; these names and types are the same there.
--
-- Every statement may be run again.

CREATE TABLE IF NOT EXISTS user_user (
    id          bigint PRIMARY KEY,
    username    varchar(255) NOT NULL UNIQUE,
    first_name  varchar(255) NOT NULL,
    last_name   varchar(255) NOT NULL,
    phone       varchar(128),
    gender      varchar(2),
    language    varchar(2),
    is_active   boolean      NOT NULL,
    date_joined timestamptz  NOT NULL
);

CREATE TABLE IF NOT EXISTS user_company (
    id          bigint PRIMARY KEY,
    name        varchar(255) NOT NULL UNIQUE,
    country     varchar(2),
    logo        varchar(100),
    currency    varchar(3),
    date_joined timestamptz
);

CREATE TABLE IF NOT EXISTS user_operator (
    id         bigint PRIMARY KEY,
    company_id bigint NOT NULL REFERENCES user_company (id),
    user_id    bigint NOT NULL UNIQUE REFERENCES user_user (id)
);
CREATE INDEX IF NOT EXISTS user_operator_company ON user_operator (company_id);

CREATE TABLE IF NOT EXISTS user_serviceprovider (
    id         bigint PRIMARY KEY,
    company_id bigint NOT NULL REFERENCES user_company (id),
    user_id    bigint NOT NULL UNIQUE REFERENCES user_user (id)
);
CREATE INDEX IF NOT EXISTS user_serviceprovider_company ON user_serviceprovider (company_id);

CREATE TABLE IF NOT EXISTS user_farmer (
    id            bigint PRIMARY KEY,
    user_id       bigint       NOT NULL UNIQUE REFERENCES user_user (id),
    created_by_id bigint REFERENCES user_operator (id),
    parent_name   varchar(255) NOT NULL,
    is_unknown    boolean      NOT NULL,
    smartphone    boolean      NOT NULL,
    country       varchar(150),
    user_code     varchar(8) UNIQUE,
    birthday      timestamptz
);
CREATE INDEX IF NOT EXISTS user_farmer_created_by ON user_farmer (created_by_id);

CREATE TABLE IF NOT EXISTS user_farmer_companies (
    id         bigint PRIMARY KEY,
    farmer_id  bigint NOT NULL REFERENCES user_farmer (id),
    company_id bigint NOT NULL REFERENCES user_company (id),
    UNIQUE (farmer_id, company_id)
);
CREATE INDEX IF NOT EXISTS user_farmer_companies_company ON user_farmer_companies (company_id);

CREATE TABLE IF NOT EXISTS storage_location (
    id                 bigint PRIMARY KEY,
    name               varchar(255),
    state              varchar(255) NOT NULL,
    city               varchar(255) NOT NULL,
    street             varchar(255) NOT NULL,
    street_number      integer,
    zip_code           varchar(255) NOT NULL,
    company_id         bigint REFERENCES user_company (id),
    deleted            boolean      NOT NULL,
    date_creation      timestamptz,
    date_last_modified timestamptz
);
CREATE INDEX IF NOT EXISTS storage_location_company ON storage_location (company_id);

CREATE TABLE IF NOT EXISTS storage_coolingunit (
    id                           bigint PRIMARY KEY,
    location_id                  bigint       NOT NULL REFERENCES storage_location (id),
    name                         varchar(255) NOT NULL,
    capacity_in_metric_tons      double precision,
    food_capacity_in_metric_tons double precision,
    capacity_in_number_crates    integer CHECK (capacity_in_number_crates >= 0),
    metric                       varchar(32)  NOT NULL,
    cooling_unit_type            varchar(32),
    deleted                      boolean      NOT NULL,
    room_length                  double precision,
    room_width                   double precision,
    room_height                  double precision,
    room_weight                  double precision,
    crate_length                 double precision NOT NULL,
    crate_width                  double precision NOT NULL,
    crate_height                 double precision NOT NULL,
    crate_weight                 double precision NOT NULL,
    sensor                       boolean      NOT NULL,
    time_pickup_to_customer      double precision NOT NULL,
    occupancy                    double precision,
    occupancy_modified_date      timestamptz,
    public                       boolean      NOT NULL,
    editable_checkins            boolean      NOT NULL,
    date_creation                timestamptz,
    date_last_modified           timestamptz
);
CREATE INDEX IF NOT EXISTS storage_coolingunit_location ON storage_coolingunit (location_id);

CREATE TABLE IF NOT EXISTS storage_coolingunit_operators (
    id             bigint PRIMARY KEY,
    coolingunit_id bigint NOT NULL REFERENCES storage_coolingunit (id),
    user_id        bigint NOT NULL REFERENCES user_user (id),
    UNIQUE (coolingunit_id, user_id)
);
CREATE INDEX IF NOT EXISTS storage_coolingunit_operators_user ON storage_coolingunit_operators (user_id);

CREATE TABLE IF NOT EXISTS storage_coolingunitpower (
    id                                  bigint PRIMARY KEY,
    cooling_unit_id                     bigint REFERENCES storage_coolingunit (id),
    daily_room_wattage                  double precision,
    power_source                        varchar(32) NOT NULL,
    power_source_diesel_percent         double precision,
    power_source_grid_percent           double precision,
    power_source_pv_percent             double precision,
    power_source_biomass_percent        double precision,
    power_source_diesel_consumption_kwh integer,
    power_consumption_in_mt             double precision,
    electricity_storage_system          varchar(32) NOT NULL,
    thermal_storage_method              varchar(32) NOT NULL,
    refrigerant_type                    varchar(32) NOT NULL,
    amount_refrigerant                  double precision,
    room_insulator                      double precision,
    pv_panel_count                      integer,
    pv_panel_size                       integer,
    pv_panel_weight                     double precision,
    pv_panel_max_power                  double precision,
    pv_panel_type                       varchar(255),
    battery_count                       integer,
    battery_weight                      integer,
    battery_capacity                    double precision,
    battery_max_current                 double precision,
    battery_peak_energy_storage         double precision,
    battery_type                        varchar(255)
);
CREATE INDEX IF NOT EXISTS storage_coolingunitpower_unit ON storage_coolingunitpower (cooling_unit_id);

CREATE TABLE IF NOT EXISTS storage_coolingunitspecifications (
    id                 bigint PRIMARY KEY,
    cooling_unit_id    bigint REFERENCES storage_coolingunit (id),
    value              double precision NOT NULL,
    set_point_value    double precision,
    specification_type varchar(32)      NOT NULL,
    datetime_stamp     timestamptz      NOT NULL,
    UNIQUE (cooling_unit_id, datetime_stamp, specification_type)
);

CREATE TABLE IF NOT EXISTS user_farmer_cooling_units (
    id             bigint PRIMARY KEY,
    farmer_id      bigint NOT NULL REFERENCES user_farmer (id),
    coolingunit_id bigint NOT NULL REFERENCES storage_coolingunit (id),
    UNIQUE (farmer_id, coolingunit_id)
);
CREATE INDEX IF NOT EXISTS user_farmer_cooling_units_unit ON user_farmer_cooling_units (coolingunit_id);

CREATE TABLE IF NOT EXISTS storage_croptype (
    id   bigint PRIMARY KEY,
    name varchar(255) NOT NULL
);

CREATE TABLE IF NOT EXISTS storage_crop (
    id                             bigint PRIMARY KEY,
    crop_type_id                   bigint       NOT NULL REFERENCES storage_croptype (id),
    name                           varchar(255) NOT NULL,
    harvested_today                smallint,
    harvested_yesterday            smallint,
    harvested_day_before_yesterday smallint,
    harvested_before               smallint,
    size_selection_1               varchar(255),
    size_selection_2               varchar(255),
    size_selection_3               varchar(255)
);

CREATE TABLE IF NOT EXISTS storage_pricing (
    id           bigint PRIMARY KEY,
    pricing_type varchar(32)      NOT NULL,
    fixed_rate   double precision NOT NULL,
    daily_rate   double precision NOT NULL
);

CREATE TABLE IF NOT EXISTS storage_coolingunitcrop (
    id              bigint PRIMARY KEY,
    crop_id         bigint REFERENCES storage_crop (id),
    cooling_unit_id bigint REFERENCES storage_coolingunit (id),
    pricing_id      bigint REFERENCES storage_pricing (id),
    active          boolean NOT NULL
);
CREATE INDEX IF NOT EXISTS storage_coolingunitcrop_unit ON storage_coolingunitcrop (cooling_unit_id);
CREATE INDEX IF NOT EXISTS storage_coolingunitcrop_pricing ON storage_coolingunitcrop (pricing_id);

CREATE TABLE IF NOT EXISTS user_farmersurvey (
    id                  bigint PRIMARY KEY,
    farmer_id           bigint REFERENCES user_farmer (id),
    user_type           varchar(32),
    experience          boolean,
    experience_duration smallint,
    date_filled_in      timestamptz,
    date_last_modified  timestamptz
);
CREATE INDEX IF NOT EXISTS user_farmersurvey_farmer ON user_farmersurvey (farmer_id);

CREATE TABLE IF NOT EXISTS user_farmersurveycommodity (
    id                         bigint PRIMARY KEY,
    farmer_survey_id           bigint REFERENCES user_farmersurvey (id),
    crop_id                    bigint REFERENCES storage_crop (id),
    average_price              smallint CHECK (average_price >= 0),
    unit                       varchar(32),
    kg_in_unit                 integer CHECK (kg_in_unit >= 0),
    quantity_total             double precision,
    quantity_self_consumed     double precision,
    quantity_sold              double precision,
    quantity_below_market_price double precision,
    average_season_in_months   integer CHECK (average_season_in_months >= 0),
    currency                   varchar(3),
    reason_for_loss            varchar(255),
    date_filled_in             timestamptz,
    date_last_modified         timestamptz
);
CREATE INDEX IF NOT EXISTS user_farmersurveycommodity_survey ON user_farmersurveycommodity (farmer_survey_id);

CREATE TABLE IF NOT EXISTS operation_movement (
    id               bigint PRIMARY KEY,
    initiated_for    varchar(2)   NOT NULL,
    operator_id      bigint REFERENCES user_operator (id),
    order_id         bigint,
    date             timestamptz  NOT NULL,
    code             varchar(255) NOT NULL,
    used_for_checkin boolean      NOT NULL
);
CREATE INDEX IF NOT EXISTS operation_movement_operator ON operation_movement (operator_id);

CREATE TABLE IF NOT EXISTS operation_checkin (
    id                            bigint PRIMARY KEY,
    movement_id                   bigint NOT NULL REFERENCES operation_movement (id),
    owned_by_user_id              bigint NOT NULL REFERENCES user_user (id),
    owned_on_behalf_of_company_id bigint REFERENCES user_company (id)
);
CREATE INDEX IF NOT EXISTS operation_checkin_movement ON operation_checkin (movement_id);
CREATE INDEX IF NOT EXISTS operation_checkin_owner ON operation_checkin (owned_by_user_id);

CREATE TABLE IF NOT EXISTS operation_checkout (
    id                            bigint PRIMARY KEY,
    movement_id                   bigint           NOT NULL REFERENCES operation_movement (id),
    currency                      varchar(3),
    discount_amount               double precision NOT NULL,
    paid                          boolean          NOT NULL,
    cmp_total_cooling_fees_amount double precision NOT NULL,
    cmp_total_amount              double precision NOT NULL,
    payment_through               varchar(20),
    payment_gateway               varchar(20),
    payment_method                varchar(20)
);
CREATE INDEX IF NOT EXISTS operation_checkout_movement ON operation_checkout (movement_id);

CREATE TABLE IF NOT EXISTS storage_produce (
    id                     bigint PRIMARY KEY,
    crop_id                bigint REFERENCES storage_crop (id),
    checkin_id             bigint REFERENCES operation_checkin (id),
    cmp_checkout_completed boolean NOT NULL
);
CREATE INDEX IF NOT EXISTS storage_produce_checkin ON storage_produce (checkin_id);
CREATE INDEX IF NOT EXISTS storage_produce_crop ON storage_produce (crop_id);

CREATE TABLE IF NOT EXISTS storage_crate (
    id                               bigint PRIMARY KEY,
    produce_id                       bigint REFERENCES storage_produce (id),
    cooling_unit_id                  bigint REFERENCES storage_coolingunit (id),
    initial_weight                   double precision NOT NULL,
    weight                           double precision NOT NULL,
    currency                         varchar(3),
    cmp_fully_checked_out            boolean          NOT NULL,
    cmp_total_in_cooling_fees        double precision NOT NULL,
    cmp_total_paid_in_cooling_fees   double precision NOT NULL,
    cmp_total_due_in_cooling_fees    double precision NOT NULL,
    price_per_crate_per_pricing_type double precision NOT NULL,
    remaining_shelf_life             integer,
    planned_days                     integer CHECK (planned_days >= 0),
    tag                              varchar(255)
);
CREATE INDEX IF NOT EXISTS storage_crate_unit ON storage_crate (cooling_unit_id);
CREATE INDEX IF NOT EXISTS storage_crate_produce ON storage_crate (produce_id);

CREATE TABLE IF NOT EXISTS storage_cratepartialcheckout (
    id           bigint PRIMARY KEY,
    crate_id     bigint           NOT NULL REFERENCES storage_crate (id),
    checkout_id  bigint           NOT NULL REFERENCES operation_checkout (id),
    percentage   double precision NOT NULL CHECK (percentage BETWEEN 0 AND 1),
    weight_in_kg integer          NOT NULL CHECK (weight_in_kg >= 0),
    cooling_fees double precision NOT NULL,
    UNIQUE (checkout_id, crate_id)
);
CREATE INDEX IF NOT EXISTS storage_cratepartialcheckout_crate ON storage_cratepartialcheckout (crate_id);

CREATE TABLE IF NOT EXISTS operation_marketsurvey (
    id              bigint PRIMARY KEY,
    checkout_id     bigint           NOT NULL REFERENCES operation_checkout (id),
    crop_id         bigint REFERENCES storage_crop (id),
    price           double precision NOT NULL,
    kg_in_unit      integer CHECK (kg_in_unit >= 0),
    selling_unit    varchar(32),
    currency        varchar(3),
    loss            integer CHECK (loss >= 0),
    reason_for_loss varchar(255),
    selling_place   varchar(255)     NOT NULL,
    selling_date    timestamptz,
    market_id       bigint,
    date_filled_in  timestamptz
);
CREATE INDEX IF NOT EXISTS operation_marketsurvey_checkout ON operation_marketsurvey (checkout_id);
CREATE INDEX IF NOT EXISTS operation_marketsurvey_crop ON operation_marketsurvey (crop_id);
