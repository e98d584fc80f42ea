//! The tables of schema `metrics`, as the migrations make them.

diesel::table! {
    metrics.report_run (id) {
        id -> Int8,
        view -> Text,
        range_from -> Nullable<Date>,
        range_to -> Nullable<Date>,
        as_of -> Timestamptz,
        zone_mode -> Text,
        company_filter -> Nullable<Array<Int8>>,
        cooling_unit_filter -> Nullable<Array<Int8>>,
        scope -> Nullable<Array<Int8>>,
        rebuild -> Bool,
        allow_past -> Bool,
        parameter_set -> Text,
        program_version -> Text,
        started_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
        duration_ms -> Nullable<Int8>,
        rows_read -> Int8,
        rows_written -> Int8,
        rows_deleted -> Int8,
        rows_rejected -> Int8,
        outcome -> Text,
        error -> Nullable<Text>,
        computed_at -> Timestamptz,
    }
}

diesel::table! {
    metrics.report_reject (run, subject, reason) {
        run -> Int8,
        subject -> Text,
        reason -> Text,
        computed_at -> Timestamptz,
    }
}

diesel::table! {
    metrics.view_version (view) {
        view -> Text,
        version -> Int8,
        run -> Nullable<Int8>,
        computed_at -> Timestamptz,
    }
}

diesel::table! {
    metrics.cooling_unit_metrics (cooling_unit_id, date) {
        date -> Date,
        report_date -> Date,
        cooling_unit_id -> Int8,
        unit_name -> Nullable<Text>,
        is_unit_deleted -> Bool,
        state -> Nullable<Text>,
        cool_unit_type -> Nullable<Text>,
        cap_tons -> Nullable<Numeric>,
        cap_num_crates -> Nullable<Int4>,
        company_id -> Nullable<Int8>,
        comp_name -> Nullable<Text>,
        comp_pricing -> Text,
        currency -> Nullable<Text>,
        room_op -> Int4,
        room_op_fem -> Int4,
        room_op_ma -> Int4,
        room_op_ot -> Int4,
        room_beneficiaries -> Numeric,
        room_beneficiaries_fem -> Numeric,
        room_beneficiaries_ma -> Numeric,
        room_active_users -> Int4,
        room_active_user_ids -> Array<Int8>,
        room_active_fem -> Array<Int8>,
        room_active_ma -> Array<Int8>,
        room_active_ot -> Array<Int8>,
        room_crates_in -> Int4,
        room_ops_in -> Int4,
        room_kg_in -> Float8,
        room_crates_out -> Int4,
        room_ops_out -> Int4,
        room_kg_out -> Float8,
        average_room_occupancy -> Nullable<Float8>,
        room_revenue -> Nullable<Numeric>,
        room_revenue_usd -> Nullable<Numeric>,
        check_in_crates_crop -> Jsonb,
        check_in_kg_crop -> Jsonb,
        check_out_crates_crop -> Jsonb,
        check_out_kg_crop -> Jsonb,
        tot_co2 -> Nullable<Float8>,
        co2_crops -> Nullable<Jsonb>,
        room_active_farmer_ids -> Array<Int8>,
        room_stock_kg -> Float8,
        co2_idle -> Nullable<Float8>,
        co2_breakdown -> Jsonb,
        co2_model -> Text,
        country -> Nullable<Text>,
        household_size -> Numeric,
        household_fem_share -> Numeric,
        household_ma_share -> Numeric,
        time_zone -> Text,
        parameter_set -> Text,
        data_quality -> Array<Text>,
        computed_at -> Timestamptz,
    }
}

diesel::table! {
    metrics.company_metrics (company_id) {
        report_date -> Date,
        company_id -> Int8,
        comp_name -> Nullable<Text>,
        comp_logo -> Nullable<Text>,
        comp_country -> Nullable<Text>,
        comp_cap_tons -> Nullable<Numeric>,
        comp_cap_num_crates -> Nullable<Int4>,
        cooling_unit_types -> Jsonb,
        comp_op -> Int4,
        comp_op_fem -> Int4,
        comp_op_ma -> Int4,
        comp_op_ot -> Int4,
        currency -> Nullable<Text>,
        comp_reg_users -> Int4,
        comp_reg_users_ma -> Int4,
        comp_reg_users_fem -> Int4,
        comp_reg_users_ot -> Int4,
        comp_beneficiaries -> Numeric,
        comp_beneficiaries_fem -> Numeric,
        comp_beneficiaries_ma -> Numeric,
        comp_cool_users -> Int4,
        comp_cool_users_fem -> Int4,
        comp_cool_users_ma -> Int4,
        comp_cool_users_ot -> Int4,
        comp_farmers -> Int4,
        comp_traders -> Int4,
        comp_unspec_user_type -> Int4,
        comp_crates_in -> Int4,
        comp_ops_in -> Int4,
        comp_kg_in -> Float8,
        comp_crates_out -> Int4,
        comp_ops_out -> Int4,
        comp_kg_out -> Float8,
        comp_average_room_occupancy -> Nullable<Numeric>,
        comp_revenue -> Nullable<Numeric>,
        comp_revenue_usd -> Nullable<Numeric>,
        fx_missing_days -> Int4,
        time_zone -> Text,
        parameter_set -> Text,
        computed_at -> Timestamptz,
    }
}

diesel::joinable!(view_version -> report_run (run));
diesel::allow_tables_to_appear_in_same_query!(report_run, view_version);

diesel::table! {
    metrics.store (id) {
        id -> Int4,
        ext_id -> Text,
        tz -> Nullable<Text>,
        first_poll -> Nullable<Timestamptz>,
        computed_at -> Timestamptz,
    }
}

diesel::table! {
    metrics.store_uptime (as_of, policy, store) {
        as_of -> Timestamptz,
        policy -> Text,
        store -> Int4,
        business_us -> Array<Int8>,
        up_us -> Array<Int8>,
        down_us -> Array<Int8>,
        observed_us -> Array<Int8>,
        lo_us -> Array<Int8>,
        hi_us -> Array<Int8>,
        polls -> Array<Int4>,
        computed_at -> Timestamptz,
    }
}

diesel::table! {
    metrics.impact_metrics (month, cooling_unit_id, farmer_id, crop_id) {
        report_date -> Date,
        cooling_unit_id -> Int8,
        unit_name -> Nullable<Text>,
        company_id -> Nullable<Int8>,
        farmer_id -> Int8,
        crop_id -> Int8,
        first_name -> Nullable<Text>,
        last_name -> Nullable<Text>,
        crop_name -> Nullable<Text>,
        currency -> Text,
        baseline_quantity_total_month -> Nullable<Float8>,
        baseline_kg_selling_price_month -> Nullable<Numeric>,
        baseline_kg_loss_month -> Nullable<Float8>,
        baseline_perc_loss_month -> Nullable<Float8>,
        baseline_kg_sold_month -> Nullable<Float8>,
        baseline_farmer_revenue_month -> Nullable<Float8>,
        monthly_kg_selling_price -> Nullable<Float8>,
        monthly_kg_checkin -> Float8,
        monthly_kg_loss -> Float8,
        monthly_farmer_revenue -> Nullable<Float8>,
        monthly_kg_selling_price_evolution -> Nullable<Float8>,
        monthly_perc_unit_selling_price_evolution -> Nullable<Float8>,
        monthly_farmer_revenue_evolution -> Nullable<Float8>,
        monthly_perc_farmer_revenue_evolution -> Nullable<Float8>,
        monthly_perc_loss -> Nullable<Float8>,
        monthly_perc_foodloss_diff -> Nullable<Float8>,
        monthly_perc_foodloss_evolution -> Nullable<Float8>,
        latest_survey_date -> Timestamptz,
        baseline_completed_surveys_room -> Int4,
        possible_post_checkout_survey_room -> Int4,
        total_post_checkout_survey_unit -> Int4,
        month -> Date,
        surveys -> Int4,
        time_zone -> Text,
        parameter_set -> Text,
        computed_at -> Timestamptz,
    }
}

diesel::table! {
    metrics.kpi (environment, id) {
        environment -> Text,
        id -> Text,
        name -> Text,
        unit -> Nullable<Text>,
        description -> Nullable<Text>,
        position -> Int4,
        computed_at -> Timestamptz,
        sheet_order -> Int4,
    }
}

diesel::table! {
    metrics.kpi_runs (id) {
        id -> Int8,
        environment -> Text,
        as_of -> Timestamptz,
        started_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
        trigger -> Text,
        host -> Text,
        definition_hash -> Text,
        kpis -> Int4,
        ok -> Int4,
        failed -> Int4,
        status -> Text,
        computed_at -> Timestamptz,
    }
}

diesel::table! {
    metrics.kpi_results (run_id, name) {
        run_id -> Int8,
        name -> Text,
        position -> Int4,
        form -> Text,
        status -> Text,
        value -> Nullable<Json>,
        value_num -> Nullable<Float8>,
        rows -> Nullable<Int4>,
        is_truncated -> Bool,
        duration_ms -> Int4,
        error_kind -> Nullable<Text>,
        error -> Nullable<Text>,
        sql_hash -> Text,
        computed_at -> Timestamptz,
    }
}

diesel::table! {
    metrics.kpi_deliveries (run_id, sink) {
        run_id -> Int8,
        sink -> Text,
        status -> Text,
        attempts -> Int4,
        error -> Nullable<Text>,
        delivered_at -> Nullable<Timestamptz>,
        computed_at -> Timestamptz,
    }
}

diesel::joinable!(kpi_results -> kpi_runs (run_id));
diesel::allow_tables_to_appear_in_same_query!(kpi_deliveries, kpi_results, kpi_runs);

diesel::table! {
    metrics.databoard_dashboards (id) {
        id -> Text,
        size_bytes -> Int8,
        version -> Int8,
        last_access -> Timestamptz,
        whitelisted -> Bool,
        protected -> Bool,
        whitelisted_at -> Nullable<Timestamptz>,
        protected_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        computed_at -> Timestamptz,
        widgets -> Nullable<Int4>,
    }
}

diesel::table! {
    metrics.databoard_bodies (dashboard_id, version) {
        dashboard_id -> Text,
        version -> Int8,
        body -> Text,
        computed_at -> Timestamptz,
    }
}

diesel::table! {
    metrics.databoard_versions (dashboard_id, version) {
        dashboard_id -> Text,
        version -> Int8,
        size_bytes -> Int8,
        ended_by -> Text,
        ended_at -> Timestamptz,
        created_at -> Timestamptz,
        computed_at -> Timestamptz,
        widgets -> Nullable<Int4>,
        whitelisted -> Bool,
        protected -> Bool,
        whitelisted_at -> Nullable<Timestamptz>,
        protected_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    metrics.databoard_totals (only_row) {
        only_row -> Bool,
        dashboards_bytes -> Int8,
        versions_bytes -> Int8,
        computed_at -> Timestamptz,
    }
}

diesel::table! {
    metrics.databoard_series (series_id) {
        series_id -> Int8,
        backend -> Text,
        name -> Text,
        environment -> Text,
        subject -> Text,
        metric -> Text,
        listed_at -> Timestamptz,
    }
}

diesel::table! {
    metrics.databoard_recent (backend, name) {
        backend -> Text,
        name -> Text,
        channel -> Json,
        read_order -> Int8,
    }
}

diesel::allow_tables_to_appear_in_same_query!(databoard_bodies, databoard_dashboards);
